"""An anonymous invitation: nobody is kept, nobody is shown, and a person looks before anything may leave."""

from io import BytesIO

import pydicom
import pytest
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from importal import delivery, institutions, invitations
from importal.delivery.destinations.memory import MemoryDestination
from importal.dicom import USUAL_OPTIONS
from importal.inspection import inspect_submission
from importal.site import Site
from importal.studies import Instance, Study
from importal.transfers import TransferFile
from tests.database.browserless import client_of
from tests.database.road import make_person
from tests.database.transfers.sending import (
    ACCESSION_NUMBER,
    PATIENT_ID,
    ROOT,
    Sender,
    everything_in_clear,
    make_instance,
)

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
RESEARCH = {"patient_id": "TRIAL-7", "patient_name": "TRIAL-7"}


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    target = "importal.inspection.thumbnails.rendering.render_thumbnails"
    monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))

    def draw(source, target, frame, **_limits):
        target.write_bytes(b"\x89PNG " + str(pydicom.dcmread(source).SOPClassUID).encode())
        return frame == 0

    monkeypatch.setattr("importal.reconciliation.holds.rendering.render_frame", draw)


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


def capture() -> bytes:
    return make_instance(2, SOPClassUID=SECONDARY_CAPTURE)


def sender_of(site: Site, **files: bytes) -> Sender:
    """Return somebody who may send anonymously, with these files sent and handed over."""
    make_person(site)
    with site.database.transaction() as session:
        home = institutions.only(session)
        home.deidentification = invitations.options_as_column(USUAL_OPTIONS)
    sender = Sender(site)
    numbered = dict(enumerate(files.values()))
    study = {"study_instance_uid": f"{ROOT}.1", "comment": "for the second opinion"}
    assert sender.create(studies=[study]).status_code == 201
    assert sender.announce(numbered, study_instance_uid=f"{ROOT}.1").status_code == 200
    sender.send_whole()
    return sender


def at_the_desk(site: Site, **files: bytes) -> tuple[TestClient, dict]:
    """Return a clerk's client and the study that was sent anonymously."""
    sender = sender_of(site, **files)
    assert sender.finish().status_code == 200
    inspect_submission(site, sender.id)
    client = client_of(site)
    client.post("/api/desk/session", json={"username": "desk", "password": "a long password"})
    with site.database.reading() as session:
        study_id = session.scalars(select(Study.id)).one()
    return client, client.get(f"/api/desk/studies/{study_id}").json()


def decide(client: TestClient, study: dict, item: dict, decision: str, reason: str | None = None):
    body = {"decision": decision} | ({"reason": reason} if reason else {})
    return client.post(f"/api/desk/studies/{study['id']}/held/{item['id']}", json=body)


def reconcile(client: TestClient, study: dict, **changes: str):
    body = {"local_patient": RESEARCH | changes, "order": {}}
    return client.post(f"/api/desk/studies/{study['id']}/reconciliation", json=body)


def delivered(site: Site, study: dict) -> list[pydicom.Dataset]:
    destination = MemoryDestination()
    delivery.deliver(site, destination, study["id"])
    return [pydicom.dcmread(BytesIO(held.content)) for held in destination.held.values()]


def test_the_choice_of_the_hospital_is_copied_onto_the_invitation_and_stays(site: Site) -> None:
    sender = sender_of(site, image=make_instance())
    assert sender.opened["deidentified"] is True
    with site.database.transaction() as session:
        institutions.only(session).deidentification = None
    sender.open()
    assert sender.opened["deidentified"] is True
    assert Sender(site).opened["deidentified"] is False


def test_the_desk_may_choose_otherwise_for_one_invitation(sqlite_site: Site) -> None:
    make_person(sqlite_site)
    client = client_of(sqlite_site)
    client.post("/api/desk/session", json={"username": "desk", "password": "a long password"})
    asked = [
        client.post("/api/desk/invitations", json={"deidentified": wish}).json() for wish in (True, None)
    ]
    assert [answer["deidentified"] for answer in asked] == [True, False]
    listed = client.get("/api/desk/invitations").json()
    assert listed["deidentified_by_default"] is False
    with sqlite_site.database.reading() as session:
        rows = session.scalars(select(invitations.Invitation.deidentification)).all()
    assert {tuple(row or ()) for row in rows} == {(), tuple(sorted(USUAL_OPTIONS))}


def test_nothing_that_is_kept_names_anybody(site: Site) -> None:
    broken = make_instance(9)[:400]
    sender = sender_of(site, image=make_instance(), shot=capture(), refused=broken)
    kept = everything_in_clear(site) + rows_of(site, "submission_studies", "invitations")
    assert [word for word in (PATIENT_ID, ACCESSION_NUMBER, "Doe", ROOT) if word.encode() in kept] == []
    with site.database.reading() as session:
        files = session.scalars(select(TransferFile).order_by(TransferFile.number)).all()
    assert [file.storage_key is None for file in files] == [False, False, True]
    assert rows_of(site, "vault_pseudonyms", "vault_patches") == b""
    assert sender.finish().status_code == 200
    with site.database.reading() as session:
        assert set(session.scalars(select(TransferFile.path_sealed))) == {b""}


def rows_of(site: Site, *tables: str) -> bytes:
    with site.database.reading() as session:
        connection = session.connection()
        found = [row for name in tables for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]
    return "".join(repr(tuple(row)) for row in found).encode()


def test_what_has_to_be_looked_at_lies_sealed(sqlite_site: Site) -> None:
    sender_of(sqlite_site, shot=capture())
    (key,) = sqlite_site.storage.keys("submissions/")
    assert b"DICM" not in sqlite_site.storage.read(key)


def test_the_desk_sees_no_file_name_and_the_comment_of_the_study(sqlite_site: Site) -> None:
    broken = make_instance(9)[:400]
    client, study = at_the_desk(sqlite_site, image=make_instance(), paper=photo(), refused=broken)
    assert study["is_deidentified"] is True
    assert study["comment"] == "for the second opinion"
    names = [item["name"] for item in study["documents"] + study["refused"]]
    assert names == ["#1", "#2"]
    assert study["patient_name"] == study["patient_pseudonym"] != ""
    originals = client.get(f"/api/desk/studies/{study['id']}/original-identifiers").json()
    assert set(originals.values()) == {""}


def test_a_study_is_filed_only_when_everything_held_was_decided(site: Site) -> None:
    client, study = at_the_desk(site, image=make_instance(), shot=capture(), paper=photo())
    assert [(item["kind"], item["hold"]) for item in study["held"]] == [
        ("picture", "waiting"),
        ("document", "waiting"),
    ]
    assert study["held"][0]["reasons"] == ["secondary_capture", "burned_in_annotation"]
    assert reconcile(client, study).json()["code"] == "study.held"
    picture, paper = study["held"]
    shown = client.get(picture["url"])
    assert (shown.status_code, shown.content) == (200, b"\x89PNG " + SECONDARY_CAPTURE.encode())
    assert decide(client, study, picture, "leave_out", "names_somebody").status_code == 200
    assert reconcile(client, study).json()["code"] == "study.held"
    after = decide(client, study, paper, "release").json()
    assert after["can"]["reconcile"] is True
    told = [entry["action"] for entry in after["history"]]
    assert told[-2:] == ["instance.left_out", "document.released"]
    assert after["history"][-2]["params"]["reason"] == "names_somebody"
    assert reconcile(client, study).status_code == 200


def test_what_was_released_is_sent_under_the_research_id_and_what_was_left_out_is_not(site: Site) -> None:
    client, study = at_the_desk(
        site, image=make_instance(), shot=capture(), other=make_instance(3, SOPClassUID=SECONDARY_CAPTURE)
    )
    first, second = study["held"]
    assert decide(client, study, first, "release").status_code == 200
    assert decide(client, study, second, "leave_out", "other").status_code == 200
    assert reconcile(client, study).status_code == 200
    sent = delivered(site, study)
    assert len(sent) == 2
    for data_set in sent:
        assert (str(data_set.PatientName), data_set.PatientID) == ("TRIAL-7", "TRIAL-7")
        assert data_set.PatientIdentityRemoved == "YES"
        assert data_set.PatientBirthDate == ""
        assert not str(data_set.StudyInstanceUID).startswith(ROOT)
        told = str(data_set)
        assert [word for word in (PATIENT_ID, ACCESSION_NUMBER, "Doe", ROOT) if word in told] == []


def test_a_decision_can_be_changed_until_the_study_is_filed(sqlite_site: Site) -> None:
    client, study = at_the_desk(sqlite_site, image=make_instance(), shot=capture())
    (item,) = study["held"]
    for decision, reason in (
        ("release", None),
        ("leave_out", "other"),
        ("release", None),
        ("leave_out", "other"),
    ):
        assert decide(client, study, item, decision, reason).status_code == 200
    assert reconcile(client, study).status_code == 200
    assert decide(client, study, item, "release").json()["code"] == "study.state"
    assert len(delivered(sqlite_site, study)) == 1


def test_a_released_picture_lies_in_clear_and_only_once(sqlite_site: Site) -> None:
    client, study = at_the_desk(sqlite_site, shot=capture())
    decide(client, study, study["held"][0], "release")
    (key,) = sqlite_site.storage.keys("submissions/")
    assert b"DICM" in sqlite_site.storage.read(key)
    with sqlite_site.database.reading() as session:
        keys = [session.scalars(select(row.storage_key)).one() for row in (Instance, TransferFile)]
    assert keys == [key, key]


def test_where_everything_was_left_out_there_is_nothing_to_file(sqlite_site: Site) -> None:
    client, study = at_the_desk(sqlite_site, shot=capture())
    after = decide(client, study, study["held"][0], "leave_out", "not_needed").json()
    assert (after["can"]["reconcile"], after["can"]["reject"]) == (False, True)
    assert reconcile(client, study).json()["code"] == "study.state"


@pytest.mark.parametrize("change", [{"patient_name": "Doe^Jane"}, {"birth_date": "19500101"}])
def test_no_person_is_written_into_a_study_that_names_nobody(sqlite_site: Site, change: dict) -> None:
    client, study = at_the_desk(sqlite_site, image=make_instance())
    assert reconcile(client, study, **change).json()["code"] == "reconciliation.names_somebody"
    assert reconcile(client, study).status_code == 200


def test_what_cannot_be_shown_cannot_be_released(sqlite_site: Site, monkeypatch) -> None:
    client, study = at_the_desk(sqlite_site, image=make_instance(), shot=capture())
    monkeypatch.setattr(
        "importal.reconciliation.holds.rendering.render_frame", lambda *_args, **_limits: False
    )
    (item,) = study["held"]
    assert client.get(item["url"]).json()["code"] == "held.no_picture"
    assert decide(client, study, item, "release").json()["code"] == "held.no_picture"
    assert decide(client, study, item, "leave_out", "unreadable").status_code == 200


def test_leaving_out_needs_a_reason_and_another_hospital_sees_nothing(sqlite_site: Site) -> None:
    client, study = at_the_desk(sqlite_site, image=make_instance(), shot=capture())
    (item,) = study["held"]
    assert decide(client, study, item, "leave_out").status_code == 422
    assert decide(client, study, item, "release", "other").status_code == 422
    make_person(sqlite_site, "stranger")
    client.post("/api/desk/session", json={"username": "stranger", "password": "a long password"})
    assert decide(client, study, item, "release").status_code == 404
    assert client.get(item["url"]).status_code == 404


def test_a_repetition_is_known_and_large_files_come_in_parts(sqlite_site: Site) -> None:
    make_person(sqlite_site)
    with sqlite_site.database.transaction() as session:
        institutions.only(session).deidentification = []
    image = make_instance()
    sender = Sender(sqlite_site).begin({0: image, 1: image})
    sender.send((0, 0, image[:100]), (0, 100, image[100:]))
    assert sender.send_whole(1) == [("confirmed", "dicom.duplicate")]
    receipt = sender.finish().json()
    assert (receipt["instances"], receipt["duplicates"]) == (1, 1)
    assert not receipt["studies"][0]["study_instance_uid"].startswith(ROOT)
