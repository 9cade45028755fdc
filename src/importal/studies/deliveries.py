"""What delivery leaves on a study: attempts, one row per instance, commitments (PS3.4 B and J).

They stand on the spine because the desk follows them; only delivery writes them.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from importal.database import Base, Moment

# The archive has the instance: stored now, stored with a warning, or found there before sending.
HELD = ("stored", "warning", "present")


class DeliveryAttempt(Base):
    """One try to send what is left of a study; the row exists before the first byte is sent."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        Index(
            "uq_delivery_attempts_open",
            "study_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    number: Mapped[int]
    round: Mapped[int]
    destination: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # Instances may have reached the archive: from now on the local identity is fixed.
    is_sending: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(default="")
    error_code: Mapped[str] = mapped_column(default="")
    delivered: Mapped[int] = mapped_column(default=0)
    # No further attempt follows by itself.
    is_final: Mapped[bool] = mapped_column(default=False)


class InstanceDelivery(Base):
    """One instance on its way to the archive, made from a stored instance or from a part of a document."""

    __tablename__ = "instance_deliveries"
    __table_args__ = (
        UniqueConstraint("study_id", "sop_instance_uid"),
        CheckConstraint("(instance_id IS NULL) <> (document_id IS NULL)", name="has_one_source"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    sop_instance_uid: Mapped[str]
    sop_class_uid: Mapped[str]
    transfer_syntax_uid: Mapped[str]
    instance_id: Mapped[str | None] = mapped_column(
        ForeignKey("instances.id", ondelete="CASCADE"), index=True
    )
    document_id: Mapped[str | None] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    part: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(default="")
    status: Mapped[int] = mapped_column(BigInteger, default=-1)
    comment_code: Mapped[str] = mapped_column(default="")
    # Its text was rewritten in UTF-8, because the local name cannot be written in the character set it had.
    is_reencoded: Mapped[bool] = mapped_column(default=False)
    outcome_at: Mapped[datetime | None] = mapped_column(Moment)
    committed_at: Mapped[datetime | None] = mapped_column(Moment)


class Commitment(Base):
    """One proof that the archive holds a study: asked by N-ACTION (PS3.4 J.3.2) or found by query.

    The row exists before anything is asked; its id is the Transaction UID (0008,1195).
    """

    __tablename__ = "commitments"
    __table_args__ = (
        CheckConstraint("method IN ('n-action', 'query')", name="method_known"),
        Index(
            "uq_commitments_open",
            "study_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    transaction_uid: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    round: Mapped[int]
    method: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    # "", "confirmed", "resent", "failed", "declined", "unanswered"
    outcome: Mapped[str] = mapped_column(default="")
    error_code: Mapped[str] = mapped_column(default="")
