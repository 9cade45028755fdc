"""Samples as JPEG-LS: every usual layout comes back exactly, wherever a frame is cut; others do not."""

import io
import itertools
import sys
from array import array

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from importal.client.coding import Coder
from importal.client.packs import OutgoingFrame
from importal.client.sample_coding import coded, find_layout
from importal.transfers.coding import ENCODINGS, decode
from tests.corpus import corpus_path
from tests.database.transfers.sending import make_instance

# Where the library can be installed it has to be there.
pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="no JPEG-LS for this Python")
ROWS, COLUMNS = 64, 80


def soft(count: int, least: int, most: int) -> list[int]:
    return [least + (index * 3 + index // COLUMNS * 5) % (most - least + 1) for index in range(count)]


def image(kind: str = "H", least: int = 0, most: int = 4095, syntax: str = "", **attributes) -> bytes:
    data = pydicom.dcmread(io.BytesIO(make_instance(1)))
    data.Rows, data.Columns = ROWS, COLUMNS
    data.BitsAllocated = 16 if kind in "Hh" else 8
    data.BitsStored = data.BitsAllocated if kind in "Bb" else 12
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(kind.islower())
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    count = ROWS * COLUMNS * int(data.SamplesPerPixel) * int(data.get("NumberOfFrames", 1))
    data.PixelData = array(kind, soft(count, least, most)).tobytes()
    data["PixelData"].VR = "OW"
    target = io.BytesIO()
    if syntax:
        data.file_meta.TransferSyntaxUID = syntax
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(target, data, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
    else:
        pydicom.dcmwrite(target, data, enforce_file_format=True)
    return target.getvalue()


LAYOUTS = {
    "12 bits in 16": image(),
    "signed": image("h", -1024, 1000),
    "signed, 16 bits": image("h", -2000, 3071, BitsStored=16, HighBit=15),
    "8 bits": image("B", 0, 255),
    "implicit": image(syntax=ImplicitVRLittleEndian),
    "multi-frame": image(NumberOfFrames=5),
    "colour by pixel": image("B", 0, 255, SamplesPerPixel=3, PlanarConfiguration=0),
    "colour by plane": image("B", 0, 255, SamplesPerPixel=3, PlanarConfiguration=1),
    "12 bits high in 16": image(least=0, most=4000, HighBit=15),
}


def back(stream: bytes, data: bytes) -> bool:
    return decode("jls", stream, len(data)) == data


@pytest.mark.parametrize("data", LAYOUTS.values(), ids=LAYOUTS)
def test_every_usual_layout_comes_back_exactly_in_fewer_bytes(data):
    layout = find_layout(data)
    stream = coded(data, 0, layout)
    assert back(stream, data)
    assert len(stream) < 0.7 * len(data)
    frame = Coder(ENCODINGS).code(OutgoingFrame(0, 0, data))
    assert frame.encoding == "jls"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(LAYOUTS)), st.lists(st.integers(600, 100_000), max_size=3))
def test_wherever_a_file_is_cut_its_frames_come_back(name, cuts):
    data, coder = LAYOUTS[name], Coder(ENCODINGS)
    edges = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        frame = coder.code(OutgoingFrame(0, start, data[start:end]))
        if frame.coded is not None:
            assert decode(frame.encoding, frame.coded, end - start) == frame.data


def test_high_bits_in_use_are_not_coded_as_samples():
    data = image(most=8191)
    assert coded(data, 0, find_layout(data)) is None
    assert Coder(ENCODINGS).code(OutgoingFrame(0, 0, data)).encoding in {"gzip", "identity"}


@pytest.mark.parametrize(
    "data",
    [
        image(syntax=ExplicitVRBigEndian),
        image(BitsAllocated=32, BitsStored=32),
        image(BitsAllocated=1, BitsStored=1),
        image(SamplesPerPixel=4),
        image(Columns=0),
        make_instance(1)[132:],
        make_instance(1)[:300],
        b"",
    ],
)
def test_the_unusual_has_no_layout(data):
    assert find_layout(data) is None


def test_a_claim_of_more_pixels_than_there_are_harms_nothing():
    data = image()[:3000]
    layout = find_layout(data)
    stream = coded(data, 0, layout)
    assert stream is None or back(stream, data)


@given(st.binary(max_size=600))
def test_any_beginning_has_a_layout_or_none(junk):
    for data in (junk, bytes(128) + b"DICM" + junk, make_instance(1)[:400] + junk):
        layout = find_layout(data)
        if layout is not None:
            stream = coded(data, 0, layout)
            assert stream is None or back(stream, data)


def test_every_uncompressed_image_of_the_corpus_comes_back():
    tried = 0
    for path in sorted(corpus_path("dicom").rglob("*")):
        if not path.is_file() or path.stat().st_size > 700_000:
            continue
        data = path.read_bytes()
        layout = find_layout(data)
        stream = coded(data, 0, layout) if layout else None
        tried += stream is not None
        assert stream is None or back(stream, data)
    assert tried > 20
