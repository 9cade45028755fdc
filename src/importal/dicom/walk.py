"""The header walker: finds elements at every depth of a data set by skipping values, decodes nothing.

It descends into sequences of every kind: declared, encoded as UN (PS3.5 6.2.2), implicit, private. It is
strict: the first thing that breaks a rule of PS3.5 raises a `Defect`; what is too deep or too much is
`Refused`. Positions are offsets into the buffer that was given.
"""

from enum import StrEnum
from struct import error as StructError  # noqa: N812 -- it is an exception
from typing import NamedTuple

from pydicom.datadict import DicomDictionary

from importal.dicom.codec import EXPLICIT_LITTLE, IMPLICIT_LITTLE, LONG_VRS, SHORT_VRS, Codec
from importal.dicom.refusal import RefusalReason, Refused

MAX_DEPTH = 64
MAX_ELEMENTS = 2_000_000
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
BULK = frozenset({PIXEL_DATA, 0x7FE00008, 0x7FE00009})
_ITEM_BYTES = b"\xfe\xff\x00\xe0"
STANDARD = frozenset(DicomDictionary)
SEQUENCES = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")
# What the implicit walk may skip without a second look: standard, no sequence, no pixels.
_PLAIN = STANDARD - SEQUENCES - BULK - {ITEM, ITEM_END, SEQUENCE_END}


class DefectKind(StrEnum):
    """What rule of PS3.5 was broken."""

    BEYOND_END = "beyond_end"
    UNKNOWN_VR = "unknown_vr"
    ODD_LENGTH = "odd_length"
    ORDER = "order"
    ITEM = "item"
    NOT_DELIMITED = "not_delimited"
    BULK_TRUNCATED = "bulk_truncated"


class Defect(Exception):
    """The first broken rule, where it stands, and whether that is after the Pixel Data."""

    def __init__(self, kind: DefectKind, offset: int) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.offset = offset


class BulkReached(Exception):
    """The walk stopped in front of the top-level Pixel Data."""


class Node:
    """A data set or a sequence that contains elements: whose length must follow when they change.

    `length_at` is the offset of its length field, -1 when the length is undefined or there is none;
    `group` the group of a sequence's own tag; `groups` where the group lengths of a data set stand.
    """

    __slots__ = ("codec", "group", "groups", "length_at", "parent")

    def __init__(self, parent: "Node | None", length_at: int, group: int, codec: Codec) -> None:
        self.parent = parent
        self.length_at = length_at
        self.group = group
        self.codec = codec
        self.groups: dict[int, int] | None = None


class Found(NamedTuple):
    """One element: its bytes are `start` to `end`, its value begins at `value`; `node` is its data set."""

    tag: int
    vr: bytes
    start: int
    value: int
    end: int
    node: Node
    depth: int


class HeaderWalk:
    """One pass over a data set; `watch` are the tags to report, `everything` reports all of them."""

    def __init__(
        self,
        buffer: bytes | bytearray | memoryview,
        watch: frozenset[int],
        *,
        stop_at_bulk: bool = False,
        everything: bool = False,
        ordered: bool = True,
    ) -> None:
        self._buffer = buffer
        self._watch = watch
        self._stop_at_bulk = stop_at_bulk
        self._everything = everything
        self._ordered = ordered
        self.found: list[Found] = []
        self.top_level: list[tuple[int, int]] = []
        self.bulk_start = -1
        self.bulk_value = -1
        self.bulk_length = 0
        self.bulk_end = -1
        self.count = 0
        self.position = 0
        self.root: Node | None = None

    def run(self, start: int, end: int, codec: Codec) -> Node:
        """Walk the data set between two offsets; return its root. Raises Defect, Refused, BulkReached."""
        self.root = root = Node(None, -1, 0, codec)
        try:
            self._data_set(start, end, root, 0, delimited=False)
        except StructError:
            raise Defect(DefectKind.BEYOND_END, self._reach(start)) from None
        return root

    def _reach(self, start: int) -> int:
        return self.top_level[-1][1] if self.top_level else start

    def _data_set(self, position: int, end: int, node: Node, depth: int, *, delimited: bool) -> int:
        if depth > MAX_DEPTH:
            raise Refused(RefusalReason.TOO_DEEP)
        if node.codec.explicit:
            return self._explicit(position, end, node, depth, delimited)
        return self._implicit(position, end, node, depth, delimited)

    def _explicit(self, position: int, end: int, node: Node, depth: int, delimited: bool) -> int:  # noqa: C901, FBT001 -- the inner loop of the engine: one body, no calls
        buffer, watch, found, everything = self._buffer, self._watch, self.found, self._everything
        unpack = node.codec.head.unpack_from
        top_level = self.top_level if depth == 0 else None
        last, count = -1, self.count
        while position < end:
            group, number, vr, length = unpack(buffer, position)
            tag = group << 16 | number
            if tag <= last and top_level is not None and self._ordered:
                raise Defect(DefectKind.ORDER, position)
            last = tag
            count += 1
            if count > MAX_ELEMENTS:
                raise Refused(RefusalReason.TOO_MANY_ELEMENTS)
            if top_level is not None:
                top_level.append((tag, position))
            if vr in SHORT_VRS:
                stop = position + 8 + length
                if stop > end:
                    raise Defect(DefectKind.BEYOND_END, position)
                if length & 1:
                    raise Defect(DefectKind.ODD_LENGTH, position)
                if tag in watch or everything:
                    found.append(Found(tag, vr, position, position + 8, stop, node, depth))
                if not number and length == 4:
                    _note_group_length(node, group, position + 8)
            elif group == 0xFFFE:
                self.count = count
                return self._delimiter(tag, position, node, delimited=delimited)
            else:
                self.count = count
                stop = self._long(tag, vr, position, end, node, depth)
                count = self.count
            position = stop
        self.count = count
        if delimited:
            raise Defect(DefectKind.NOT_DELIMITED, position)
        return position

    def _implicit(self, position: int, end: int, node: Node, depth: int, delimited: bool) -> int:  # noqa: C901, FBT001 -- as above
        buffer, watch, found, everything = self._buffer, self._watch, self.found, self._everything
        unpack = node.codec.head.unpack_from
        top_level = self.top_level if depth == 0 else None
        last, count = -1, self.count
        while position < end:
            group, number, length = unpack(buffer, position)
            tag = group << 16 | number
            if tag <= last and top_level is not None and self._ordered:
                raise Defect(DefectKind.ORDER, position)
            last = tag
            count += 1
            if count > MAX_ELEMENTS:
                raise Refused(RefusalReason.TOO_MANY_ELEMENTS)
            if top_level is not None:
                top_level.append((tag, position))
            if tag in _PLAIN and not everything:
                stop = position + 8 + length
                if stop > end:
                    raise Defect(DefectKind.BEYOND_END, position)
                if length & 1:
                    raise Defect(DefectKind.ODD_LENGTH, position)
                if tag in watch:
                    found.append(Found(tag, b"", position, position + 8, stop, node, depth))
            elif group == 0xFFFE:
                self.count = count
                return self._delimiter(tag, position, node, delimited=delimited)
            else:
                if not number and length == 4:
                    _note_group_length(node, group, position + 8)
                self.count = count
                stop = self._value(tag, b"", position, position + 8, length, end, node, depth)
                count = self.count
            position = stop
        self.count = count
        if delimited:
            raise Defect(DefectKind.NOT_DELIMITED, position)
        return position

    def _delimiter(self, tag: int, position: int, node: Node, *, delimited: bool) -> int:
        length = node.codec.item.unpack_from(self._buffer, position)[2]
        if tag == ITEM_END and delimited and length == 0:
            return position + 8
        raise Defect(DefectKind.ITEM, position)

    def _long(self, tag: int, vr: bytes, position: int, end: int, node: Node, depth: int) -> int:
        if vr not in LONG_VRS:
            raise Defect(DefectKind.UNKNOWN_VR, position)
        length = node.codec.u32.unpack_from(self._buffer, position + 8)[0]
        return self._value(tag, vr, position, position + 12, length, end, node, depth)

    def _value(  # noqa: PLR0913, PLR0917 -- the state of the loop
        self, tag: int, vr: bytes, start: int, value: int, length: int, end: int, node: Node, depth: int
    ) -> int:
        """Step over, or descend into, a value that may be a sequence, fragments or pixels."""
        if depth == 0 and tag in BULK:
            return self._bulk(start, value, length, end, node)
        if vr == b"SQ" or (not vr and tag in SEQUENCES):
            return self._sequence(tag, vr, start, value, length, end, node, node.codec, depth)
        if length == UNDEFINED:
            if tag == PIXEL_DATA:
                return self._fragments(value, end, node.codec)
            if vr not in (b"UN", b""):
                raise Defect(DefectKind.ITEM, start)
            return self._sequence(tag, vr, start, value, length, end, node, IMPLICIT_LITTLE, depth)
        stop = value + length
        if stop > end:
            raise Defect(DefectKind.BEYOND_END, start)
        if length & 1:
            raise Defect(DefectKind.ODD_LENGTH, start)
        if length and (
            tag in SEQUENCES or (vr in (b"UN", b"") and self._buffer[value : value + 4] == _ITEM_BYTES)
        ):
            self._opaque_sequence(tag, vr, start, value, length, node, depth)
        elif tag in self._watch or self._everything:
            self.found.append(Found(tag, vr, start, value, stop, node, depth))
        return stop

    def _bulk(self, start: int, value: int, length: int, end: int, node: Node) -> int:
        first = self.bulk_start < 0
        if first:
            self.bulk_start, self.bulk_value, self.bulk_length = start, value, length
        if self._stop_at_bulk:
            raise BulkReached
        try:
            stop = self._fragments(value, end, node.codec) if length == UNDEFINED else value + length
        except (Defect, StructError):
            raise Defect(DefectKind.BULK_TRUNCATED, start) from None
        if stop > end:
            raise Defect(DefectKind.BULK_TRUNCATED, start)
        if length & 1 and length != UNDEFINED:
            raise Defect(DefectKind.ODD_LENGTH, start)
        if first:
            self.bulk_end = stop
        return stop

    def _fragments(self, position: int, end: int, codec: Codec) -> int:
        unpack = codec.item.unpack_from
        count = self.count
        while position < end:
            group, number, length = unpack(self._buffer, position)
            tag = group << 16 | number
            count += 1
            if tag == SEQUENCE_END and length == 0:
                self.count = count
                return position + 8
            if tag != ITEM or position + 8 + length > end or length & 1:
                raise Defect(DefectKind.ITEM, position)
            if count > MAX_ELEMENTS:
                raise Refused(RefusalReason.TOO_MANY_ELEMENTS)
            position += 8 + length
        raise Defect(DefectKind.NOT_DELIMITED, position)

    def _opaque_sequence(  # noqa: PLR0913, PLR0917 -- as above
        self, tag: int, vr: bytes, start: int, value: int, length: int, node: Node, depth: int
    ) -> None:
        """Descend into bytes that should or may be a sequence; a known one that cannot be read is a defect.

        The count of elements is not taken back after a vain attempt: it bounds the attempts.
        """
        mark = len(self.found)
        stop = value + length
        for codec in dict.fromkeys((IMPLICIT_LITTLE, EXPLICIT_LITTLE, node.codec)):
            try:
                self._sequence(tag, vr, start, value, length, stop, node, codec, depth)
            except (Defect, StructError):
                del self.found[mark:]
            else:
                return
        if tag in SEQUENCES:
            raise Defect(DefectKind.ITEM, start)
        if tag in self._watch or self._everything:
            self.found.append(Found(tag, vr, start, value, stop, node, depth))

    def _sequence(  # noqa: PLR0913, PLR0917 -- as above
        self,
        tag: int,
        vr: bytes,
        start: int,
        value: int,
        length: int,
        end: int,
        node: Node,
        codec: Codec,
        depth: int,
    ) -> int:
        delimited = length == UNDEFINED
        stop = end if delimited else value + length
        if stop > end:
            raise Defect(DefectKind.BEYOND_END, start)
        index = len(self.found)
        watched = tag in self._watch or self._everything
        if watched:
            self.found.append(Found(tag, vr, start, value, stop, node, depth))
        sequence = Node(node, -1 if delimited else value - 4, tag >> 16, node.codec)
        unpack = codec.item.unpack_from
        position = value
        while position < stop:
            group, number, size = unpack(self._buffer, position)
            kind = group << 16 | number
            position += 8
            if kind == ITEM and size == UNDEFINED:
                inner = Node(sequence, -1, 0, codec)
                position = self._data_set(position, stop, inner, depth + 1, delimited=True)
            elif kind == ITEM:
                if position + size > stop:
                    raise Defect(DefectKind.BEYOND_END, position - 8)
                inner = Node(sequence, position - 4, 0, codec)
                position = self._data_set(position, position + size, inner, depth + 1, delimited=False)
            elif kind == SEQUENCE_END and delimited and size == 0:
                delimited = False
                break
            else:
                raise Defect(DefectKind.ITEM, position - 8)
        if delimited:
            raise Defect(DefectKind.NOT_DELIMITED, position)
        if watched:
            self.found[index] = Found(tag, vr, start, value, position, node, depth)
        return position


def _note_group_length(node: Node, group: int, value: int) -> None:
    if node.groups is None:
        node.groups = {}
    node.groups.setdefault(group, value)
