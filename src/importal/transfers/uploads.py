"""Uploads of tus clients: each is one file of the submission whose number, and so whose address, we choose.

Its bytes are frames like all others; what is confirmed of them without a gap is the offset.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from importal import submissions, vault
from importal.database import in_utc
from importal.errors import NOT_FOUND, TABLE, ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers import recognition
from importal.transfers.announcement import (
    FORGOTTEN,
    Announcement,
    announce,
    next_number,
    open_metadata,
    open_name,
)
from importal.transfers.errors import UPLOAD_GONE, UPLOAD_NEEDED
from importal.transfers.listing import SHOWN
from importal.transfers.states import FINAL, FileState, is_final, move_to
from importal.transfers.storing import covered
from importal.transfers.tables import TransferFile, TransferFrame

_ENDED = frozenset({submissions.State.WITHDRAWN, submissions.State.EXPIRED})
_NO_BYTES_SHA256 = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class NewUpload:
    """What a tus client says when it begins a file."""

    path: str = field(repr=False)
    size: int
    metadata: str = field(default="", repr=False)
    promised_sha256: str | None = None


@dataclass(frozen=True)
class Upload:
    """How far an upload has come, and until when it can be gone on with."""

    number: int
    size: int
    offset: int
    state: FileState
    code: str | None
    expires_at: datetime
    metadata: str = field(repr=False)

    @property
    def is_to_be_settled(self) -> bool:
        """Whether all bytes are here and nothing was done with them yet."""
        return self.offset == self.size and self.state not in FINAL


@dataclass(frozen=True)
class Outcome:
    """A file of the sender's, or one inside an archive, and what became of it."""

    number: int
    path: str = field(repr=False)
    state: str
    code: str | None

    @property
    def sentence(self) -> str | None:
        """What a person is told about it."""
        return None if self.code is None else TABLE[self.code].sentence


@dataclass(frozen=True)
class Sent:
    """How many files the sender may mean to have sent: after a lost answer one may have come twice."""

    least: int
    most: int


def create(site: Site, sender: SenderSession, submission_id: str, wanted: NewUpload) -> Upload:
    """Announce a file under a number that no file ever had.

    Raises:
        ImportalError: ``limit.bytes``, ``limit.files``, ``submission.closed``, ``upload.gone``.
    """
    fingerprint = ""
    if wanted.size == 0:
        fingerprint = recognition.of_whole(wanted.path, 0, _NO_BYTES_SHA256, ())

    def begin(session: Session) -> TransferFile:
        submission = submissions.for_sender(session, sender, submission_id, lock=True)
        _require_alive(site, submission)
        file = Announcement(
            number=next_number(session, submission_id),
            path=wanted.path,
            size=wanted.size,
            fingerprint=fingerprint,
            role="instance",
            is_upload=True,
            metadata=wanted.metadata,
            promised_sha256=wanted.promised_sha256,
        )
        announce(session, site, sender, submission, [file])
        return _row(session, submission_id, file.number)

    file = site.database.run(begin)
    return find(site, sender, submission_id, file.number)


def find(site: Site, sender: SenderSession, submission_id: str, number: int) -> Upload:
    """Return an upload of this sender's; raises ``not_found``, ``upload.gone``."""
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        expires_at = _require_alive(site, submission)
        file = _row(session, submission_id, number)
        if file.state == FileState.REMOVED:
            raise ImportalError(UPLOAD_GONE)
        return Upload(
            number,
            file.size,
            _offset(session, file),
            FileState(file.state),
            file.code,
            expires_at,
            open_metadata(site, file),
        )


def outcomes(
    site: Site, sender: SenderSession, submission_id: str, number: int
) -> tuple[Outcome, Sequence[Outcome]]:
    """Return what became of an upload, and of the files inside it when it was an archive."""
    with site.database.reading() as session:
        submissions.for_sender(session, sender, submission_id)
        file = _row(session, submission_id, number)
        entries = session.scalars(
            select(TransferFile)
            .where(TransferFile.archive_id == file.id, TransferFile.state != FileState.REMOVED.value)
            .order_by(TransferFile.number)
        ).all()
    return _outcome(site, file), [_outcome(site, entry) for entry in entries]


def terminate(site: Site, sender: SenderSession, submission_id: str, number: int) -> None:
    """Take an upload back, with all that was kept of it, until the submission is finished.

    Raises:
        ImportalError: ``not_found``, ``upload.gone``, ``submission.closed``, ``upload.needed``.
    """

    def take_back(session: Session) -> list[str]:
        submission = submissions.for_sender(session, sender, submission_id, lock=True)
        _require_alive(site, submission)
        submissions.require_draft(submission)
        file = _row(session, submission_id, number)
        if file.state == FileState.REMOVED:
            raise ImportalError(UPLOAD_GONE)
        entries = session.scalars(select(TransferFile).where(TransferFile.archive_id == file.id)).all()
        rows = [file, *(entry for entry in entries if entry.state != FileState.REMOVED)]
        _require_no_twin(session, submission_id, rows)
        return [key for row in rows for key in remove(session, site, row)]

    keys = site.database.run(take_back)
    for key in keys:
        # What is left behind here goes with the submission.
        with contextlib.suppress(OSError):
            site.storage.delete(key)


def count_sent(session: Session, submission_id: str) -> Sent:
    """Count the files of a submission as its sender does: an archive is one, what was taken back none."""
    own = _own(submission_id)
    most = session.scalar(select(func.count()).where(*own)) or 0
    uploads, different = session.execute(
        select(func.count(), func.count(TransferFile.fingerprint.distinct())).where(
            *own, TransferFile.is_upload, TransferFile.confirmed_at.is_not(None)
        )
    ).one()
    return Sent(most - (uploads - different), most)


def remove_abandoned(session: Session, site: Site, submission_id: str, expected: int) -> None:
    """Forget uploads that no client knows of, for the answer to their creation was lost.

    Only where everything that the sender counts is here without them.
    """
    open_uploads = session.scalars(
        select(TransferFile).where(
            *_own(submission_id), TransferFile.is_upload, TransferFile.confirmed_at.is_(None)
        )
    ).all()
    sent = count_sent(session, submission_id)
    if open_uploads and sent.least - len(open_uploads) <= expected <= sent.most - len(open_uploads):
        for file in open_uploads:
            remove(session, site, file)
        session.flush()


def _own(submission_id: str) -> Iterable[ColumnElement[bool]]:
    return (
        TransferFile.submission_id == submission_id,
        TransferFile.archive_id.is_(None),
        TransferFile.state != FileState.REMOVED.value,
    )


def _require_alive(site: Site, submission: submissions.Submission) -> datetime:
    """Return when uploads of this submission expire; raises ``upload.gone`` when they have."""
    expires_at = in_utc(submission.active_at) + timedelta(days=site.settings.draft_days)
    if submission.state in _ENDED:
        raise ImportalError(UPLOAD_GONE)
    if submission.state == submissions.State.DRAFT and site.clock() >= expires_at:
        raise ImportalError(UPLOAD_GONE)
    return expires_at


def _row(session: Session, submission_id: str, number: int) -> TransferFile:
    file = session.scalar(
        select(TransferFile).where(TransferFile.submission_id == submission_id, TransferFile.number == number)
    )
    if file is None:
        raise ImportalError(NOT_FOUND)
    return file


def _offset(session: Session, file: TransferFile) -> int:
    if is_final(file):
        return file.size
    frames = session.execute(
        select(TransferFrame.offset, TransferFrame.length).where(TransferFrame.file_id == file.id)
    )
    ranges = covered([(offset, length) for offset, length in frames])
    return ranges[0][1] if ranges and ranges[0][0] == 0 else 0


def _outcome(site: Site, file: TransferFile) -> Outcome:
    state = FileState(file.state)
    return Outcome(
        file.number, open_name(site, file.id, file.path_sealed), SHOWN.get(state, state).value, file.code
    )


def _require_no_twin(session: Session, submission_id: str, rows: Sequence[TransferFile]) -> None:
    """Raise ``upload.needed`` when a file that stays was found to repeat one that would go."""
    uids = {row.sop_instance_uid for row in rows if row.state == FileState.STORED}
    prints = {row.fingerprint for row in rows if row.is_upload and row.confirmed_at is not None}
    ours = {row.id for row in rows}
    twins = session.scalars(
        select(TransferFile).where(
            TransferFile.submission_id == submission_id, TransferFile.state == FileState.DUPLICATE.value
        )
    )
    for twin in twins:
        if twin.id not in ours and (twin.sop_instance_uid in uids or twin.fingerprint in prints):
            raise ImportalError(UPLOAD_NEEDED)


def remove(session: Session, site: Site, file: TransferFile) -> list[str]:
    """Leave nothing of a file but its number; return the keys of its objects."""
    frames = TransferFrame.file_id == file.id
    keys = list(session.scalars(select(TransferFrame.storage_key).where(frames)))
    keys += [key for key in (file.storage_key, vault.forget_patch(session, file.id)) if key is not None]
    session.execute(delete(TransferFrame).where(frames))
    move_to(file, FileState.REMOVED)
    file.path_sealed, file.metadata_sealed, file.fingerprint = FORGOTTEN, None, ""
    file.code = file.sha256 = file.storage_key = file.length = None
    file.sop_instance_uid = file.study_instance_uid = file.series_instance_uid = None
    file.patient_pseudonym = file.announced_study_uid = file.content_sha256 = None
    file.confirmed_at = site.clock()
    return keys
