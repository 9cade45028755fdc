"""What the Instances of a series have in common, so that it is walked, edited and searched only once.

A slice differs from its neighbour in a few values: its UID, its position, its time. All between them, tags,
VRs, lengths, sequences, every identifier, is compared byte by byte with an Instance that went the strict
way; where nothing differs, what became of it there holds again. Only values that no rule looks at may vary,
and the SOP Instance UID. Whatever is not just so does not match, and goes the strict way itself.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from struct import Struct
from typing import NamedTuple

from importal.dicom import part10, reverse_patch, value_search
from importal.dicom.codec import SHORT_VRS, Codec, codec_of
from importal.dicom.defects import Defect
from importal.dicom.edits import Edit, applied
from importal.dicom.profile import ON_ARRIVAL, SOP_INSTANCE_UID
from importal.dicom.records import InstanceFacts, Profile, Replacement
from importal.dicom.refusal import Refused
from importal.dicom.text_replacement import is_creator
from importal.dicom.walk import BULK, ITEM_FROM, SEQUENCES, UNDEFINED, BulkReached, HeaderWalk

BULK_HEAD = 12  # tag, VR, length: as much as an element says before its value
# Around a value that varies: enough to see whether what stands there is a token of its own.
_CONTEXT = 8
UID, UID_LENGTH = re.compile(rb"[0-9]+(\.[0-9]+)+"), 64
# The file up to the value of (0002,0000), and behind it.
_MOST_VALUES, _MOST_AROUND = 64, 512
_GROUP_LENGTH, _MOST_GROUP = 4, 1 << 31
_OPENING, _META_BODY = part10.META_AT + 8, part10.META_AT + 12


@dataclass(frozen=True)
class Strict:
    """A header that went the strict way: as it came, with what the bulk begins with, and as it is stored."""

    original: bytes = field(repr=False)
    split: int
    stored: bytes = field(repr=False)
    edits: list[Edit] = field(repr=False)
    profile: Profile
    facts: InstanceFacts
    replacements: tuple[Replacement, ...] = field(repr=False)
    originals: frozenset[bytes] = field(repr=False)
    hits: tuple[str, ...]
    replaced_text: tuple[str, ...]

    @cached_property
    def codec(self) -> Codec:
        codec = codec_of(self.facts.transfer_syntax_uid)
        assert codec is not None
        return codec

    @cached_property
    def meta_end(self) -> int:
        return part10.read_file_meta(self.original).end


class Leaf(NamedTuple):
    """An element that holds no items; `may_vary`: no rule looks at it, wherever it stands."""

    tag: int
    vr: bytes
    start: int
    value: int
    end: int
    top: bool
    may_vary: bool


class _Piece(NamedTuple):
    """Bytes that never differ, as they come and as they are stored, and how wide the gap behind them is.

    `first` is where the first edit begins, -1 without any; `undo` the lengths of what is skipped and added to
    undo it, `steps` what is added and the packed steps of the others; `last` is where the last ends. The gap
    has a length field, `length`, or is `size` bytes; it is a group length where it `grows`, and by how much.
    """

    old: bytes
    new: bytes
    first: int
    undo: tuple[int, int]
    steps: bytes
    last: int
    length: Struct | None
    size: int
    grows: int


@dataclass(frozen=True)
class Recalled:
    """A header that matched: as it is stored, where the bulk begins, and the packed steps of its patch."""

    strict: Strict = field(repr=False)
    header: bytes = field(repr=False)
    split: int
    steps: bytes = field(repr=False)
    sop_instance_uid: str

    def bulk(self, data: bytes | memoryview) -> tuple[int, int]:
        """Return where the value of the bulk begins and how long it says to be."""
        at = self.split + (8 if self.strict.codec.explicit else 4)
        return at + 4, self.strict.codec.u32.unpack_from(data, at)[0]

    def bulk_may_follow(self, data: bytes | memoryview) -> bool:
        """Tell whether the head of the bulk is there, in the same form: so long, or fragments."""
        if len(data) < self.split + BULK_HEAD:
            return False
        length = self.bulk(data)[1]
        before = replace(self, split=self.strict.split).bulk(self.strict.original)[1]
        return (length == UNDEFINED) == (before == UNDEFINED) and (length == UNDEFINED or not length & 1)

    def ends_with_bulk(self, whole: bytes | memoryview) -> bool:
        """Tell whether the bulk is sound, and the last element of the object."""
        if not self.bulk_may_follow(whole):
            return False
        value, length = self.bulk(whole)
        if length != UNDEFINED:
            return value + length == len(whole)
        walk = HeaderWalk(whole, frozenset())
        try:
            walk.run(self.split, len(whole), self.strict.codec)
        except (Defect, Refused):
            return False
        return walk.bulk_end == len(whole)

    def facts(self) -> InstanceFacts:
        """Return the facts of this Instance: what the series shares, and its own UID."""
        ours = self.strict.facts
        return InstanceFacts(
            self.sop_instance_uid,
            ours.sop_class_uid,
            ours.study_instance_uid,
            ours.series_instance_uid,
            ours.transfer_syntax_uid,
            ours.modality,
            ours.patient_pseudonym,
        )


def leaves(strict: Strict) -> list[Leaf]:
    """Return the elements in front of the bulk that hold no items, at every depth."""
    walk = HeaderWalk(strict.original, frozenset(), everything=True, stop_at_bulk=True)
    with suppress(BulkReached):
        walk.run(strict.meta_end, len(strict.original), strict.codec)
    found: list[Leaf] = []
    # Up to here within a sequence that a rule looks at, or that is not declared as one, so that how it is
    # read may hang on its values.
    solid = -1
    for each, following in zip(walk.found, [*walk.found[1:], None], strict=True):
        declared = each.vr == b"SQ" or (not each.vr and each.tag in SEQUENCES)
        holds = following is not None and following.start < each.end
        if holds or declared:
            solid = max(solid, each.end) if each.tag in ON_ARRIVAL or not declared else solid
            continue
        top = each.depth == 0
        free = each.tag not in ON_ARRIVAL or (top and each.tag == SOP_INSTANCE_UID)
        fixed = is_creator(each.tag) or each.tag in SEQUENCES or each.tag in BULK
        if not each.tag & 0xFFFF:  # a group length follows what is edited in the group
            fixed = not top or each.end - each.value != _GROUP_LENGTH
        may_vary = free and not fixed and each.start >= solid
        found.append(Leaf(each.tag, each.vr, each.start, each.value, each.end, top, may_vary))
    return found


class SeriesTemplate:
    """What the Instances of a series share, made from one of them and the elements that vary."""

    def __init__(self, strict: Strict, varying: Iterable[Leaf]) -> None:
        """Make it; raises ValueError where an edit or the File Meta Information does not allow it."""
        self.strict = strict
        self.uses = 0
        self._meta = _SeriesMeta(strict)
        self._pieces: list[_Piece] = []
        self._uid_at = -1
        remaining = [edit for edit in strict.edits if edit[0] >= strict.meta_end]
        start = strict.meta_end
        for leaf in varying:
            if leaf.tag == SOP_INSTANCE_UID and leaf.top:
                self._uid_at = len(self._pieces)
            length = _length_field(leaf, strict.codec)
            stop = leaf.value - (length.size if length else 0)
            here = [edit for edit in remaining if edit[0] < stop]
            remaining = remaining[len(here) :]
            grows = 0
            if remaining and remaining[0][:2] == (leaf.value, leaf.end) and not leaf.tag & 0xFFFF:
                grows = self._number(remaining.pop(0)[2]) - self._number(strict.original[leaf.value :])
            self._add(start, stop, here, (length, leaf.end - leaf.value, grows))
            start = leaf.end
        self._add(start, strict.split, remaining, (None, 0, 0))
        if self._uid_at < 0:
            raise ValueError("template.uid")
        # Tag and VR of the bulk: its length is another matter.
        self._end = strict.original[strict.split :][: 6 if strict.codec.explicit else 4]
        values = value_search.sought(strict.originals, strict.replacements)
        self._around = _CONTEXT + 2 * max(map(len, values), default=0)
        self._sought = [*values, *map(value_search.wide, values)]
        if len(values) > _MOST_VALUES or self._around > _MOST_AROUND:
            raise ValueError("template.values")

    def _number(self, raw: bytes) -> int:
        return int(self.strict.codec.u32.unpack_from(raw)[0])

    def _grown(self, raw: bytes, grows: int) -> bytes:
        """Return a group length after the edits; one that no header can have is left to the strict way."""
        number = self._number(raw) + grows
        return self.strict.codec.u32.pack(number) if 0 <= number < _MOST_GROUP else b""

    def _add(self, start: int, stop: int, edits: list[Edit], gap: tuple[Struct | None, int, int]) -> None:
        original = self.strict.original
        if any(first < start or end > stop for first, end, _ in edits):
            raise ValueError("template.edit")
        old, new = original[start:stop], b"".join(applied(original, edits, start, stop))
        if not edits:
            self._pieces.append(_Piece(old, new, -1, (0, 0), b"", 0, *gap))
            return
        first, end, written = edits[0]
        more = reverse_patch.packed(reverse_patch.steps_of_edits(original, edits[1:], end))
        undo, added = (len(written), end - first), original[first:end]
        self._pieces.append(_Piece(old, new, first - start, undo, added + more, edits[-1][1] - start, *gap))

    def recall(self, data: bytes) -> Recalled | None:
        """Return what becomes of the header of an object that begins with these bytes; None: no match."""
        meta = self._meta.match(data)
        if meta is None:
            return None
        position, opening, undoing, uid = meta
        stored, steps = [opening], [undoing]
        undone, written = position, len(opening)
        windows = [(_OPENING, written)]
        step = reverse_patch.STEP.pack
        for number, (old, new, first, undo, more, last, length, size, grows) in enumerate(self._pieces):
            if not data.startswith(old, position):
                return None
            if first >= 0:
                steps += (step(position + first - undone, *undo), more)
                undone = position + last
            position += len(old)
            end = _gap_end(data, position, length, size)
            gap = data[position:end]
            if end < 0 or (number == self._uid_at and not _is_uid(gap, length, uid)):
                return None
            if grows:
                steps += (step(position - undone, size, size), gap)
                undone, gap = end, self._grown(gap, grows)
            stored += (new, gap)
            written += len(new)
            windows.append((written, written + end - position))
            written += end - position
            position = end
        header = b"".join(stored)
        if written != len(header) or not data.startswith(self._end, position):
            return None
        if self._stands(header, windows):
            return None
        return Recalled(self.strict, header, position, b"".join(steps), uid.decode("ascii"))

    def _stands(self, header: bytes, windows: list[tuple[int, int]]) -> bool:
        """Tell whether an original value stands in or beside what varies, as a token or not."""
        around = self._around
        text = b"\0\0".join([header[max(0, start - around) : end + around] for start, end in windows])
        return any(value in text for value in self._sought)


class _SeriesMeta:
    """Preamble and File Meta Information of the Instances of a series: all the same but for the UID."""

    def __init__(self, strict: Strict) -> None:
        original = strict.original
        meta = part10.read_file_meta(original)
        uid = next((each for each in meta.elements if each.tag == part10.META_SOP_INSTANCE), None)
        if uid is None or meta.elements[0].end != _META_BODY or not meta.length_right:
            raise ValueError("template.meta")
        # The last edit in front of the data set is that of the whole group.
        *preamble, (_, _, new) = (edit for edit in strict.edits if edit[0] < strict.meta_end)
        body, _, after = new[_META_BODY - part10.META_AT :].partition(original[uid.start : uid.end])
        self._old = (
            original[:_OPENING],
            original[_META_BODY : uid.value - 2],
            original[uid.end : strict.meta_end],
        )
        opening = b"".join(applied(original, preamble, 0, _OPENING))
        self._new = (opening, body + original[uid.start : uid.value - 2], after)
        self._preamble = list(preamble)

    def match(self, data: bytes) -> tuple[int, bytes, bytes, bytes] | None:
        """Return where the data set begins, what is stored in front, the steps that undo it, and the UID."""
        opening, body, rest = self._old
        if not (data.startswith(opening) and data.startswith(body, _META_BODY)):
            return None
        at = _META_BODY + len(body)
        uid_end = at + 2 + int.from_bytes(data[at : at + 2], "little")
        end = uid_end + len(rest)
        declared = int.from_bytes(data[_OPENING:_META_BODY], "little")
        if declared != end - _META_BODY or not data.startswith(rest, uid_end):
            return None
        uid = data[at:uid_end]
        opening, body, rest = self._new
        group = b"".join((body, uid, rest))
        new = b"".join((opening, len(group).to_bytes(4, "little"), group))
        edit = (part10.META_AT, end, new[part10.META_AT :])
        steps = reverse_patch.packed(reverse_patch.steps_of_edits(data, [*self._preamble, edit]))
        return end, new, steps, uid[2:].strip(b" \0")


def _length_field(leaf: Leaf, codec: Codec) -> Struct | None:
    """Return what reads the length of a value that varies; in an item it may not, others hang on it."""
    if not leaf.top or not leaf.tag & 0xFFFF:
        return None
    return codec.u16 if leaf.vr in SHORT_VRS else codec.u32


def _gap_end(data: bytes, position: int, length: Struct | None, size: int) -> int:
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


def _is_uid(gap: bytes, length: Struct | None, uid: bytes) -> bool:
    """Tell whether the value is a UID, and that of the File Meta Information."""
    value = gap[length.size if length else 0 :].strip(b" \0")
    return value == uid and len(uid) <= UID_LENGTH and UID.fullmatch(value) is not None
