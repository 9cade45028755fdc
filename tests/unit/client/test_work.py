"""Handing out work: everything once, in order, and what failed again."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from importal.client import Selected, SourceUnreadable
from importal.client.api import FileStatus
from importal.client.work import Pace, Span, WorkList, missing_spans


@dataclass(frozen=True)
class Fake:
    data: bytes
    path: str = "file"
    is_broken: bool = False

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        if self.is_broken:
            raise SourceUnreadable("file.unreadable")
        return self.data[start:end]


def selected(*data: bytes) -> list[Selected]:
    return [Selected(Fake(each), "instance") for each in data]


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 40))
def test_every_byte_is_handed_out_once_and_in_order(contents, target):
    work = WorkList(selected(*contents), missing_spans(selected(*contents), []), lambda *_: None)
    rebuilt = [b""] * len(contents)
    while pack := work.next(target):
        for frame in pack.frames:
            assert frame.offset == len(rebuilt[frame.file])
            rebuilt[frame.file] += frame.data
    assert rebuilt == contents


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(0, 59), st.integers(1, 30)), max_size=6))
def test_what_the_portal_has_is_not_sent_again(size, received):
    inside = tuple((offset, min(length, size - offset)) for offset, length in received if offset < size)
    spans = missing_spans(selected(bytes(size)), [FileStatus(0, "partial", inside)])
    sent = {byte for span in spans for byte in range(span.start, span.end)}
    there = {byte for offset, length in inside for byte in range(offset, offset + length)}
    assert sent == set(range(size)) - there


def test_settled_files_are_not_sent():
    states = [
        FileStatus(0, "stored"),
        FileStatus(1, "kept"),
        FileStatus(2, "refused"),
        FileStatus(3, "announced"),
    ]
    assert missing_spans(selected(b"a", b"b", b"c", b"d"), states) == [Span(3, 0, 1)]


def test_what_was_not_delivered_comes_first_again():
    work = WorkList(selected(b"abc", b"def"), [Span(0, 0, 3), Span(1, 0, 3)], lambda *_: None)
    first = work.next(3)
    work.put_back(first.spans)
    assert work.next(3) == first


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on():
    files = [Selected(Fake(b"xx", is_broken=True), "instance"), *selected(b"ok")]
    failed = []
    work = WorkList(files, missing_spans(files, []), lambda *which: failed.append(which))
    assert [frame.data for frame in work.next(100).frames] == [b"ok"]
    assert failed == [(0, "file.unreadable")]
    assert work.next(100) is None


def test_packs_are_as_large_as_a_connection_sends_in_some_seconds():
    pace = Pace()
    for _ in range(20):
        pace.succeeded(pace.pack_bytes, pace.pack_bytes / 400_000)
    # A slow line: six connections of 400 kB a second. Little is under way when it breaks.
    assert (pace.pack_bytes, pace.connections) == (1_200_000, 6)
    for _ in range(20):
        pace.succeeded(pace.pack_bytes, pace.pack_bytes / 10_000)
    assert pace.pack_bytes == 2**18
    pace.failed()
    assert pace.pack_bytes == 2**18
    for _ in range(20):
        pace.succeeded(pace.pack_bytes, pace.pack_bytes / 5_000_000)
    assert pace.pack_bytes == 4 * 2**20


def test_the_pace_begins_gently_grows_and_gives_way():
    pace = Pace()
    assert (pace.pack_bytes, pace.connections) == (2**20, 2)
    for _ in range(10):
        pace.succeeded(pace.pack_bytes, 0.5)
    assert (pace.pack_bytes, pace.connections) == (4 * 2**20, 6)
    pace.failed()
    assert (pace.pack_bytes, pace.connections) == (2 * 2**20, 3)
    assert pace.too_large(2**20)
    pace.succeeded(2**19, 0.1)
    assert pace.pack_bytes == 2**19
    assert not pace.too_large(2**16)
