"""The encoding ``jls`` of a frame: some of its bytes are samples and travel as JPEG-LS, the others as gzip.

Big-endian: 4 bytes, how many bytes of the frame stand before the samples; 4 bytes, how many the samples have;
2 bytes, what was subtracted from each sample; 4 bytes, the length of the JPEG-LS stream; the stream; then one
member of gzip with what stands before and behind the samples. More in docs/reference/transfer-protocol.md.
"""

import struct
from collections.abc import Sequence

from importal.dicom import jpeg_ls
from importal.transfers.gzip_coding import CodingBroken, gunzip

JLS = "jls"
_HEAD = struct.Struct(">IIHI")


class _Container:
    """One frame, taken apart; raises CodingBroken."""

    def __init__(self, coded: bytes, length: int) -> None:
        if len(coded) < _HEAD.size:
            raise CodingBroken
        self.before, samples, base, stream_length = _HEAD.unpack_from(coded)
        end = _HEAD.size + stream_length
        if self.before + samples > length or end > len(coded):
            raise CodingBroken
        stream = coded[_HEAD.size : end]
        shape = jpeg_ls.read_shape(stream)
        if shape is None or not samples or shape.length != samples:
            raise CodingBroken
        self.samples = jpeg_ls.CodedSamples(stream, base, shape)
        rest = length - samples
        self.rest = gunzip(coded[end:], rest)
        if len(self.rest) != rest:
            raise CodingBroken


def decode_samples(frames: Sequence[tuple[bytes, int]]) -> list[bytes | None]:
    """Return the original bytes of frames, each given with its length; None for what does not become them."""
    taken = [take_apart(coded, length) for coded, length in frames]
    there = [container for container in taken if container is not None]
    decoded = iter(jpeg_ls.decode_all([container.samples for container in there]) if there else ())
    return [_joined(container, next(decoded)) if container is not None else None for container in taken]


def take_apart(coded: bytes, length: int) -> _Container | None:
    """Return the parts of a frame, lengths checked, only the gzip decoded; None for what is none."""
    try:
        return _Container(coded, length)
    except CodingBroken:
        return None


def _joined(container: _Container, samples: bytes | None) -> bytes | None:
    if samples is None:
        return None
    return b"".join((container.rest[: container.before], samples, container.rest[container.before :]))
