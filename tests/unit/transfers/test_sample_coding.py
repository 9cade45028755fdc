"""Frames whose samples travel as JPEG-LS: exact, or refused; hostile streams cost themselves alone."""

import gzip
import itertools
import random
import struct
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importal.dicom import jpeg_ls
from importal.dicom.jpeg_ls import Shape
from importal.transfers.coding import CodedFrame, decode, decode_all

# Where the library can be installed it has to be there.
pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="no JPEG-LS for this Python")
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FLAT = bytes(range(64)) * 64


def container(samples: bytes, shape: Shape, before: bytes = b"head", behind: bytes = b"tail", base: int = 0):
    stream = jpeg_ls.encode(samples, shape)
    head = struct.pack(">IIHI", len(before), len(samples), base, len(stream))
    return head + stream + gzip.compress(before + behind)


@SLOW
@given(
    st.builds(
        Shape,
        st.sampled_from([2, 7, 8, 9, 12, 13, 16]),
        st.integers(8, 40),
        st.integers(8, 40),
        st.sampled_from([1, 3]),
    ),
    st.binary(max_size=50),
    st.binary(max_size=50),
    st.integers(0, 2**32),
)
def test_samples_of_every_shape_come_back_exactly(shape, before, behind, seed):
    bits, rows, columns, components = shape
    chance = random.Random(seed)
    steps = (chance.randint(-1, 1) for _ in range(rows * columns * components))
    values = [
        min(max(value, 0), 2**bits - 1)
        for value in itertools.accumulate(steps, initial=chance.getrandbits(bits))
    ][1:]
    samples = struct.pack(f"<{len(values)}{'H' if bits > 8 else 'B'}", *values)
    coded = container(samples, shape, before, behind)
    assert decode("jls", coded, len(before + samples + behind)) == before + samples + behind
    assert decode("jls", coded, len(before + samples + behind) + 1) is None


def test_what_was_subtracted_is_added_and_wraps_around():
    values = [0, 5, 1023, 7] * 64
    coded = container(struct.pack("<256H", *values), Shape(10, 16, 16, 1), base=65536 - 1000)
    signed = struct.pack("<256h", *(value - 1000 for value in values))
    assert decode("jls", coded, len(signed) + 8) == b"head" + signed + b"tail"


@pytest.mark.parametrize("rows", [0, 1, 63, 65, 65535])
def test_the_decoder_is_not_even_asked_about_other_dimensions_than_announced(monkeypatch, rows):
    coded = container(FLAT, Shape(8, 64, 64, 1))
    at = coded.index(b"\xff\xf7") + 5
    monkeypatch.setattr(jpeg_ls, "decode_all", lambda _images: pytest.fail("asked"))
    assert decode("jls", coded[:at] + rows.to_bytes(2, "big") + coded[at + 2 :], len(FLAT) + 8) is None


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (0, b"\xff\xff\xff\xff"),
        (4, b"\xff\xff\xff\xff"),
        (4, b"\0\0\0\0"),
        (10, b"\xff\xff\xff\xff"),
        (10, b"\0\0\0\0"),
    ],
)
def test_lengths_that_contradict_each_other_are_refused(where, what):
    coded = container(FLAT, Shape(8, 64, 64, 1))
    assert decode("jls", coded[:where] + what + coded[where + len(what) :], len(FLAT) + 8) is None


def test_a_stream_that_is_cut_or_goes_on_is_refused():
    coded = container(FLAT, Shape(8, 64, 64, 1))
    for wrong in (b"", coded[:10], coded[:40], coded[:-1], coded + b"\0"):
        assert decode("jls", wrong, len(FLAT) + 8) is None


@SLOW
@given(st.data())
def test_mutated_streams_are_refused_or_have_their_length(data):
    coded = bytearray(container(FLAT, Shape(8, 64, 64, 1)))
    for _ in range(data.draw(st.integers(1, 10))):
        coded[data.draw(st.integers(0, len(coded) - 1))] = data.draw(st.integers(0, 255))
    decoded = decode("jls", bytes(coded), len(FLAT) + 8)
    assert decoded is None or len(decoded) == len(FLAT) + 8


def test_a_broken_image_spoils_no_other():
    good = container(FLAT, Shape(8, 64, 64, 1))
    cut = jpeg_ls.encode(FLAT, Shape(8, 64, 64, 1))[:-300]
    broken = struct.pack(">IIHI", 0, len(FLAT), 0, len(cut)) + cut + gzip.compress(b"")
    frames = [CodedFrame("jls", good, len(FLAT) + 8), CodedFrame("jls", broken, len(FLAT))]
    frames += [CodedFrame("gzip", gzip.compress(b"text"), 4), frames[0]]
    first, second, third, fourth = decode_all(frames)
    assert (first, second, third, fourth) == (b"head" + FLAT + b"tail", None, b"text", first)


def test_where_memory_runs_out_nothing_is_had_and_the_next_works(monkeypatch):
    large = bytes(4 * 1024 * 1024)
    coded = container(large, Shape(8, 2048, 2048, 1))
    with monkeypatch.context() as patched:
        patched.setattr(jpeg_ls, "_MEMORY_BYTES", 1)
        assert decode("jls", coded, len(large) + 8) is None
    assert decode("jls", coded, len(large) + 8) == b"head" + large + b"tail"


@pytest.mark.parametrize("ending", [(9, b""), (11, b""), (0, b"\1short"), EOFError(), TimeoutError()])
def test_where_the_decoder_dies_or_hangs_nothing_is_had(monkeypatch, ending):
    class Dying:
        def make(self, *_order):
            if isinstance(ending, Exception):
                raise ending
            return ending

    monkeypatch.setattr(jpeg_ls, "_MAKERS", Dying())
    assert decode("jls", container(FLAT, Shape(8, 64, 64, 1)), len(FLAT) + 8) is None


@given(st.binary(max_size=60))
def test_any_header_is_read(junk):
    for stream in (
        junk,
        b"\xff\xd8" + junk,
        b"\xff\xd8\xff\xf7\0\x0b" + junk,
        b"\xff\xd8\xff\xf8\0\2" + junk,
    ):
        shape = jpeg_ls.read_shape(stream)
        assert shape is None or shape.length >= 0
