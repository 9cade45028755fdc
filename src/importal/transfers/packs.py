"""The format of a pack: the mark ``IMPACK01``, then frames, read while they arrive.

A frame is a length (32 bits, big endian), a header in JSON of that length, and the bytes it describes. Every
claim of a header is checked against the limits before anything is set aside for it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from importal.errors import ImportalError
from importal.transfers.errors import MALFORMED

MARK = b"IMPACK01"
MEDIA_TYPE = "application/vnd.importal.pack"
MAX_HEADER_BYTES = 4096
MAX_FRAME_BYTES = 8 * 1024 * 1024
MAX_PACK_BYTES = 32 * 1024 * 1024
# All lengths of a pack together: unpacking a pack costs no more than this, whatever its bytes claim.
MAX_ORIGINAL_BYTES = 64 * 1024 * 1024
MAX_FRAMES = 8192
MAX_NUMBER = 2**31 - 1
MAX_OFFSET = 2**53 - 1
IDENTITY = "identity"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBERS = {"file": MAX_NUMBER, "offset": MAX_OFFSET, "length": MAX_FRAME_BYTES, "size": MAX_FRAME_BYTES}
_KEYS = frozenset({*_NUMBERS, "sha256", "encoding"})
_LENGTH_BYTES = 4
_LONGEST_ENCODING = 32


class PackMalformed(ImportalError):
    """The body is no pack, or breaks off; frames that came before the fault are good."""

    def __init__(self, where: str) -> None:
        super().__init__(MALFORMED, {"where": where})


@dataclass(frozen=True)
class Frame:
    """Some bytes of one file: where they belong, their digest, and how they were packed for the way.

    ``length`` and ``sha256`` are of the original bytes; ``data`` is what came, by ``encoding``.
    """

    file: int
    offset: int
    length: int
    sha256: str
    encoding: str
    data: bytes = field(repr=False)


class PackParser:
    """Takes a body chunk by chunk and yields each frame as soon as it is complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = len(MARK)
        self._read: Callable[[bytearray], Frame | None] = self._read_mark
        self._header: dict[str, Any] = {}
        self._taken = 0
        self._original = 0
        self._frames = 0

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that this chunk completes; raises PackMalformed."""
        self._taken += len(chunk)
        if self._taken > MAX_PACK_BYTES:
            raise PackMalformed("pack")
        view, position = memoryview(chunk), 0
        while position < len(view):
            # Never more than one part is held: what was asked for, and of that what has come.
            take = min(self._wanted - len(self._buffer), len(view) - position)
            self._buffer += view[position : position + take]
            position += take
            if len(self._buffer) < self._wanted:
                return
            part, self._buffer = self._buffer, bytearray()
            frame = self._read(part)
            if frame is not None:
                yield frame

    def close(self) -> None:
        """Say that the body has ended; raises PackMalformed when it should not have."""
        if self._buffer or self._read != self._read_length:
            raise PackMalformed("end")

    def _read_mark(self, part: bytearray) -> None:
        if part != MARK:
            raise PackMalformed("mark")
        self._expect_length()

    def _read_length(self, part: bytearray) -> None:
        self._frames += 1
        length = int.from_bytes(part, "big")
        if not 0 < length <= MAX_HEADER_BYTES or self._frames > MAX_FRAMES:
            raise PackMalformed("header_length")
        self._wanted, self._read = length, self._read_header

    def _read_header(self, part: bytearray) -> Frame | None:
        self._header = parse_header(bytes(part))
        self._original += self._header["length"]
        if self._original > MAX_ORIGINAL_BYTES:
            raise PackMalformed("length")
        self._wanted, self._read = self._header["size"], self._read_data
        return None if self._wanted else self._read_data(bytearray())

    def _read_data(self, part: bytearray) -> Frame:
        header = self._header
        self._expect_length()
        return Frame(
            header["file"],
            header["offset"],
            header["length"],
            header["sha256"],
            header["encoding"],
            bytes(part),
        )

    def _expect_length(self) -> None:
        self._wanted, self._read = _LENGTH_BYTES, self._read_length


def parse_header(raw: bytes) -> dict[str, Any]:
    """Return a frame's header, every value checked; raises PackMalformed."""
    try:
        header = json.loads(raw.decode("utf-8", "strict"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise PackMalformed("header") from None
    if not isinstance(header, dict) or header.keys() != _KEYS:
        raise PackMalformed("header")
    for name, most in _NUMBERS.items():
        if type(header[name]) is not int or not 0 <= header[name] <= most:
            raise PackMalformed(name)
    if not isinstance(header["sha256"], str) or not _SHA256.fullmatch(header["sha256"]):
        raise PackMalformed("sha256")
    if not isinstance(header["encoding"], str) or not 0 < len(header["encoding"]) <= _LONGEST_ENCODING:
        raise PackMalformed("encoding")
    # Coding that makes bytes more serves nobody.
    is_coded = header["encoding"] != IDENTITY
    if header["size"] > header["length"] or (header["size"] < header["length"] and not is_coded):
        raise PackMalformed("size")
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two readers may disagree on which of two equal keys counts.
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice")
    return result


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of some bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def frames_of(pack: bytes) -> list[Frame]:
    """Return all frames of a whole pack; raises PackMalformed."""
    parser = PackParser()
    frames = list(parser.feed(pack))
    parser.close()
    return frames
