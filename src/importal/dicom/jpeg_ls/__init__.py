"""Lossless JPEG-LS (ISO/IEC 14495-1) of samples on their way.

Encoding is done by whoever has the samples. Decoding foreign streams is done in a process of its own, because
the decoder is native code, and only after the stream's own header was read here: it never decides about
memory.
"""

import importlib
import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from importal.dicom.makers import Makers

__all__ = ["IS_AVAILABLE", "CodedSamples", "Shape", "decode_all", "encode", "read_shape"]

IS_AVAILABLE = importlib.util.find_spec("jpeg_ls") is not None
MOST_COLUMNS = MOST_ROWS = 65535
_START_OF_IMAGE, _FRAME, _PRESET, _SCAN = b"\xff\xd8", b"\xff\xf7", b"\xff\xf8", b"\xff\xda"
_BY_SAMPLE = 2
# For all images of one order together; decoding 8 MiB takes a tenth of a second.
_CPU_SECONDS, _SECONDS = 20, 120.0
_MEMORY_BYTES = 2 * 1024**3
_MAKERS = Makers(__name__)


class Shape(NamedTuple):
    """What the header of a stream says of its image."""

    bits: int
    rows: int
    columns: int
    components: int

    @property
    def length(self) -> int:
        """Bytes of the samples: two for each of more than eight bits."""
        return self.rows * self.columns * self.components * (2 if self.bits > 8 else 1)


@dataclass(frozen=True)
class CodedSamples:
    """A stream, and what is to be added to each of its samples, modulo their size."""

    stream: bytes = field(repr=False)
    base: int
    shape: Shape


def encode(samples: bytes, shape: Shape) -> bytes | None:
    """Return the stream of these samples: little endian, by pixel, each of `shape.bits` at most.

    None where it would be longer than they are.
    """
    # Not there for every Python.
    jpeg_ls = importlib.import_module("jpeg_ls")
    interleaved = _BY_SAMPLE if shape.components > 1 else 0
    try:
        coded = jpeg_ls.encode_buffer(
            samples, shape.rows, shape.columns, shape.components, shape.bits, interleave_mode=interleaved
        )
    except RuntimeError:
        return None
    return bytes(coded)


def read_shape(stream: bytes) -> Shape | None:
    """Return what the header says, None for what is not the plainest of headers (14495-1 annex C)."""
    if not stream.startswith(_START_OF_IMAGE):
        return None
    position, shape = 2, None
    while True:
        marker, length = stream[position : position + 2], stream[position + 2 : position + 4]
        segment = stream[position + 4 : position + 2 + int.from_bytes(length, "big")]
        if marker == _SCAN:
            return shape
        if marker == _FRAME and shape is None and len(segment) >= 6:
            bits, rows, columns = segment[0], segment[1:3], segment[3:5]
            shape = Shape(bits, int.from_bytes(rows, "big"), int.from_bytes(columns, "big"), segment[5])
        elif marker != _PRESET or not segment:
            return None
        position += 4 + len(segment)


def decode_all(images: Sequence[CodedSamples]) -> list[bytes | None]:
    """Return the samples of each image, None for what is no such image; the shapes bound what is made.

    One process decodes all of them: where one kills it, none is had.
    """
    order = {
        "length": sum(len(image.stream) for image in images),
        "memory_bytes": _MEMORY_BYTES,
        "cpu_seconds": _CPU_SECONDS,
        "images": [(len(image.stream), image.base, *image.shape) for image in images],
    }
    content = b"".join(image.stream for image in images)
    try:
        _, made = _MAKERS.make(json.dumps(order).encode() + b"\n", content, _SECONDS)
    except (EOFError, TimeoutError):
        made = b""
    # Each image answers with one byte and, if that is 1, with its samples.
    found: list[bytes | None] = []
    position = 0
    for image in images:
        is_there = made[position : position + 1] == b"\1"
        length = image.shape.length if is_there else 0
        samples = made[position + 1 : position + 1 + length]
        found.append(samples if is_there and len(samples) == length else None)
        position += 1 + length
    return found
