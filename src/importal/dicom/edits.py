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
        self._edits: list[Edit] = []
        self._nodes: dict[int, Node] = {}
        self._groups: list[tuple[Codec, list[int]]] = []

    def replace(self, start: int, end: int, new: bytes) -> None:
        """Replace bytes outside any data set (preamble, file meta)."""
        if self._buffer[start:end] != new:
            self._edits.append((start, end, new))

    def change(self, node: Node, tag: int, span: tuple[int, int], new: bytes) -> None:
        """Replace bytes of an element of a data set; `tag` names the group whose length follows."""
        start, end = span
        if start != end and self._buffer[start:end] == new:
            return
        self._edits.append((start, end, new))
        delta = len(new) - (end - start)
        if delta:
            self._follow(node, tag >> 16, delta)

    def _follow(self, node: Node, group: int, delta: int) -> None:
        current: Node | None = node
        while current is not None:
            if current.length_at >= 0:
                current.delta += delta
                self._nodes[id(current)] = current
            if current.groups and group in current.groups:
                entry = current.groups[group]
                entry[1] += delta
                self._groups.append((current.codec, entry))
            if current.group:
                group = current.group
            current = current.parent

    def resolved(self) -> list[Edit]:
        """Return all edits in order of their place, the enclosing lengths included.

        Raises Refused when a length outgrows its field; edits inside a removed range are dropped.
        """
        edits = list(self._edits)
        for node in self._nodes.values():
            edits.extend(self._length(node.codec, node.length_at, node.delta))
        seen: set[int] = set()
        for codec, (value, delta) in self._groups:
            if value not in seen:
                seen.add(value)
                edits.extend(self._length(codec, value, delta))
        edits.sort(key=lambda edit: (edit[0], edit[1]))
        return edits

    def _length(self, codec: Codec, at: int, delta: int) -> list[Edit]:
        length = codec.u32.unpack_from(self._buffer, at)[0] + delta
        if not 0 <= length < 0xFFFFFFFF:
            raise Refused(RefusalReason.UNREADABLE)
        return [(at, at + 4, codec.u32.pack(length))] if delta else []


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
