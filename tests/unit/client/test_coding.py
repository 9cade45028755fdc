"""Coding frames: what pays is coded and comes out again, what does not is not even tried."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.client.coding import Coder, is_compressible, is_packed, transfer_syntax
from importal.client.packs import OutgoingFrame
from importal.transfers.coding import ENCODINGS, decode

NOISE = random.Random(5).randbytes(200_000)
TEXT = b"the same words again and again, " * 3000


def meta(syntax: bytes) -> bytes:
    value = syntax + b"\0" * (len(syntax) % 2)
    element = b"\x02\0\x10\0UI" + len(value).to_bytes(2, "little") + value
    return bytes(128) + b"DICM" + b"\x02\0\0\0UL\x04\0" + len(element).to_bytes(4, "little") + element


def original_of(frame: OutgoingFrame) -> bytes:
    return frame.data if frame.coded is None else decode(frame.encoding, frame.coded, len(frame.data))


@given(
    st.one_of(st.binary(max_size=4000), st.binary(max_size=20).map(lambda some: some * 300)),
    st.integers(0, 99),
)
def test_whatever_is_coded_comes_out_as_it_was_and_never_longer(data, offset):
    frame = Coder(ENCODINGS).code(OutgoingFrame(1, offset, data))
    assert original_of(frame) == data
    assert frame.coded is None or len(frame.coded) < len(data)


def test_what_shrinks_is_coded_and_noise_is_not():
    coder = Coder(ENCODINGS)
    assert len(coder.code(OutgoingFrame(0, 0, TEXT)).coded) < len(TEXT) / 10
    assert coder.code(OutgoingFrame(1, 0, NOISE)).coded is None
    assert not is_compressible(NOISE)


def test_a_portal_that_takes_no_encoding_gets_none():
    assert Coder(()).code(OutgoingFrame(0, 0, TEXT)).coded is None
    assert Coder({"another"}).code(OutgoingFrame(0, 0, TEXT)).coded is None


@pytest.mark.parametrize(
    "beginning",
    [
        b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"\x89PNG\r\n", b"\0\0\0\x18ftypheic",
        meta(b"1.2.840.10008.1.2.4.50"), meta(b"1.2.840.10008.1.2.1.99"),
    ],
)  # fmt: skip
def test_what_is_compressed_already_is_not_tried_in_any_of_its_frames(beginning):
    coder = Coder(ENCODINGS)
    assert coder.code(OutgoingFrame(0, 0, beginning + TEXT)).coded is None
    assert coder.code(OutgoingFrame(0, 99, TEXT)).coded is None
    assert coder.code(OutgoingFrame(1, 99, TEXT)).coded is not None
    assert is_packed(beginning)


def test_uncompressed_images_are_tried():
    for syntax in (b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.2"):
        assert transfer_syntax(meta(syntax)) == syntax
        assert not is_packed(meta(syntax) + TEXT)
    assert transfer_syntax(b"") is None
    assert transfer_syntax(bytes(128) + b"DICM") is None


def test_a_file_that_came_out_wrong_is_never_coded_again():
    coder = Coder(ENCODINGS)
    coder.leave_plain(0)
    assert coder.code(OutgoingFrame(0, 0, TEXT)).coded is None


@given(st.binary(max_size=400))
def test_any_beginning_is_judged(beginning):
    assert is_packed(beginning) in {True, False}
    assert is_packed(bytes(128) + b"DICM" + beginning) in {True, False}


def test_the_speed_of_the_coder_is_measured():
    moments = iter((0.0, 2.0))
    coder = Coder(ENCODINGS, lambda: next(moments))
    coder.code(OutgoingFrame(0, 0, TEXT))
    coder.economy.started(0.0)
    coder.economy.arrived(1.0, len(TEXT), len(TEXT))
    assert not coder.economy.pays(1.0)
