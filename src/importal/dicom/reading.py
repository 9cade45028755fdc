"""Read a data set into a tree of its elements, at every depth, by the engine's own walk; nothing is decoded.

For people and programs that want to see what stands in an object: `explain` compares two of these trees, the
command line prints one. Sequences written as UN, implicit or private are sequences here too (PS3.5 6.2.2).
"""

from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from pydicom.datadict import dictionary_VR, keyword_for_tag

from importal.dicom import charsets, part10
from importal.dicom.codec import DEFLATED_UIDS, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Codec, codec_of
from importal.dicom.defects import Defect
from importal.dicom.neutralisation import inflated
from importal.dicom.part10 import FileMeta
from importal.dicom.profile import SPECIFIC_CHARACTER_SET
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.text_replacement import is_creator
from importal.dicom.walk import ITEM, STANDARD, UNDEFINED, Found, HeaderWalk, holds_items

TEXT_VRS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_NUMBERS = {vr: Struct("<" + form).size for vr, form in _FORMATS.items()}
_SHOWN_BYTES = 32


class Element(NamedTuple):
    """One element: `raw` is its value as it stands there, `items` those of a sequence, else None.

    `vr` is the one of the dictionary where the object does not say (implicit), "" where nobody knows;
    `charset` the Specific Character Set that holds at this place.
    """

    tag: int
    vr: str
    raw: memoryview
    items: "tuple[tuple[Element, ...], ...] | None"
    codec: Codec
    charset: str

    @property
    def keyword(self) -> str:
        """The keyword of the standard, "" for a private or unknown element."""
        return str(keyword_for_tag(self.tag))

    def text(self) -> str:
        """Return the value for a person's eyes; opaque bytes as their length and their beginning in hex."""
        if self.vr in TEXT_VRS:
            return charsets.decode(bytes(self.raw), self.charset, person_name=self.vr == "PN")
        kind = self.vr[:2]  # "US or SS" where the dictionary leaves it open
        size = _NUMBERS.get(kind, 0)
        if size and len(self.raw) <= _SHOWN_BYTES and not len(self.raw) % size:
            unpack = Struct(self.codec.order + _FORMATS[kind]).iter_unpack
            return "\\".join(str(number) for (number,) in unpack(self.raw))
        return f"{len(self.raw)} bytes {bytes(self.raw[:_SHOWN_BYTES]).hex(' ')}".rstrip()


@dataclass(frozen=True)
class Contents:
    """A whole file: its File Meta Information, and the elements of its data set without the bulk.

    `bulk` is the top-level Pixel Data element with its value unread, None where there is none.
    """

    transfer_syntax_uid: str
    preamble: bytes = field(repr=False)
    file_meta: tuple[Element, ...] = field(repr=False)
    elements: tuple[Element, ...] = field(repr=False)
    bulk: Element | None = field(repr=False)
    bulk_is_fragmented: bool = False


def read_contents(data: bytes | memoryview) -> Contents:
    """Return what stands in a file that follows PS3.10.

    Raises Refused: NOT_DICOM, UNKNOWN_TRANSFER_SYNTAX, TOO_LARGE, TOO_DEEP, TOO_MANY_ELEMENTS, or UNREADABLE
    where a rule of the standard is broken.
    """
    if not part10.has_magic(data):
        raise Refused(RefusalReason.NOT_DICOM)
    try:
        return walk_contents(data)
    except Defect:
        raise Refused(RefusalReason.UNREADABLE) from None


def walk_contents(data: bytes | memoryview) -> Contents:
    """Do the same, and raise Defect where a rule is broken."""
    meta = part10.read_file_meta(data)
    syntax = meta.text(data, part10.META_TRANSFER_SYNTAX)
    codec = codec_of(syntax)
    if codec is None:
        raise Refused(RefusalReason.UNKNOWN_TRANSFER_SYNTAX)
    buffer, start = memoryview(data), meta.end
    if syntax in DEFLATED_UIDS:
        buffer, start = memoryview(inflated(buffer[meta.end :])), 0
    walk = HeaderWalk(buffer, frozenset(), everything=True)
    walk.run(start, len(buffer), codec)
    elements, _ = _Tree(buffer, walk.found).data_set(len(buffer), "")
    bulk = None
    if walk.bulk_start >= 0:
        value = buffer[walk.bulk_value : walk.bulk_end]
        head = buffer[walk.bulk_start + 4 : walk.bulk_start + 6]
        vr = bytes(head).decode("latin-1") if codec.explicit else "OW"
        bulk = Element(walk.bulk_tag, vr, value, None, codec, "")
    preamble = bytes(data[: part10.MAGIC_AT])
    fragmented = walk.bulk_length == UNDEFINED
    return Contents(syntax, preamble, _file_meta(memoryview(data), meta), elements, bulk, fragmented)


def _file_meta(view: memoryview, meta: FileMeta) -> tuple[Element, ...]:
    return tuple(
        Element(
            element.tag,
            bytes(view[element.start + 4 : element.start + 6]).decode("latin-1"),
            view[element.value : element.end],
            None,
            EXPLICIT_LITTLE,
            "",
        )
        for element in meta.elements
    )


class _Tree:
    """Makes the tree out of the list that the walk left, whose order is that of the bytes."""

    def __init__(self, buffer: memoryview, found: list[Found]) -> None:
        self._buffer = buffer
        self._found = found
        self._next = 0

    def data_set(self, end: int, charset: str) -> tuple[tuple[Element, ...], int]:
        """Take the elements of one data set, which ends at `end` at the latest; return where it does."""
        elements: list[Element] = []
        found = self._peek(end)
        node, position = found.node if found else None, 0
        while found is not None and found.node is node:
            self._next += 1
            position = found.end
            if found.tag == SPECIFIC_CHARACTER_SET:
                charset = bytes(self._buffer[found.value : found.end]).decode("latin-1").strip(" \0")
            elements.append(self._element(found, charset))
            found = self._peek(end)
        return tuple(elements), position

    def _peek(self, end: int) -> Found | None:
        if self._next < len(self._found) and self._found[self._next].start < end:
            return self._found[self._next]
        return None

    def _element(self, found: Found, charset: str) -> Element:
        vr = found.vr.decode("latin-1")
        inner = self._peek(found.end)
        items = None
        if inner is not None or holds_items(found):
            codec = IMPLICIT_LITTLE if found.vr == b"UN" else found.node.codec
            codec = inner.node.codec if inner is not None else codec
            items = tuple(self._items(found, codec, charset))
            vr = "SQ"
        elif vr in ("", "UN") and found.tag in STANDARD:
            vr = str(dictionary_VR(found.tag))
        elif vr in ("", "UN") and is_creator(found.tag):
            vr = "LO"
        raw = self._buffer[found.value : found.end]
        return Element(found.tag, vr, raw, items, found.node.codec, charset)

    def _items(self, found: Found, codec: Codec, charset: str) -> list[tuple[Element, ...]]:
        items: list[tuple[Element, ...]] = []
        position = found.value
        while position + 8 <= found.end:
            group, number, size = codec.item.unpack_from(self._buffer, position)
            position += 8
            if group << 16 | number != ITEM:
                break
            end = found.end if size == UNDEFINED else position + size
            first = self._peek(end)
            content: tuple[Element, ...] = ()
            if first is not None and first.start == position:
                content, position = self.data_set(end, charset)
            items.append(content)
            position = position + 8 if size == UNDEFINED else end  # behind the delimiter of the item
        return items
