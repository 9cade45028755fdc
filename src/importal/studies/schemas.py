"""Shapes of studies as the desk sees them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RejectionReason = Literal["wrong_patient", "not_requested", "unreadable", "duplicate", "other"]


CommitmentStanding = Literal["none", "pending", "confirmed", "failed"]


class Shape(BaseModel):
    """Read from objects as well as from mappings."""

    model_config = ConfigDict(from_attributes=True)


class ContactShown(Shape):
    """How the sender may be reached."""

    email: str = Field(repr=False)
    phone: str = Field(repr=False)


VerdictName = Literal["matches", "differs", "another_person", "not_stated"]


class StudyRow(Shape):
    """A study in a list. Name, birth date and sex are those in the images."""

    id: str
    state: str
    quarantine_reason: str | None
    patient_name: str = Field(repr=False)
    birth_date: str = Field(repr=False)
    sex: str
    study_date: str
    description: str = Field(repr=False)
    modalities: list[str]
    instances: int
    documents: int
    waiting_since: datetime
    # It names nobody: no local person may be written into it.
    is_deidentified: bool
    # Whether the patient is the expected one; None where nobody is expected.
    verdict: VerdictName | None = None


class UploadCounts(Shape):
    """What one upload brought in."""

    studies: int
    instances: int
    documents: int
    refused: int


class UploadSource(Shape):
    """Where a study came from."""

    reference: str
    sender_kind: str
    code: str = Field(repr=False)
    submitted_at: datetime
    contact: ContactShown


class UploadShown(UploadSource):
    """One upload in the inbox."""

    submission_id: str
    label: str
    counts: UploadCounts
    studies: list[StudyRow]


class InboxPage(Shape):
    """A page of the inbox, newest upload first."""

    uploads: list[UploadShown]
    next_cursor: str | None


class SeriesShown(Shape):
    """A series of a study."""

    id: str
    number: str
    modality: str
    description: str = Field(repr=False)
    body_part: str
    instances: int
    thumbnail: str | None


class DocumentShown(Shape):
    """A document; ``deliverable``: it becomes a DICOM object and goes to the archive.

    ``note``: the code of why it stays at the desk instead, or empty.
    """

    id: str
    name: str = Field(repr=False)
    media_type: str
    size: int
    deliverable: bool
    note: str
    url: str


class HeldShown(Shape):
    """A picture or document that a person has to look at before it may leave, or has looked at."""

    id: str
    kind: Literal["picture", "document"]
    reasons: list[str]
    hold: str
    left_out_reason: str
    releasable: bool
    frames: int
    url: str


class RefusedShown(Shape):
    """A file of the upload that was kept aside."""

    name: str = Field(repr=False)
    code: str


class RepairShown(Shape):
    """One way in which damaged images were mended on arrival."""

    code: str
    instances: int


class ContentShown(Shape):
    """Objects whose content came as it was, because it is more than a picture."""

    kind: str
    instances: int


class LocalPatientShown(Shape):
    """A patient of this hospital."""

    patient_id: str = Field(repr=False)
    issuer_of_patient_id: str
    patient_name: str = Field(repr=False)
    birth_date: str = Field(repr=False)
    sex: str


class OrderShown(Shape):
    """The order that a study was matched with."""

    accession_number: str = Field(repr=False)
    requested_procedure_id: str = Field(repr=False)


class ReconciliationShown(Shape):
    """What was decided, by whom and when."""

    local_patient: LocalPatientShown
    order: OrderShown
    by: str
    at: datetime


class RejectionShown(Shape):
    """Why a study was turned away, by whom and when."""

    reason: str
    note: str = Field(repr=False)
    by: str
    at: datetime


class AttemptShown(Shape):
    """One attempt to deliver."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    delivered: int
    error_code: str | None


class RefusedInstance(Shape):
    """An instance that the archive does not take, with the reason."""

    sop_instance_uid: str
    code: str
    status: int


class DeliveryShown(Shape):
    """How far the delivery is; ``reencoded``: images whose texts are in UTF-8 now, for the local name."""

    destination: str
    delivered: int
    total: int
    failed: int
    warnings: int
    reencoded: int
    refused: list[RefusedInstance]
    commitment: CommitmentStanding
    commitment_code: str | None
    attempts: list[AttemptShown]


class HistoryEntry(Shape):
    """One line of the audit trail."""

    at: datetime
    actor: str
    action: str
    params: dict[str, int | str]


class ExpectedShown(Shape):
    """Whom the invitation expects and what for; how the images, and the answer of the sender, agree with it.

    ``differing``: what the verdict rests on. ``sender_verdict``: what the sender's page said before sending;
    ``sender_confirmed``: asked, the sender said that it is the right person.
    """

    patient_name: str = Field(repr=False)
    birth_date: str = Field(repr=False)
    sex: str
    asked_for: str = Field(repr=False)
    differing: list[Literal["name", "birth_date", "sex"]]
    sender_verdict: VerdictName | None
    sender_confirmed: bool


class ConsentShown(Shape):
    """What the sender agreed to: words, their version and language, that of the page, what was ticked."""

    given_at: datetime
    policy_version: str
    language: str
    texts_language: str
    privacy_policy: bool
    sharing: bool
    privacy_policy_text: str
    sharing_text: str


class Possible(Shape):
    """What a person may do with the study now."""

    reconcile: bool
    decide_holds: bool
    reject: bool
    retry_delivery: bool


class StudyDetail(Shape):
    """Everything that the desk knows of a study."""

    id: str
    state: str
    quarantine_reason: str | None
    patient_name: str = Field(repr=False)
    birth_date: str = Field(repr=False)
    sex: str
    study_date: str
    description: str = Field(repr=False)
    modalities: list[str]
    instances: int
    waiting_since: datetime
    is_deidentified: bool
    verdict: VerdictName | None
    study_instance_uid: str
    patient_pseudonym: str
    accession_pseudonym: str
    institution_name: str
    comment: str = Field(repr=False)
    expected: ExpectedShown | None
    consent: ConsentShown | None
    upload: UploadSource
    series: list[SeriesShown]
    documents: list[DocumentShown]
    held: list[HeldShown]
    refused: list[RefusedShown]
    reconciliation: ReconciliationShown | None
    rejection: RejectionShown | None
    # What was mended on arrival; images with an original number where it cannot be changed surely.
    repairs: list[RepairShown]
    with_original_numbers: int
    # Reports, plans and documents, whose text is left as its author signed it.
    contents: list[ContentShown]
    delivery: DeliveryShown | None
    history: list[HistoryEntry]
    can: Possible
