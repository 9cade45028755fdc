"""From announcement to receipt: what is confirmed is there, counted and free of foreign identifiers."""

import hashlib

from importal import audit, dicom, submissions, transfers
from importal.site import Site
from tests.database.transfers.sending import (
    ACCESSION_NUMBER,
    PATIENT_ID,
    ROOT,
    Sender,
    everything_in_clear,
    make_instance,
)

PDF = b"%PDF-1.7\nFOREIGN-4711 wrote this letter\n%%EOF"


def test_images_and_a_document_arrive_and_are_counted(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: make_instance(2)})
    sender.announce({2: PDF}, role="document", study_instance_uid=f"{ROOT}.1")
    assert sender.send_whole() == [("confirmed", None)] * 3
    receipt = sender.finish().json()
    assert receipt["studies"] == [{"study_instance_uid": f"{ROOT}.1", "instances": 2, "documents": 1}]
    assert (receipt["announced"], receipt["instances"], receipt["documents"]) == (3, 2, 1)
    assert receipt["refused"] == []
    assert ("inspect_submission", sender.id) in site.jobs.enqueued


def test_no_foreign_identifier_lies_in_clear_in_storage_or_database(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: PDF, 2: make_instance(2)[:-300]})
    sender.send_whole()
    sender.finish()
    kept = everything_in_clear(site)
    assert len(kept) > 1000
    for value in (PATIENT_ID, ACCESSION_NUMBER, "sender@example.org", "disc/file"):
        assert value.encode() not in kept


def test_the_bytes_of_every_file_can_be_had_back_exactly(site: Site):
    files = {0: make_instance(1), 1: PDF, 2: make_instance(2)[:150], 3: b"\x7fELF" + bytes(60)}
    sender = Sender(site).begin(files)
    sender.send_whole()
    assert {file.number: sender.original(file) for file in sender.arrived()} == files
    assert all(file.sha256 == hashlib.sha256(files[file.number]).hexdigest() for file in sender.arrived())


def test_steps_behind_learn_what_each_file_is(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: PDF, 2: b"\x7fELF" + bytes(60), 3: make_instance(1)})
    sender.send_whole(0)
    sender.send_whole(1, 2, 3)
    files = sender.arrived()
    assert [(file.kind, file.code) for file in files] == [
        ("instance", None),
        ("document", None),
        ("refused", "file.program"),
        ("duplicate", "dicom.duplicate"),
    ]
    assert files[0].facts.sop_instance_uid == f"{ROOT}.1.1.1"
    assert files[0].facts.patient_pseudonym.startswith("IM")
    assert files[0].length == len(site.storage.read(files[0].storage_key))
    assert files[1].document_kind == dicom.documents.DocumentKind.PDF
    assert files[1].name(site) == "disc/file-1"


def test_count_in_is_count_out(site: Site):
    changed = make_instance(1, pixels=bytes(256))
    files = {
        0: make_instance(1),
        1: make_instance(1),
        2: changed,
        3: PDF,
        4: b"",
        5: b"PK\x03\x04" + bytes(60),
    }
    sender = Sender(site).begin(files)
    sender.send_whole(0)
    assert sender.send_whole(1, 2, 3, 5) == [
        ("confirmed", "dicom.duplicate"),
        ("confirmed", "dicom.conflict"),
        ("confirmed", None),
        ("confirmed", "file.archive"),
    ]
    receipt = sender.finish().json()
    refused = {file["number"]: file["code"] for file in receipt["refused"]}
    assert refused == {2: "dicom.conflict", 4: "file.empty", 5: "file.archive"}
    assert receipt["announced"] == 6
    counted = receipt["instances"] + receipt["duplicates"] + receipt["documents"] + len(receipt["refused"])
    assert counted == 6


def test_the_same_pictures_under_another_patient_are_no_duplicate(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: make_instance(1, PatientID="SOMEBODY-ELSE")})
    assert sender.send_whole() == [("confirmed", None), ("confirmed", "dicom.conflict")]


def test_two_objects_without_pixels_and_one_number_are_no_duplicates(site: Site):
    one, other = (
        make_instance(1, pixels=b"\0\0", StudyDescription=text).rsplit(b"\xe0\x7f\x10\x00", 1)[0]
        for text in ("first report", "second report")
    )
    sender = Sender(site).begin({0: one, 1: other, 2: one})
    assert sender.send_whole() == [
        ("confirmed", None),
        ("confirmed", "dicom.conflict"),
        ("confirmed", "dicom.duplicate"),
    ]


def test_a_media_directory_is_set_aside_and_counted(site: Site):
    directory = make_instance(1, SOPClassUID="1.2.840.10008.1.3.10")
    sender = Sender(site).begin({0: directory, 1: make_instance(2)})
    assert sender.send_whole()[0] == ("confirmed", "dicom.media_directory")
    assert sender.finish().json()["refused"][0]["code"] == "dicom.media_directory"


def test_finishing_waits_for_every_file(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: make_instance(2)})
    sender.send_whole(0)
    answer = sender.finish()
    assert (answer.status_code, answer.json()["code"]) == (409, "transfer.incomplete")
    assert answer.json()["params"] == {"missing": 1}
    sender.send_whole(1)
    assert sender.finish(file_count=3).json()["params"] == {"missing": 1}
    assert sender.finish().status_code == 200


def test_finishing_twice_gives_one_receipt_and_one_job(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    sender.send_whole()
    first = sender.finish().json()
    assert sender.finish().json() == first
    assert sender.http.get(f"/api/submissions/{sender.id}").json()["receipt"] == first
    assert site.jobs.enqueued.count(("inspect_submission", sender.id)) == 1


def test_nothing_is_handed_over_without_an_image(site: Site):
    sender = Sender(site).begin({0: PDF})
    sender.send_whole()
    answer = sender.finish()
    assert (answer.status_code, answer.json()["code"]) == (422, "submission.no_instances")
    assert sender.http.get(f"/api/submissions/{sender.id}").json()["state"] == "draft"


def test_a_file_that_its_sender_cannot_read_is_named_and_does_not_hold_up_the_rest(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: make_instance(2)})
    sender.send_whole(0)
    receipt = sender.finish(file_count=1, unreadable=[1]).json()
    assert [(file["number"], file["code"]) for file in receipt["refused"]] == [(1, "file.unreadable")]
    assert receipt["refused"][0]["sentence"].startswith("This file could not be read")
    assert sender.finish(file_count=1, unreadable=[1]).json() == receipt


def test_after_finishing_nothing_more_is_taken(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    sender.send_whole()
    sender.finish()
    assert sender.post(b"IMPACK01").json()["code"] == "submission.closed"
    refused = sender.http.put(f"/api/submissions/{sender.id}/files", json={"files": []})
    assert refused.json()["code"] == "submission.closed"
    assert sender.http.delete(f"/api/submissions/{sender.id}").json()["code"] == "submission.closed"


def test_an_unfinished_submission_is_found_again_with_its_code(site: Site):
    sender = Sender(site)
    assert sender.http.get("/api/submissions/open").json() == {"open_submission": None, "handed_over": 0}
    sender.begin({0: make_instance(1), 1: make_instance(2)})
    sender.send_whole(0)
    found = sender.http.get("/api/submissions/open").json()["open_submission"]
    assert (found["id"], found["announced_files"], found["confirmed_files"]) == (sender.id, 2, 1)
    assert found["confirmed_bytes"] == len(sender.files[0])


def test_nobody_reaches_the_submission_of_another(site: Site):
    sender, stranger = Sender(site).begin({0: make_instance(1)}), Sender(site)
    stranger.id = sender.id
    for answer in (
        stranger.announce({0: b"x"}),
        stranger.post(b"IMPACK01"),
        stranger.finish(1),
        stranger.http.get(f"/api/submissions/{sender.id}"),
        stranger.http.get(f"/api/submissions/{sender.id}/files"),
        stranger.http.delete(f"/api/submissions/{sender.id}"),
    ):
        assert answer.status_code == 404
    del sender.http.headers["Authorization"]
    assert sender.post(b"IMPACK01").status_code == 401


def test_when_the_files_are_purged_no_receipt_of_nothing_is_given(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    sender.send_whole()
    url = f"/api/submissions/{sender.id}"
    assert sender.finish().json()["instances"] == 1
    assert sender.http.get(url).json()["receipt"]["instances"] == 1
    with site.database.transaction() as session:
        transfers.forget_files(session, sender.id)
        submissions.close(session, site, submissions.get(session, sender.id), audit.Actor("system", "test"))
    assert sender.http.get(url).json() == {"id": sender.id, "state": "closed", "receipt": None}
    assert sender.finish().json()["code"] == "submission.closed"


def test_the_sender_is_told_how_many_documents_stay_with_the_staff(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    letters = {1: PDF, 2: b"{\\rtf1 Test}", 3: bytes(344) + b"n+1\0" + b"\x5c\x01\0\0"}
    sender.announce(letters, role="document", study_instance_uid=f"{ROOT}.1")
    sender.send_whole()
    receipt = sender.finish().json()
    assert (receipt["documents"], receipt["attachments"]) == (2, 1)
