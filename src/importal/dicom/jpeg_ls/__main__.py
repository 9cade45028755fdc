"""The decoding process: for each order it forks, and the fork decodes all images of one order."""

from typing import Any, BinaryIO

import jpeg_ls
import numpy as np

from importal.dicom.forking_process import serve
from importal.dicom.jpeg_ls import Shape


def decode(order: dict[str, Any], streams: bytes, target: BinaryIO) -> None:
    """Write a byte for each image, 1 or 0, and the samples behind each 1."""
    position = 0
    for length, base, *numbers in order["images"]:
        try:
            samples = _samples(streams[position : position + length], base, Shape(*numbers))
        except (RuntimeError, ValueError, MemoryError):
            samples = None
        position += length
        target.write(b"\0" if samples is None else b"\1" + samples)


def _samples(stream: bytes, base: int, shape: Shape) -> bytes | None:
    decoded, _ = jpeg_ls.decode_buffer(stream)
    if len(decoded) != shape.length:
        return None
    kind = "<u2" if shape.bits > 8 else "u1"
    samples = np.frombuffer(decoded, kind) + np.array(base % 2 ** (16 if shape.bits > 8 else 8), kind)
    return bytes(samples.astype(kind).tobytes())


if __name__ == "__main__":
    serve(decode)
