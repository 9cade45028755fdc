"""Frames: any order, any cut, any number of times; and what a crash, a full disk or a rival may do."""

import errno
import hashlib
import random
import threading
import time
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importal import vault
from importal.client import encode_pack
from importal.client.packs import OutgoingFrame
from importal.site import Site
from importal.transfers import arrival, frames, intake, storing
from tests.database.transfers.sending import Sender, make_instance

LARGE = make_instance(9, pixels=random.Random(7).randbytes(256 * 40))
SLOW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pieces(data: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(start, data[start : start + size]) for start in range(0, len(data), size)]


@SLOW
@given(st.integers(700, 4000), st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_file_in_parts_in_any_order_and_with_repetitions_is_the_same_file(site: Site, size, chance, packs):
    sender = Sender(site).begin({0: LARGE})
    parts = pieces(LARGE, size)
    parts += chance.choices(parts, k=3)
    chance.shuffle(parts)
    for number in range(packs):
        sender.send(*((0, offset, data) for offset, data in parts[number::packs]))
    assert sender.states()[0]["state"] == "stored"
    (file,) = sender.arrived()
    assert file.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert sender.original(file) == LARGE
    assert sender.finish().json()["instances"] == 1


@SLOW
@given(st.lists(st.tuples(st.integers(0, len(LARGE) - 1), st.integers(1, 5000)), min_size=1, max_size=12))
def test_parts_that_overlap_are_taken_when_their_bytes_agree(site: Site, spans):
    sender = Sender(site).begin({0: LARGE})
    for offset, length in spans:
        ((result, _code),) = sender.send((0, offset, LARGE[offset : offset + length]))
        assert result in {"confirmed", "known"}
    for start, end in gaps(sender.states()[0], len(LARGE)):
        assert sender.send((0, start, LARGE[start:end]))[0][0] == "confirmed"
    assert sender.original(sender.arrived()[0]) == LARGE


def gaps(state: dict, size: int) -> list[tuple[int, int]]:
    if state["state"] == "stored":
        return []
    found, position = [], 0
    for offset, length in state.get("received", []):
        if offset > position:
            found.append((position, offset))
        position = offset + length
    return [*found, (position, size)] if position < size else found


def test_the_state_says_which_ranges_are_there(site: Site):
    sender = Sender(site).begin({0: LARGE})
    sender.send((0, 0, LARGE[:100]), (0, 100, LARGE[100:200]), (0, 500, LARGE[500:600]))
    state = sender.states()[0]
    assert len(state.pop("fingerprint")) == 64
    assert state == {"number": 0, "state": "partial", "received": [[0, 200], [500, 100]]}


def test_a_file_sent_again_is_known(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: b"\x7fELF" + bytes(60)})
    assert sender.send_whole() == [("confirmed", None), ("confirmed", "file.program")]
    assert sender.send_whole() == [("known", None), ("known", "file.program")]
    assert sender.send_whole(0)[0][0] == "known"


def test_other_bytes_at_the_same_place_are_a_conflict(site: Site):
    sender = Sender(site).begin({0: LARGE, 1: make_instance(1)})
    sender.send((0, 0, LARGE[:1000]))
    changed = bytes(1000)
    assert sender.send((0, 0, changed)) == [("refused", "frame.conflict")]
    assert sender.send((0, 500, changed)) == [("refused", "frame.conflict")]
    assert sender.send((0, 0, bytes(len(LARGE)))) == [("refused", "frame.conflict")]
    sender.send_whole(1)
    assert sender.send((1, 0, bytes(len(sender.files[1])))) == [("refused", "frame.conflict")]
    assert sender.send((0, 1000, LARGE[1000:])) == [("confirmed", None)]


def test_each_fault_of_a_frame_is_named_and_the_others_are_taken(site: Site):
    good = make_instance(1)
    sender = Sender(site).begin({0: good, 1: make_instance(2)})
    frames = encode_pack(
        [OutgoingFrame(5, 0, b"x"), OutgoingFrame(1, 1, sender.files[1]), OutgoingFrame(0, 0, good)]
    )
    frames += encode_pack([OutgoingFrame(1, 0, b"abc")])[8:].replace(
        hashlib.sha256(b"abc").hexdigest().encode(), hashlib.sha256(b"abd").hexdigest().encode()
    )
    frames += encode_pack([OutgoingFrame(1, 0, b"abc")])[8:].replace(b'"identity"', b'"jpeg-ls."')
    answer = sender.post(frames).json()["frames"]
    assert [(frame["file"], frame["result"], frame["code"]) for frame in answer] == [
        (5, "refused", "frame.unknown_file"),
        (1, "refused", "frame.bounds"),
        (0, "confirmed", None),
        (1, "refused", "frame.digest"),
        (1, "refused", "frame.encoding"),
    ]


def test_a_damaged_pack_is_refused_as_a_whole_answer(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    answer = sender.post(encode_pack([OutgoingFrame(0, 0, sender.files[0])])[:-1])
    assert (answer.status_code, answer.json()["code"]) == (400, "pack.malformed")
    assert sender.post(b"IMPACK02").status_code == 400
    assert sender.states()[0]["state"] == "announced"


def test_a_pack_over_the_limit_is_refused_before_it_is_read(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    answer = sender.post(bytes(33 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "pack.too_large")


class Fault(Exception):
    """What a kill looks like from inside."""


@pytest.mark.parametrize("moment", range(6))
def test_whatever_is_interrupted_a_repetition_gives_the_same_result(site: Site, monkeypatch, moment):
    files = {0: make_instance(1), 1: make_instance(2), 2: b"%PDF-1.7\n%%EOF"}
    sender = Sender(site).begin(files)
    break_at(site, monkeypatch, moment)
    answer = sender.post(encode_pack(OutgoingFrame(n, 0, data) for n, data in files.items()))
    assert answer.status_code == 500
    assert {state["state"] for state in sender.states().values()} == {"announced"}
    monkeypatch.undo()
    assert [result for result, _code in sender.send_whole()] == ["confirmed"] * 3
    assert {file.number: sender.original(file) for file in sender.arrived()} == files
    receipt = sender.finish().json()
    assert (receipt["instances"], receipt["documents"], receipt["duplicates"]) == (2, 1, 0)


def break_at(site: Site, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """Let storage fail at the n-th object, or the transaction after the writing."""
    write_all = site.storage.write_all

    def failing(objects):
        write_all(objects[:moment])
        raise Fault if moment % 2 else OSError(errno.EIO, "broken")

    if moment < 3:
        monkeypatch.setattr(site.storage, "write_all", failing)
    else:
        name = {3: "remember", 4: "keep_patches", 5: "collisions"}[moment]

        def fail(*_arguments):
            raise Fault

        monkeypatch.setattr(vault, name, fail)


def test_a_full_disk_confirms_nothing_and_says_so(site: Site, monkeypatch):
    sender = Sender(site).begin({0: make_instance(1)})

    def full(_objects):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(site.storage, "write_all", full)
    answer = sender.post(encode_pack([OutgoingFrame(0, 0, sender.files[0])]))
    assert (answer.status_code, answer.json()["code"]) == (507, "storage.full")
    assert sender.states()[0]["state"] == "announced"
    monkeypatch.undo()
    assert sender.send_whole() == [("confirmed", None)]


def test_the_last_room_is_kept_for_the_database(site: Site, monkeypatch):
    sender = Sender(site).begin({0: make_instance(1)})
    monkeypatch.setattr(site.storage, "free_bytes", lambda: 1000)
    answer = sender.post(encode_pack([OutgoingFrame(0, 0, sender.files[0])]))
    assert (answer.status_code, answer.json()["code"]) == (507, "storage.full")
    assert site.storage.keys("") == []
    monkeypatch.undo()
    assert sender.send_whole() == [("confirmed", None)]


def test_a_kill_before_the_assembling_loses_nothing(site: Site, monkeypatch):
    sender = Sender(site).begin({0: LARGE})

    def die(*_arguments):
        raise Fault

    monkeypatch.setattr("importal.transfers.frames.assemble", die)
    parts = pieces(LARGE, 4000)
    assert sender.post(encode_pack(OutgoingFrame(0, *part) for part in parts)).status_code == 500
    assert sender.states()[0]["received"] == [[0, len(LARGE)]]
    monkeypatch.undo()
    assert sender.finish().json()["instances"] == 1
    assert sender.original(sender.arrived()[0]) == LARGE


def test_a_large_image_streams_into_the_storage(site: Site, monkeypatch):
    monkeypatch.setattr(arrival, "IN_MEMORY_BYTES", 2000)
    damaged = make_instance(8, pixels=bytes(9000))[:-40]
    sender = Sender(site).begin({0: LARGE, 1: LARGE, 2: damaged, 3: b"%PDF-1.7\n" + bytes(5000)})
    for number, data in sender.files.items():
        sender.send(*((number, offset, part) for offset, part in pieces(data, 3000)))
    kinds = {file.number: (file.kind, file.code) for file in sender.arrived()}
    assert kinds[0] == ("instance", None)
    assert kinds[1] == ("duplicate", "dicom.duplicate")
    assert kinds[3] == ("document", None)
    for file in sender.arrived():
        if file.kind != "duplicate":
            assert sender.original(file) == sender.files[file.number]
    assert not site.storage.keys(f"staging/{sender.id}/")


def send_at_once(sender: Sender, numbers: Iterable[int]) -> list:
    """Send files, each over a connection of its own at the same moment; return all answers."""
    results: list = []
    with sender.http:  # One event loop for all of them, as in a process that serves.
        threads = [
            threading.Thread(target=lambda n=number: results.extend(sender.send_whole(n)), daemon=True)
            for number in numbers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    return results


@pytest.fixture
def slow_first_write(monkeypatch):
    """Let the first go take so long that all others have come when it is done."""
    written, write = threading.Event(), storing.write

    def slow_write(site: Site, wanted: Sequence[storing.Object]) -> None:
        if not written.is_set():
            written.set()
            time.sleep(0.5)
        write(site, wanted)

    monkeypatch.setattr(storing, "write", slow_write)


@pytest.mark.usefixtures("slow_first_write")
def test_a_file_whose_last_parts_come_at_once_is_put_together_once(site: Site, monkeypatch):
    assembled, assemble = [], frames.assemble

    def counted(*arguments):
        assembled.append(arguments[-1])
        return assemble(*arguments)

    monkeypatch.setattr(frames, "assemble", counted)
    sender = Sender(site).begin({0: make_instance(1), 1: LARGE})
    parts = pieces(LARGE, 2000)
    answers: list = []
    with sender.http:
        sendings = [lambda: sender.send_whole(0)]
        sendings += [
            lambda at=at, part=part: answers.append(sender.send((1, at, part))) for at, part in parts
        ]
        threads = [threading.Thread(target=sending, daemon=True) for sending in sendings]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
        for thread in threads:
            thread.join(60)
    assert len(answers) == len(parts)
    assert assembled == [1]
    assert sender.finish().json()["instances"] == 2
    assert {file.number: sender.original(file) for file in sender.arrived()} == sender.files


@pytest.mark.usefixtures("slow_first_write")
def test_one_file_on_several_connections_is_no_repetition_of_itself(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: b"%PDF-1.4 a letter", 2: make_instance(2)})
    results = send_at_once(sender, [2, 0, 0, 0, 1, 1, 0])
    assert len(results) == 7
    assert {code for _result, code in results} == {None}
    receipt = sender.finish().json()
    assert (receipt["instances"], receipt["documents"], receipt["duplicates"]) == (2, 1, 0)
    for file in sender.arrived():
        assert sender.original(file) == sender.files[file.number]


def test_twins_on_several_connections_are_kept_once(site: Site):
    files = {number: make_instance(1) for number in range(6)}
    sender = Sender(site).begin(files)
    results = send_at_once(sender, files)
    assert sorted(results, key=str) == [("confirmed", "dicom.duplicate")] * 5 + [("confirmed", None)]
    receipt = sender.finish().json()
    assert (receipt["instances"], receipt["duplicates"]) == (1, 5)


def test_who_is_silent_for_too_long_loses_the_place(site: Site, monkeypatch):
    monkeypatch.setattr(intake, "IDLE_SECONDS", 0.05)
    sender = Sender(site).begin({0: make_instance(1)})

    def slowly():
        yield b"IMPACK01"
        threading.Event().wait(0.5)
        yield b"\0"

    answer = sender.http.post(f"/api/submissions/{sender.id}/packs", content=slowly())
    assert answer.status_code in {400, 408}


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "read error"), MemoryError(), KeyError("gone")])
def test_a_fault_on_our_side_never_makes_a_good_image_a_damaged_one(site: Site, monkeypatch, fault):
    sender = Sender(site).begin({0: LARGE})
    parts = encode_pack(OutgoingFrame(0, *part) for part in pieces(LARGE, 4000))
    read, count = site.storage.read, [0]

    def fails_once(key: str) -> bytes:
        # Three reads for the digest and three for the head go well; then the image itself is read.
        count[0] += 1
        if count[0] == 8:
            raise fault
        return read(key)

    monkeypatch.setattr(site.storage, "read", fails_once)
    answer = sender.post(parts)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert sender.states()[0]["state"] == "partial"
    assert sender.finish().json()["instances"] == 1
    assert sender.original(sender.arrived()[0]) == LARGE
