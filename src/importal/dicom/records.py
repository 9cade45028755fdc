"""The shapes that go into the engine and come out of it; plain frozen records.

Fields that may hold a person's data are left out of `repr`, so that a record in a traceback or a log line
shows none of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from importal.dicom.pseudonyms import Pseudonyms
from importal.dicom.refusal import Repair


class IdentifierKind(StrEnum):
    """The kinds of identifiers that another hospital assigned and that must not collide with local ones."""

    PATIENT_ID = "patient_id"
    ACCESSION_NUMBER = "accession_number"
    STUDY_ID = "study_id"
    REQUESTED_PROCEDURE_ID = "requested_procedure_id"
    SCHEDULED_PROCEDURE_STEP_ID = "scheduled_procedure_step_id"
    PERFORMED_PROCEDURE_STEP_ID = "performed_procedure_step_id"
    PLACER_ORDER_NUMBER = "placer_order_number"
    FILLER_ORDER_NUMBER = "filler_order_number"


@dataclass(frozen=True)
class Profile:
    """Everything `neutralise` needs to know of the site.

    `issuer_of_patient_id` is written into (0010,0021) of every object, ASCII, at most 64 characters (LO);
    `source_ae_title` into (0002,0016), at most 16 (AE).
    """

    pseudonyms: Pseudonyms
    issuer_of_patient_id: str
    source_ae_title: str = "IMPORTAL"


@dataclass(frozen=True)
class Replacement:
    """One identifier that was replaced; `scope` is a digest that names whose it is (32 bytes)."""

    kind: IdentifierKind
    original: str = field(repr=False)
    pseudonym: str
    scope: bytes = field(repr=False)


@dataclass(frozen=True)
class InstanceFacts:
    """What the portal groups and sends by; every value is as stored, UIDs without padding."""

    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    modality: str
    patient_pseudonym: str


@dataclass(frozen=True)
class Neutralised:
    """An object without foreign identifiers.

    The concatenated `chunks` are what is stored. `reverse_patch` CONTAINS identifiers: the caller seals
    it. The bulk runs from the top-level Pixel Data element to the end of the file; without one,
    `bulk_offset` equals `length` and `bulk_sha256` is the digest of nothing. For a deflated object the
    digest is that of the inflated bulk and `bulk_offset` equals `length`. Non-empty `repairs` means that
    the object broke a rule of the standard. `hits` are tags, such as "(0040,A160)", where an original
    value still stands, in opaque bytes for the most part; `replaced_text` are those where one stood in a
    text and became its pseudonym.
    """

    chunks: tuple[bytes | memoryview, ...] = field(repr=False)
    length: int
    reverse_patch: bytes = field(repr=False)
    facts: InstanceFacts
    replacements: tuple[Replacement, ...]
    bulk_offset: int
    bulk_sha256: str
    repairs: tuple[Repair, ...] = ()
    hits: tuple[str, ...] = ()
    replaced_text: tuple[str, ...] = ()


@dataclass(frozen=True)
class NeutralisedStream:
    """A large object on its way: exhaust `chunks`, then ask `result()`, whose own `chunks` are empty."""

    chunks: Iterator[bytes | memoryview] = field(repr=False)
    result: Callable[[], Neutralised] = field(repr=False)


@dataclass(frozen=True)
class Localisation:
    """The local patient and order that delivery writes.

    Texts are decoded; a name has the form of PN, "Family^Given", groups separated by "=". Birth date is
    "YYYYMMDD" or empty, sex M, F, O or empty; an empty issuer means that there is none. `coerced_at` is
    written with its offset from UTC where it has one.
    """

    patient_id: str = field(repr=False)
    issuer_of_patient_id: str
    patient_name: str = field(repr=False)
    patient_birth_date: str = field(repr=False)
    patient_sex: str = field(repr=False)
    accession_number: str = field(repr=False)
    issuer_of_accession_number: str
    institution_name: str
    station_ae_title: str
    software_version: str
    coerced_at: datetime
    source_of_previous_values: str
    requested_procedure_id: str = field(default="", repr=False)
    # The local identity is a number of a study: a claim that the identity was removed stays true.
    names_nobody: bool = False


@dataclass(frozen=True)
class Localised:
    """An object with the local patient and order, ready to be sent; `reencoded`: its text is now UTF-8."""

    chunks: tuple[bytes | memoryview, ...] = field(repr=False)
    length: int
    bulk_sha256: str
    reencoded: bool = False


@dataclass(frozen=True)
class DisplayAttributes:
    """What a work list shows of an Instance; decoded, never None: "" or 0 where the object has nothing."""

    patient_name: str = field(repr=False)
    patient_id: str = field(repr=False)
    patient_birth_date: str = field(repr=False)
    patient_sex: str = field(repr=False)
    study_date: str
    study_time: str
    study_description: str = field(repr=False)
    study_id: str
    accession_number: str = field(repr=False)
    institution_name: str = field(repr=False)
    referring_physician_name: str = field(repr=False)
    series_instance_uid: str
    series_number: str
    series_description: str = field(repr=False)
    modality: str
    body_part_examined: str
    instance_number: str
    rows: int
    columns: int
    number_of_frames: int
