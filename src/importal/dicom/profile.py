"""Where foreign identifiers live and what becomes of them: the table that neutralise and localise obey.

Sources: the module tables of PS3.3 and Table E.1-1 of PS3.15, plus the attributes that E.1-1 lacks. Rules
hold at every depth of nesting. A keyword that pydicom's dictionary does not know stops the import.
"""

from dataclasses import dataclass
from enum import StrEnum

from pydicom.datadict import dictionary_VR, tag_for_keyword

from importal.dicom.records import IdentifierKind


class Arrival(StrEnum):
    """What `neutralise` does with an attribute."""

    PSEUDONYM = "pseudonym"
    ISSUER = "issuer"
    REMOVE = "remove"
    KEEP = "keep"


class Departure(StrEnum):
    """What `localise` does with an attribute."""

    LOCAL = "local"
    EMPTY = "empty"
    REMOVE = "remove"
    KEEP = "keep"


@dataclass(frozen=True)
class Rule:
    """One row: the attribute, its tag and VR, its fate on arrival and departure, the kind of identifier."""

    keyword: str
    tag: int
    vr: str
    arrival: Arrival
    departure: Departure
    kind: IdentifierKind | None = None


_ROWS: tuple[tuple[str, Arrival, Departure, IdentifierKind | None], ...] = (
    ("PatientID", Arrival.PSEUDONYM, Departure.LOCAL, IdentifierKind.PATIENT_ID),
    ("IssuerOfPatientID", Arrival.ISSUER, Departure.LOCAL, None),
    ("IssuerOfPatientIDQualifiersSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("TypeOfPatientID", Arrival.KEEP, Departure.REMOVE, None),
    ("OtherPatientIDs", Arrival.REMOVE, Departure.REMOVE, None),
    ("OtherPatientIDsSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("SourcePatientGroupIdentificationSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("GroupOfPatientsIdentificationSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("MedicalRecordLocator", Arrival.REMOVE, Departure.REMOVE, None),
    ("AccessionNumber", Arrival.PSEUDONYM, Departure.LOCAL, IdentifierKind.ACCESSION_NUMBER),
    ("IssuerOfAccessionNumberSequence", Arrival.REMOVE, Departure.LOCAL, None),
    ("RequestAttributesSequence", Arrival.KEEP, Departure.REMOVE, None),
    ("ReferencedRequestSequence", Arrival.KEEP, Departure.KEEP, None),
    ("ScheduledStepAttributesSequence", Arrival.KEEP, Departure.REMOVE, None),
    ("ScheduledProcedureStepSequence", Arrival.KEEP, Departure.REMOVE, None),
    ("RequestedProcedureID", Arrival.PSEUDONYM, Departure.LOCAL, IdentifierKind.REQUESTED_PROCEDURE_ID),
    (
        "ScheduledProcedureStepID",
        Arrival.PSEUDONYM,
        Departure.REMOVE,
        IdentifierKind.SCHEDULED_PROCEDURE_STEP_ID,
    ),
    (
        "PerformedProcedureStepID",
        Arrival.PSEUDONYM,
        Departure.REMOVE,
        IdentifierKind.PERFORMED_PROCEDURE_STEP_ID,
    ),
    (
        "PlacerOrderNumberImagingServiceRequest",
        Arrival.PSEUDONYM,
        Departure.EMPTY,
        IdentifierKind.PLACER_ORDER_NUMBER,
    ),
    (
        "FillerOrderNumberImagingServiceRequest",
        Arrival.PSEUDONYM,
        Departure.EMPTY,
        IdentifierKind.FILLER_ORDER_NUMBER,
    ),
    ("PlacerOrderNumberImagingServiceRequestRetired", Arrival.REMOVE, Departure.REMOVE, None),
    ("FillerOrderNumberImagingServiceRequestRetired", Arrival.REMOVE, Departure.REMOVE, None),
    ("PlacerOrderNumberProcedure", Arrival.REMOVE, Departure.REMOVE, None),
    ("FillerOrderNumberProcedure", Arrival.REMOVE, Departure.REMOVE, None),
    ("OrderPlacerIdentifierSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("OrderFillerIdentifierSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("StudyID", Arrival.PSEUDONYM, Departure.KEEP, IdentifierKind.STUDY_ID),
    ("AdmissionID", Arrival.REMOVE, Departure.REMOVE, None),
    ("IssuerOfAdmissionID", Arrival.REMOVE, Departure.REMOVE, None),
    ("IssuerOfAdmissionIDSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("ServiceEpisodeID", Arrival.REMOVE, Departure.REMOVE, None),
    ("IssuerOfServiceEpisodeID", Arrival.REMOVE, Departure.REMOVE, None),
    ("IssuerOfServiceEpisodeIDSequence", Arrival.REMOVE, Departure.REMOVE, None),
    ("ContainerIdentifier", Arrival.KEEP, Departure.KEEP, None),
    ("SpecimenIdentifier", Arrival.KEEP, Departure.KEEP, None),
    ("SpecimenAccessionNumber", Arrival.KEEP, Departure.KEEP, None),
    ("ClinicalTrialSubjectID", Arrival.KEEP, Departure.KEEP, None),
    ("ClinicalTrialSubjectReadingID", Arrival.KEEP, Departure.KEEP, None),
    ("HL7InstanceIdentifier", Arrival.KEEP, Departure.KEEP, None),
    ("DocumentTitle", Arrival.KEEP, Departure.KEEP, None),
)


def tag_of(keyword: str) -> int:
    """Return the tag of a keyword of the standard; an unknown one stops the import (LookupError)."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise LookupError(keyword)
    return int(tag)


def _rule(row: tuple[str, Arrival, Departure, IdentifierKind | None]) -> Rule:
    keyword, arrival, departure, kind = row
    tag = tag_of(keyword)
    return Rule(keyword, tag, str(dictionary_VR(tag)), arrival, departure, kind)


RULES: dict[int, Rule] = {rule.tag: rule for rule in map(_rule, _ROWS)}

# MITRA LINKED ATTRIBUTES 1.0: (0031,xx20) Global Patient ID; xx is the block its creator reserved.
MITRA_CREATOR = b"MITRA LINKED ATTRIBUTES 1.0"
MITRA_CREATORS = frozenset(0x00310000 | block for block in range(0x10, 0x100))
MITRA_GLOBAL_PATIENT_IDS = frozenset(0x00310020 | block << 8 for block in range(0x10, 0x100))

SPECIFIC_CHARACTER_SET = tag_of("SpecificCharacterSet")
SOP_CLASS_UID = tag_of("SOPClassUID")
SOP_INSTANCE_UID = tag_of("SOPInstanceUID")
STUDY_INSTANCE_UID = tag_of("StudyInstanceUID")
SERIES_INSTANCE_UID = tag_of("SeriesInstanceUID")
MODALITY = tag_of("Modality")
PATIENT_NAME = tag_of("PatientName")
PATIENT_ID = tag_of("PatientID")
ISSUER_OF_PATIENT_ID = tag_of("IssuerOfPatientID")
PATIENT_BIRTH_DATE = tag_of("PatientBirthDate")
PATIENT_SEX = tag_of("PatientSex")
ACCESSION_NUMBER = tag_of("AccessionNumber")
STUDY_ID = tag_of("StudyID")
ORIGINAL_ATTRIBUTES = tag_of("OriginalAttributesSequence")
CONTRIBUTING_EQUIPMENT = tag_of("ContributingEquipmentSequence")
DATA_SET_TRAILING_PADDING = tag_of("DataSetTrailingPadding")

IDENTITY = frozenset(
    {
        SPECIFIC_CHARACTER_SET,
        SOP_CLASS_UID,
        SOP_INSTANCE_UID,
        STUDY_INSTANCE_UID,
        SERIES_INSTANCE_UID,
        MODALITY,
        PATIENT_NAME,
        PATIENT_BIRTH_DATE,
    },
)
ON_ARRIVAL = (
    frozenset(tag for tag, rule in RULES.items() if rule.arrival is not Arrival.KEEP)
    | IDENTITY
    | MITRA_CREATORS
    | MITRA_GLOBAL_PATIENT_IDS
    | {CONTRIBUTING_EQUIPMENT, DATA_SET_TRAILING_PADDING}
)
