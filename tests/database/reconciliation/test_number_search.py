"""Staff find an upload by the number on paper; each search is on record, and the number is not."""

import json

import pytest
from sqlalchemy import select

from importal import audit
from importal.inspection import inspect_submission
from importal.site import Site
from importal.studies import Study
from tests.database.reconciliation.test_desk import signed_in, waiting
from tests.database.road import FOREIGN_ID, make_object, send

SEARCH = "/api/desk/inbox/number-search"


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    target = "importal.inspection.thumbnails.rendering.render_thumbnails"
    monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))


def found(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [study["id"] for upload in answer.json()["uploads"] for study in upload["studies"]]


@pytest.mark.parametrize("typed", [FOREIGN_ID, f" {FOREIGN_ID.lower()} ", "ACC-99", "S1"])
def test_a_study_is_found_by_patient_id_accession_number_and_study_id(site: Site, typed: str) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    other = send(site, person, [make_object(PatientID="P2", AccessionNumber="A2", StudyID="2")])
    inspect_submission(site, other.submission_id)
    assert found(client.post(SEARCH, json={"number": typed})) == [study_id]


def test_a_part_of_a_number_finds_nothing(site: Site) -> None:
    client, person = signed_in(site)
    waiting(site, person)
    assert found(client.post(SEARCH, json={"number": FOREIGN_ID[:-1]})) == []


def test_a_study_is_found_in_every_state_and_after_the_key_was_renewed(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    renewed = site.settings.model_copy(update={"pseudonym_key_version": 2})
    object.__setattr__(site, "settings", renewed)
    later = send(site, person, [make_object()])
    inspect_submission(site, later.submission_id)
    client.post(f"/api/desk/studies/{study_id}/rejection", json={"reason": "not_requested", "note": ""})
    both = found(client.post(SEARCH, json={"number": FOREIGN_ID}))
    with site.database.reading() as session:
        rows = list(session.scalars(select(Study)))
    assert sorted(both) == sorted(row.id for row in rows)
    assert len({row.patient_pseudonym for row in rows}) == 2


def test_another_institution_finds_nothing_and_learns_nothing(site: Site) -> None:
    _, person = signed_in(site)
    waiting(site, person)
    stranger, _ = signed_in(site, "stranger")
    answer = stranger.post(SEARCH, json={"number": FOREIGN_ID})
    assert answer.json() == {"uploads": [], "next_cursor": None}


def test_each_search_is_on_record_with_who_and_how_many_and_never_with_the_number(site: Site) -> None:
    client, person = signed_in(site)
    waiting(site, person)
    client.post(SEARCH, json={"number": FOREIGN_ID})
    client.post(SEARCH, json={"number": "nobody's"})
    with site.database.reading() as session:
        messages = list(
            session.scalars(select(audit.AuditMessage).where(audit.AuditMessage.action == "vault.searched"))
        )
    assert [(message.actor_id, message.params["count"]) for message in messages] == [
        (person.account_id, 1),
        (person.account_id, 0),
    ]
    assert FOREIGN_ID not in json.dumps([message.params for message in messages])


@pytest.mark.parametrize("number", ["", "   ", "x" * 65])
def test_an_empty_or_impossible_number_is_no_search(site: Site, number: str) -> None:
    client, _ = signed_in(site)
    assert client.post(SEARCH, json={"number": number}).status_code == 422
    with site.database.reading() as session:
        searched = select(audit.AuditMessage).where(audit.AuditMessage.action == "vault.searched")
        assert session.scalars(searched).all() == []


def test_the_search_needs_a_login(site: Site) -> None:
    client, _ = signed_in(site)
    client.cookies.clear()
    assert client.post(SEARCH, json={"number": FOREIGN_ID}).status_code == 401
