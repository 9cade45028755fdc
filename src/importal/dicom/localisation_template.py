"""What localise does alike to the Instances of a series, so that it is walked and edited only once.

Delivery writes the same patient and order into each Instance of a study. Headers are compared byte by byte
with one that went the strict way, as on arrival (see `series_template`); what varies must stand in the open,
outside every sequence that was recorded as a prior value (PS3.3 C.12.1.1.9). The rest goes the strict way.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from struct import Struct
from typing import NamedTuple

from importal.dicom.codec import Codec
from importal.dicom.edits import Edit, applied
from importal.dicom.records import Localisation
from importal.dicom.series_outline import (
    MOST_GROUP,
    Leaf,
    MetaOutline,
    bulk_of,
    ends_with_bulk,
    gap_end,
    leaves,
    length_field,
)
from importal.dicom.walk import UNDEFINED


@dataclass(frozen=True)
class LocalisedHeader:
    """A header that went the strict way: as stored, with what the bulk begins with, and as it is sent.

    `watched` are the tags that localise looks at; `recorded` where elements stand whose bytes went into the
    record of prior values.
    """

    original: bytes = field(repr=False)
    span: tuple[int, int]
    codec: Codec = field(repr=False)
    sent: bytes = field(repr=False)
    edits: list[Edit] = field(repr=False)
    series: bytes
    localisation: Localisation
    watched: frozenset[int] = field(repr=False)
    recorded: tuple[tuple[int, int], ...]

    @property
    def key(self) -> Hashable:
        """What says that two Instances are of one series, for one patient and order."""
        return self.localisation, self.series, self.codec

    @cached_property
    def fragments(self) -> bool:
        """Whether the bulk is a sequence of fragments."""
        return bulk_of(self.original, self.span[1], self.codec)[1] == UNDEFINED

    def leaves(self) -> list[Leaf]:
        """Return the elements in front of the bulk that hold no items; what is recorded may not vary."""
        found = leaves(self.original, self.span[0], self.codec, self.watched)
        return [
            leaf._replace(may_vary=False)
            if any(start <= leaf.start < end for start, end in self.recorded)
            else leaf
            for leaf in found
        ]

    def always_varies(self, leaf: Leaf) -> bool:
        """Tell that nothing has to vary: what is written depends on no value that may."""
        del leaf
        return False

    def template(self, varying: Iterable[Leaf]) -> "LocalisationTemplate | None":
        """Return a template that does with this Instance what the strict way did; raises ValueError."""
        template = LocalisationTemplate(self, varying)
        recalled = template.recall(self.original)
        right = recalled is not None and (recalled.header, recalled.split) == (self.sent, self.span[1])
        return template if right else None


class _Piece(NamedTuple):
    """Bytes that never differ, as stored and as sent, and how wide the gap behind them is.

    The gap has a length field, `length`, or is `size` bytes; a group length grows by `grows`.
    """

    old: bytes
    new: bytes
    length: Struct | None
    size: int
    grows: int


class Recalled(NamedTuple):
    """A header that matched: as it is sent, and where the bulk begins in the stored object."""

    header: bytes
    split: int
    of: LocalisedHeader

    def ends_with_bulk(self, whole: bytes | memoryview) -> bool:
        """Tell whether the bulk is sound, and the last element of the object."""
        return ends_with_bulk(whole, self.split, self.of.codec, fragments=self.of.fragments)


class LocalisationTemplate:
    """What the Instances of a series share, made from one of them and the elements that vary."""

    def __init__(self, strict: LocalisedHeader, varying: Iterable[Leaf]) -> None:
        """Make it; raises ValueError where an edit or the File Meta Information does not allow it."""
        self.purpose = strict.localisation
        self.uses = 0
        self._strict = strict
        self._meta = MetaOutline(strict.original)
        self._pieces: list[_Piece] = []
        remaining = strict.edits
        start, split = strict.span
        for leaf in varying:
            length = length_field(leaf, strict.codec)
            stop = leaf.value - (length.size if length else 0)
            here = [edit for edit in remaining if edit[0] < stop]
            remaining = remaining[len(here) :]
            grows = 0
            if remaining and remaining[0][:2] == (leaf.value, leaf.end) and not leaf.tag & 0xFFFF:
                grows = self._number(remaining[0][2]) - self._number(strict.original[leaf.value :])
                remaining = remaining[1:]
            self._add(start, stop, here, (length, leaf.end - leaf.value, grows))
            start = leaf.end
        self._add(start, split, remaining, (None, 0, 0))
        # Tag and VR of the bulk: its length is another matter.
        self._end = strict.original[split:][: 6 if strict.codec.explicit else 4]

    def _number(self, raw: bytes) -> int:
        return int(self._strict.codec.u32.unpack_from(raw)[0])

    def _add(self, start: int, stop: int, edits: list[Edit], gap: tuple[Struct | None, int, int]) -> None:
        original = self._strict.original
        if any(first < start or end > stop for first, end, _ in edits):
            raise ValueError("template.edit")
        new = b"".join(applied(original, edits, start, stop))
        self._pieces.append(_Piece(original[start:stop], new, *gap))

    def recall(self, data: bytes) -> Recalled | None:
        """Return the header of an object that begins with these bytes as it is sent; None: no match."""
        meta = self._meta.match(data)
        if meta is None:
            return None
        position = meta[0]
        sent = [data[:position]]
        for old, new, length, size, grows in self._pieces:
            if not data.startswith(old, position):
                return None
            position += len(old)
            end = gap_end(data, position, length, size)
            if end < 0:
                return None
            gap = data[position:end]
            if grows:
                number = self._number(gap) + grows
                if not 0 <= number < MOST_GROUP:
                    return None
                gap = self._strict.codec.u32.pack(number)
            sent += (new, gap)
            position = end
        if not data.startswith(self._end, position):
            return None
        return Recalled(b"".join(sent), position, self._strict)
