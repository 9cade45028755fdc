"""Transport coding: the original comes out exactly or the frame is refused, and never more than announced."""

import gzip
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.client import encode_pack
from importal.client.packs import OutgoingFrame
from importal.transfers.coding import ENCODINGS, decode
from importal.transfers.packs import MAX_FRAME_BYTES, MAX_ORIGINAL_BYTES, PackMalformed, PackParser, frames_of
from tests.unit.transfers.test_packs import GOOD, pack_of

CASES = json.loads((Path(__file__).parents[2] / "cases" / "coding.json").read_text(encoding="utf-8"))
MIB = 2**20


def of(kind: str) -> list[dict]:
    return [case for case in CASES[kind] if case["encoding"] in ENCODINGS]


@pytest.mark.parametrize("case", of("valid"), ids=lambda case: case["name"])
def test_a_coded_frame_becomes_what_every_implementation_makes_of_it(case):
    original = bytes.fromhex(case["original"])
    assert decode(case["encoding"], bytes.fromhex(case["coded"]), len(original)) == original


@pytest.mark.parametrize("case", of("refused"), ids=lambda case: case["name"])
def test_a_frame_that_does_not_become_what_it_claims_is_refused(case):
    assert decode(case["encoding"], bytes.fromhex(case["coded"]), case["length"]) is None


def test_a_coded_frame_stands_in_a_pack_as_everyone_agreed():
    case = CASES["pack"]["frame"]
    original, coded = bytes.fromhex(case["original"]), bytes.fromhex(case["coded"])
    sent = OutgoingFrame(case["file"], case["offset"], original, case["encoding"], coded)
    assert encode_pack([sent]).hex() == CASES["pack"]["pack"]
    (found,) = frames_of(bytes.fromhex(CASES["pack"]["pack"]))
    assert (found.encoding, found.length, found.sha256) == ("gzip", len(original), case["sha256"])
    assert decode(found.encoding, found.data, found.length) == original


@given(st.binary(max_size=3000), st.integers(0, 9), st.integers(-3, 3))
def test_gzip_comes_back_exactly_and_only_at_its_own_length(original, level, off):
    coded = gzip.compress(original, level)
    assert decode("gzip", coded, len(original)) == original
    if off and len(original) + off >= 0:
        assert decode("gzip", coded, len(original) + off) is None


@given(st.binary(max_size=300), st.data())
def test_mutated_frames_are_refused_or_have_their_length_and_never_anything_else(original, data):
    coded = bytearray(gzip.compress(original))
    for _ in range(data.draw(st.integers(1, 6))):
        coded[data.draw(st.integers(0, len(coded) - 1))] = data.draw(st.integers(0, 255))
    decoded = decode("gzip", bytes(coded), len(original))
    assert decoded is None or len(decoded) == len(original)


@given(st.binary(max_size=500), st.integers(0, 5000), st.sampled_from(ENCODINGS))
def test_any_bytes_are_refused_or_have_their_length_and_never_anything_else(junk, length, encoding):
    for coded in (junk, b"\x1f\x8b\x08\0\0\0\0\0\0\3" + junk):
        decoded = decode(encoding, coded, length)
        assert decoded is None or len(decoded) == length


def test_a_bomb_costs_no_more_memory_than_it_was_allowed():
    bomb = gzip.compress(bytes(64 * MIB), 1)
    tracemalloc.start()
    try:
        assert decode("gzip", bomb, MIB) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MIB


def test_a_member_inside_which_another_hides_is_refused():
    inner = gzip.compress(b"second")
    assert decode("gzip", gzip.compress(b"first") + inner, 11) is None
    assert zlib.decompress(inner, 31) == b"second"


def test_a_coded_frame_may_not_be_longer_than_its_original():
    with pytest.raises(PackMalformed):
        frames_of(pack_of({**GOOD, "encoding": "gzip", "length": 3, "size": 4}))


def test_the_originals_of_a_pack_are_limited_together():
    frame = pack_of({**GOOD, "encoding": "gzip", "length": MAX_FRAME_BYTES})[8:]
    parser, most = PackParser(), MAX_ORIGINAL_BYTES // MAX_FRAME_BYTES
    assert len(list(parser.feed(b"IMPACK01" + frame * most))) == most
    with pytest.raises(PackMalformed):
        list(parser.feed(frame))
