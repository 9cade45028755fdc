"""Table E.1-1 of PS3.15 as the de-identify mode obeys it: what becomes of an attribute under which options.

The rows are data, written by ``tools/confidentiality_table.py`` from the standard's text; what follows from
them is decided here. Attributes that the table lacks though they identify somebody stand in ``GAPS``. A row
whose tag or keyword pydicom's dictionary knows otherwise stops the import (LookupError).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag

from importal.dicom.profile import tag_of
from importal.dicom.walk import STANDARD


class DeidentificationOption(StrEnum):
    """The options of the Basic Profile that a hospital may choose (PS3.15 E.3); the columns of the table."""

    RETAIN_UIDS = "retain_uids"
    RETAIN_DEVICE = "retain_device"
    RETAIN_PATIENT_CHARACTERISTICS = "retain_patient_characteristics"
    RETAIN_MODIFIED_DATES = "retain_modified_dates"
    CLEAN_DESCRIPTORS = "clean_descriptors"
    CLEAN_STRUCTURED_CONTENT = "clean_structured_content"


# What a hospital gets that chooses nothing: useful for reading, nothing that leads elsewhere.
USUAL_OPTIONS = frozenset(DeidentificationOption) - {
    DeidentificationOption.RETAIN_UIDS,
    DeidentificationOption.RETAIN_DEVICE,
}
# CID 7050, De-identification Method (PS3.16).
BASIC_PROFILE_CODE = ("113100", "Basic Application Confidentiality Profile")
OPTION_CODES: Mapping[DeidentificationOption, tuple[str, str]] = {
    DeidentificationOption.CLEAN_STRUCTURED_CONTENT: ("113104", "Clean Structured Content Option"),
    DeidentificationOption.CLEAN_DESCRIPTORS: ("113105", "Clean Descriptors Option"),
    DeidentificationOption.RETAIN_MODIFIED_DATES: (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    ),
    DeidentificationOption.RETAIN_PATIENT_CHARACTERISTICS: (
        "113108",
        "Retain Patient Characteristics Option",
    ),
    DeidentificationOption.RETAIN_DEVICE: ("113109", "Retain Device Identity Option"),
    DeidentificationOption.RETAIN_UIDS: ("113110", "Retain UIDs Option"),
}


class Fate(StrEnum):
    """What is done with an attribute; the letters are those of PS3.15 Table E.1-1a."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    KEEP = "K"
    CLEAN = "C"
    NEW_UID = "U"


@dataclass(frozen=True)
class ConfidentialityRow:
    """One row: the action of the Basic Profile, such as "X/Z/D", and the actions of the options."""

    tag: int
    keyword: str
    vr: str
    basic: str
    options: Mapping[str, str]


# What E.1-1 of that edition lacks. Without the first dozen an order or a person of another hospital stays.
GAPS: Mapping[str, Fate] = {
    "IssuerOfPatientIDQualifiersSequence": Fate.REMOVE,
    "TypeOfPatientID": Fate.REMOVE,
    "SourcePatientGroupIdentificationSequence": Fate.REMOVE,
    "GroupOfPatientsIdentificationSequence": Fate.REMOVE,
    "IssuerOfAccessionNumberSequence": Fate.REMOVE,
    "ScheduledStepAttributesSequence": Fate.REMOVE,
    "ScheduledProcedureStepSequence": Fate.REMOVE,
    "OrderPlacerIdentifierSequence": Fate.REMOVE,
    "OrderFillerIdentifierSequence": Fate.REMOVE,
    "PlacerOrderNumberImagingServiceRequestRetired": Fate.REMOVE,
    "FillerOrderNumberImagingServiceRequestRetired": Fate.REMOVE,
    "PlacerOrderNumberProcedure": Fate.REMOVE,
    "FillerOrderNumberProcedure": Fate.REMOVE,
    "PatientBirthDateInAlternativeCalendar": Fate.REMOVE,
    "PatientDeathDateInAlternativeCalendar": Fate.REMOVE,
    "PatientAlternativeCalendar": Fate.REMOVE,
    "BreedRegistrationNumber": Fate.REMOVE,
    "OwnerID": Fate.REMOVE,
    "ContactDisplayName": Fate.REMOVE,
    "ContactURI": Fate.REMOVE,
    "ItineraryID": Fate.REMOVE,
    "BoardingPassID": Fate.REMOVE,
    "StorageMediaFileSetID": Fate.REMOVE,
    "NTPSourceAddress": Fate.REMOVE,
    "RetrieveURL": Fate.REMOVE,
    "RetrieveURI": Fate.REMOVE,
    "PixelDataProviderURL": Fate.REMOVE,
    "StorageURL": Fate.REMOVE,
    "MACParametersSequence": Fate.REMOVE,
    "EncryptedAttributesSequence": Fate.REMOVE,
    "RadiationMachineName": Fate.EMPTY,
    "DocumentTitle": Fate.EMPTY,
    "HL7InstanceIdentifier": Fate.DUMMY,
}
_PRIVATE = 0x00010000
# (50xx,eeee) curves and (60xx,eeee) overlays (PS3.5 7.6): a plane without its data is no valid one.
_REPEATING = (0x50, 0x60)


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("importal.dicom") / "data" / name).read_text("utf-8"))
    return found


def rows_of(entries: Iterable[Mapping[str, Any]]) -> dict[int, ConfidentialityRow]:
    """Return the rows by tag; raises LookupError where one contradicts the dictionary.

    A row without keyword is younger than the dictionary; the attribute is removed whatever its VR is.
    """
    rows: dict[int, ConfidentialityRow] = {}
    for entry in entries:
        tag, keyword, vr = int(entry["tag"], 16), entry["keyword"], entry["vr"]
        known = tag in STANDARD
        if known != bool(keyword) or (known and (keyword_for_tag(tag), dictionary_VR(tag)) != (keyword, vr)):
            raise LookupError(entry["tag"], keyword)
        if not known and entry["basic"] != Fate.REMOVE:
            raise LookupError(entry["tag"], entry["basic"])
        rows[tag] = ConfidentialityRow(tag, keyword, vr, entry["basic"], entry["options"])
    return rows


_DATA = _read("confidentiality.json")
_TYPES = _read("iod_types.json")
EDITION: str = _DATA["edition"]
SOURCE: str = _DATA["source"]
TABLE = rows_of(_DATA["rows"])
GAP_FATES = {tag_of(keyword): fate for keyword, fate in GAPS.items()}
if GAP_FATES.keys() & TABLE.keys():
    raise LookupError("a newer edition closed these gaps", GAP_FATES.keys() & TABLE.keys())
_SOP_CLASSES = frozenset(_TYPES["sop_classes"])
_TOP: dict[tuple[int, str], str] = {
    (int(tag, 16), uid): kind
    for tag, kinds in _TYPES["top"].items()
    for kind, uids in kinds.items()
    for uid in uids
}
_NESTED: dict[tuple[int, int], str] = {
    (int(path[:8], 16), int(path[9:], 16)): kind for path, kind in _TYPES["nested"].items()
}
# Stronger options first: what one cleans another does not keep as it is.
_STRONGEST_OPTION = ("C", "U", "K", "X")


@lru_cache(maxsize=65536)
def fate_of(tag: int, parent: int, sop_class: str, options: frozenset[DeidentificationOption]) -> Fate | None:
    """Return what becomes of an attribute; None when neither table nor gap list speaks of it.

    `parent` is the tag of the sequence that holds it, 0 on the top level.
    """
    if tag & _PRIVATE or tag >> 24 in _REPEATING:
        return Fate.REMOVE
    row = TABLE.get(tag)
    if row is None:
        return GAP_FATES.get(tag)
    chosen = {row.options[option.value] for option in options if option.value in row.options}
    for action in _STRONGEST_OPTION:
        if action in chosen:
            return Fate(action)
    return basic_fate(row, parent, sop_class)


def basic_fate(row: ConfidentialityRow, parent: int, sop_class: str) -> Fate:
    """Return the action of the Basic Profile; of several the weakest that leaves the IOD valid."""
    actions = row.basic.replace("U*", "C").split("/")
    if len(actions) == 1:
        return Fate(actions[0])
    kind = _type_of(row.tag, parent, sop_class)
    # Referenced Series Sequence stays, and must name what the object refers to (PS3.3 C.12.2): so references
    # to images stay wherever they stand, with new UIDs, which name nobody.
    if kind == "1" or row.basic.endswith("U*"):
        return Fate(actions[-1])
    if kind == "2" and Fate.EMPTY.value in actions:
        return Fate.EMPTY
    return Fate(actions[0] if kind == "3" else actions[-1])


def _type_of(tag: int, parent: int, sop_class: str) -> str:
    """Return 1, 2 or 3; what is not known counts as required."""
    if parent:
        return _NESTED.get((parent, tag), "1")
    return _TOP.get((tag, sop_class), "3") if sop_class in _SOP_CLASSES else "1"
