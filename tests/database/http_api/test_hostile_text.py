"""Texts that no database and no encoding can hold are refused as bad requests; nothing fails inside."""

import pytest

from importal.site import Site
from tests.database.browserless import client_of
from tests.database.reconciliation.test_desk import signed_in

HOSTILE = {"nul": "a\\u0000b", "lone surrogate": "a\\ud800b"}
POSTED = {
    "/api/desk/session": '{"username": "TEXT", "password": "TEXT"}',
    "/api/desk/inbox/search": '{"view": "all", "state": "", "q": "TEXT"}',
    "/api/desk/inbox/number-search": '{"number": "TEXT"}',
    "/api/desk/patients/search": '{"patient_name": "TEXT"}',
    "/api/desk/studies/x/rejection": '{"reason": "other", "note": "TEXT"}',
    "/api/desk/invitations": '{"sender_kind": "patient", "label": "TEXT", "valid_days": 3}',
    "/api/invitations/open": '{"code": "TEXT"}',
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("path", POSTED)
def test_a_posted_text_that_cannot_be_kept_is_answered_as_a_problem(site: Site, path: str, kind: str) -> None:
    client, _ = signed_in(site)
    body = POSTED[path].replace("TEXT", HOSTILE[kind])
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/api/desk/studies/%00",
        "/api/desk/studies/a%00/candidates",
        "/api/desk/series/%00/thumbnail",
        "/api/desk/documents/%ED%A0%80/content",
        "/api/submissions/%00/files",
    ],
)
def test_an_address_that_cannot_be_looked_up_is_not_found_or_not_allowed(site: Site, path: str) -> None:
    client, _ = signed_in(site)
    answer = client.get(path)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("cursor", ["0001-01-01T00:00:00+14:00~x", "9999-12-31T23:59:59-14:00~x", "~", "x"])
def test_a_cursor_of_somebody_s_own_making_breaks_nothing(site: Site, cursor: str) -> None:
    client, _ = signed_in(site)
    answer = client.post("/api/desk/inbox/search", json={"view": "all", "cursor": cursor})
    assert answer.status_code in {200, 404, 422}, answer.text


def test_a_defect_inside_is_a_problem_with_the_same_headers_as_every_answer(site: Site) -> None:
    broken = client_of(site)
    broken.app.state.site = None
    answer = broken.get("/api/desk/session", headers={"Cookie": "importal_desk=x"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
