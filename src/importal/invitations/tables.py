"""Invitations, and the sessions that their codes open."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from importal.audit import Actor
from importal.database import Base, Moment
from importal.dicom import DeidentificationOption


class SenderKind(StrEnum):
    """Who was invited."""

    PATIENT = "patient"
    REFERRING_PHYSICIAN = "referring_physician"


class Invitation(Base):
    """Permission to send. The code is looked up by a keyed digest; staff see it, so it is kept sealed too."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    code_index: Mapped[str] = mapped_column(unique=True)
    code_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    label_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    # Whom the hospital expects, and what for; NULL: it does not say.
    expectation_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Beside the code the sender has to know the birth date.
    asks_birth_date: Mapped[bool] = mapped_column(default=False)
    sender_kind: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    # Options under which everything that comes is made anonymous; NULL: it is not.
    deidentification: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class SendingSession(Base):
    """What a typed code opened; the bearer secret is kept as a digest only."""

    __tablename__ = "sending_sessions"

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class SenderSession:
    """The sender on whose behalf a verb or a query runs."""

    invitation_id: str
    institution_id: str
    sender_kind: SenderKind
    # None: what comes is not made anonymous.
    deidentification: frozenset[DeidentificationOption] | None = None

    @property
    def actor(self) -> Actor:
        """The sender as the audit trail names them."""
        return Actor("sender", self.invitation_id)
