"""The header walker: finds elements at every depth of a data set by skipping values, decodes nothing.

It descends into sequences of every kind: declared, encoded as UN (PS3.5 6.2.2), implicit, private, and even
written as plain bytes. It is strict: the first thing that breaks a rule of PS3.5 raises a `Defect`; what is
too deep or too much is `Refused`. Positions are offsets into the buffer that was given.
"""

from bisect import bisect_right
from struct import error as StructError  # noqa: N812 -- it is an exception
from typing import NamedTuple

from pydicom.datadict import DicomDictionary

from importal.dicom.codec import ITEM_LAYOUTS, LONG_VRS, SHORT_VRS, Codec
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.refusal import RefusalReason, Refused

MAX_DEPTH = 64
MAX_ELEMENTS = 2_000_000
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
BULK = frozenset({PIXEL_DATA, 0x7FE00008, 0x7FE00009})
# An item begins with such a byte, and a text with hardly any; an item and an empty element are so long.
ITEM_FROM, _SMALLEST_SEQUENCE = 0xFE, 16
STANDARD = frozenset(DicomDictionary)
SEQUENCES = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")
# What the implicit walk may skip without a second look: standard, no sequence, no pixels.
_PLAIN = STANDARD - SEQUENCES - BULK - {ITEM, ITEM_END, SEQUENCE_END}


class BulkReached(Exception):
    """The walk stopped in front of the top-level Pixel Data."""


class _Every(frozenset[int]):
    """All tags: what the walk that reports everything watches."""

    __slots__ = ()

    def __contains__(self, tag: object) -> bool:
        return True


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


def holds_items(found: Found) -> bool:
    """Tell whether a known sequence was walked as one: with a long VR, whatever that VR says."""
    return found.vr == b"SQ" or (found.tag in SEQUENCES and found.vr not in SHORT_VRS)


class HeaderWalk:
    """One pass over a data set; `watch` are the tags to report, `everything` reports all of them.

    `unhidden` are the watched tags that must not stand in a sequence that calls itself a short text.
    """

    def __init__(
        self,
        buffer: bytes | bytearray | memoryview,
        watch: frozenset[int],
        *,
        stop_at_bulk: bool = False,
        everything: bool = False,
        ordered: bool = True,
        unhidden: frozenset[int] | None = None,
    ) -> None:
        self._buffer = buffer
        self._unhidden = watch if unhidden is None else unhidden
        # Nobody watched these on arrival, so a sequence that hid in them was edited there.
        self._as_arrived = watch - unhidden if unhidden else frozenset()
        self._watch = _Every() if everything else watch
        self._plain = frozenset() if everything else _PLAIN
        self._stop_at_bulk = stop_at_bulk
        self._ordered = ordered
        self._places: list[int] = []
        self.found: list[Found] = []
        self.bulk_start = self.bulk_value = self.bulk_end = -1
        self.bulk_tag = self.bulk_length = self.count = self.position = 0
        self.root: Node | None = None

    @property
    def top_level(self) -> list[tuple[int, int]]:
        """Tag and place of each element of the top level, in order; read anew on each call."""
        assert self.root is not None
        unpack = self.root.codec.item.unpack_from
        heads = ((unpack(self._buffer, place), place) for place in self._places)
        return [(group << 16 | number, place) for (group, number, _), place in heads]

    def first_group(self) -> int:
        """Return the group of the first element, -1 when there is none."""
        assert self.root is not None
        return self.root.codec.u16.unpack_from(self._buffer, self._places[0])[0] if self._places else -1

    def place_of(self, tag: int) -> int:
        """Return where an element that is not there would stand on the top level, whose tags ascend."""
        assert self.root is not None
        unpack = self.root.codec.item.unpack_from

        def tag_at(place: int) -> int:
            group, number, _ = unpack(self._buffer, place)
            return int(group << 16 | number)

        index = bisect_right(self._places, tag, key=tag_at)
        return self._places[index] if index < len(self._places) else self.position

    def run(self, start: int, end: int, codec: Codec) -> Node:
        """Walk the data set between two offsets; return its root. Raises Defect, Refused, BulkReached."""
        self.root = root = Node(None, -1, 0, codec)
        walk = self._explicit if codec.explicit else self._implicit
        try:
            walk(start, end, root, 0, False)
        except StructError:
            raise Defect(DefectKind.BEYOND_END, self._places[-1] if self._places else start) from None
        return root

    def _explicit(self, position: int, end: int, node: Node, depth: int, delimited: bool) -> int:  # noqa: C901, FBT001, PLR0912 -- the inner loop of the engine: one body, no calls
        buffer, watch, found, short = self._buffer, self._watch, self.found, SHORT_VRS
        unpack, u32 = node.codec.head.unpack_from, node.codec.u32.unpack_from
        top, ordered, note = depth == 0, self._ordered, self._places.append
        last, mark = -1, 0
        for own in range(MAX_ELEMENTS - self.count):
            if position >= end:
                break
            group, number, vr, length = unpack(buffer, position)
            tag = group << 16 | number
            if top:
                if tag <= last and ordered:
                    raise Defect(DefectKind.ORDER, position)
                last = tag
                note(position)
            if vr in short:
                stop = position + 8 + length
                if length & 1 or stop > end:
                    raise _beyond_or_odd(position, stop, end)
                if tag in watch:
                    found.append(Found(tag, vr, position, position + 8, stop, node, depth))
                if length > _SMALLEST_SEQUENCE and buffer[position + 8] >= ITEM_FROM:
                    self._refuse_sequence(Found(tag, vr, position, position + 8, stop, node, depth))
                if not number and length == 4:
                    _note_group_length(node, group, position + 8)
            else:
                self.count, mark = self.count + own - mark, own
                if vr not in LONG_VRS:
                    return self._delimiter(tag, position, node, delimited=delimited)
                length = u32(buffer, position + 8)[0]
                stop = self._value(tag, vr, position, position + 12, length, end, node, depth)
            position = stop
        else:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS)
        self.count += own - mark
        if delimited:
            raise Defect(DefectKind.NOT_DELIMITED, position)
        return position

    def _implicit(self, position: int, end: int, node: Node, depth: int, delimited: bool) -> int:  # noqa: C901, FBT001, PLR0912 -- as above
        buffer, watch, found = self._buffer, self._watch, self.found
        unpack, plain = node.codec.head.unpack_from, self._plain
        top, ordered, note = depth == 0, self._ordered, self._places.append
        last, mark = -1, 0
        for own in range(MAX_ELEMENTS - self.count):
            if position >= end:
                break
            group, number, length = unpack(buffer, position)
            tag = group << 16 | number
            if top:
                if tag <= last and ordered:
                    raise Defect(DefectKind.ORDER, position)
                last = tag
                note(position)
            if tag in plain:
                stop = position + 8 + length
                if length & 1 or stop > end:
                    raise _beyond_or_odd(position, stop, end)
                if tag in watch:
                    found.append(Found(tag, b"", position, position + 8, stop, node, depth))
                if length > _SMALLEST_SEQUENCE and buffer[position + 8] >= ITEM_FROM:
                    if tag in self._as_arrived:
                        found.pop()  # the second look notes it
                    is_fixed = tag in watch and tag not in self._as_arrived
                    look = self._refuse_sequence if is_fixed else self._perhaps_sequence
                    look(Found(tag, b"", position, position + 8, stop, node, depth))
            else:
                self.count, mark = self.count + own - mark, own
                if group == 0xFFFE:
                    return self._delimiter(tag, position, node, delimited=delimited)
                if not number and length == 4:
                    _note_group_length(node, group, position + 8)
                stop = self._value(tag, b"", position, position + 8, length, end, node, depth)
            position = stop
        else:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS)
        self.count += own - mark
        if delimited:
            raise Defect(DefectKind.NOT_DELIMITED, position)
        return position

    def _delimiter(self, tag: int, position: int, node: Node, *, delimited: bool) -> int:
        if tag >> 16 != ITEM >> 16:
            raise Defect(DefectKind.UNKNOWN_VR, position)
        length = node.codec.item.unpack_from(self._buffer, position)[2]
        if tag == ITEM_END and delimited and length == 0:
            return position + 8
        raise Defect(DefectKind.ITEM, position)

    def _value(  # noqa: PLR0913, PLR0917 -- the state of the loop
        self, tag: int, vr: bytes, start: int, value: int, length: int, end: int, node: Node, depth: int
    ) -> int:
        """Step over, or descend into, a value that may be a sequence, fragments or pixels."""
        if depth == 0 and tag in BULK:
            return self._bulk(tag, start, value, length, end, node)
        if vr == b"SQ" or (not vr and tag in SEQUENCES):
            return self._sequence(tag, vr, start, value, length, end, node, node.codec, depth)
        if length == UNDEFINED:
            if tag == PIXEL_DATA:
                stop = self._fragments(value, end, node.codec)
                if tag in self._watch:
                    self.found.append(Found(tag, vr, start, value, stop, node, depth))
                return stop
            if vr not in (b"UN", b""):
                raise Defect(DefectKind.ITEM, start)
            return self._opaque_sequence(Found(tag, vr, start, value, end, node, depth), length)
        stop = value + length
        if length & 1 or stop > end:
            raise _beyond_or_odd(start, stop, end)
        if length and (tag in SEQUENCES or self._buffer[value] >= ITEM_FROM):
            self._perhaps_sequence(Found(tag, vr, start, value, stop, node, depth))
        elif tag in self._watch:
            self.found.append(Found(tag, vr, start, value, stop, node, depth))
        return stop

    def _bulk(self, tag: int, start: int, value: int, length: int, end: int, node: Node) -> int:
        first = self.bulk_start < 0
        if first:
            self.bulk_start, self.bulk_value, self.bulk_length = start, value, length
            self.bulk_tag = tag
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

    def _opaque_sequence(self, found: Found, length: int) -> int:
        """Descend into a sequence whose items may have another layout; raises Defect where none fits.

        The count of elements is not taken back after a vain attempt: it bounds the attempts.
        """
        mark, first = len(self.found), None
        tag, vr, start, value, end, node, depth = found
        for codec in ITEM_LAYOUTS.get(bytes(self._buffer[value : value + 4]), ()):
            try:
                return self._sequence(tag, vr, start, value, length, end, node, codec, depth)
            except (Defect, StructError) as defect:
                first = first or (defect.kind if isinstance(defect, Defect) else DefectKind.BEYOND_END)
                del self.found[mark:]
        # Of undefined length it may only be unfinished: of a stream more comes.
        raise Defect((length == UNDEFINED and first) or DefectKind.ITEM, start)

    def _perhaps_sequence(self, found: Found) -> None:
        """Descend into bytes that begin as an item does; what must be a sequence and is none is a defect."""
        try:
            self._opaque_sequence(found, found.end - found.value)
        except Defect:
            if found.tag in SEQUENCES:
                raise
            if found.tag in self._watch:
                self.found.append(found)

    def _refuse_sequence(self, found: Found) -> None:
        """Refuse what is watched in a sequence that could not follow an edit.

        Its length is a short one, or it is itself the value of an element that a rule looks at.
        """
        if not self._unhidden:
            return
        mark = len(self.found)
        try:
            self._opaque_sequence(found, found.end - found.value)
        except Defect:
            if found.tag in SEQUENCES:
                raise
        inner = [each.tag for each in self.found[mark:] if each.depth > found.depth]
        del self.found[mark:]
        if not self._unhidden.isdisjoint(inner):
            raise Refused(RefusalReason.IDENTIFIER_LEFT)

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
        if depth >= MAX_DEPTH:
            raise Refused(RefusalReason.TOO_DEEP)
        index = len(self.found)
        watched = tag in self._watch
        if watched:
            self.found.append(Found(tag, vr, start, value, stop, node, depth))
        sequence = Node(node, -1 if delimited else value - 4, tag >> 16, node.codec)
        position = self._items(value, stop, sequence, codec, depth, delimited=delimited)
        if watched:
            self.found[index] = Found(tag, vr, start, value, position, node, depth)
        return position

    def _items(
        self, position: int, stop: int, sequence: Node, codec: Codec, depth: int, *, delimited: bool
    ) -> int:
        """Walk the items of a sequence up to its end or delimiter; return where that is."""
        unpack, buffer = codec.item.unpack_from, self._buffer
        walk = self._explicit if codec.explicit else self._implicit
        while position < stop:
            group, number, size = unpack(buffer, position)
            kind = group << 16 | number
            position += 8
            if kind == ITEM and size == UNDEFINED:
                position = walk(position, stop, Node(sequence, -1, 0, codec), depth + 1, True)
            elif kind == ITEM:
                if position + size > stop:
                    raise Defect(DefectKind.BEYOND_END, position - 8)
                inner = Node(sequence, position - 4, 0, codec)
                position = walk(position, position + size, inner, depth + 1, False)
            elif kind == SEQUENCE_END and delimited and size == 0:
                return position
            else:
                raise Defect(DefectKind.ITEM, position - 8)
        if delimited:
            raise Defect(DefectKind.NOT_DELIMITED, position)
        return position


def _note_group_length(node: Node, group: int, value: int) -> None:
    if node.groups is None:
        node.groups = {}
    node.groups.setdefault(group, value)


def _beyond_or_odd(position: int, stop: int, end: int) -> Defect:
    return Defect(DefectKind.BEYOND_END if stop > end else DefectKind.ODD_LENGTH, position)
