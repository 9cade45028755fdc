"""One suite for every adapter of the storage port, and its fake."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from importal.storage import LocalStorage, MemoryStorage, Storage


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return LocalStorage(tmp_path / "objects") if request.param == "local" else MemoryStorage()


def place_of(descriptor: int) -> Path:
    """Return the file that a descriptor stands for."""
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def test_objects_are_read_as_they_were_written(storage: Storage):
    storage.write_all([("a/one", [b"12", memoryview(b"345")]), ("a/b/two", iter([b"", b"6"])), ("three", [])])
    assert storage.read("a/one") == b"12345"
    assert storage.read("a/b/two") == b"6"
    assert storage.read("three") == b""


def test_keys_are_listed_below_a_prefix(storage: Storage):
    storage.write_all([("s/1/a", [b"x"]), ("s/1/b/c", [b"x"]), ("s/2/a", [b"x"])])
    assert storage.keys("s/1/") == ["s/1/a", "s/1/b/c"]
    assert storage.keys("s/") == ["s/1/a", "s/1/b/c", "s/2/a"]
    assert storage.keys("t/") == []


def test_writing_the_same_object_again_is_harmless(storage: Storage):
    for _ in range(2):
        storage.write_all([("key", [b"same"])])
    assert storage.read("key") == b"same"


def test_what_is_not_there_is_a_key_error_and_deleting_it_a_success(storage: Storage):
    storage.delete("nothing/here")
    with pytest.raises(KeyError):
        storage.read("nothing/here")


def test_a_deleted_object_is_gone(storage: Storage):
    storage.write_all([("key", [b"x"])])
    storage.delete("key")
    with pytest.raises(KeyError):
        storage.read("key")
    assert storage.keys("") == []


@pytest.mark.parametrize("key", ["", "../out", "a/../../out", "/etc/passwd", "a//b", "a\\b", "a/\0", "."])
def test_a_key_that_could_leave_the_store_is_refused(storage: Storage, key: str):
    with pytest.raises(ValueError, match="key"):
        storage.write_all([(key, [b"x"])])
    with pytest.raises(ValueError, match="key"):
        storage.path(key)


def test_the_room_that_is_left_is_a_number_or_not_known(storage: Storage):
    free = storage.free_bytes()
    assert free is None or free > 0


def test_the_probe_leaves_nothing_behind(storage: Storage):
    storage.check()
    assert storage.keys("") == []


def test_an_object_whose_source_fails_half_way_is_not_visible(storage: Storage):
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError

    with pytest.raises(OSError):
        storage.write_all([("whole", [b"x"]), ("half", broken())])
    with pytest.raises(KeyError):
        storage.read("half")


def test_the_local_disk_syncs_files_before_names_and_folders_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from importal.storage import local

    storage = LocalStorage(tmp_path / "objects")
    events: list[tuple[str, str]] = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        local.os, "fsync", lambda file: (events.append(("sync", place_of(file).suffix)), sync(file))[1]
    )
    monkeypatch.setattr(
        local.os, "replace", lambda old, new: (events.append(("rename", "")), replace(old, new))[1]
    )
    storage.write_all([("a/b/one", [b"1"]), ("a/b/two", [b"2"])])
    kinds = [kind if suffix == "" else f"{kind}{suffix}" for kind, suffix in events]
    # The new folders a and a/b changed their parents, so three folders are synced after both names.
    assert kinds == ["sync.part", "sync.part", "rename", "rename", "sync", "sync", "sync"]


def test_what_a_killed_writer_left_half_written_is_forgotten_and_nothing_else(tmp_path: Path):
    storage = LocalStorage(tmp_path / "objects")
    storage.write_all([("s/1/image", [b"x"])])
    left = tmp_path / "objects" / "s" / "1" / "other.0123abcd.part"
    left.write_bytes(b"half of a picture")
    assert storage.forget_unfinished("s/1/", 60) == 0
    assert storage.forget_unfinished("t/", 0) == 0
    assert storage.forget_unfinished("", -1) == 1
    assert not left.exists()
    assert storage.read("s/1/image") == b"x"


def test_a_folder_that_somebody_else_has_just_made_is_synced_with_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from importal.storage import local

    synced: list[str] = []
    sync = local._sync
    monkeypatch.setattr(local, "_sync", lambda path: (synced.append(path.name), sync(path)))
    storage = LocalStorage(tmp_path / "objects")
    # Made by a process that was killed, or that is still on its way to the sync.
    (tmp_path / "objects" / "a" / "b").mkdir(parents=True)
    storage.write_all([("a/b/one", [b"1"])])
    assert {"objects", "a", "b"} <= set(synced)
    synced.clear()
    storage.write_all([("a/b/two", [b"2"])])
    assert "objects" not in synced
    assert "b" in synced


def test_the_name_of_a_new_store_outlives_a_power_cut_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from importal.storage import local

    synced: list[Path] = []
    sync = local._sync
    monkeypatch.setattr(local, "_sync", lambda path: (synced.append(path), sync(path)))
    LocalStorage(tmp_path / "data" / "objects")
    assert {tmp_path, tmp_path / "data"} <= set(synced)


def test_what_could_not_be_synced_is_written_anew_and_never_synced_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from importal.storage import local

    storage = LocalStorage(tmp_path / "objects")
    synced: list[tuple[str, int]] = []
    sync = os.fsync

    def failing(file: int) -> None:
        synced.append((place_of(file).name, os.fstat(file).st_size))
        if len(synced) == 1:
            raise OSError(errno.EIO, "broken")
        sync(file)

    monkeypatch.setattr(local.os, "fsync", failing)
    with pytest.raises(OSError):
        storage.write_all([("a/one", [b"1234"])])
    with pytest.raises(KeyError):
        storage.read("a/one")
    storage.write_all([("a/one", [b"1234"])])
    assert storage.read("a/one") == b"1234"
    files = [name for name, _size in synced if name.endswith(".part")]
    assert len(files) == len(set(files)) == 2
    # On the descriptor that wrote it, when all of it was written.
    assert {size for name, size in synced if name.endswith(".part")} == {4}
