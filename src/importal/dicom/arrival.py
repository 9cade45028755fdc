"""The edit list of an arriving data set: which foreign identifiers go, and what stands there instead.

Works on the elements that the header walk found; knows nothing of files. Type 2 attributes are emptied or
pseudonymised, never deleted; UIDs stay (IHE RAD-61); nothing claims de-identification (PS3.15 E.1.1).
"""

import re
from dataclasses import dataclass, field

from importal.dicom import charsets
from importal.dicom.codec import padded
from importal.dicom.edits import EditList
from importal.dicom.profile import (
    ISSUER_OF_PATIENT_ID,
    MITRA_CREATOR,
    MITRA_CREATORS,
    MITRA_GLOBAL_PATIENT_IDS,
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
from importal.dicom.pseudonyms import normalised_family_name
from importal.dicom.records import IdentifierKind, InstanceFacts, Profile, Replacement
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.walk import Found, HeaderWalk, Node

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_UID_LENGTH = 64
_TEXT_VRS = frozenset((b"", b"LO", b"SH", b"UN", b"LT", b"ST", b"UT", b"CS", b"UC"))


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


class _Arrival:
    def __init__(self, buffer: bytes | memoryview, walk: HeaderWalk, root: Node, profile: Profile) -> None:
        self._buffer = buffer
        self._walk = walk
        self._root = root
        self._profile = profile
        self._edits = EditList(buffer)
        self._replacements: dict[tuple[IdentifierKind, str], Replacement] = {}
        self._known: dict[tuple[IdentifierKind, bytes], str] = {}
        self._originals: set[bytes] = set()
        self._top = {found.tag: found for found in walk.found if found.node is root}
        self._charset = self._plain(SPECIFIC_CHARACTER_SET)
        self._study = ""
        self._scope = b""
        self._patient: tuple[str, str, str] = ("", "", "")

    def run(self, syntax: str) -> Arrived:
        identity = self._identity(syntax)
        self._set_scope()
        removed_until = -1
        mitra = self._mitra_blocks()
        for found in self._walk.found:
            rule = RULES.get(found.tag)
            inside_removed = found.start < removed_until
            if rule is not None and rule.arrival is Arrival.REMOVE:
                self._collect(found)
                if not inside_removed:
                    self._edits.change(found.node, found.tag, (found.start, found.end), b"")
                    removed_until = found.end
            elif inside_removed:
                self._collect(found)
            elif rule is not None and rule.arrival is Arrival.ISSUER:
                self._write(found, "LO", self._profile.issuer_of_patient_id)
            elif rule is not None and rule.kind is not None:
                self._pseudonymise(found, rule.vr, rule.kind)
            elif found.tag in MITRA_GLOBAL_PATIENT_IDS and (id(found.node), found.tag >> 8 & 0xFF) in mitra:
                self._pseudonymise(found, "LO", IdentifierKind.PATIENT_ID)
        patient = self._ensure()
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

    def _mitra_blocks(self) -> set[tuple[int, int]]:
        return {
            (id(found.node), found.tag & 0xFF)
            for found in self._walk.found
            if found.tag in MITRA_CREATORS and self._value(found).strip(b" \0").upper() == MITRA_CREATOR
        }

    def _collect(self, found: Found) -> None:
        rule = RULES.get(found.tag)
        if rule is not None and rule.vr != "SQ" and rule.arrival in (Arrival.PSEUDONYM, Arrival.REMOVE):
            self._originals.add(self._value(found))

    def _pseudonymise(self, found: Found, vr: str, kind: IdentifierKind) -> None:
        raw = self._value(found)
        known = self._known.get((kind, raw))
        if known is None:
            known = self._known[kind, raw] = self._replacement(kind, raw)
        if known:
            self._write(found, vr, known)

    def _replacement(self, kind: IdentifierKind, raw: bytes) -> str:
        """Return the pseudonym for a value and note the replacement; "" for an empty value, which stays."""
        original = charsets.decode(raw, self._charset)
        if not original:
            return ""
        self._originals.add(raw)
        pseudonym, scope = self._pseudonym(kind, original)
        self._replacements[kind, original] = Replacement(kind, original, pseudonym, scope)
        return pseudonym

    def _pseudonym(self, kind: IdentifierKind, original: str) -> tuple[str, bytes]:
        pseudonyms = self._profile.pseudonyms
        if kind is IdentifierKind.PATIENT_ID:
            scope = self._patient_scope(original)
        elif kind is IdentifierKind.STUDY_ID:
            # Makers count studies from 1: without the Study Instance UID two studies would become one.
            scope = pseudonyms.digest("scope", self._scope, self._study)
        else:
            scope = self._scope
        return pseudonyms.pseudonym(kind.value, scope, original), scope

    def _write(self, found: Found, vr: str, value: str) -> None:
        new = padded(value.encode("ascii", "replace"))
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
            patient = self._pseudonym(IdentifierKind.PATIENT_ID, original)[0]
        else:
            patient = pseudonyms.pseudonym("patient_id_of_study", self._study)
            self._put(PATIENT_ID, "LO", patient)
        if ISSUER_OF_PATIENT_ID not in self._top:
            self._put(ISSUER_OF_PATIENT_ID, "LO", self._profile.issuer_of_patient_id)
        if not self._text(STUDY_ID):
            self._put(STUDY_ID, "SH", pseudonyms.pseudonym("study_id_of_study", self._study))
        return patient

    def _put(self, tag: int, vr: str, value: str) -> None:
        found = self._top.get(tag)
        if found is not None:
            self._write(found, vr, value)
            return
        place = next((at for other, at in self._walk.top_level if other > tag), self._walk.position)
        whole = self._root.codec.element(tag, vr, padded(value.encode("ascii", "replace")))
        self._edits.change(self._root, tag, (place, place), whole)
