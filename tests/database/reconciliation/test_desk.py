"""The desk over HTTP: inbox, study, candidates, decisions, pictures and documents."""

import pytest
import sqlalchemy
from sqlalchemy import select
from starlette.testclient import TestClient

from importal import audit, studies
from importal.accounts import ActingPerson
from importal.delivery.destinations.memory import MemoryDestination
from importal.dicom.documents import DocumentKind
from importal.inspection import inspect_submission
from importal.reconciliation.patient_lookup import (
    Candidate,
    LookupTooBroad,
    LookupUnreachable,
    Order,
    PatientQuery,
)
from importal.site import Site
from importal.studies import LocalIdentity, Study
from tests.database.browserless import client_of
from tests.database.delivery.test_delivery import _put
from tests.database.road import FOREIGN_ID, make_object, make_person, make_series, send

ANNA = {
    "patient_id": "LOCAL-1",
    "issuer_of_patient_id": "HERE",
    "patient_name": "MUSTER^ANNA",
    "birth_date": "19480503",
    "sex": "F",
}
ORDER = {"accession_number": "ACC-1", "requested_procedure_id": "RP-1"}


class Lookup:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self, *candidates: Candidate, failure: Exception | None = None) -> None:
        self.candidates, self.failure = list(candidates), failure
        self.asked: list[PatientQuery] = []

    def find(self, query: PatientQuery) -> list[Candidate]:
        self.asked.append(query)
        if self.failure is not None:
            raise self.failure
        return self.candidates


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw one and the same picture without a process."""

    def draw(jobs, **_limits):
        for _source, target in jobs:
            target.write_bytes(b"\x89PNG picture")
        return [True] * len(jobs)

    monkeypatch.setattr("importal.inspection.thumbnails.rendering.render_thumbnails", draw)


def signed_in(site: Site, name: str = "desk", **ports: object) -> tuple[TestClient, ActingPerson]:
    person = make_person(site, name)
    client = client_of(site, **ports)
    answer = client.post("/api/desk/session", json={"username": name, "password": "a long password"})
    assert answer.status_code == 200
    return client, person


def waiting(site: Site, person: ActingPerson, *, document: bytes | None = None) -> str:
    sent = send(site, person, make_series(2))
    if document is not None:
        sent.add_document(document, DocumentKind.PDF)
        sent.add_refused("dicom.truncated")
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        return session.scalars(select(Study.id).where(Study.submission_id == sent.submission_id)).one()


def decide(client: TestClient, study_id: str, confirmed: bool = False, **changes: str):
    body = {"local_patient": ANNA | changes, "order": ORDER, "differences_confirmed": confirmed}
    return client.post(f"/api/desk/studies/{study_id}/reconciliation", json=body)


def test_a_study_says_what_was_mended_on_arrival_and_in_how_many_images(site: Site) -> None:
    client, person = signed_in(site)
    sound, without_preamble, second = make_series(3)
    sent = send(site, person, [sound, without_preamble[132:], second[132:]])
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        study_id = session.scalars(select(Study.id)).one()
    shown = client.get(f"/api/desk/studies/{study_id}").json()
    assert shown["repairs"] == [{"code": "preamble_added", "instances": 2}]
    assert shown["with_original_numbers"] == 0


def test_a_study_of_sound_images_has_nothing_mended(site: Site) -> None:
    client, person = signed_in(site)
    assert client.get(f"/api/desk/studies/{waiting(site, person)}").json()["repairs"] == []


def test_a_study_names_what_is_more_than_a_picture(site: Site) -> None:
    client, person = signed_in(site)
    image = make_series(1)[0]
    report = make_series(2, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11")[1]
    sent = send(site, person, [image, report])
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        study_id = session.scalars(select(Study.id)).one()
    shown = client.get(f"/api/desk/studies/{study_id}").json()
    assert shown["contents"] == [{"kind": "structured_report", "instances": 1}]


def test_a_study_of_pictures_only_names_nothing_else(site: Site) -> None:
    client, person = signed_in(site)
    assert client.get(f"/api/desk/studies/{waiting(site, person)}").json()["contents"] == []


def test_the_inbox_shows_what_waits_with_its_source(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person, document=b"%PDF")
    (upload,) = client.post("/api/desk/inbox/search", json={}).json()["uploads"]
    assert upload["counts"] == {"studies": 1, "instances": 2, "documents": 1, "refused": 1}
    assert upload["contact"]["email"] == "anna@example.org"
    assert [row["id"] for row in upload["studies"]] == [study_id]
    assert upload["studies"][0]["modalities"] == ["CT"]
    assert decide(client, study_id).status_code == 200
    assert client.post("/api/desk/inbox/search", json={}).json()["uploads"] == []
    assert len(client.post("/api/desk/inbox/search", json={"view": "all"}).json()["uploads"]) == 1
    assert len(client.post("/api/desk/inbox/search", json={"state": "reconciled"}).json()["uploads"]) == 1


def test_a_study_that_the_machine_does_not_get_done_with_is_shown_to_a_person(site: Site) -> None:
    person = make_person(site)
    sent = send(site, person, make_series(1))
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE studies SET state = 'received'")
        assert studies.inbox(person, session, site, studies.InboxFilter()).uploads == []
    site.clock.advance(minutes=61)
    with site.database.reading() as session:
        (upload,) = studies.inbox(person, session, site, studies.InboxFilter()).uploads
    assert [study.state for study in upload.studies] == ["received"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("muster", 1),
        ("Müster ", 1),
        ("ANNA muster", 1),
        ("thorax", 1),
        ("%", 1),
        ("bernd", 0),
        ("19480503", 1),
    ],
)
def test_the_inbox_is_searched_by_words(site: Site, words: str, found: int) -> None:
    client, person = signed_in(site)
    waiting(site, person)
    answer = client.post("/api/desk/inbox/search", json={"q": words})
    assert len(answer.json()["uploads"]) == found


def test_the_inbox_is_read_page_by_page(site: Site) -> None:
    client, person = signed_in(site)
    every = []
    for _ in range(5):
        waiting(site, person)
        site.clock.advance(minutes=1)
    seen, cursor = [], ""
    while cursor is not None:
        page = client.post("/api/desk/inbox/search", json={"limit": 2, "cursor": cursor}).json()
        seen += [upload["submission_id"] for upload in page["uploads"]]
        every += [upload["submitted_at"] for upload in page["uploads"]]
        cursor = page["next_cursor"]
    assert len(set(seen)) == len(seen) == 5
    assert every == sorted(every, reverse=True)


def test_a_study_is_shown_with_everything(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person, document=b"%PDF-1.7")
    detail = client.get(f"/api/desk/studies/{study_id}").json()
    assert detail["patient_name"] == "Muster^Anna"
    assert detail["can"] == {
        "reconcile": True,
        "decide_holds": False,
        "reject": True,
        "retry_delivery": False,
    }
    assert detail["refused"] == [{"name": "disc/file 3.pdf", "code": "dicom.truncated"}]
    assert [entry["action"] for entry in detail["history"]][-1:] != []
    (document,) = detail["documents"]
    answer = client.get(document["url"])
    assert answer.content == b"%PDF-1.7"
    assert answer.headers["content-disposition"].startswith('attachment; filename="file 2.pdf"')
    assert "sandbox" in answer.headers["content-security-policy"]
    picture = client.get(detail["series"][0]["thumbnail"])
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"\x89PNG picture")


def test_another_institution_sees_nothing(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person, document=b"%PDF")
    detail = client.get(f"/api/desk/studies/{study_id}").json()
    stranger, _ = signed_in(site, "stranger")
    assert stranger.post("/api/desk/inbox/search", json={"view": "all"}).json()["uploads"] == []
    for path in (
        f"/api/desk/studies/{study_id}",
        f"/api/desk/studies/{study_id}/candidates",
        f"/api/desk/studies/{study_id}/original-identifiers",
        detail["documents"][0]["url"],
        detail["series"][0]["thumbnail"],
    ):
        assert stranger.get(path).status_code == 404, path
    assert decide(stranger, study_id).status_code == 404


def test_without_a_session_nothing_is_shown(site: Site) -> None:
    assert client_of(site).post("/api/desk/inbox/search", json={}).status_code == 401


def test_candidates_are_compared_and_the_most_alike_comes_first(site: Site) -> None:
    other = Candidate("LOCAL-2", "HERE", "Muster^Anne", "19480504", "F")
    anna = Candidate("LOCAL-1", "HERE", "MUSTER^ANNA", "19480503", "F", (Order("ACC-1"),))
    client, person = signed_in(site, patient_lookup=Lookup(other, anna))
    study_id = waiting(site, person)
    answer = client.get(f"/api/desk/studies/{study_id}/candidates").json()
    assert [item["patient_id"] for item in answer["candidates"]] == ["LOCAL-1", "LOCAL-2"]
    assert answer["candidates"][0]["comparison"] == {"name": "same", "birth_date": "same", "sex": "same"}
    assert answer["candidates"][1]["comparison"]["birth_date"] == "different"
    assert answer["candidates"][0]["orders"][0]["accession_number"] == "ACC-1"


def test_a_lookup_that_is_down_is_said_and_filing_goes_on(site: Site) -> None:
    client, person = signed_in(site, patient_lookup=Lookup(failure=LookupUnreachable()))
    study_id = waiting(site, person)
    answer = client.get(f"/api/desk/studies/{study_id}/candidates")
    assert (answer.status_code, answer.json()["code"]) == (502, "lookup.unreachable")
    assert decide(client, study_id).status_code == 200


def test_a_search_that_fits_too_many_says_so(site: Site) -> None:
    client, _ = signed_in(site, patient_lookup=Lookup(failure=LookupTooBroad()))
    answer = client.post("/api/desk/patients/search", json={"name": "M"})
    assert (answer.status_code, answer.json()["code"]) == (422, "lookup.too_broad")


def test_without_a_lookup_the_desk_files_by_hand(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    expected = {"candidates": [], "lookup_available": False}
    assert client.get(f"/api/desk/studies/{study_id}/candidates").json() == expected


def test_original_identifiers_are_shown_and_the_look_is_audited(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    answer = client.get(f"/api/desk/studies/{study_id}/original-identifiers").json()
    assert answer == {
        "patient_id": FOREIGN_ID,
        "issuer": "ELSEWHERE",
        "accession_number": "ACC-99",
        "study_id": "S1",
    }
    with site.database.reading() as session:
        trail = audit.history(session, [audit.Subject("study", study_id)])
    (look,) = [message for message in trail if message.action == "vault.identifiers_read"]
    assert look.actor_id == person.account_id
    assert FOREIGN_ID not in str(look.params)


def test_filing_writes_decision_state_trail_and_job_at_once(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    site.jobs.enqueued.clear()
    detail = decide(client, study_id).json()
    assert detail["state"] == "reconciled"
    assert detail["reconciliation"]["local_patient"] == ANNA
    assert detail["reconciliation"]["order"] == ORDER
    assert detail["reconciliation"]["by"] == "Desk"
    assert site.jobs.enqueued == [("advance_study", study_id)]
    assert [entry["actor"] for entry in detail["history"] if entry["action"] == "study.reconciled"] == [
        "Desk"
    ]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"birth_date": "19480504"}, "birth_date"),
        ({"birth_date": "19480305"}, "birth_date"),
        ({"birth_date": ""}, "birth_date"),
        ({"sex": "M"}, "sex"),
        ({"patient_name": "Beispiel^Bernd"}, "name"),
    ],
)
def test_a_difference_is_filed_only_when_a_person_confirms_it(
    site: Site, changes: dict[str, str], fields: str
) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    answer = decide(client, study_id, **changes)
    assert (answer.status_code, answer.json()["code"]) == (409, "reconciliation.differs")
    assert answer.json()["params"] == {"fields": fields}
    assert decide(client, study_id, confirmed=True, **changes).status_code == 200


def test_the_second_of_two_clerks_is_told_that_the_first_was_faster(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    with site.database.transaction() as session:
        session.execute(sqlalchemy.update(Study).values({"state_since": site.clock()}))
    assert decide(client, study_id).status_code == 200
    site.database.run(lambda session: _begin_attempt(session, site, study_id))
    answer = decide(client, study_id, patient_id="LOCAL-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "study.state")
    with site.database.reading() as session:
        assert session.get_one(LocalIdentity, study_id).patient_id == "LOCAL-1"


def test_a_decision_is_not_replaced_before_its_first_attempt(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    assert decide(client, study_id).status_code == 200
    assert decide(client, study_id, patient_id="LOCAL-2").status_code == 409


def _begin_attempt(session: sqlalchemy.orm.Session, site: Site, study_id: str) -> None:
    from importal.delivery import attempts

    attempts.begin(session, site, study_id, "PACS")


@pytest.mark.parametrize(
    "changes",
    [
        {"patient_id": ""},
        {"patient_id": "X" * 65},
        {"patient_id": "A\\B"},
        {"patient_id": "A\nB"},
        {"patient_name": ""},
        {"patient_name": "A=B=C=D"},
        {"birth_date": "19481332"},
        {"sex": "X"},
        {"issuer_of_patient_id": "Y" * 65},
    ],
)
def test_what_dicom_cannot_hold_is_refused_without_repeating_it(site: Site, changes: dict[str, str]) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    answer = decide(client, study_id, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert all(value not in answer.text for value in changes.values() if value)


def test_an_accession_number_has_sixteen_characters_at_most(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    body = {"local_patient": ANNA, "order": {"accession_number": "1" * 17}}
    assert client.post(f"/api/desk/studies/{study_id}/reconciliation", json=body).status_code == 422


def test_a_study_that_the_archive_holds_for_another_patient_is_not_filed(site: Site) -> None:
    archive = MemoryDestination()
    _put(archive, make_object(PatientID="SOMEBODY"))
    client, person = signed_in(site, destination=archive)
    study_id = waiting(site, person)
    answer = decide(client, study_id, confirmed=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "reconciliation.other_patient")
    archive.down = True
    assert decide(client, study_id).status_code == 200


def test_a_rejection_keeps_reason_note_and_person(site: Site) -> None:
    client, person = signed_in(site)
    study_id = waiting(site, person)
    body = {"reason": "not_requested", "note": "Never asked for."}
    detail = client.post(f"/api/desk/studies/{study_id}/rejection", json=body).json()
    assert detail["state"] == "rejected"
    assert detail["rejection"]["reason"] == "not_requested"
    assert (detail["rejection"]["note"], detail["rejection"]["by"]) == ("Never asked for.", "Desk")
    assert decide(client, study_id).status_code == 409


def test_a_quarantined_study_is_rejected_but_never_filed(site: Site) -> None:
    client, person = signed_in(site)
    sent = send(site, person, [*make_series(1), make_object(SOPInstanceUID="1.2.9", PatientID="ANOTHER")])
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        study_id = session.scalars(select(Study.id)).one()
    (upload,) = client.post("/api/desk/inbox/search", json={}).json()["uploads"]
    assert upload["studies"][0]["quarantine_reason"] == "mixed_patients"
    assert decide(client, study_id, confirmed=True).status_code == 409
    body = {"reason": "wrong_patient", "note": ""}
    assert client.post(f"/api/desk/studies/{study_id}/rejection", json=body).status_code == 200
