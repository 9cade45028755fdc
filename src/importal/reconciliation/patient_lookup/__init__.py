"""The port through which the desk finds the local patient and order for an uploaded study.

Adapters: `cfind` (PACS, PS3.4 Annex C Study Root) and `fake` (in memory, obeys the same contract).
"""

from dataclasses import dataclass, field
from typing import Protocol


class LookupFailed(Exception):
    """The lookup gave no usable answer; `code` names why, never a value."""

    code = "lookup.failed"

    def __init__(self, code: str = "") -> None:
        self.code = code or type(self).code
        super().__init__(self.code)


class LookupUnreachable(LookupFailed):
    """The archive cannot be reached, or broke off: nobody knows whether the patient exists."""

    code = "lookup.unreachable"


class LookupRefused(LookupFailed):
    """The query cannot be asked as it is (`lookup.query_empty`, `lookup.query_invalid`) or was declined."""

    code = "lookup.refused"


class LookupTooBroad(LookupFailed):
    """More answers than the limit: an incomplete list would mislead, so the person is asked for more."""

    code = "lookup.too_broad"


@dataclass(frozen=True, slots=True)
class PatientQuery:
    """What is known of a patient; empty = not asked. All given keys must match (PS3.4 C.2.2.2).

    `patient_name` is a DICOM PN or a family name: it matches names that begin with this family name, whatever
    the case and however umlauts are written. `birth_date` is YYYYMMDD.
    """

    patient_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the local patient, as far as its study is known to the archive."""

    accession_number: str = field(repr=False)
    study_date: str = ""
    study_description: str = field(default="", repr=False)
    modality: str = ""
    study_instance_uid: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A local patient that may be meant: one per Patient ID and Issuer. Orders: the newest first."""

    patient_id: str = field(repr=False)
    issuer_of_patient_id: str
    patient_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str
    orders: tuple[Order, ...] = ()


class PatientLookup(Protocol):
    """Finds local patients."""

    def find(self, query: PatientQuery) -> list[Candidate]:
        """Return the local patients that match, sorted by name and Patient ID.

        Raises:
            LookupRefused: the query is empty or holds characters that cannot be asked for.
            LookupTooBroad: more answers than the limit.
            LookupUnreachable: the archive did not answer.
        """
        ...


__all__ = [
    "Candidate",
    "LookupFailed",
    "LookupRefused",
    "LookupTooBroad",
    "LookupUnreachable",
    "Order",
    "PatientLookup",
    "PatientQuery",
]
