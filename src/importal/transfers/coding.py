"""Undoing the transport coding of frames: original bytes out of fewer bytes, bounded in size.

What a stream claims is never believed: at most the announced length is ever made, and the caller compares the
SHA-256 of the original. Cases that all implementations agree on: tests/cases/coding.json.
"""

import zlib
from collections.abc import Callable, Mapping

GZIP = "gzip"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class CodingBroken(Exception):
    """A frame does not unpack to what it claims; carries nothing of it."""


def decode(encoding: str, coded: bytes, length: int) -> bytes:
    """Return the original bytes of a frame; raises CodingBroken unless there are exactly ``length``.

    Raises:
        KeyError: the encoding is none of ENCODINGS.
    """
    original = DECODERS[encoding](coded, length)
    if len(original) != length:
        raise CodingBroken
    return original


def gunzip(coded: bytes, most: int) -> bytes:
    """Return what one member of gzip (RFC 1952) holds, unless that exceeds ``most``; raises CodingBroken.

    A second member, or anything else behind the first, is refused: one meaning, whoever reads it.
    """
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        # One byte more than may be shows a longer stream, and is all that is ever made of it.
        original = unpacker.decompress(coded, most + 1)
    except zlib.error:
        raise CodingBroken from None
    if len(original) > most or not unpacker.eof or unpacker.unused_data:
        raise CodingBroken
    return original


DECODERS: Mapping[str, Callable[[bytes, int], bytes]] = {GZIP: gunzip}
# What senders are told; "identity" is always taken.
ENCODINGS = tuple(DECODERS)
