"""Shapes of the desk's decisions and of what the patient lookup finds."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from importal.reconciliation.patient_lookup import PatientQuery
from importal.studies import (
    Comparison,
    InboxFilter,
    LocalPatientShown,
    RejectionReason,
    Shape,
    StudyState,
)

Trimmed = StringConstraints(strip_whitespace=True)


def _without_forbidden(value: str) -> str:
    # Backslash divides values; control characters are escape sequences at best (PS3.5 section 6.1).
    if "\\" in value or any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in value):
        raise ValueError("forbidden character")
    return value


def _without_name_dividers(value: str) -> str:
    groups = value.split("=")
    if len(groups) > 3 or any(len(group) > 64 or group.count("^") > 4 for group in groups):
        raise ValueError("not a person name")
    return value


def _birth_date(value: str) -> str:
    if value and (len(value) != 8 or not value.isascii() or not value.isdigit()):
        raise ValueError("not a date")
    if value:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    return value


LeftOutReason = Literal["names_somebody", "shows_somebody", "not_needed", "unreadable", "other"]
LongString = Annotated[str, Trimmed, AfterValidator(_without_forbidden), Field(max_length=64)]
ShortString = Annotated[str, Trimmed, AfterValidator(_without_forbidden), Field(max_length=16)]
PersonName = Annotated[
    str,
    Trimmed,
    AfterValidator(_without_forbidden),
    AfterValidator(_without_name_dividers),
    Field(min_length=1, max_length=194),
]
BirthDate = Annotated[str, Trimmed, AfterValidator(_birth_date)]


class NumberSearch(BaseModel):
    """A Patient ID, Accession Number or Study ID of the other hospital, as it stands on paper."""

    number: Annotated[LongString, Field(min_length=1, repr=False)]


class LocalPatient(BaseModel):
    """The patient of this hospital; lengths as in PS3.5 section 6.2 (LO 64, PN 64 per group)."""

    patient_id: Annotated[LongString, Field(min_length=1, repr=False)]
    issuer_of_patient_id: LongString = ""
    patient_name: PersonName = Field(repr=False)
    birth_date: BirthDate = Field(default="", repr=False)
    sex: Literal["M", "F", "O", ""] = ""


class Order(BaseModel):
    """The order that the study belongs to; both may be empty (SH 16)."""

    accession_number: ShortString = Field(default="", repr=False)
    requested_procedure_id: ShortString = Field(default="", repr=False)


class ReconciliationRequest(BaseModel):
    """A person's decision."""

    local_patient: LocalPatient
    order: Order = Order()
    differences_confirmed: bool = False


class RejectionRequest(BaseModel):
    """Why a study is turned away."""

    reason: RejectionReason
    note: str = Field(default="", max_length=2000, repr=False)


class HoldRequest(BaseModel):
    """What a person decided about a picture or document that was held."""

    decision: Literal["release", "leave_out"]
    reason: LeftOutReason | None = None

    @model_validator(mode="after")
    def _leaving_out_has_a_reason(self) -> Self:
        if (self.decision == "leave_out") != (self.reason is not None):
            raise ValueError("a reason belongs to leaving out")
        return self


class OrderFound(Shape):
    """An order of a candidate."""

    accession_number: str = Field(repr=False)
    study_date: str
    study_description: str = Field(repr=False)
    modality: str
    study_instance_uid: str


class ComparisonShown(Shape):
    """How a candidate compares with the patient of the images."""

    name: Comparison
    birth_date: Comparison
    sex: Comparison


class CandidateShown(LocalPatientShown):
    """A local patient that may be meant; compared where the study is known."""

    orders: list[OrderFound]
    comparison: ComparisonShown | None = None


class Candidates(BaseModel):
    """What the lookup found; ``lookup_available`` is false where none is connected."""

    candidates: list[CandidateShown]
    lookup_available: bool


class OriginalIdentifiers(BaseModel):
    """What the hospital of origin called patient and order, from the vault."""

    patient_id: str = Field(repr=False)
    issuer: str
    accession_number: str = Field(repr=False)
    study_id: str = Field(repr=False)


class InboxQuery(BaseModel):
    """What the inbox is asked for."""

    view: Literal["waiting", "all"] = "waiting"
    state: StudyState | Literal[""] = ""
    q: str = Field(default="", max_length=200, repr=False)
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str = Field(default="", max_length=100)

    def as_filter(self) -> InboxFilter:
        """Return what the query asks for."""
        return InboxFilter(self.view, str(self.state), self.q, self.limit, self.cursor)


class PatientSearch(BaseModel):
    """What a person knows of a patient."""

    name: str = Field(default="", max_length=200, repr=False)
    birth_date: str = Field(default="", max_length=10, repr=False)
    patient_id: str = Field(default="", max_length=64, repr=False)
    accession_number: str = Field(default="", max_length=16, repr=False)

    def as_query(self) -> PatientQuery:
        """Return the query for the lookup."""
        return PatientQuery(
            patient_name=self.name.strip(),
            birth_date=self.birth_date.strip(),
            patient_id=self.patient_id.strip(),
            accession_number=self.accession_number.strip(),
        )
