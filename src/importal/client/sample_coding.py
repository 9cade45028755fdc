"""Samples of uncompressed images as JPEG-LS: where they lie in a file, and the encoding ``jls`` of a frame.

A frame may begin and end anywhere in a file: its whole rows of samples are coded as one image, frames of a
multi-frame image and planes of colour one below the other; all other bytes go as gzip beside them.
"""

import struct
from dataclasses import dataclass

import numpy as np

from importal.client.gzip_coding import gzipped
from importal.dicom import Refused, jpeg_ls
from importal.dicom.codec import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from importal.dicom.defects import Defect
from importal.dicom.part10 import META_TRANSFER_SYNTAX, has_magic, read_file_meta
from importal.dicom.walk import PIXEL_DATA, BulkReached, HeaderWalk

JLS = "jls"
_SAMPLES, _PLANAR, _COLUMNS, _ALLOCATED, _STORED, _SIGNED = (
    0x00280002, 0x00280006, 0x00280011, 0x00280100, 0x00280101, 0x00280103
)  # fmt: skip
_WATCHED = frozenset({_SAMPLES, _PLANAR, _COLUMNS, _ALLOCATED, _STORED, _SIGNED})
_CODECS = {"1.2.840.10008.1.2": IMPLICIT_LITTLE, "1.2.840.10008.1.2.1": EXPLICIT_LITTLE}
_UNDEFINED = 0xFFFFFFFF
# Less is not worth an image of its own.
SMALLEST_BYTES = 4096


@dataclass(frozen=True)
class Layout:
    """Samples of a file: where they begin and end, how a row is built, and what values there may be."""

    start: int
    end: int
    columns: int
    components: int
    allocated: int
    stored: int
    is_signed: bool

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.columns * self.components * self.allocated // 8


def find_layout(beginning: bytes) -> Layout | None:
    """Return where the samples of a file lie, by its beginning; None for the unusual (PS3.5 section 8)."""
    try:
        if not has_magic(beginning):
            return None
        meta = read_file_meta(beginning)
        codec = _CODECS.get(meta.text(beginning, META_TRANSFER_SYNTAX))
        if codec is None:
            return None
        walk = HeaderWalk(beginning, _WATCHED, stop_at_bulk=True)
        try:
            walk.run(meta.end, len(beginning), codec)
        except BulkReached:
            return _layout(beginning, walk)
    except (Defect, Refused, struct.error, IndexError):
        return None
    return None


def _layout(beginning: bytes, walk: HeaderWalk) -> Layout | None:
    if walk.bulk_tag != PIXEL_DATA or walk.bulk_length == _UNDEFINED:
        return None
    values = {
        found.tag: int.from_bytes(beginning[found.value : found.end], "little")
        for found in walk.found
        if found.depth == 0 and found.end - found.value == 2
    }
    components = values.get(_SAMPLES, 1)
    allocated, stored = values.get(_ALLOCATED, 0), values.get(_STORED, 0)
    columns = values.get(_COLUMNS, 0)
    if components not in {1, 3} or allocated not in {8, 16} or not 1 < stored <= allocated or not columns:
        return None
    if components == 3 and values.get(_PLANAR, 0):
        components = 1
    start = walk.bulk_value
    is_signed = bool(values.get(_SIGNED, 0))
    return Layout(start, start + walk.bulk_length, columns, components, allocated, stored, is_signed)


def coded(data: bytes, offset: int, layout: Layout) -> bytes | None:
    """Return the frame in the encoding ``jls``, None where that is not to be had."""
    row = layout.row_bytes
    first = -(-(max(offset, layout.start) - layout.start) // row)
    last = (min(offset + len(data), layout.end) - layout.start) // row
    rows = min(last - first, jpeg_ls.MOST_ROWS)
    if rows * row < SMALLEST_BYTES or layout.columns > jpeg_ls.MOST_COLUMNS:
        return None
    before = layout.start + first * row - offset
    samples = data[before : before + rows * row]
    stream, base = _stream(samples, rows, layout)
    if stream is None:
        return None
    rest = gzipped(data[:before] + data[before + len(samples) :])
    return struct.pack(">IIHI", before, len(samples), base, len(stream)) + stream + rest


def _stream(samples: bytes, rows: int, layout: Layout) -> tuple[bytes | None, int]:
    """Return the stream, and what was subtracted so that the values need few bits, modulo 65536."""
    if layout.allocated == 8:
        return jpeg_ls.encode(samples, jpeg_ls.Shape(8, rows, layout.columns, layout.components)), 0
    values = np.frombuffer(samples, "<i2" if layout.is_signed else "<u2")
    least, most = int(values.min()), int(values.max())
    bits = (most - least).bit_length()
    if bits > layout.stored:
        # Something else lies in the high bits, as old overlays do: no image of these values.
        return None, 0
    base = least % 65536
    moved = (values.view("<u2") - np.uint16(base)).astype("<u2").tobytes()
    return jpeg_ls.encode(moved, jpeg_ls.Shape(max(bits, 9), rows, layout.columns, layout.components)), base
