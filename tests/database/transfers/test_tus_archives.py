"""A ZIP by tus: each entry becomes a file of the submission, within limits, and each is accounted for."""

import hashlib
import io
import zipfile

import pytest

from importal import transfers
from importal.client import gathering
from importal.errors import TABLE
from importal.site import Site
from importal.storage import StorageFull
from importal.transfers import staged, unpacking
from tests.corpus import corpus_path
from tests.database.transfers.sending import everything_in_clear, make_instance
from tests.database.transfers.uploading import Uploader, make_zip, metadata

PDF = b"%PDF-1.7\nFOREIGN-4711 wrote this letter\n%%EOF"
MIB = 1024 * 1024


@pytest.fixture
def sender(site: Site) -> Uploader:
    uploader = Uploader(site)
    assert uploader.create().status_code == 201
    return uploader


def became(sender: Uploader, number: int = 0) -> dict[str, tuple[str, str | None]]:
    shown = sender.shown(number)
    return {file["path"]: (file["state"], file["code"]) for file in shown["files"]}


def test_each_entry_becomes_a_file_and_its_sender_is_told_what_became_of_it(sender: Uploader, site: Site):
    files = {
        "disc/IM1": make_instance(1),
        "disc/IM2": make_instance(2),
        "disc/copy of IM2": make_instance(2),
        "disc/cut": make_instance(3)[:300],
        "letter.pdf": PDF,
        "DICOMDIR": make_instance(9, SOPClassUID="1.2.840.10008.1.3.10"),
        "viewer/start.exe": b"MZ" + bytes(100),
        "viewer/help.pdf": PDF,
        "empty": b"",
    }
    answer = sender.upload(make_zip(files), "disc.zip")
    assert answer.status_code == 201
    assert sender.shown(0)["state"] == "unpacked"
    assert became(sender) == {
        "disc.zip/disc/IM1": ("stored", None),
        "disc.zip/disc/IM2": ("stored", None),
        "disc.zip/disc/copy of IM2": ("stored", "dicom.duplicate"),
        "disc.zip/disc/cut": ("refused", "dicom.truncated"),
        "disc.zip/letter.pdf": ("kept", None),
        "disc.zip/DICOMDIR": ("refused", "dicom.media_directory"),
        "disc.zip/viewer/start.exe": ("refused", "file.not_accepted"),
        "disc.zip/viewer/help.pdf": ("refused", "file.viewer"),
        "disc.zip/empty": ("refused", "file.empty"),
    }
    receipt = sender.finish(1).json()
    counted = receipt["instances"] + receipt["duplicates"] + receipt["documents"] + len(receipt["refused"])
    assert receipt["announced"] == counted == len(files) == len(sender.arrived())
    assert receipt["studies"][0]["documents"] == 1
    originals = {file.name(site): sender.original(file) for file in sender.arrived() if file.storage_key}
    assert all(files[name.removeprefix("disc.zip/")] == data for name, data in originals.items())
    assert b"FOREIGN-4711" not in everything_in_clear(site)
    assert site.storage.keys("staging/") == []


def test_a_large_entry_comes_in_parts_and_an_archive_over_several_requests(sender: Uploader, site: Site):
    large = make_instance(1, pixels=bytes(range(256)) * 4 * 9000)
    archive = make_zip({"large": large, "small": make_instance(2)}, zipfile.ZIP_STORED)
    assert len(large) > 8 * MIB
    sender.start(archive, "disc.zip")
    half = len(archive) // 2
    sender.patch(0, 0, archive[:half])
    sender.patch(0, half, archive[half:])
    assert became(sender) == {"disc.zip/large": ("stored", None), "disc.zip/small": ("stored", None)}
    assert sender.finish(1).json()["instances"] == 2
    by_name = {file.name(site): sender.original(file) for file in sender.arrived()}
    assert by_name["disc.zip/large"] == large


def locked_zip() -> bytes:
    """Return an archive with one entry that says it is encrypted."""
    data = bytearray(make_zip({"open": make_instance(1), "locked": make_instance(2)}, zipfile.ZIP_STORED))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(mark) + place] |= 1
    return bytes(data)


def test_what_cannot_be_unpacked_is_named_and_the_archive_is_kept_sealed(sender: Uploader, site: Site):
    archive = locked_zip()
    sender.upload(archive, "disc.zip")
    assert became(sender)["disc.zip/locked"] == ("refused", "archive.encrypted")
    receipt = sender.finish(1).json()
    assert [file["code"] for file in receipt["refused"]] == ["archive.encrypted"]
    with site.database.reading() as session:
        (row,) = (row for row in session.query(transfers.TransferFile) if row.state == "unpacked")
        kept = transfers.read_object(site, row.storage_key)
    assert kept == archive
    assert transfers.is_sealed(row.storage_key)


def test_archives_inside_archives_are_opened_up_to_a_depth(sender: Uploader):
    inner = {"IM1": make_instance(1)}
    for depth in range(gathering.MAX_DEPTH, 0, -1):
        inner = {f"{depth}.zip": make_zip(inner)}
    sender.upload(make_zip({"IM2": make_instance(2), **inner}), "disc.zip")
    outcome = became(sender)
    assert outcome["disc.zip/IM2"] == ("stored", None)
    assert outcome["disc.zip/1.zip/2.zip/3.zip"] == ("refused", "archive.too_deep")


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("MAX_ENTRIES", 1, "archive.too_many_files"),
        ("MAX_TOTAL_BYTES", 1000, "archive.too_large"),
        ("RATIO_FROM_BYTES", 0, "archive.bomb"),
    ],
)
def test_an_archive_beyond_the_limits_is_refused_whole(sqlite_site: Site, monkeypatch, limit, value, code):
    monkeypatch.setattr(gathering, limit, value)
    monkeypatch.setattr(gathering, "MAX_RATIO", 1)
    sender = Uploader(sqlite_site)
    sender.create()
    archive = make_zip({"IM1": make_instance(1, pixels=bytes(4096)), "IM2": make_instance(2)})
    assert sender.upload(archive, "disc.zip").headers["Importal-Code"] == code
    assert sender.shown(0)["state"] == "refused"
    assert sender.original(sender.arrived()[0]) == archive


def test_an_archive_that_holds_more_than_the_hospital_accepts_is_refused_whole(site: Site):
    sender = Uploader(site, limits={"max_bytes": 20_000})
    sender.create()
    archive = make_zip({f"IM{number}": make_instance(number, pixels=bytes(10_000)) for number in range(3)})
    assert sender.upload(archive, "disc.zip").headers["Importal-Code"] == "limit.bytes"
    # The packed and the unpacked bytes do not count twice.
    archive = make_zip({"IM1": make_instance(1, pixels=bytes(10_000))}, zipfile.ZIP_STORED)
    assert "Importal-Code" not in sender.upload(archive, "one.zip").headers


def test_an_office_document_is_a_document_and_no_archive(sender: Uploader):
    sender.upload(make_instance(1))
    sender.upload(make_zip({"word/document.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}), "letter.docx")
    assert sender.shown(1)["files"] == []
    assert sender.shown(1)["state"] == "kept"


def test_an_archive_is_checked_against_the_promised_digest_before_it_is_opened(sender: Uploader):
    archive = make_zip({"IM1": make_instance(1)})
    said = metadata(filename="disc.zip", sha256=hashlib.sha256(b"another").hexdigest())
    sender.tus("POST", "", archive, Upload_Length=len(archive), Upload_Metadata=said)
    assert (sender.shown(0)["code"], sender.shown(0)["files"]) == ("file.changed", [])


def test_an_archive_that_is_sent_twice_is_kept_once(sender: Uploader):
    archive = make_zip({"IM1": make_instance(1), "letter.pdf": PDF})
    sender.upload(archive, "disc.zip")
    assert sender.upload(archive, "disc.zip").headers["Importal-Code"] == "file.duplicate"
    receipt = sender.finish(1).json()
    assert (receipt["instances"], receipt["documents"], receipt["duplicates"]) == (1, 1, 1)


def test_an_archive_is_taken_back_with_all_that_was_in_it(sender: Uploader, site: Site):
    sender.upload(make_zip({"IM1": make_instance(1), "letter.pdf": PDF}), "disc.zip")
    assert len(site.storage.keys("")) == 2
    assert sender.tus("DELETE", "/0").status_code == 204
    assert site.storage.keys("") == []
    assert sender.finish(0).json()["code"] == "submission.no_instances"


@pytest.mark.parametrize("broken_at", range(1, 6))
def test_wherever_unpacking_breaks_off_it_is_gone_on_with(
    sender: Uploader, site: Site, monkeypatch, broken_at
):
    """As after a kill: what was stored is not brought in again, and nothing is lost or doubled."""
    monkeypatch.setattr(unpacking, "GROUP_FRAMES", 2)
    files = {f"IM{number}": make_instance(number) for number in range(8)} | {"letter.pdf": PDF}
    archive = make_zip(files)
    sender.start(archive, "disc.zip")
    sender.patch(0, 0, archive[:-1])
    calls = 0
    write_all = site.storage.write_all

    def break_off(objects: object) -> None:
        nonlocal calls
        calls += 1
        if calls == broken_at:
            raise StorageFull
        write_all(objects)

    with monkeypatch.context() as broken:
        broken.setattr(site.storage, "write_all", break_off)
        assert sender.patch(0, len(archive) - 1, archive[-1:]).status_code == 507
    if sender.offset(0) < len(archive):
        sender.patch(0, len(archive) - 1, archive[-1:])
    receipt = sender.finish(1).json()
    assert (receipt["instances"], receipt["documents"], receipt["announced"]) == (8, 1, 9)
    assert {file.name(site): sender.original(file) for file in sender.arrived()} == {
        f"disc.zip/{name}": data for name, data in files.items()
    }


@pytest.mark.parametrize("folder", ["archives/hostile", "archives/yauzl"])
def test_hostile_archives_are_named_and_the_good_image_arrives(sqlite_site: Site, folder: str):
    sender = Uploader(sqlite_site)
    sender.create()
    bad = sorted(path for path in corpus_path(folder).rglob("*") if path.is_file())
    assert len(bad) > 5
    for path in bad:
        assert sender.upload(path.read_bytes(), path.name).status_code == 201, path.name
    sender.upload(make_instance(1), "IM1")
    receipt = sender.finish(len(bad) + 1)
    assert receipt.status_code == 200, receipt.text
    counted = receipt.json()
    total = counted["instances"] + counted["duplicates"] + counted["documents"] + len(counted["refused"])
    assert total == counted["announced"]
    assert {file["code"] for file in counted["refused"]} <= {row.code for row in TABLE.rows()}
    assert counted["instances"] >= 1


def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(sqlite_site: Site, monkeypatch):
    monkeypatch.setattr(staged, "MOST_AT_ONCE", 4096)
    sender = Uploader(sqlite_site)
    sender.create()
    archive = make_zip({f"{number}": b"" for number in range(200)})
    assert sender.upload(archive, "many.zip").headers["Importal-Code"] == "archive.too_large"


def test_an_entry_that_lies_about_its_size_is_named(sender: Uploader):
    target = io.BytesIO(make_zip({"IM1": make_instance(1), "IM2": make_instance(2)}))
    data = bytearray(target.getvalue())
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (int.from_bytes(data[place : place + 4], "little") + 5).to_bytes(4, "little")
    sender.upload(bytes(data), "disc.zip")
    assert became(sender) == {
        "disc.zip/IM1": ("stored", None),
        "disc.zip/IM2": ("refused", "archive.damaged"),
    }
