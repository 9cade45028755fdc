"""Submissions, the consent they rest on, and what their senders wrote. Personal words are sealed."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from importal.database import Base, Moment


class Submission(Base):
    """One sending. A repeated creation with the same client key finds the same row."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("invitation_id", "client_key"),
        CheckConstraint("(submitted_at IS NULL) OR (state <> 'draft')", name="a_draft_is_not_submitted"),
        Index(None, "state", "active_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitations.id"))
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    client_key: Mapped[str]
    state: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    contact_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    active_at: Mapped[datetime] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)


class SubmissionStudy(Base):
    """What the sender says about one of the studies."""

    __tablename__ = "submission_studies"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(primary_key=True)
    comment_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    # What the sender's page said of the patient in it, and whether the sender said "yes" when asked.
    verdict: Mapped[str | None]
    is_confirmed: Mapped[bool] = mapped_column(default=False)


class ConsentText(Base):
    """The exact words that somebody agreed to, once per wording; rows are only ever added."""

    __tablename__ = "consent_texts"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime] = mapped_column(Moment)


class Consent(Base):
    """Who agreed to which words, in which language they and the page around them were, and when."""

    __tablename__ = "consents"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    policy_version: Mapped[str]
    privacy_policy_sha256: Mapped[str] = mapped_column(ForeignKey("consent_texts.sha256"))
    sharing_sha256: Mapped[str] = mapped_column(ForeignKey("consent_texts.sha256"))
    # What was ticked, as it was sent.
    privacy_policy: Mapped[bool]
    sharing: Mapped[bool]
    # Of the page, as it says; the texts have their own, which need not be the same.
    language: Mapped[str]
    texts_language: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class Contact:
    """How the desk may reach the sender; both may be empty."""

    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True)
class ConsentGiven:
    """What the sender ticked, and which version of the texts was on the page."""

    policy_version: str
    privacy_policy: bool
    sharing: bool
    language: str


@dataclass(frozen=True)
class StudyWords:
    """What comes with one study: the comment, and how the page's question about the patient was answered."""

    comment: str = field(default="", repr=False)
    verdict: str | None = None
    is_confirmed: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a sender asks for when creating a submission; words by Study Instance UID."""

    client_key: str
    consent: ConsentGiven
    contact: Contact
    studies: dict[str, StudyWords] = field(repr=False)
