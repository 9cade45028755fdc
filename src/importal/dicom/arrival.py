"""The edit list of an arriving data set: which foreign identifiers go, and what stands there instead.

Works on the elements that the header walk found; knows nothing of files. Type 2 attributes are emptied or
pseudonymised, never deleted; UIDs stay (IHE RAD-61); nothing claims de-identification (PS3.15 E.1.1).
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from importal.dicom import charsets
from importal.dicom.codec import padded
from importal.dicom.contributing_equipment import modifying_equipment, note_modification
from importal.dicom.edits import EditList
from importal.dicom.item_charsets import ItemCharsets
from importal.dicom.profile import (
    CONTRIBUTING_EQUIPMENT,
    DATA_SET_TRAILING_PADDING,
    IDENTITY,
    ISSUER_OF_PATIENT_ID,
    MITRA_CREATOR,
    MITRA_CREATORS,
    MODALITY,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    RULES,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_ID,
    STUDY_INSTANCE_UID,
    Arrival,
)
from importal.dicom.pseudonyms import Pseudonyms, normalised_family_name
from importal.dicom.records import IdentifierKind, InstanceFacts, Profile, Replacement
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.walk import Found, HeaderWalk, Node

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_UID_LENGTH = 64
_REMEMBERED = 1024
_TEXT_VRS = frozenset((b"", b"LO", b"SH", b"UN", b"LT", b"ST", b"UT", b"CS", b"UC"))
# Looked up for every element found: plain sets and dicts, made once from the table.
_REMOVED = frozenset(rule.tag for rule in RULES.values() if rule.arrival is Arrival.REMOVE)
_PSEUDONYMISED = {
    rule.tag: (rule.vr, rule.kind)
    for rule in RULES.values()
    if rule.arrival is Arrival.PSEUDONYM and rule.kind is not None
}
_MITRA = ("LO", IdentifierKind.PATIENT_ID)
_UNTOUCHED = IDENTITY | MITRA_CREATORS
_COLLECTED = frozenset(_PSEUDONYMISED) | {tag for tag in _REMOVED if RULES[tag].vr != "SQ"}


@dataclass(frozen=True)
class Arrived:
    """What became of a data set: its edits, its facts, and the original values to search for."""

    edits: EditList = field(repr=False)
    facts: InstanceFacts
    replacements: tuple[Replacement, ...]
    originals: frozenset[bytes] = field(repr=False)


def arrive(
    buffer: bytes | memoryview, walk: HeaderWalk, root: Node, profile: Profile, syntax: str
) -> Arrived:
    """Return the edits for one data set; raises Refused when its identity is missing or invalid."""
    return _Arrival(buffer, walk, root, profile).run(syntax)


def valid_uid(text: str, missing: RefusalReason) -> str:
    """Return the UID; raises Refused when it is missing or not one (PS3.5 9.1; leading zeros pass)."""
    if not text:
        raise Refused(missing)
    if len(text) > _UID_LENGTH or not _UID.fullmatch(text):
        raise Refused(RefusalReason.INVALID_UID)
    return text


# The instances of a study bring the same few identifiers again and again.
@lru_cache(maxsize=_REMEMBERED)
def _replacement(pseudonyms: Pseudonyms, kind: IdentifierKind, original: str, scope: bytes) -> Replacement:
    return Replacement(kind, original, pseudonyms.pseudonym(kind, scope, original), scope)


class _Arrival:
    def __init__(self, buffer: bytes | memoryview, walk: HeaderWalk, root: Node, profile: Profile) -> None:
        self._buffer = buffer
        self._walk = walk
        self._root = root
        self._profile = profile
        self._edits = EditList(buffer)
        self._replacements: dict[tuple[IdentifierKind, str], Replacement] = {}
        self._known: dict[tuple[int, bytes, str], bytes] = {}
        self._originals: set[bytes] = set()
        self._top = {found.tag: found for found in walk.found if found.node is root}
        self._charset = self._plain(SPECIFIC_CHARACTER_SET)
        self._sets = self._own_sets()
        self._study = ""
        self._scope = b""
        self._issuer = padded(profile.issuer_of_patient_id.encode("ascii", "replace"))
        self._patient: tuple[str, str, str] = ("", "", "")

    def run(self, syntax: str) -> Arrived:
        identity = self._identity(syntax)
        self._set_scope()
        removed_until = -1
        mitra = self._mitra_blocks()
        for found in self._walk.found:
            tag = found.tag
            if tag in _UNTOUCHED:
                continue
            if tag in _REMOVED:
                self._collect(found)
                if found.start >= removed_until:
                    self._edits.change(found.node, tag, (found.start, found.end), b"")
                    removed_until = found.end
            elif found.start < removed_until:
                self._collect(found)
            elif tag == DATA_SET_TRAILING_PADDING:
                # PS3.10 7.2: it means nothing, so it need not hold anything either.
                self._edits.change(found.node, tag, (found.value, found.end), bytes(found.end - found.value))
            elif tag == ISSUER_OF_PATIENT_ID:
                self._write(found, "LO", self._issuer)
                removed_until = found.end  # it may pretend to be a sequence
            elif tag in _PSEUDONYMISED or (id(found.node), tag >> 8 & 0xFF) in mitra:
                self._pseudonymise(found)
                removed_until = found.end
        patient = self._ensure()
        self._note_modification()
        facts = InstanceFacts(*identity, patient)
        return Arrived(self._edits, facts, tuple(self._replacements.values()), frozenset(self._originals))

    def _identity(self, syntax: str) -> tuple[str, str, str, str, str, str]:
        instance = valid_uid(self._plain(SOP_INSTANCE_UID), RefusalReason.NO_SOP_INSTANCE_UID)
        kind = valid_uid(self._plain(SOP_CLASS_UID), RefusalReason.NO_SOP_CLASS_UID)
        study = valid_uid(self._plain(STUDY_INSTANCE_UID), RefusalReason.NO_STUDY_INSTANCE_UID)
        series = valid_uid(self._plain(SERIES_INSTANCE_UID), RefusalReason.NO_SERIES_INSTANCE_UID)
        self._study = study
        return instance, kind, study, series, syntax, self._plain(MODALITY)

    def _set_scope(self) -> None:
        name = self._top.get(PATIENT_NAME)
        raw = self._value(name) if name else b""
        family = normalised_family_name(charsets.decode(raw, self._charset, person_name=True))
        self._patient = (self._text(ISSUER_OF_PATIENT_ID), family, self._plain(PATIENT_BIRTH_DATE))
        self._scope = self._patient_scope(self._text(PATIENT_ID))

    def _patient_scope(self, patient_id: str) -> bytes:
        issuer, family, birth_date = self._patient
        own = (patient_id,) if patient_id else ("", self._study)
        return self._profile.pseudonyms.digest("scope", issuer, family, birth_date, *own)

    def _value(self, found: Found) -> bytes:
        return bytes(self._buffer[found.value : found.end])

    def _plain(self, tag: int) -> str:
        found = self._top.get(tag)
        return self._value(found).decode("latin-1").strip(" \0") if found else ""

    def _text(self, tag: int) -> str:
        found = self._top.get(tag)
        return charsets.decode(self._value(found), self._charset) if found else ""

    def _own_sets(self) -> ItemCharsets | None:
        """Return the sets of the items, None where no item has one of its own."""
        declared = [found for found in self._walk.found if found.tag == SPECIFIC_CHARACTER_SET]
        return ItemCharsets(self._buffer, declared) if any(found.depth for found in declared) else None

    def _mitra_blocks(self) -> set[tuple[int, int]]:
        return {
            (id(found.node), found.tag & 0xFF)
            for found in self._walk.found
            if found.tag in MITRA_CREATORS and self._value(found).strip(b" \0").upper() == MITRA_CREATOR
        }

    def _collect(self, found: Found) -> None:
        if found.tag in _COLLECTED:
            self._originals.add(self._value(found))

    def _pseudonymise(self, found: Found) -> None:
        raw = self._value(found)
        vr, kind = _PSEUDONYMISED.get(found.tag, _MITRA)
        charset = self._sets.of(found.node) if self._sets else self._charset
        new = self._known.get((found.tag, raw, charset))
        if new is None:
            new = padded(self._replacement(kind, raw, charset).encode("ascii"))
            self._known[found.tag, raw, charset] = new
        if new:
            self._write(found, vr, new)

    def _replacement(self, kind: IdentifierKind, raw: bytes, charset: str) -> str:
        """Return the pseudonym for a value and note the replacement; "" for an empty value, which stays."""
        original = charsets.decode(raw, charset)
        if not original:
            return ""
        self._originals.add(raw)
        if not original.isascii():  # a maker's private text need not be in the object's character set
            self._originals.add(original.encode("utf-8", "surrogatepass"))
            with suppress(UnicodeEncodeError):
                self._originals.add(original.encode("latin-1"))
        known = self._replacements.get((kind, original))
        if known is None:
            scope = self._scope_of(kind, original)
            known = _replacement(self._profile.pseudonyms, kind, original, scope)
            self._replacements[kind, original] = known
        return known.pseudonym

    def _scope_of(self, kind: IdentifierKind, original: str) -> bytes:
        if kind is IdentifierKind.PATIENT_ID:
            return self._patient_scope(original)
        if kind is IdentifierKind.STUDY_ID:
            # Makers count studies from 1: without the Study Instance UID two studies would become one.
            return self._profile.pseudonyms.digest("scope", self._scope, self._study)
        return self._scope

    def _write(self, found: Found, vr: str, new: bytes) -> None:
        if found.vr in _TEXT_VRS and len(new) == found.end - found.value:
            self._edits.change(found.node, found.tag, (found.value, found.end), new)
            return
        whole = found.node.codec.element(found.tag, vr, new)
        self._edits.change(found.node, found.tag, (found.start, found.end), whole)

    def _ensure(self) -> str:
        """See that issuer, Patient ID and Study ID are there; return the Patient ID that is written."""
        original = self._text(PATIENT_ID)
        pseudonyms = self._profile.pseudonyms
        if original:
            patient = self._replacements[IdentifierKind.PATIENT_ID, original].pseudonym
        else:
            patient = pseudonyms.pseudonym("patient_id_of_study", self._study)
            self._put(PATIENT_ID, "LO", patient.encode("ascii"))
        if ISSUER_OF_PATIENT_ID not in self._top:
            self._put(ISSUER_OF_PATIENT_ID, "LO", self._issuer)
        if not self._text(STUDY_ID):
            self._put(STUDY_ID, "SH", pseudonyms.pseudonym("study_id_of_study", self._study).encode("ascii"))
        return patient

    def _note_modification(self) -> None:
        found = self._top.get(CONTRIBUTING_EQUIPMENT)
        if found is not None:
            note_modification(self._edits, self._buffer, found)
            return
        place = self._walk.place_of(CONTRIBUTING_EQUIPMENT)
        whole = modifying_equipment(self._root.codec)
        self._edits.change(self._root, CONTRIBUTING_EQUIPMENT, (place, place), whole)

    def _put(self, tag: int, vr: str, value: bytes) -> None:
        found = self._top.get(tag)
        if found is not None:
            self._write(found, vr, value)
            return
        place = self._walk.place_of(tag)
        whole = self._root.codec.element(tag, vr, value)
        self._edits.change(self._root, tag, (place, place), whole)
