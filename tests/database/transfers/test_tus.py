"""The tus door: the protocol to the letter, and behind it the same store, limits, codes and receipt."""

import asyncio
import hashlib
from datetime import timedelta

import pytest

from importal import audit, institutions, invitations, submissions
from importal.site import Site
from importal.storage import StorageFull
from importal.transfers import TransferFrame, tus_bytes
from importal.transfers.intake import Intake
from tests.database.transfers.sending import Sender, everything_in_clear, make_instance
from tests.database.transfers.uploading import (
    BrokenRequest,
    Uploader,
    checksum_of,
    metadata,
    patch_and_break,
)

PDF = b"%PDF-1.7\nFOREIGN-4711 wrote this letter\n%%EOF"
MIB = 1024 * 1024


@pytest.fixture
def sender(site: Site) -> Uploader:
    uploader = Uploader(site)
    assert uploader.create().status_code == 201
    return uploader


def code_of(answer) -> tuple[int, str]:
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    return answer.status_code, answer.json()["code"]


def test_options_tell_what_is_spoken_without_a_token(sender: Uploader):
    del sender.http.headers["Authorization"]
    for place in ("", "/", "/0"):
        told = sender.http.options(sender.uploads + place)
        assert told.status_code == 204
        assert told.headers["Tus-Version"] == "1.0.0"
        spoken = set(told.headers["Tus-Extension"].split(","))
        assert spoken == {"creation", "creation-with-upload", "checksum", "expiration", "termination"}
        assert told.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_file_in_pieces_becomes_an_instance_free_of_foreign_identifiers(sender: Uploader, site: Site):
    data = make_instance(1)
    begun = sender.start(data, "Doe^Jane.dcm")
    assert (begun.status_code, begun.headers["Location"]) == (201, "uploads/0")
    assert "Doe" not in str(begun.headers)
    assert begun.headers["Upload-Expires"] == "Mon, 09 Mar 2026 09:00:00 GMT"
    assert sender.patch(0, 0, data[:100]).headers["Upload-Offset"] == "100"
    assert sender.offset(0) == 100
    done = sender.patch(0, 100, data[100:])
    assert (done.status_code, done.headers["Upload-Offset"]) == (204, str(len(data)))
    assert sender.shown(0)["state"] == "stored"
    assert sender.finish(1).json()["instances"] == 1
    (file,) = sender.arrived()
    assert sender.original(file) == data
    assert file.name(site) == "Doe^Jane.dcm"
    kept = everything_in_clear(site)
    for value in (b"FOREIGN-4711", b"ACC-0815-X", b"Doe^Jane.dcm", b"RG9lXkphbmUuZGNt"):
        assert value not in kept


def test_a_file_in_one_request_is_settled_in_its_answer(sender: Uploader):
    answer = sender.upload(make_instance(1))
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(make_instance(1))))
    refused = sender.upload(b"\x7fELF" + bytes(60), "viewer")
    assert (refused.status_code, refused.headers["Importal-Code"]) == (201, "file.program")
    receipt = sender.finish(2).json()
    assert (receipt["announced"], receipt["instances"]) == (2, 1)
    assert [(file["number"], file["code"]) for file in receipt["refused"]] == [(1, "file.program")]


def test_an_address_is_right_below_any_path_and_with_a_slash_at_the_end(sender: Uploader):
    assert sender.tus("POST", "/", Upload_Length=5).headers["Location"] == "0"
    assert sender.tus("POST", "", Upload_Length=5).headers["Location"] == "uploads/1"


def test_head_gives_back_what_the_client_said(sender: Uploader):
    said = metadata(filename="IM1", filetype="application/dicom", relativePath="disc/IM1", own="x")
    sender.tus("POST", Upload_Length=7, Upload_Metadata=said)
    told = sender.tus("HEAD", "/0")
    assert (told.status_code, told.content) == (200, b"")
    assert (told.headers["Upload-Length"], told.headers["Upload-Offset"]) == ("7", "0")
    assert told.headers["Upload-Metadata"] == said
    assert told.headers["Cache-Control"] == "no-store"


def test_another_version_and_malformed_headers_are_refused(sender: Uploader):
    sender.start(b"12345")
    other = sender.tus("HEAD", "/0", Tus_Resumable="0.2.2")
    assert (other.status_code, other.headers["Tus-Version"]) == (412, "1.0.0")
    assert code_of(sender.tus("POST")) == (400, "upload.header")
    assert code_of(sender.tus("POST", Upload_Length=-1)) == (400, "upload.header")
    assert code_of(sender.tus("POST", Upload_Length=5, Upload_Metadata="a,a")) == (400, "upload.header")
    assert code_of(sender.patch(0, 0, b"123", Content_Type="text/plain")) == (415, "upload.media_type")
    assert code_of(sender.patch(0, 0, b"123", Upload_Checksum="md5 AAAA")) == (400, "upload.header")
    assert sender.offset(0) == 0


def test_bytes_at_a_wrong_offset_are_refused(sender: Uploader):
    sender.start(b"1234567890")
    sender.patch(0, 0, b"12345")
    for offset in (0, 4, 6, 11):
        answer = sender.patch(0, offset, b"678")
        assert code_of(answer) == (409, "upload.offset")
        assert answer.json()["params"] == {"offset": 5}
    assert sender.offset(0) == 5


def test_more_bytes_than_announced_are_refused_before_they_are_read(sender: Uploader):
    sender.start(b"12345")
    assert code_of(sender.patch(0, 0, b"123456")) == (422, "frame.bounds")
    assert sender.offset(0) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_whose_checksum_does_not_fit_are_dropped(sender: Uploader, algorithm: str):
    data = make_instance(1)
    sender.start(data)
    right = checksum_of(data[:700], algorithm)
    assert code_of(sender.patch(0, 0, data[1:701], Upload_Checksum=right)) == (460, "upload.checksum")
    assert sender.offset(0) == 0
    assert sender.patch(0, 0, data[:700], Upload_Checksum=right).status_code == 204
    assert sender.patch(0, 700, data[700:]).status_code == 204
    assert sender.shown(0)["state"] == "stored"


def test_a_promised_digest_that_is_not_kept_sets_the_file_aside(sender: Uploader):
    data = make_instance(1)
    said = metadata(filename="IM1", sha256=hashlib.sha256(make_instance(2)).hexdigest())
    sender.tus("POST", Upload_Length=len(data), Upload_Metadata=said)
    sender.patch(0, 0, data[:500])
    assert sender.patch(0, 500, data[500:]).headers["Importal-Code"] == "file.changed"
    assert sender.shown(0)["sentence"].startswith("This file was exchanged")


def test_what_came_before_the_line_broke_is_kept(sender: Uploader):
    data = make_instance(1, pixels=bytes(2 * MIB))
    sender.start(data)
    cuts = [data[:MIB], data[MIB : MIB + 5]]
    assert patch_and_break(sender, 0, 0, cuts, len(data)) == 408
    assert sender.offset(0) == MIB + 5
    assert sender.patch(0, MIB + 5, data[MIB + 5 :]).status_code == 204
    assert sender.shown(0)["state"] == "stored"
    sender.finish(1)
    assert sender.original(sender.arrived()[0]) == data


def test_where_memory_is_short_bytes_are_kept_in_smaller_pieces(sqlite_site: Site):
    sender = Uploader(sqlite_site)
    sender.create()
    sender.http.app.state.intake = Intake(budget_bytes=1000)
    data = make_instance(1, pixels=bytes(4096))
    sender.start(data)
    cuts = [data[start : start + 400] for start in range(0, len(data), 400)]
    assert patch_and_break(sender, 0, 0, cuts[:3], len(data)) == 408
    assert sender.offset(0) == 1200
    with sqlite_site.database.reading() as session:
        lengths = [frame.length for frame in session.query(TransferFrame)]
    assert lengths == [800, 400]


def test_what_came_with_a_checksum_before_the_line_broke_is_not_trusted(sender: Uploader):
    sender.start(b"1234567890")
    request = BrokenRequest(sender, 0, 0, 10)
    request._scope["headers"].append((b"upload-checksum", checksum_of(b"1234567890").encode()))
    request.send(b"12345")
    request.cut()
    assert asyncio.run(request.run()) == 408
    assert sender.offset(0) == 0


def test_a_second_request_waits_for_its_turn(sender: Uploader, monkeypatch: pytest.MonkeyPatch):
    sender.start(b"1234567890")

    async def story() -> tuple[int, int]:
        first, second = BrokenRequest(sender, 0, 0, 10), BrokenRequest(sender, 0, 0, 10)
        first.send(b"12345")
        going = asyncio.ensure_future(first.run())
        await first.messages.join()
        second.send(b"1234567890", more=False)
        refused = await second.run()
        first.send(b"67890", more=False)
        return await going, refused

    assert asyncio.run(story()) == (204, 423)
    assert sender.offset(0) == 10


def test_a_line_that_went_silent_makes_room_for_the_next(sender: Uploader, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tus_bytes, "SILENT_SECONDS", 0.02)
    sender.start(b"1234567890")

    async def story() -> tuple[int, int]:
        dead, alive = BrokenRequest(sender, 0, 0, 10), BrokenRequest(sender, 0, 0, 10)
        dead.send(b"12345")
        going = asyncio.ensure_future(dead.run())
        await dead.messages.join()
        await asyncio.sleep(0.1)
        alive.send(b"1234567890", more=False)
        status = await alive.run()
        return await going, status

    # What the dead line had brought is kept, so the next one has to ask where to go on.
    assert asyncio.run(story()) == (408, 409)
    assert sender.offset(0) == 5
    assert sender.patch(0, 5, b"67890").status_code == 204


@pytest.mark.parametrize("number", ["0" * 5000, "0" * 30 + "9" * 30, "9" * 11, "-1", "1.0", "\u0661"])
def test_an_address_that_no_upload_can_have_is_gone(sender: Uploader, number: str):
    assert code_of(sender.tus("GET", f"/{number}")) == (410, "upload.gone")


def test_after_its_time_an_upload_is_gone(sender: Uploader, site: Site):
    sender.start(b"1234567890")
    site.clock.advance(hours=1)
    assert sender.patch(0, 0, b"1").headers["Upload-Expires"] == "Mon, 09 Mar 2026 10:00:00 GMT"
    with site.database.transaction() as session:
        submissions.get(session, sender.id).active_at -= timedelta(days=site.settings.draft_days)
    assert sender.tus("HEAD", "/0").status_code == 410
    assert code_of(sender.patch(0, 1, b"2")) == (410, "upload.gone")


def test_an_upload_of_a_withdrawn_or_expired_submission_is_gone(sender: Uploader, site: Site):
    sender.start(b"1234567890")
    sender.http.delete(f"/api/submissions/{sender.id}")
    assert sender.tus("HEAD", "/0").status_code == 410
    assert code_of(sender.patch(0, 0, b"1")) == (410, "upload.gone")
    assert code_of(sender.start(b"1")) == (410, "upload.gone")


def test_an_upload_that_was_never_begun_is_not_found(sender: Uploader):
    assert sender.tus("HEAD", "/7").status_code == 404
    assert code_of(sender.patch(7, 0, b"1")) == (404, "not_found")
    assert code_of(sender.tus("DELETE", "/7")) == (404, "not_found")


def test_termination_leaves_nothing_and_its_number_is_never_given_again(sender: Uploader, site: Site):
    data = make_instance(1)
    sender.start(data)
    sender.patch(0, 0, data[:100])
    sender.upload(make_instance(2), "IM2")
    sender.upload(PDF, "letter.pdf")
    assert len(site.storage.keys("")) == 3
    for number in (0, 1, 2):
        assert sender.tus("DELETE", f"/{number}").status_code == 204
        assert sender.tus("HEAD", f"/{number}").status_code == 410
        assert code_of(sender.patch(number, 0, b"1")) == (410, "upload.gone")
        assert code_of(sender.tus("DELETE", f"/{number}")) == (410, "upload.gone")
    assert site.storage.keys("") == []
    assert sender.states() == {}
    assert sender.upload(data).headers["Location"] == "uploads/3"
    receipt = sender.finish(1).json()
    assert (receipt["announced"], receipt["instances"], receipt["documents"]) == (1, 1, 0)
    assert [file.number for file in sender.arrived()] == [3]
    assert code_of(sender.tus("DELETE", "/3")) == (409, "submission.closed")


def test_a_file_that_another_one_repeats_is_not_taken_back_alone(sender: Uploader):
    sender.upload(make_instance(1), "IM1")
    assert sender.upload(make_instance(1), "IM2").headers["Importal-Code"] == "dicom.duplicate"
    assert code_of(sender.tus("DELETE", "/0")) == (409, "upload.needed")
    assert sender.tus("DELETE", "/1").status_code == 204
    assert sender.tus("DELETE", "/0").status_code == 204


def test_a_lost_answer_to_the_creation_doubles_nothing(sender: Uploader):
    """The client repeats what it got no answer to: with all bytes, with some, and with none."""
    for _attempt in range(2):
        sender.upload(make_instance(1), "IM1")
        sender.upload(PDF, "letter.pdf")
        sender.upload(b"\x7fELF" + bytes(60), "viewer")
    sender.start(make_instance(2), "IM2")
    sender.start(make_instance(2), "IM2")
    sender.patch(7, 0, make_instance(2)[:50])
    sender.upload(make_instance(2), "IM2")
    assert code_of_json(sender.finish(3)) == code_of_json(sender.finish(8)) == "transfer.incomplete"
    receipt = sender.finish(4).json()
    assert (receipt["instances"], receipt["documents"], len(receipt["refused"])) == (2, 1, 1)
    kinds = [file.kind for file in sender.arrived()]
    assert kinds.count("document") == 1
    assert receipt["announced"] == len(kinds) == 7


def code_of_json(answer) -> str:
    return answer.json()["code"]


def test_finishing_waits_for_an_upload_that_is_counted(sender: Uploader):
    sender.upload(make_instance(1))
    sender.start(b"12345")
    answer = sender.finish(2)
    assert (answer.status_code, answer.json()["code"]) == (409, "transfer.incomplete")
    sender.patch(1, 0, b"12345")
    assert sender.finish(2).json()["announced"] == 2


def test_an_empty_file_is_named(sender: Uploader):
    begun = sender.start(b"", "empty")
    assert (begun.status_code, begun.headers["Importal-Code"]) == (201, "file.empty")
    assert sender.offset(0) == 0


def test_limits_are_those_of_the_hospital(site: Site):
    sender = Uploader(site, limits={"max_bytes": 1000})
    sender.create()
    assert code_of(sender.start(bytes(1001))) == (413, "limit.bytes")
    assert sender.tus("HEAD", "/0").status_code == 404


def test_nobody_writes_to_the_upload_of_another(sender: Uploader, site: Site):
    sender.start(b"12345")
    stranger = Uploader(site)
    stranger.id = sender.id
    assert code_of(stranger.start(b"1")) == (404, "not_found")
    assert stranger.tus("HEAD", "/0").status_code == 404
    assert code_of(stranger.patch(0, 0, b"1")) == (404, "not_found")
    assert code_of(stranger.tus("DELETE", "/0")) == (404, "not_found")
    del sender.http.headers["Authorization"]
    assert code_of(sender.patch(0, 0, b"1")) == (401, "unauthorised")


def test_a_full_disk_confirms_nothing_and_loses_nothing(sender: Uploader, site: Site, monkeypatch):
    data = make_instance(1)
    sender.start(data)
    sender.patch(0, 0, data[:100])

    def full(_objects: object) -> None:
        raise StorageFull

    with monkeypatch.context() as broken:
        broken.setattr(site.storage, "write_all", full)
        assert code_of(sender.patch(0, 100, data[100:])) == (507, "storage.full")
    assert sender.offset(0) == 100
    assert sender.patch(0, 100, data[100:]).status_code == 204


def test_bytes_that_are_whole_are_settled_at_the_end_when_nobody_did(
    sender: Uploader, site: Site, monkeypatch
):
    """A crash came between the last byte and the settling: the client believes that all is done."""
    data = make_instance(1)
    sender.start(data)
    sender.patch(0, 0, data[:100])
    monkeypatch.setattr("importal.transfers.tus.settle", lambda *_: None)
    assert sender.patch(0, 100, data[100:]).headers["Upload-Offset"] == str(len(data))
    assert sender.states()[0]["state"] == "partial"
    assert sender.finish(1).json()["instances"] == 1


def test_what_cannot_send_patch_says_so_in_a_header(sender: Uploader):
    sender.start(b"12345")
    sent = sender.tus("POST", "/0", b"123", Upload_Offset=0, X_HTTP_Method_Override="PATCH")
    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, "3")
    assert sender.tus("POST", "/0", X_HTTP_Method_Override="DELETE").status_code == 204
    assert code_of(sender.tus("POST", "/0")) == (400, "upload.header")


def test_both_doors_lead_to_the_same_files(sender: Uploader):
    """What came as packs can be asked for by its number, and the other way round."""
    pack = Sender.announce(sender, {0: make_instance(1)})
    assert pack.status_code == 200
    sender.upload(make_instance(2), "IM2")
    assert sender.patch(0, 0, make_instance(1)).status_code == 204
    assert {number: file["state"] for number, file in sender.states().items()} == {0: "stored", 1: "stored"}
    assert sender.finish(2).json()["instances"] == 2


def test_whatever_of_an_anonymous_sender_is_named_is_forgotten(site: Site):
    sender = Uploader(site)
    with site.database.transaction() as session:
        home = institutions.only(session)
        kind = invitations.SenderKind.PATIENT
        new = invitations.NewInvitation(home.id, kind, timedelta(days=3), deidentified=True)
        sender.code = invitations.invite(session, site, new, audit.Actor("operator", "test"))[1]
    sender.open()
    sender.create()
    sender.upload(make_instance(1), "Doe^Jane.dcm")
    assert sender.finish(1).json()["instances"] == 1
    assert "Upload-Metadata" not in sender.tus("HEAD", "/0").headers
