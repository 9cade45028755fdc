"""Upload codes: what they open, and how long."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from importal import accounts, audit, institutions, invitations
from importal.dicom import USUAL_OPTIONS
from importal.site import Site
from tests.database.browserless import client_of

OPERATOR = audit.Actor("operator", "test")
PASSWORD = "a long enough password"


@pytest.fixture
def client(site: Site) -> TestClient:
    return client_of(site)


def make(site: Site, **wanted: object) -> tuple[str, str]:
    """Return the id and the code of a new invitation."""
    with site.database.transaction() as session:
        home = institutions.only(session) or institutions.create(session, "Hospital", phone="+00 123")
        valid_for = wanted.get("valid_for", timedelta(days=30))
        new = invitations.NewInvitation(home.id, invitations.SenderKind.PATIENT, valid_for, "knee")
        invitation, code = invitations.invite(session, site, new, OPERATOR)
        return invitation.id, code


def open_with(client: TestClient, code: str):
    return client.post("/api/invitations/open", json={"code": code})


def test_a_code_opens_the_door_however_it_is_typed(client: TestClient, site: Site):
    _id, code = make(site)
    answer = open_with(client, code.lower().replace("-", " "))
    assert answer.status_code == 200
    body = answer.json()
    assert body["institution"]["name"] == "Hospital"
    assert body["institution"]["phone"] == "+00 123"
    assert len(body["institution"]["privacy_policy"]["text"]) > 100
    assert body["limits"]["max_bytes"] > 0
    assert body["sender_kind"] == "patient"


def test_an_unknown_an_expired_and_a_revoked_code_each_say_so(client: TestClient, site: Site):
    assert open_with(client, "AAAA-BBBB-CCCC").json()["code"] == "invitation.unknown"
    _id, code = make(site, valid_for=timedelta(days=1))
    site.clock.advance(days=1)
    answer = open_with(client, code)
    assert (answer.status_code, answer.json()["code"]) == (410, "invitation.expired")
    row_id, code = make(site)
    with site.database.transaction() as session:
        invitations.revoke(session, site, invitations.get(session, row_id), OPERATOR)
    assert open_with(client, code).json()["code"] == "invitation.revoked"


def test_trying_codes_is_slowed_down(client: TestClient):
    codes = {open_with(client, f"{number:012}").json()["code"] for number in range(201)}
    assert codes == {"invitation.unknown", "rate.limited"}


def test_the_code_is_nowhere_in_the_database_in_clear(site: Site):
    _id, code = make(site)
    with site.database.reading() as session:
        row = session.query(invitations.Invitation).one()
        assert code.encode() not in row.code_sealed
        assert code not in row.code_index
        assert invitations.code_of(site, row) == code


def test_the_link_carries_the_code_where_no_server_sees_it(site: Site):
    link = invitations.link_for(site, "AAAA-BBBB-CCCC")
    assert link.endswith("/#code=AAAA-BBBB-CCCC")


def test_a_session_ends_with_its_time_and_with_the_revocation(client: TestClient, site: Site):
    row_id, code = make(site)
    token = open_with(client, code).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/submissions/open", headers=headers).status_code == 200
    site.clock.advance(hours=25)
    assert client.get("/api/submissions/open", headers=headers).status_code == 401
    token = open_with(client, code).json()["token"]
    with site.database.transaction() as session:
        invitations.revoke(session, site, invitations.get(session, row_id), OPERATOR)
    answer = client.get("/api/submissions/open", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["code"] == "invitation.revoked"


def test_the_desk_makes_lists_and_withdraws_invitations_of_its_own_institution(
    client: TestClient, site: Site
):
    with site.database.transaction() as session:
        home = institutions.create(session, "Hospital")
        other = institutions.create(session, "Another hospital")
        accounts.create_account(session, site, home.id, "desk", PASSWORD, "Desk")
        accounts.create_account(session, site, other.id, "stranger", PASSWORD, "Stranger")
    client.post("/api/desk/session", json={"username": "desk", "password": PASSWORD})
    made = client.post(
        "/api/desk/invitations", json={"label": "knee", "sender_kind": "patient", "valid_days": 7}
    )
    assert made.status_code == 201
    assert open_with(client, made.json()["code"]).status_code == 200
    stranger = client_of(site)
    stranger.post("/api/desk/session", json={"username": "stranger", "password": PASSWORD})
    assert stranger.get("/api/desk/invitations").json()["invitations"] == []
    assert stranger.delete(f"/api/desk/invitations/{made.json()['id']}").status_code == 404
    assert client.delete(f"/api/desk/invitations/{made.json()['id']}").status_code == 204
    assert [row["is_open"] for row in client.get("/api/desk/invitations").json()["invitations"]] == [False]
    assert open_with(client, made.json()["code"]).json()["code"] == "invitation.revoked"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("off", None),
        ("basic", frozenset()),
        ("usual", USUAL_OPTIONS),
        ("retain_device, clean_descriptors", {"retain_device", "clean_descriptors"}),
    ],
)
def test_the_words_for_anonymous_sending_name_their_options(words, options):
    assert invitations.parse_options(words) == options
    column = invitations.options_as_column(invitations.parse_options(words))
    assert invitations.options_from_column(column) == options


@pytest.mark.parametrize("words", ["", "usual,retain_device", "everything", "off,basic"])
def test_other_words_for_anonymous_sending_are_declined(words):
    with pytest.raises(ValueError, match="is not a valid"):
        invitations.parse_options(words)
