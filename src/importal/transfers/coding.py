"""Undoing the transport coding of frames: original bytes out of fewer bytes, bounded in size and time.

What a stream claims is never believed: at most the announced length is ever made, and the caller compares the
SHA-256 of the original. Cases that all implementations agree on: tests/cases/coding.json.
"""

from collections.abc import Sequence
from typing import NamedTuple

from importal.dicom import jpeg_ls
from importal.transfers.gzip_coding import GZIP, CodingBroken, gunzip
from importal.transfers.sample_coding import JLS, decode_samples

# What senders are told, besides "identity".
ENCODINGS = (GZIP, JLS) if jpeg_ls.IS_AVAILABLE else (GZIP,)


class CodedFrame(NamedTuple):
    """What came of a frame, and how many bytes it has to become."""

    encoding: str
    coded: bytes
    length: int


def decode(encoding: str, coded: bytes, length: int) -> bytes | None:
    """Return the original bytes of one frame, None unless there are exactly ``length``."""
    return decode_all([CodedFrame(encoding, coded, length)])[0]


def decode_all(frames: Sequence[CodedFrame]) -> list[bytes | None]:
    """Return the original bytes of each frame, None where it does not become exactly ``length`` bytes.

    Encodings are of ENCODINGS. Images are decoded together: where one of them kills the decoder, none is had,
    and all of them are sent as they are.
    """
    images = [(frame.coded, frame.length) for frame in frames if frame.encoding == JLS]
    decoded = iter(decode_samples(images) if images else ())
    return [next(decoded) if frame.encoding == JLS else _gunzipped(frame) for frame in frames]


def _gunzipped(frame: CodedFrame) -> bytes | None:
    try:
        original = gunzip(frame.coded, frame.length)
    except CodingBroken:
        return None
    return original if len(original) == frame.length else None
