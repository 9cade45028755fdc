"""The format of packs: any cut gives the same frames, and nothing malformed gets through."""

import contextlib
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.client import encode_pack
from importal.client.packs import OutgoingFrame
from importal.transfers.packs import (
    MARK,
    MAX_FRAME_BYTES,
    MAX_HEADER_BYTES,
    MAX_PACK_BYTES,
    PackMalformed,
    PackParser,
    frames_of,
)

CASES = json.loads((Path(__file__).parents[2] / "cases" / "packs.json").read_text(encoding="utf-8"))
GOOD = {"file": 0, "offset": 0, "length": 4, "sha256": "0" * 64, "encoding": "identity", "size": 4}

frames = st.lists(
    st.builds(
        OutgoingFrame,
        st.integers(0, 2**31 - 1),
        st.integers(0, 2**53 - 1),
        st.binary(max_size=300),
    ),
    max_size=8,
)


def pack_of(header: object, data: bytes = b"DICM") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return MARK + len(raw).to_bytes(4, "big") + raw + data


def read_in_pieces(pack: bytes, cuts: list[int]) -> list:
    parser, found, last = PackParser(), [], 0
    for cut in [*sorted(cut % (len(pack) + 1) for cut in cuts), len(pack)]:
        found += parser.feed(pack[last:cut])
        last = cut
    parser.close()
    return found


@pytest.mark.parametrize("case", CASES["valid"], ids=lambda case: case["name"])
def test_a_valid_pack_is_read_as_every_implementation_reads_it(case):
    found = frames_of(bytes.fromhex(case["pack"]))
    assert [(f.file, f.offset, f.data.hex(), f.sha256) for f in found] == [
        (f["file"], f["offset"], f["bytes"], f["sha256"]) for f in case["frames"]
    ]


@pytest.mark.parametrize("case", CASES["valid"], ids=lambda case: case["name"])
def test_the_python_sender_writes_what_every_implementation_writes(case):
    frames = [OutgoingFrame(f["file"], f["offset"], bytes.fromhex(f["bytes"])) for f in case["frames"]]
    assert encode_pack(frames).hex() == case["pack"]


@pytest.mark.parametrize("case", CASES["malformed"], ids=lambda case: case["name"])
def test_a_malformed_pack_is_refused(case):
    with pytest.raises(PackMalformed):
        frames_of(bytes.fromhex(case["pack"]))


@given(frames, st.lists(st.integers(0, 10**6), max_size=20))
def test_however_the_line_cuts_a_pack_the_same_frames_come_out(sent, cuts):
    found = read_in_pieces(encode_pack(sent), cuts)
    assert [(f.file, f.offset, f.data) for f in found] == [(f.file, f.offset, f.data) for f in sent]
    assert all(hashlib.sha256(f.data).hexdigest() == f.sha256 for f in found)


@given(frames, st.integers(0, 10**6))
def test_a_pack_that_breaks_off_is_noticed_unless_it_breaks_between_frames(sent, cut):
    pack = encode_pack(sent)
    ends = [len(encode_pack(sent[:count])) for count in range(len(sent) + 1)]
    short = pack[: cut % (len(pack) + 1)]
    if len(short) in ends:
        assert len(frames_of(short)) == ends.index(len(short))
    else:
        with pytest.raises(PackMalformed):
            frames_of(short)


@given(frames, st.data())
def test_mutated_packs_are_refused_or_read_and_never_anything_else(sent, data):
    pack = bytearray(encode_pack(sent))
    for _ in range(data.draw(st.integers(1, 8))):
        pack[data.draw(st.integers(0, len(pack) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PackMalformed):
        frames_of(bytes(pack))


@given(st.binary(max_size=2000))
def test_any_bytes_are_refused_or_read_and_never_anything_else(junk):
    for pack in (junk, MARK + junk):
        with contextlib.suppress(PackMalformed):
            frames_of(pack)


@pytest.mark.parametrize(
    "header",
    [
        {**GOOD, "extra": 1},
        {**GOOD, "file": True},
        {**GOOD, "file": 2**31},
        {**GOOD, "offset": 2**53},
        {**GOOD, "length": 1.5},
        {**GOOD, "size": MAX_FRAME_BYTES + 1, "length": MAX_FRAME_BYTES + 1},
        {**GOOD, "sha256": "F" * 64},
        {**GOOD, "encoding": ""},
        b'{"file":0,"file":1,"offset":0,"length":4,"sha256":"'
        + b"0" * 64
        + b'","encoding":"identity","size":4}',
        b"[" * MAX_HEADER_BYTES,
        b"9" * MAX_HEADER_BYTES,
    ],
)
def test_a_header_that_claims_the_impossible_is_refused(header):
    with pytest.raises(PackMalformed):
        frames_of(pack_of(header))


def test_a_pack_longer_than_the_limit_is_refused_at_once():
    parser, taken = PackParser(), 0
    frame = pack_of({**GOOD, "length": 2**20, "size": 2**20}, bytes(2**20))[len(MARK) :]
    list(parser.feed(MARK))
    with pytest.raises(PackMalformed) as refused:
        while taken < 2 * MAX_PACK_BYTES:
            taken += len(frame)
            list(parser.feed(frame))
    assert refused.value.params == {"where": "pack"}
    assert taken <= MAX_PACK_BYTES + len(frame)


def test_a_claimed_length_costs_no_memory_before_the_bytes_are_there():
    parser = PackParser()
    list(parser.feed(pack_of({**GOOD, "length": MAX_FRAME_BYTES, "size": MAX_FRAME_BYTES})))
    assert len(parser._buffer) == 4
