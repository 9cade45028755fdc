"""Reverse patches: what turns the stored bytes back into the bytes as received, checked by SHA-256.

A patch is a list of steps over the stored bytes from front to back: copy so many, skip so many, add these.
It carries the digests of both parts of the original, header and bulk, so that the bulk of an object is
digested once only. A patch contains identifiers; whoever keeps it seals it.

Layout, version 1: "IRP", version, flags (1: body deflated, 2: digest of the whole original present); body;
the first 8 bytes of the SHA-256 of all before. Body: lengths of original, header and stored; digests;
steps, each three numbers and the bytes to add. Numbers are little endian, 64 bits.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct

from importal.dicom.edits import Edit
from importal.dicom.refusal import RestoreError

_MAGIC = b"IRP\x01"
_DEFLATED, _WHOLE_DIGEST = 1, 2
_DEFLATE_FROM = 2048
_CHECK = 8
_LENGTHS = Struct("<QQQ")  # original, its header, stored
STEP = Struct("<QQQ")  # copy, skip, length of what is added
MAX_PATCH_BODY = 4 << 30

Step = tuple[int, int, bytes]  # copy, skip, add


@dataclass(frozen=True)
class OriginalDigests:
    """Digests of an original in its two parts, and of the whole where the receiver knows it already."""

    length: int
    header_length: int
    header: bytes = field(repr=False)
    bulk: bytes = field(repr=False)
    whole: bytes | None = field(default=None, repr=False)


def digests_of(
    original: bytes | memoryview, split: int, bulk: bytes | None = None, whole: bytes | None = None
) -> OriginalDigests:
    """Return the digests of an original whose bulk begins at `split`; a known bulk digest is reused."""
    view = memoryview(original)
    return OriginalDigests(
        len(view),
        split,
        hashlib.sha256(view[:split]).digest(),
        bulk if bulk is not None else hashlib.sha256(view[split:]).digest(),
        whole,
    )


def steps_of_edits(original: bytes | memoryview, edits: Iterable[Edit], position: int = 0) -> Iterator[Step]:
    """Return the steps that undo edits of the original (in order, not overlapping), from a position on."""
    for start, end, new in edits:
        yield start - position, len(new), bytes(original[start:end])
        position = end


def steps_between(original: bytes | memoryview, stored: bytes) -> list[Step]:
    """Return the steps between two byte strings that share their beginning, their end, or both."""
    left, right = memoryview(original), memoryview(stored)
    limit = min(len(left), len(right))
    head = _shared(left, right, limit)
    tail = _shared_end(left[head:], right[head:])
    return [(head, len(right) - head - tail, bytes(left[head : len(left) - tail]))]


def _shared(left: memoryview, right: memoryview, limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shared_end(left: memoryview, right: memoryview) -> int:
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def packed(steps: Iterable[Step]) -> bytes:
    """Return steps as they stand in a patch."""
    return b"".join([STEP.pack(copy, skip, len(add)) + add for copy, skip, add in steps])


def pack(digests: OriginalDigests, stored_length: int, steps: bytes) -> bytes:
    """Return the serialised patch with its packed steps."""
    lengths = _LENGTHS.pack(digests.length, digests.header_length, stored_length)
    raw = b"".join((lengths, digests.header, digests.bulk, digests.whole or b"", steps))
    flags = _WHOLE_DIGEST if digests.whole else 0
    if len(raw) >= _DEFLATE_FROM:
        small = zlib.compress(raw, 1 if len(raw) < 1 << 16 else 6)
        if len(small) < len(raw):
            raw, flags = small, flags | _DEFLATED
    packed = _MAGIC + bytes((flags,)) + raw
    return packed + hashlib.sha256(packed).digest()[:_CHECK]


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._position = 0

    def take(self, length: int) -> bytes:
        if self._position + length > len(self._raw):
            raise RestoreError("patch.damaged")
        self._position += length
        return self._raw[self._position - length : self._position]

    @property
    def done(self) -> bool:
        return self._position >= len(self._raw)


def _body(patch: bytes) -> tuple[int, bytes]:
    if len(patch) < len(_MAGIC) + 1 + _CHECK or patch[:3] != _MAGIC[:3]:
        raise RestoreError("patch.not_a_patch")
    if patch[:4] != _MAGIC:
        raise RestoreError("patch.version")
    if hashlib.sha256(patch[:-_CHECK]).digest()[:_CHECK] != patch[-_CHECK:]:
        raise RestoreError("patch.damaged")
    flags, raw = patch[4], patch[5:-_CHECK]
    if flags & _DEFLATED:
        try:
            raw = zlib.decompressobj().decompress(raw, MAX_PATCH_BODY)
        except zlib.error:
            raise RestoreError("patch.damaged") from None
    return flags, raw


def restore(stored: bytes, reverse_patch: bytes) -> bytes:
    """Return the bytes as received.

    Raises RestoreError with a code: "patch.not_a_patch", "patch.version", "patch.damaged",
    "stored.length" or "stored.differs" (the patch belongs to other bytes, or these were changed).
    """
    flags, raw = _body(reverse_patch)
    reader = _Reader(raw)
    length, split, stored_length = _LENGTHS.unpack(reader.take(_LENGTHS.size))
    if stored_length != len(stored):
        raise RestoreError("stored.length")
    header, bulk = reader.take(32), reader.take(32)
    whole = reader.take(32) if flags & _WHOLE_DIGEST else None
    pieces: list[bytes | memoryview] = []
    view, position = memoryview(stored), 0
    while not reader.done:
        copy, skip, size = STEP.unpack(reader.take(STEP.size))
        add = reader.take(size)
        pieces += [view[position : position + copy], add]
        position += copy + skip
    original = b"".join([*pieces, view[position:]])
    right = (
        len(original) == length
        and hashlib.sha256(memoryview(original)[:split]).digest() == header
        and hashlib.sha256(memoryview(original)[split:]).digest() == bulk
        and (whole is None or hashlib.sha256(original).digest() == whole)
    )
    if not right:
        raise RestoreError("stored.differs")
    return original
