"""What the Instances of a series have in common, so that it is walked, edited and searched only once.

A slice differs from its neighbour in a few values: its UID, its position, its time. All between them, tags,
VRs, lengths, sequences, every identifier, is compared byte by byte with an Instance that went the strict
way; where nothing differs, what became of it there holds again. Only values that no rule looks at may vary,
and the SOP Instance UID. Whatever is not just so does not match, and goes the strict way itself.
"""

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from struct import Struct
from typing import NamedTuple

from importal.dicom import part10, reverse_patch, value_search
from importal.dicom.codec import Codec, codec_of
from importal.dicom.edits import Edit, applied
from importal.dicom.profile import ON_ARRIVAL, SOP_INSTANCE_UID
from importal.dicom.records import InstanceFacts, Profile, Replacement
from importal.dicom.series_outline import (
    META_BODY,
    META_OPENING,
    MOST_GROUP,
    Leaf,
    MetaOutline,
    bulk_may_follow,
    bulk_of,
    ends_with_bulk,
    gap_end,
    leaves,
    length_field,
)
from importal.dicom.walk import UNDEFINED

# Around a value that varies: enough to see whether what stands there is a token of its own.
_CONTEXT = 8
UID, UID_LENGTH = re.compile(rb"[0-9]+(\.[0-9]+)+"), 64
_MOST_VALUES, _MOST_AROUND = 64, 512


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

    @cached_property
    def fragments(self) -> bool:
        """Whether the bulk is a sequence of fragments."""
        return bulk_of(self.original, self.split, self.codec)[1] == UNDEFINED

    @property
    def key(self) -> Hashable:
        """What says that two Instances are of one series."""
        return self.profile, self.facts.series_instance_uid, self.facts.transfer_syntax_uid

    def leaves(self) -> list[Leaf]:
        """Return the elements in front of the bulk that hold no items."""
        return leaves(self.original, self.meta_end, self.codec, ON_ARRIVAL, free=SOP_INSTANCE_UID)

    def always_varies(self, leaf: Leaf) -> bool:
        """Tell whether an element varies even where two Instances happen to agree."""
        return leaf.top and leaf.tag == SOP_INSTANCE_UID

    def template(self, varying: Iterable[Leaf]) -> "SeriesTemplate | None":
        """Return a template that does with this Instance what the strict way did; raises ValueError."""
        template = SeriesTemplate(self, varying)
        recalled = template.recall(self.original)
        steps = reverse_patch.packed(reverse_patch.steps_of_edits(self.original, self.edits))
        right = recalled is not None and (
            (recalled.header, recalled.split, recalled.steps, recalled.facts())
            == (self.stored, self.split, steps, self.facts)
        )
        return template if right else None


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
        return bulk_of(data, self.split, self.strict.codec)

    def bulk_may_follow(self, data: bytes | memoryview) -> bool:
        """Tell whether the head of the bulk is there, in the same form: so long, or fragments."""
        return bulk_may_follow(data, self.split, self.strict.codec, fragments=self.strict.fragments)

    def ends_with_bulk(self, whole: bytes | memoryview) -> bool:
        """Tell whether the bulk is sound, and the last element of the object."""
        return ends_with_bulk(whole, self.split, self.strict.codec, fragments=self.strict.fragments)

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


class SeriesTemplate:
    """What the Instances of a series share, made from one of them and the elements that vary."""

    def __init__(self, strict: Strict, varying: Iterable[Leaf]) -> None:
        """Make it; raises ValueError where an edit or the File Meta Information does not allow it."""
        self.strict = strict
        self.purpose = strict.profile
        self.uses = 0
        self._meta = _SeriesMeta(strict)
        self._pieces: list[_Piece] = []
        self._uid_at = -1
        remaining = [edit for edit in strict.edits if edit[0] >= strict.meta_end]
        start = strict.meta_end
        for leaf in varying:
            if leaf.tag == SOP_INSTANCE_UID and leaf.top:
                self._uid_at = len(self._pieces)
            length = length_field(leaf, strict.codec)
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
        return self.strict.codec.u32.pack(number) if 0 <= number < MOST_GROUP else b""

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
        windows = [(META_OPENING, written)]
        step = reverse_patch.STEP.pack
        for number, (old, new, first, undo, more, last, length, size, grows) in enumerate(self._pieces):
            if not data.startswith(old, position):
                return None
            if first >= 0:
                steps += (step(position + first - undone, *undo), more)
                undone = position + last
            position += len(old)
            end = gap_end(data, position, length, size)
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
        self._outline = outline = MetaOutline(original)
        uid = outline.uid
        # The last edit in front of the data set is that of the whole group.
        *preamble, (_, _, new) = (edit for edit in strict.edits if edit[0] < strict.meta_end)
        body, _, after = new[META_BODY - part10.META_AT :].partition(original[uid.start : uid.end])
        opening = b"".join(applied(original, preamble, 0, META_OPENING))
        self._new = (opening, body + original[uid.start : uid.value - 2], after)
        self._preamble = list(preamble)

    def match(self, data: bytes) -> tuple[int, bytes, bytes, bytes] | None:
        """Return where the data set begins, what is stored in front, the steps that undo it, and the UID."""
        found = self._outline.match(data)
        if found is None:
            return None
        end, uid = found
        opening, body, rest = self._new
        group = b"".join((body, uid, rest))
        new = b"".join((opening, len(group).to_bytes(4, "little"), group))
        edit = (part10.META_AT, end, new[part10.META_AT :])
        steps = reverse_patch.packed(reverse_patch.steps_of_edits(data, [*self._preamble, edit]))
        return end, new, steps, uid[2:].strip(b" \0")


def _is_uid(gap: bytes, length: Struct | None, uid: bytes) -> bool:
    """Tell whether the value is a UID, and that of the File Meta Information."""
    value = gap[length.size if length else 0 :].strip(b" \0")
    return value == uid and len(uid) <= UID_LENGTH and UID.fullmatch(value) is not None
