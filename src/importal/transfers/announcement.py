"""Announcing files: how many, how large, how they are called; limits are enforced before anything is sent."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from importal import institutions, invitations, submissions
from importal.errors import ImportalError
from importal.ids import new_id
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers.decisions import max_studies, stored_studies
from importal.transfers.errors import FILES_CONFLICT, LIMIT_BYTES, LIMIT_FILES, LIMIT_STUDIES
from importal.transfers.states import NOT_COUNTED, FileState
from importal.transfers.tables import TransferFile

SEALER = "transfer-names"
MAX_FILES = 200_000
FORGOTTEN = b""
_EMPTY_SHA256 = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Announcement:
    """A file that will come, as the sender sees it; the server judges for itself what it is."""

    number: int
    path: str = field(repr=False)
    size: int
    fingerprint: str
    role: Literal["instance", "document"]
    study_instance_uid: str | None = None
    # Of an upload that a tus client begins: no fingerprint, but what it said and what it promises.
    is_upload: bool = False
    metadata: str = field(default="", repr=False)
    promised_sha256: str | None = None
    # Of an entry of an archive; with a code it is refused before anything of it is read.
    archive_id: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Totals:
    """Files and bytes of a submission."""

    files: int
    bytes: int


def announce(
    session: Session,
    site: Site,
    sender: SenderSession,
    submission: submissions.Submission,
    files: Sequence[Announcement],
) -> Totals:
    """Add files to a draft; a repetition changes nothing. Returns what is announced in all.

    Raises:
        ImportalError: ``files.conflict``, ``limit.bytes``, ``limit.files``, ``limit.studies``.
    """
    submissions.require_draft(submission)
    submissions.note_activity(site, submission)
    known = _known(session, submission.id, [file.number for file in files])
    added: dict[int, Announcement] = {}
    for file in (as_stored(site, sender, file) for file in files):
        earlier = added.get(file.number) or known.get(file.number)
        if earlier is None:
            added[file.number] = file
        elif (earlier.fingerprint, earlier.size) != (file.fingerprint, file.size):
            raise ImportalError(FILES_CONFLICT, {"number": file.number})
        elif file.number in known:
            # Whoever goes on after a break may have assigned a document anew: the last word counts.
            known[file.number].role = file.role
            known[file.number].announced_study_uid = file.study_instance_uid
    return add_files(session, site, submission, added.values())


def add_files(
    session: Session, site: Site, submission: submissions.Submission, files: Iterable[Announcement]
) -> Totals:
    """Add files whose numbers are free; raises ``limit.bytes``, ``limit.files``, ``limit.studies``."""
    session.add_all(_row(site, submission.id, file) for file in files)
    session.flush()
    totals = announced(session, submission.id)
    _check_limits(session, site, submission, totals)
    return totals


def next_number(session: Session, submission_id: str) -> int:
    """Return the first number that no file of the submission ever had."""
    last = session.scalar(
        select(func.max(TransferFile.number)).where(TransferFile.submission_id == submission_id)
    )
    return 0 if last is None else last + 1


def announced(session: Session, submission_id: str) -> Totals:
    """Return what is announced in all; of an archive that was unpacked, its entries."""
    is_counted = TransferFile.state.not_in([state.value for state in NOT_COUNTED])
    return _totals(session, TransferFile.submission_id == submission_id, is_counted)


def confirmed(session: Session, submission_id: str) -> Totals:
    """Return what is settled for good."""
    is_counted = TransferFile.state.not_in([state.value for state in NOT_COUNTED])
    is_settled = TransferFile.confirmed_at.is_not(None)
    return _totals(session, TransferFile.submission_id == submission_id, is_counted, is_settled)


def open_name(site: Site, file_id: str, name_sealed: bytes) -> str:
    """Return the path of a file as its sender knows it; it may hold a person's name. "" once forgotten."""
    if name_sealed == FORGOTTEN:
        return ""
    return site.keys.sealer(SEALER).open_text(name_sealed, f"{file_id}/path")


def open_metadata(site: Site, file: TransferFile) -> str:
    """Return what a tus client said of its upload; it may hold a person's name."""
    if file.metadata_sealed is None:
        return ""
    return site.keys.sealer(SEALER).open_text(file.metadata_sealed, f"{file.id}/metadata")


def forget_names(session: Session, submission_id: str) -> None:
    """Forget how the files were called and recognised; nothing is left to be gone on with."""
    _forget(session, TransferFile.submission_id == submission_id)


def forget_names_of(session: Session, file_ids: Select[str]) -> None:
    """Forget how these files were called and recognised; their counts stay."""
    _forget(session, TransferFile.id.in_(file_ids))


def _forget(session: Session, files: ColumnElement[bool]) -> None:
    forgotten = {"path_sealed": FORGOTTEN, "metadata_sealed": None, "fingerprint": ""}
    statement = update(TransferFile).where(files).values(forgotten)
    session.execute(statement.execution_options(synchronize_session=False))


def as_stored(site: Site, sender: SenderSession, file: Announcement) -> Announcement:
    """Return the announcement with the UID under which the study is kept here."""
    if not file.study_instance_uid:
        return file
    uid = invitations.stored_uid(site, sender, file.study_instance_uid)
    return replace(file, study_instance_uid=uid)


def _known(session: Session, submission_id: str, numbers: Iterable[int]) -> Mapping[int, TransferFile]:
    rows = session.scalars(
        select(TransferFile).where(
            TransferFile.submission_id == submission_id, TransferFile.number.in_(sorted(set(numbers)))
        )
    )
    return {row.number: row for row in rows}


def _row(site: Site, submission_id: str, file: Announcement) -> TransferFile:
    row_id = new_id()
    is_empty = file.size == 0
    # Of an empty file there is nothing to wait for.
    code = file.code or ("file.empty" if is_empty else None)
    sealer = site.keys.sealer(SEALER)
    return TransferFile(
        id=row_id,
        submission_id=submission_id,
        number=file.number,
        path_sealed=sealer.seal_text(file.path, f"{row_id}/path"),
        size=file.size,
        fingerprint=file.fingerprint,
        is_upload=file.is_upload,
        metadata_sealed=sealer.seal_text(file.metadata, f"{row_id}/metadata") if file.metadata else None,
        promised_sha256=file.promised_sha256,
        archive_id=file.archive_id,
        role=file.role,
        announced_study_uid=file.study_instance_uid,
        state=(FileState.REFUSED if code else FileState.ANNOUNCED).value,
        code=code,
        sha256=_EMPTY_SHA256 if is_empty and code == "file.empty" else None,
        repairs=[],
        hits=[],
        held_for=[],
        confirmed_at=site.clock() if code else None,
    )


def _check_limits(session: Session, site: Site, submission: submissions.Submission, totals: Totals) -> None:
    institution = institutions.get(session, submission.institution_id)
    max_bytes = institution.max_bytes or site.settings.default_max_bytes
    if totals.bytes > max_bytes:
        raise ImportalError(LIMIT_BYTES, {"max_bytes": max_bytes})
    if totals.files > MAX_FILES:
        raise ImportalError(LIMIT_FILES, {"max_files": MAX_FILES})
    most = max_studies(session, site, submission)
    if len(_studies(session, submission.id)) > most:
        raise ImportalError(LIMIT_STUDIES, {"max_studies": most})


def _studies(session: Session, submission_id: str) -> set[str]:
    found = session.scalars(
        select(TransferFile.announced_study_uid)
        .where(TransferFile.submission_id == submission_id, TransferFile.role == "instance")
        .distinct()
    )
    return {uid for uid in found if uid} | stored_studies(session, submission_id)


def _totals(session: Session, *conditions: ColumnElement[bool]) -> Totals:
    count, size = session.execute(
        select(func.count(), func.coalesce(func.sum(TransferFile.size), 0)).where(*conditions)
    ).one()
    return Totals(int(count), int(size))
