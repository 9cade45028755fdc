"""Finishing a submission: everything announced is settled, counted by the server, and handed over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importal import submissions
from importal.dicom import documents
from importal.errors import TABLE, ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers.announcement import forget_names
from importal.transfers.assembly import waiting
from importal.transfers.errors import NO_INSTANCES, TRANSFER_INCOMPLETE
from importal.transfers.settling import settle
from importal.transfers.states import FINAL, NOT_COUNTED, FileState, move_to
from importal.transfers.tables import TransferFile
from importal.transfers.uploads import count_sent, remove_abandoned


@dataclass(frozen=True)
class StudyCount:
    """What arrived of one study."""

    study_instance_uid: str
    instances: int
    documents: int


@dataclass(frozen=True)
class RefusedFile:
    """A file that was set aside, and why."""

    number: int
    code: str

    @property
    def sentence(self) -> str:
        """What a person is told about it."""
        return TABLE[self.code].sentence


@dataclass(frozen=True)
class Receipt:
    """What arrived, counted: announced = instances + duplicates + documents + refused.

    ``attachments``: how many of the documents stay with the staff, because DICOM has no place for them.
    """

    reference: str
    submitted_at: datetime
    studies: tuple[StudyCount, ...]
    announced: int
    instances: int
    duplicates: int
    documents: int
    attachments: int
    refused: tuple[RefusedFile, ...]


def finish(
    site: Site,
    sender: SenderSession,
    submission_id: str,
    file_count: int,
    unreadable: Collection[int] = (),
) -> Receipt:
    """Hand a submission over and return its receipt; a repetition returns the same receipt.

    ``file_count`` is how many files the sender meant to send, without the ``unreadable`` ones; an archive
    that is unpacked here is one.

    Raises:
        ImportalError: ``transfer.incomplete``, ``submission.no_instances``, ``submission.closed``.
    """
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        is_draft = submission.state == submissions.State.DRAFT
        unassembled = waiting(session, submission_id) if is_draft else []
    for number in unassembled:
        settle(site, sender, submission_id, number)

    def hand_over(session: Session) -> Receipt:
        submission = submissions.for_sender(session, sender, submission_id, lock=True)
        if submission.submitted_at is None:
            submissions.require_draft(submission)
            _give_up(session, site, submission_id, unreadable)
            expected = file_count + len(set(unreadable))
            remove_abandoned(session, site, submission_id, expected)
            _require_complete(session, submission_id, expected)
            submissions.submit(session, site, submission, sender.actor)
            if sender.deidentification is not None:
                forget_names(session, submission_id)
        if submission.state != submissions.State.SUBMITTED:
            raise ImportalError(submissions.CLOSED)
        return receipt(session, submission)

    return site.database.run(hand_over)


def receipt(session: Session, submission: submissions.Submission) -> Receipt:
    """Return the receipt of a submission that was handed over."""
    assert submission.submitted_at is not None
    counts = counts_by_state(session, submission.id)
    return Receipt(
        reference=submission.reference,
        submitted_at=submission.submitted_at,
        studies=_studies(session, submission.id),
        announced=sum(count for state, count in counts.items() if state not in NOT_COUNTED),
        instances=counts[FileState.STORED],
        duplicates=counts[FileState.DUPLICATE],
        documents=counts[FileState.KEPT],
        attachments=_attachments(session, submission.id),
        refused=_refused(session, submission.id),
    )


def counts_by_state(session: Session, submission_id: str) -> dict[FileState, int]:
    """Return how many files of a submission stand where."""
    rows = session.execute(
        select(TransferFile.state, func.count())
        .where(TransferFile.submission_id == submission_id)
        .group_by(TransferFile.state)
    )
    found = {state: int(count) for state, count in rows}
    return {state: found.get(state.value, 0) for state in FileState}


def _give_up(session: Session, site: Site, submission_id: str, unreadable: Collection[int]) -> None:
    wanted = set(unreadable)
    if not wanted:
        return
    unsettled = session.scalars(
        select(TransferFile).where(
            TransferFile.submission_id == submission_id, TransferFile.confirmed_at.is_(None)
        )
    )
    for file in unsettled:
        if file.number in wanted:
            move_to(file, FileState.REFUSED)
            file.code = "file.unreadable"
            file.confirmed_at = site.clock()
    session.flush()


def _require_complete(session: Session, submission_id: str, expected: int) -> None:
    counts = counts_by_state(session, submission_id)
    unsettled = sum(count for state, count in counts.items() if state not in FINAL)
    sent = count_sent(session, submission_id)
    missing = unsettled or max(sent.least - expected, expected - sent.most, 0)
    if missing:
        raise ImportalError(TRANSFER_INCOMPLETE, {"missing": missing})
    if not counts[FileState.STORED]:
        raise ImportalError(NO_INSTANCES)


def _attachments(session: Session, submission_id: str) -> int:
    kinds = session.scalars(
        select(TransferFile.document_kind).where(
            TransferFile.submission_id == submission_id, TransferFile.state == FileState.KEPT.value
        )
    )
    return sum(1 for kind in kinds if kind is None or not documents.deliverable(documents.DocumentKind(kind)))


def _studies(session: Session, submission_id: str) -> tuple[StudyCount, ...]:
    instances = _count_by(session, submission_id, FileState.STORED)
    papers = _count_by(session, submission_id, FileState.KEPT)
    return tuple(StudyCount(uid, count, papers.get(uid, 0)) for uid, count in sorted(instances.items()))


def _count_by(session: Session, submission_id: str, state: FileState) -> dict[str, int]:
    """Count Instances by the study they say, documents by the study that the sender named."""
    is_instance = state is FileState.STORED
    study = TransferFile.study_instance_uid if is_instance else TransferFile.announced_study_uid
    rows = session.execute(
        select(study, func.count())
        .where(TransferFile.submission_id == submission_id, TransferFile.state == state.value)
        .group_by(study)
    )
    return {uid: int(count) for uid, count in rows if uid}


def _refused(session: Session, submission_id: str) -> tuple[RefusedFile, ...]:
    rows = session.execute(
        select(TransferFile.number, TransferFile.code)
        .where(TransferFile.submission_id == submission_id, TransferFile.state == FileState.REFUSED.value)
        .order_by(TransferFile.number)
    )
    return tuple(RefusedFile(number, code or "") for number, code in rows)
