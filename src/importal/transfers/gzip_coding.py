"""The encoding ``gzip`` of a frame (RFC 1952), undone within a bound."""

import zlib

GZIP = "gzip"
_WINDOW = 16 + zlib.MAX_WBITS


class CodingBroken(Exception):
    """A frame does not unpack to what it claims; carries nothing of it."""


def gunzip(coded: bytes, most: int) -> bytes:
    """Return what one member of gzip holds, unless that exceeds ``most``; raises CodingBroken.

    A second member, or anything else behind the first, is refused: one meaning, whoever reads it.
    """
    unpacker = zlib.decompressobj(_WINDOW)
    try:
        # One byte more than may be shows a longer stream, and is all that is ever made of it.
        original = unpacker.decompress(coded, most + 1)
    except zlib.error:
        raise CodingBroken from None
    if len(original) > most or not unpacker.eof or unpacker.unused_data:
        raise CodingBroken
    return original
