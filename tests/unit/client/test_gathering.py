"""What the Python sender finds: folders and archives, within limits, without following anything anywhere."""

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from importal.client import SourceUnreadable, gather, gathering, recognition, select
from importal.client.gathering import MAX_DEPTH
from tests.corpus import corpus_path


def archive_of(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return target.getvalue()


def read_all(found) -> dict[str, bytes]:
    return {file.path: file.read(0, file.size) for file in found.files}


def test_a_folder_is_walked_in_order_and_archives_are_looked_into(tmp_path: Path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_bytes(b"2")
    (tmp_path / "a.zip").write_bytes(archive_of({"x/one": b"1", "inner.zip": archive_of({"three": b"3"})}))
    assert read_all(gather(tmp_path)) == {"a.zip/x/one": b"1", "a.zip/inner.zip/three": b"3", "b/two": b"2"}


def test_paths_in_an_archive_are_labels_that_lead_nowhere(tmp_path: Path):
    place = tmp_path / "a.zip"
    place.write_bytes(archive_of({"../../etc/passwd": b"1", "C:\\x\\..\\y": b"2", "/abs": b"3"}))
    assert set(read_all(gather(place))) == {"a.zip/etc/passwd", "a.zip/C:/x/y", "a.zip/abs"}
    assert sorted(tmp_path.iterdir()) == [place]


def test_links_are_named_and_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_bytes(b"secret")
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "link").symlink_to(tmp_path / "secret")
    found = gather(chosen)
    assert found.files == []
    assert [(left.path, left.code) for left in found.left_out] == [("link", "file.link")]


def test_a_bomb_is_refused_by_what_it_claims(tmp_path: Path):
    place = tmp_path / "bomb.zip"
    place.write_bytes(archive_of({"zeros": bytes(40_000_000)}))
    assert [left.code for left in gather(place).left_out] == ["archive.bomb"]


def test_archives_in_archives_end_at_a_depth(tmp_path: Path):
    data = archive_of({"image": b"image"})
    for _ in range(MAX_DEPTH + 1):
        data = archive_of({"inner.zip": data})
    place = tmp_path / "deep.zip"
    place.write_bytes(data)
    assert [left.code for left in gather(place).left_out] == ["archive.too_deep"]


def test_archives_in_archives_share_one_measure_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inner = archive_of({"one": b"1"})
    monkeypatch.setattr(gathering, "MAX_NESTED_BYTES", 2 * len(inner))
    (tmp_path / "a.zip").write_bytes(archive_of({f"{number}.zip": inner for number in range(3)}))
    found = gather(tmp_path)
    assert set(read_all(found)) == {"a.zip/0.zip/one", "a.zip/1.zip/one"}
    assert [(left.path, left.code) for left in found.left_out] == [("a.zip/2.zip", "archive.too_large")]


def test_what_may_swell_without_a_measure_is_not_unpacked(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(archive_of({"one": b"1" * 100}, zipfile.ZIP_BZIP2))
    found = gather(tmp_path)
    assert (found.files, [left.code for left in found.left_out]) == ([], ["archive.unknown_method"])


def test_an_entry_has_the_same_fingerprint_as_the_file_it_was_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recognition, "_AT_ONCE", 1000)
    monkeypatch.setattr(recognition, "OTHER_BYTES", 4000)
    for size in (0, 1, 999, 1000, 1001, 4000, 9999):
        data = bytes(number % 251 for number in range(size))
        (tmp_path / "a.zip").write_bytes(archive_of({"one": data}))
        (entry,) = gather(tmp_path / "a.zip").files
        expected = recognition.fingerprint("a.zip/one", size, hashlib.sha256(data[:4000]).hexdigest())
        assert recognition.of_file(entry) == expected


def test_a_file_that_changes_after_it_was_found_is_noticed(tmp_path: Path):
    place = tmp_path / "file"
    place.write_bytes(b"before")
    (file,) = gather(tmp_path).files
    place.write_bytes(b"afterwards")
    with pytest.raises(SourceUnreadable, match=r"file\.changed"):
        file.read(0, file.size)


def test_nothing_at_a_place_is_said_plainly(tmp_path: Path):
    with pytest.raises(SourceUnreadable, match=r"file\.missing"):
        gather(tmp_path / "nowhere")


def test_a_real_disc_is_told_from_its_viewer():
    selection = select(gather(corpus_path("cd", "hitachi-pdi-ja")))
    assert (selection.instances, len(selection.studies), len(selection.persons)) == (67, 1, 1)
    assert selection.documents == 0


def test_an_exported_disc_gives_its_images_and_leaves_the_litter():
    selection = select(gather(corpus_path("cd", "pacs-export-pet-seg")))
    assert (selection.instances, len(selection.studies)) == (301, 1)
    assert {file.source.path for file in selection.files if file.role == "document"} == {
        "REPORT/BEFUND.RTF",
        "REPORT/REPORT.PDF",
    }
    assert "file.media_directory" in {left.code for left in selection.left_out}


def test_hostile_archives_and_broken_files_end_in_a_selection():
    for name in ("archives/hostile", "archives/yauzl", "malformed"):
        found = gather(corpus_path(name))
        selection = select(found)
        assert len(selection.files) + len(selection.left_out) == len(found.files) + len(found.left_out)
