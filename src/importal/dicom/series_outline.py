"""What may vary between the headers of a series, and where a header ends: shared by arrival and delivery.

A template compares a header byte by byte with one that went the strict way. Only values that stand in the
open may differ: their length is all that follows from them (PS3.5 7.1), and no rule looks at them.
"""

from contextlib import suppress
from struct import Struct
from typing import NamedTuple

from importal.dicom import part10
from importal.dicom.codec import SHORT_VRS, Codec
from importal.dicom.defects import Defect
from importal.dicom.refusal import Refused
from importal.dicom.text_replacement import is_creator
from importal.dicom.walk import BULK, ITEM_FROM, SEQUENCES, UNDEFINED, BulkReached, HeaderWalk

BULK_HEAD = 12  # tag, VR, length: as much as an element says before its value
_GROUP_LENGTH, MOST_GROUP = 4, 1 << 31
# The file up to the value of (0002,0000), and behind it.
META_OPENING, META_BODY = part10.META_AT + 8, part10.META_AT + 12


class Leaf(NamedTuple):
    """An element that holds no items; `may_vary`: no rule looks at it, wherever it stands."""

    tag: int
    vr: bytes
    start: int
    value: int
    end: int
    top: bool
    may_vary: bool


def leaves(
    original: bytes, start: int, codec: Codec, watched: frozenset[int], *, free: int = -1
) -> list[Leaf]:
    """Return the elements in front of the bulk that hold no items, at every depth.

    `watched` are the tags that a rule looks at; `free` is one of them that may vary on the top level.
    """
    walk = HeaderWalk(original, frozenset(), everything=True, stop_at_bulk=True)
    with suppress(BulkReached):
        walk.run(start, len(original), codec)
    found: list[Leaf] = []
    # Up to here within a sequence that a rule looks at, or that is not declared as one, so that how it is
    # read may hang on its values.
    solid = -1
    for each, following in zip(walk.found, [*walk.found[1:], None], strict=True):
        declared = each.vr == b"SQ" or (not each.vr and each.tag in SEQUENCES)
        holds = following is not None and following.start < each.end
        if holds or declared:
            solid = max(solid, each.end) if each.tag in watched or not declared else solid
            continue
        top = each.depth == 0
        unwatched = each.tag not in watched or (top and each.tag == free)
        fixed = is_creator(each.tag) or each.tag in SEQUENCES or each.tag in BULK
        if not each.tag & 0xFFFF:  # a group length follows what is edited in the group
            fixed = not top or each.end - each.value != _GROUP_LENGTH
        may_vary = unwatched and not fixed and each.start >= solid
        found.append(Leaf(each.tag, each.vr, each.start, each.value, each.end, top, may_vary))
    return found


def length_field(leaf: Leaf, codec: Codec) -> Struct | None:
    """Return what reads the length of a value that varies; in an item it may not, others hang on it."""
    if not leaf.top or not leaf.tag & 0xFFFF:
        return None
    return codec.u16 if leaf.vr in SHORT_VRS else codec.u32


def gap_end(data: bytes, position: int, length: Struct | None, size: int) -> int:
    """Return where a value that varies ends, -1 where it may be more than a value."""
    if length is not None:
        if position + length.size > len(data):
            return -1
        size = length.unpack_from(data, position)[0]
        position += length.size
    end = position + size
    if size & 1 or end > len(data) or (size and data[position] >= ITEM_FROM):
        return -1
    return end


def bulk_of(data: bytes | memoryview, split: int, codec: Codec) -> tuple[int, int]:
    """Return where the value of the bulk at `split` begins and how long it says to be."""
    at = split + (8 if codec.explicit else 4)
    return at + 4, codec.u32.unpack_from(data, at)[0]


def bulk_may_follow(data: bytes | memoryview, split: int, codec: Codec, *, fragments: bool) -> bool:
    """Tell whether the head of the bulk is there, in this form: so long, or fragments."""
    if len(data) < split + BULK_HEAD:
        return False
    length = bulk_of(data, split, codec)[1]
    return (length == UNDEFINED) == fragments and (fragments or not length & 1)


def ends_with_bulk(whole: bytes | memoryview, split: int, codec: Codec, *, fragments: bool) -> bool:
    """Tell whether the bulk is sound, and the last element of the object."""
    if not bulk_may_follow(whole, split, codec, fragments=fragments):
        return False
    if not fragments:
        value, length = bulk_of(whole, split, codec)
        return value + length == len(whole)
    walk = HeaderWalk(whole, frozenset())
    try:
        walk.run(split, len(whole), codec)
    except (Defect, Refused):
        return False
    return walk.bulk_end == len(whole)


class MetaOutline:
    """Preamble and File Meta Information of the Instances of a series: all the same but for the UID."""

    def __init__(self, original: bytes) -> None:
        """Learn it from one of them; raises ValueError where something is missing or wrong."""
        meta = part10.read_file_meta(original)
        uid = next((each for each in meta.elements if each.tag == part10.META_SOP_INSTANCE), None)
        if uid is None or meta.elements[0].end != META_BODY or not meta.length_right:
            raise ValueError("template.meta")
        self.uid = uid
        self._opening = original[:META_OPENING]
        self._body = original[META_BODY : uid.value - 2]
        self._rest = original[uid.end : meta.end]

    def match(self, data: bytes) -> tuple[int, bytes] | None:
        """Return where the data set begins, and the UID with its length in front."""
        if not (data.startswith(self._opening) and data.startswith(self._body, META_BODY)):
            return None
        at = META_BODY + len(self._body)
        uid_end = at + 2 + int.from_bytes(data[at : at + 2], "little")
        end = uid_end + len(self._rest)
        declared = int.from_bytes(data[META_OPENING:META_BODY], "little")
        if declared != end - META_BODY or not data.startswith(self._rest, uid_end):
            return None
        return end, data[at:uid_end]
