"""Explain: what `neutralise` or `localise` changes in an object, element by element, and why.

Told by comparing the object with what the engine makes of it, so that the answer is the truth and not a
second opinion. Values are patient data and are in the answer only when they are asked for.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from importal.dicom import part10, value_search
from importal.dicom.defects import Defect
from importal.dicom.localisation import localise
from importal.dicom.neutralisation import neutralise
from importal.dicom.profile import (
    CONTRIBUTING_EQUIPMENT,
    DATA_SET_TRAILING_PADDING,
    ISSUER_OF_PATIENT_ID,
    MITRA_GLOBAL_PATIENT_IDS,
    ORIGINAL_ATTRIBUTES,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    PATIENT_SEX,
    RULES,
    SPECIFIC_CHARACTER_SET,
    Arrival,
    Departure,
    tag_of,
)
from importal.dicom.reading import TEXT_VRS, Contents, Element, walk_contents
from importal.dicom.records import Localisation, Profile
from importal.dicom.recovery import recover
from importal.dicom.refusal import RefusalReason, Refused, Repair

_RECORD = frozenset(
    {
        ORIGINAL_ATTRIBUTES,
        CONTRIBUTING_EQUIPMENT,
        tag_of("InstanceCoercionDateTime"),
        tag_of("InstanceOriginStatus"),
    }
)
_PATIENT = frozenset(
    {
        PATIENT_NAME,
        PATIENT_ID,
        ISSUER_OF_PATIENT_ID,
        PATIENT_BIRTH_DATE,
        PATIENT_SEX,
        tag_of("PatientIdentityRemoved"),
    }
)
_FILE_META_GROUP = 0x0002
PREAMBLE = "preamble"


class Change(StrEnum):
    """What happens to an element."""

    REPLACED = "replaced"
    EMPTIED = "emptied"
    REMOVED = "removed"
    ADDED = "added"
    KEPT = "kept"


class Reason(StrEnum):
    """Why it happens."""

    PSEUDONYM = "pseudonym"
    PORTAL_ISSUER = "portal_issuer"
    FOREIGN_IDENTIFIER = "foreign_identifier"
    MISSING_IDENTIFIER = "missing_identifier"
    VALUE_IN_TEXT = "value_in_text"
    VALUE_LEFT = "value_left"
    KEPT_BY_RULE = "kept_by_rule"
    NO_VALUE = "no_value"
    FILE_META = "file_meta"
    PADDING = "padding"
    LOCAL_PATIENT = "local_patient"
    LOCAL_ORDER = "local_order"
    RECORD_OF_CHANGE = "record_of_change"
    CHARACTER_SET = "character_set"
    MENDED = "mended"
    OTHER = "other"


# Sequences that become those of the local order as a whole.
_ORDER = frozenset(
    tag for tag, rule in RULES.items() if rule.vr == "SQ" and rule.departure is not Departure.KEEP
)
_ON_ARRIVAL: dict[Arrival | None, Reason] = {
    Arrival.ISSUER: Reason.PORTAL_ISSUER,
    Arrival.REMOVE: Reason.FOREIGN_IDENTIFIER,
}


@dataclass(frozen=True)
class Explained:
    """One element: its path, such as "(0040,0275)[1]>(0008,0050)" (items count from 1), and its fate.

    `keyword` is "" for private elements; `before` and `after` are None unless values were asked for, and ""
    where there is no value. Where a whole sequence or item comes or goes, its contents are not listed.
    """

    path: str
    tag: int
    keyword: str
    change: Change
    reason: Reason
    before: str | None = field(default=None, repr=False)
    after: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Explanation:
    """The elements that change or are kept by a rule, in the order of the object; what is mended first."""

    elements: tuple[Explained, ...]
    repairs: tuple[Repair, ...] = ()
    reencoded: bool = False

    @property
    def changes(self) -> tuple[Explained, ...]:
        """The elements that do not stay as they are."""
        return tuple(each for each in self.elements if each.change is not Change.KEPT)


def explain(
    data: bytes | memoryview, directions: Profile | Localisation, *, with_values: bool = False
) -> Explanation:
    """Say what `neutralise` (given a Profile) or `localise` (given a Localisation) does to a whole file.

    Nothing is written. Elements that neither change nor have a rule are not listed. Raises Refused with the
    reason for which the engine declines the object, if it does.
    """
    if isinstance(directions, Profile):
        neutralised = neutralise(data, directions)
        after = _contents(b"".join(neutralised.chunks))
        before = _as_walked(data)
        texts = frozenset((*neutralised.replaced_text, *neutralised.hits))
        repairs, reencoded = neutralised.repairs, False
        comparison: _Comparison = _Arrived(texts=texts, with_values=with_values, mended=bool(repairs))
    else:
        localised = localise(data, directions)
        before, after = _contents(data), _contents(b"".join(localised.chunks))
        comparison = _Departed(texts=frozenset(), with_values=with_values)
        repairs, reencoded = (), localised.reencoded
    return Explanation(tuple(comparison.whole(before, after)), repairs, reencoded)


def _contents(data: bytes | memoryview) -> Contents:
    try:
        return walk_contents(data)
    except Defect:
        raise Refused(RefusalReason.UNREADABLE) from None


def _as_walked(data: bytes | memoryview) -> Contents:
    """Return the contents of an object as it came, mended where it cannot be read otherwise."""
    try:
        if part10.has_magic(data):
            return walk_contents(data)
    except (Defect, Refused):
        pass
    return _contents(recover(memoryview(data))[0])


class _Place(NamedTuple):
    """Where an element stands: its path and the tags of the sequences around it."""

    path: str
    around: tuple[int, ...]


class _Comparison(ABC):
    """Walks two trees side by side; what a difference means is said by a subclass for each direction."""

    def __init__(self, *, texts: frozenset[str], with_values: bool, mended: bool = False) -> None:
        self._texts = texts
        self._otherwise = Reason.MENDED if mended else Reason.OTHER
        self._with_values = with_values

    def whole(self, before: Contents, after: Contents) -> Iterator[Explained]:
        """Yield what differs in the file, from front to back, and what is kept by a rule."""
        if before.preamble != after.preamble:
            yield Explained(PREAMBLE, 0, "", Change.REPLACED, Reason.FILE_META)
        yield from self._data_sets(_Place("", ()), before.file_meta, after.file_meta)
        yield from self._data_sets(_Place("", ()), before.elements, after.elements)

    def _data_sets(
        self, place: _Place, before: tuple[Element, ...], after: tuple[Element, ...]
    ) -> Iterator[Explained]:
        for old, new in _pairs(before, after):
            either = old or new
            assert either is not None
            here = _Place(f"{place.path}{value_search.text(either.tag)}", place.around)
            if old is not None and new is not None and old.items is not None and new.items is not None:
                yield from self._sequences(here, old, new)
            else:
                yield from self._values(here, old, new)

    def _sequences(self, here: _Place, old: Element, new: Element) -> Iterator[Explained]:
        around = (*here.around, old.tag)
        for number, (before, after) in enumerate(zip_longest(old.items or (), new.items or ()), 1):
            path = f"{here.path}[{number}]"
            if before is None or after is None:
                change = Change.ADDED if before is None else Change.REMOVED
                reason = self._reason(around, change, old)
                yield Explained(path, old.tag, old.keyword, change, reason)
            else:
                yield from self._data_sets(_Place(f"{path}>", around), before, after)

    def _values(self, here: _Place, old: Element | None, new: Element | None) -> Iterator[Explained]:
        change = _change(old, new)
        element = old or new
        assert element is not None
        left = value_search.text(element.tag) in self._texts
        if change is Change.KEPT and not left and (element.tag not in RULES or element.items is not None):
            return
        reason = self._reason(here.around, change, element)
        yield Explained(
            here.path, element.tag, element.keyword, change, reason, self._shown(old), self._shown(new)
        )

    def _shown(self, element: Element | None) -> str | None:
        if not self._with_values:
            return None
        if element is None:
            return ""
        return f"{len(element.items)} items" if element.items is not None else element.text()

    @abstractmethod
    def _reason(self, around: tuple[int, ...], change: Change, element: Element) -> Reason:
        """Return why this happens to the element."""


class _Arrived(_Comparison):
    def _reason(self, around: tuple[int, ...], change: Change, element: Element) -> Reason:
        tag = element.tag
        if tag >> 16 == _FILE_META_GROUP:
            return Reason.FILE_META
        arrival = Arrival.PSEUDONYM if tag in MITRA_GLOBAL_PATIENT_IDS else None
        arrival = RULES[tag].arrival if tag in RULES else arrival
        if change is Change.KEPT:
            return self._reason_to_keep(arrival, element)
        if arrival is Arrival.PSEUDONYM:
            missing = change is Change.ADDED or _is_blank(element)
            return Reason.MISSING_IDENTIFIER if missing else Reason.PSEUDONYM
        if arrival in _ON_ARRIVAL:
            return _ON_ARRIVAL[arrival]
        return Reason.VALUE_IN_TEXT if value_search.text(tag) in self._texts else self._other(around, element)

    def _other(self, around: tuple[int, ...], element: Element) -> Reason:
        tag = element.tag
        if _RECORD.intersection((*around, tag)):
            return Reason.RECORD_OF_CHANGE
        # So little may be left of a hidden sequence that it can no longer be told from plain bytes.
        hidden = bool(element.items) and (tag not in RULES or RULES[tag].arrival is Arrival.KEEP)
        otherwise = Reason.FOREIGN_IDENTIFIER if hidden else self._otherwise
        return Reason.PADDING if tag == DATA_SET_TRAILING_PADDING else otherwise

    def _reason_to_keep(self, arrival: Arrival | None, element: Element) -> Reason:
        if value_search.text(element.tag) in self._texts and arrival in (None, Arrival.KEEP):
            return Reason.VALUE_LEFT
        if arrival is Arrival.PSEUDONYM and _is_blank(element):
            return Reason.NO_VALUE
        return Reason.KEPT_BY_RULE


class _Departed(_Comparison):
    def _reason(self, around: tuple[int, ...], change: Change, element: Element) -> Reason:
        tag = element.tag
        if _RECORD.intersection((*around, tag)):
            return Reason.RECORD_OF_CHANGE
        if change is Change.KEPT:
            return Reason.KEPT_BY_RULE
        if tag in _PATIENT:
            return Reason.LOCAL_PATIENT
        rule = RULES.get(tag)
        if rule is not None and change in (Change.REMOVED, Change.EMPTIED):
            return Reason.FOREIGN_IDENTIFIER
        if (rule is not None and rule.departure is not Departure.KEEP) or _ORDER.intersection(around):
            return Reason.LOCAL_ORDER
        is_text = tag == SPECIFIC_CHARACTER_SET or element.vr in TEXT_VRS
        return Reason.CHARACTER_SET if is_text else Reason.OTHER


def _pairs(
    before: tuple[Element, ...], after: tuple[Element, ...]
) -> Iterator[tuple[Element | None, Element | None]]:
    """Yield the elements of two data sets by tag, one of each; a tag may stand twice in a broken item.

    Group lengths (gggg,0000) are left out: they say how long something is, not what it is.
    """
    places: dict[tuple[int, int], list[Element | None]] = {}
    for side, elements in enumerate((before, after)):
        seen: dict[int, int] = {}
        for element in elements:
            if not element.tag & 0xFFFF:
                continue
            count = seen[element.tag] = seen.get(element.tag, 0) + 1
            places.setdefault((element.tag, count), [None, None])[side] = element
    for _, (old, new) in sorted(places.items()):
        yield old, new


def _change(old: Element | None, new: Element | None) -> Change:
    if old is None:
        return Change.ADDED
    if new is None:
        return Change.REMOVED
    if old.raw == new.raw and old.vr == new.vr:
        return Change.KEPT
    return Change.EMPTIED if _is_blank(new) and not _is_blank(old) else Change.REPLACED


def _is_blank(element: Element) -> bool:
    return not bytes(element.raw).strip(b" \0") if element.items is None else not element.items
