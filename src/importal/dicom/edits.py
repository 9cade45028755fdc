"""Edit lists: replace, remove and insert byte ranges, and let every enclosing length follow.

An edit is (start, end, new bytes) in offsets of the original buffer; an insertion has start == end.
Lengths of defined-length items and sequences and group lengths (gggg,0000) change by the same amount
(PS3.5 7.5 and 7.2).
"""

from importal.dicom.codec import Codec
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.walk import Node

Edit = tuple[int, int, bytes]


class EditList:
    """Collects edits of one object; `resolved()` adds what they entail for the enclosing lengths."""

    def __init__(self, buffer: bytes | memoryview) -> None:
        self._buffer = buffer
        # With the tag, because several elements may be inserted at one place, and tags ascend.
        self._edits: list[tuple[int, int, int, bytes]] = []
        # By the place of a length field: its layout, and by how much it changes.
        self._lengths: dict[int, tuple[Codec, int]] = {}

    def change(self, node: Node, tag: int, span: tuple[int, int], new: bytes) -> None:
        """Replace bytes of an element of a data set; `tag` names the group whose length follows."""
        start, end = span
        if start != end and self._buffer[start:end] == new:
            return
        self._edits.append((start, end, tag, new))
        delta = len(new) - (end - start)
        if delta:
            self._follow(node, tag >> 16, delta)

    def _follow(self, node: Node, group: int, delta: int) -> None:
        current: Node | None = node
        while current is not None:
            if current.length_at >= 0:
                self._add(current.length_at, current.codec, delta)
            if current.groups and group in current.groups:
                self._add(current.groups[group], current.codec, delta)
            if current.group:
                group = current.group
            current = current.parent

    def _add(self, place: int, codec: Codec, delta: int) -> None:
        known = self._lengths.get(place)
        self._lengths[place] = (codec, delta + known[1] if known else delta)

    def spans(self) -> list[tuple[int, int]]:
        """Return the ranges that are replaced or removed, in order."""
        return sorted((start, end) for start, end, _, _ in self._edits if start != end)

    def resolved(self) -> list[Edit]:
        """Return all edits in order of their place, the enclosing lengths included.

        Raises Refused when a length outgrows its field.
        """
        edits = [(start, end, new) for start, end, _, new in sorted(self._edits, key=_place)]
        for place, (codec, delta) in self._lengths.items():
            if delta:
                edits.append((place, place + 4, self._length(codec, place, delta)))
        edits.sort(key=_span)
        return edits

    def _length(self, codec: Codec, at: int, delta: int) -> bytes:
        length = codec.u32.unpack_from(self._buffer, at)[0] + delta
        if not 0 <= length < 0xFFFFFFFF:
            raise Refused(RefusalReason.UNREADABLE)
        return codec.u32.pack(length)


def _place(edit: tuple[int, int, int, bytes]) -> tuple[int, int, int]:
    return edit[:3]


def _span(edit: Edit) -> tuple[int, int]:
    return edit[:2]


def applied(buffer: bytes | memoryview, edits: list[Edit], start: int, end: int) -> list[bytes | memoryview]:
    """Return the range with the edits that lie in it, as pieces; untouched pieces are views."""
    view = memoryview(buffer)
    pieces: list[bytes | memoryview] = []
    position = start
    for first, last, new in edits:
        if first > position:
            pieces.append(view[position:first])
        if new:
            pieces.append(new)
        position = last
    if position < end:
        pieces.append(view[position:end])
    return pieces
