"""Studies and what belongs to them (PS3.3 A.1.2); the constraints state what must never be.

The names and dates in here are those of the sender's objects, which the store holds as well; identifiers
of the other hospital are pseudonyms everywhere.
"""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from importal.database import Base, Moment

_HOLD_KNOWN = "hold IN ('', 'waiting', 'released', 'left_out')"
_LEFT_OUT_HAS_REASON = "hold <> 'left_out' OR left_out_reason <> ''"


class Study(Base):
    """One study of one submission. A study that is sent twice is two rows, each reconciled by a person."""

    __tablename__ = "studies"
    __table_args__ = (
        UniqueConstraint("submission_id", "study_instance_uid"),
        CheckConstraint("state <> 'quarantined' OR quarantine_reason <> ''", name="quarantine_has_reason"),
        CheckConstraint("state <> 'rejected' OR rejection_reason <> ''", name="rejection_has_reason"),
        Index(None, "institution_id", "submitted_at"),
        Index(None, "state", "state_since"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"))
    study_instance_uid: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    state_since: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime] = mapped_column(Moment)
    quarantine_reason: Mapped[str] = mapped_column(default="")
    rejection_reason: Mapped[str] = mapped_column(default="")
    rejection_note: Mapped[str] = mapped_column(default="")
    # Counts the times that a person asked for the delivery; each has its own number of attempts.
    delivery_round: Mapped[int] = mapped_column(default=1)
    # It names nobody (PS3.15 Annex E), and must go on doing so.
    is_deidentified: Mapped[bool] = mapped_column(default=False)

    patient_pseudonym: Mapped[str] = mapped_column(default="")
    accession_pseudonym: Mapped[str] = mapped_column(default="")
    patient_name: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[str] = mapped_column(default="")
    sex: Mapped[str] = mapped_column(default="")
    study_id: Mapped[str] = mapped_column(default="")
    study_date: Mapped[str] = mapped_column(default="")
    study_time: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    institution_name: Mapped[str] = mapped_column(default="")
    referring_physician_name: Mapped[str] = mapped_column(default="")
    modalities: Mapped[list[str]] = mapped_column(JSON, default=list)
    instance_count: Mapped[int] = mapped_column(default=0)
    document_count: Mapped[int] = mapped_column(default=0)
    # Folded words of what a person may look for; see ``names.folded_words``.
    search_text: Mapped[str] = mapped_column(default="")


class Series(Base):
    """One series of a study."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("study_id", "series_instance_uid"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    series_instance_uid: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    modality: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    body_part: Mapped[str] = mapped_column(default="")
    thumbnail_key: Mapped[str] = mapped_column(default="")


class Instance(Base):
    """One stored instance: an object without foreign identifiers, whole under its key."""

    __tablename__ = "instances"
    __table_args__ = (
        UniqueConstraint("study_id", "sop_instance_uid"),
        CheckConstraint(_HOLD_KNOWN, name="hold_known"),
        CheckConstraint(_LEFT_OUT_HAS_REASON, name="left_out_has_reason"),
        CheckConstraint("length > 0", name="length_is_positive"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), index=True)
    # The transferred file that it came in.
    file_id: Mapped[str] = mapped_column(unique=True)
    sop_instance_uid: Mapped[str]
    sop_class_uid: Mapped[str]
    transfer_syntax_uid: Mapped[str]
    storage_key: Mapped[str] = mapped_column(unique=True)
    length: Mapped[int] = mapped_column(BigInteger)
    bulk_sha256: Mapped[str]
    frame_count: Mapped[int] = mapped_column(default=1)
    # Why a person has to look; sealed until then. See ``holds``.
    held_for: Mapped[list[str]] = mapped_column(JSON, default=list)
    hold: Mapped[str] = mapped_column(default="")
    left_out_reason: Mapped[str] = mapped_column(default="")


class Document(Base):
    """A file that is no DICOM object and belongs to a study; its content stays sealed in the transfer.

    ``assigned_by``: the sender's choice, the only study there was, or nobody. What nobody assigned is kept
    for the desk beside the first study and never delivered, for it may be about somebody else.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("assigned_by IN ('sender', 'only_study', 'nobody')", name="assigned_by_known"),
        CheckConstraint(_HOLD_KNOWN, name="hold_known"),
        CheckConstraint(_LEFT_OUT_HAS_REASON, name="left_out_has_reason"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"))
    # The transferred file that it came in; its content lies sealed there.
    file_id: Mapped[str] = mapped_column(unique=True)
    file_number: Mapped[int]
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    assigned_by: Mapped[str]
    # Why it is no instance, as inspection or delivery found; it then stays at the desk.
    conversion_code: Mapped[str] = mapped_column(default="")
    # Whether a person has to read it first; see ``holds``.
    hold: Mapped[str] = mapped_column(default="")
    left_out_reason: Mapped[str] = mapped_column(default="")


class LocalIdentity(Base):
    """What reconciliation decided: the local patient and order that delivery writes into every instance.

    ``decided_at`` and ``software_version`` also stand inside the objects: kept here, so that a repetition
    makes the same bytes even after an upgrade.
    """

    __tablename__ = "local_identities"
    __table_args__ = (CheckConstraint("patient_id <> ''", name="patient_id_given"),)

    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    patient_id: Mapped[str]
    issuer_of_patient_id: Mapped[str]
    patient_name: Mapped[str]
    birth_date: Mapped[str]
    sex: Mapped[str]
    accession_number: Mapped[str]
    requested_procedure_id: Mapped[str]
    software_version: Mapped[str]
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime] = mapped_column(Moment)


class Tally(Base):
    """What one submission brought in and what became of it: both sides are equal, or inspection stops."""

    __tablename__ = "tallies"
    __table_args__ = (
        CheckConstraint("files = instances + duplicates + documents + refused", name="in_equals_out"),
    )

    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    files: Mapped[int]
    instances: Mapped[int]
    duplicates: Mapped[int]
    documents: Mapped[int]
    refused: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(Moment)
