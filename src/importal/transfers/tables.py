"""The files of a submission on their way, and the parts of those that are still incomplete."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from importal.database import Base, Moment

_ONE_INSTANCE = text("state = 'stored'")


class TransferFile(Base):
    """One announced file and what became of it. Its name may hold a person's, so it is sealed."""

    __tablename__ = "transfer_files"
    __table_args__ = (
        UniqueConstraint("submission_id", "number"),
        # An Instance is kept once per submission, whatever two connections do at the same moment.
        Index(
            "uq_transfer_files_instance",
            "submission_id",
            "sop_instance_uid",
            unique=True,
            sqlite_where=_ONE_INSTANCE,
            postgresql_where=_ONE_INSTANCE,
        ),
        Index(None, "submission_id", "state"),
        Index(None, "archive_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"))
    number: Mapped[int]
    path_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(BigInteger)
    # By this the same file of the same disc is recognised, and another one under its path is not. Of an
    # upload it is empty until all bytes are here.
    fingerprint: Mapped[str]
    # Begun by a tus client, which knows neither fingerprint nor number beforehand.
    is_upload: Mapped[bool] = mapped_column(default=False)
    # What that client said of the file, to be told again (tus 1.0, HEAD); it may hold a person's name.
    metadata_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # What the sender says the SHA-256 will be.
    promised_sha256: Mapped[str | None]
    # The archive that this file was an entry of.
    archive_id: Mapped[str | None] = mapped_column(ForeignKey("transfer_files.id", ondelete="CASCADE"))
    role: Mapped[str]
    announced_study_uid: Mapped[str | None]
    state: Mapped[str]
    code: Mapped[str | None]
    # SHA-256 of the bytes as they were sent.
    sha256: Mapped[str | None]
    storage_key: Mapped[str | None]
    length: Mapped[int | None] = mapped_column(BigInteger)
    sop_instance_uid: Mapped[str | None]
    sop_class_uid: Mapped[str | None]
    study_instance_uid: Mapped[str | None]
    series_instance_uid: Mapped[str | None]
    transfer_syntax_uid: Mapped[str | None]
    modality: Mapped[str | None]
    patient_pseudonym: Mapped[str | None]
    bulk_sha256: Mapped[str | None]
    # By this a repetition of the same Instance is told from another one with the same UID.
    content_sha256: Mapped[str | None]
    repairs: Mapped[list[str]] = mapped_column(JSON)
    hits: Mapped[list[str]] = mapped_column(JSON)
    # Why a person has to look before it goes anywhere; it then lies sealed.
    held_for: Mapped[list[str]] = mapped_column(JSON, default=list)
    document_kind: Mapped[str | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)


class TransferFrame(Base):
    """A confirmed part of a file that came in several; its bytes lie sealed in the staging area."""

    __tablename__ = "transfer_frames"

    file_id: Mapped[str] = mapped_column(
        ForeignKey("transfer_files.id", ondelete="CASCADE"), primary_key=True
    )
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sha256: Mapped[str]
    storage_key: Mapped[str]
