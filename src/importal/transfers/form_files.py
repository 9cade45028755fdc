"""Files of a plain HTML form: they come one behind the other in one body, and none says how large it is.

A small file is held until it has ended and is taken like a frame of any sender; a large one is announced with
all the room that the body leaves it, and gets its size when it has ended. One whose line breaks is forgotten.
"""

import contextlib
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import submissions
from importal.errors import TABLE, ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers import recognition, uploads
from importal.transfers.announcement import Announcement, announce, next_number
from importal.transfers.assembly import waiting
from importal.transfers.finishing import Receipt, finish
from importal.transfers.frames import take_frames
from importal.transfers.packs import IDENTITY, Frame, digest_of
from importal.transfers.settling import settle
from importal.transfers.states import FileState
from importal.transfers.tables import TransferFile

_NO_BYTES_SHA256 = hashlib.sha256().hexdigest()
# Files that are forgotten in one transaction: others must not wait for thousands.
AT_ONCE = 200


@dataclass(frozen=True)
class FormFile:
    """A whole file as a form brings it."""

    path: str = field(repr=False)
    data: bytes = field(repr=False)


def take_files(site: Site, sender: SenderSession, submission_id: str, files: Sequence[FormFile]) -> None:
    """Take small files together; what became of each is in the listing, and an archive waits to be unpacked.

    Raises:
        ImportalError: ``limit.bytes``, ``limit.files``, ``submission.closed``, ``storage.full``.
    """

    def begin(session: Session) -> int:
        submission = submissions.for_sender(session, sender, submission_id, lock=True)
        first = next_number(session, submission_id)
        announced = [_announcement(number, file) for number, file in enumerate(files, first)]
        announce(session, site, sender, submission, announced)
        return first

    first = site.database.run(begin)
    frames = [
        Frame(number, 0, len(file.data), digest_of(file.data), IDENTITY, file.data)
        for number, file in enumerate(files, first)
        if file.data
    ]
    take_frames(site, sender, submission_id, frames)


def begin_growing(site: Site, sender: SenderSession, submission_id: str, path: str, room: int) -> int:
    """Announce a file that has at most so many bytes; return its number. Raises as ``take_files``."""
    return uploads.create(site, sender, submission_id, uploads.NewUpload(path, room)).number


def grow(
    site: Site, sender: SenderSession, submission_id: str, number: int, offset: int, block: bytes
) -> None:
    """Make the next bytes of a growing file durable."""
    frame = Frame(number, offset, len(block), digest_of(block), IDENTITY, block)
    (answer,) = take_frames(site, sender, submission_id, [frame])
    if answer.result == "refused":
        raise ImportalError(TABLE[answer.code or "frame.conflict"])


def end_growing(site: Site, sender: SenderSession, submission_id: str, number: int, size: int) -> None:
    """Say how large a growing file turned out to be."""

    def end(session: Session) -> None:
        submissions.require_draft(submissions.for_sender(session, sender, submission_id, lock=True))
        session.scalars(
            select(TransferFile).where(
                TransferFile.submission_id == submission_id, TransferFile.number == number
            )
        ).one().size = size

    site.database.run(end)


def settle_waiting(site: Site, sender: SenderSession, submission_id: str) -> None:
    """Put together and unpack what has arrived whole; a second time does only what is missing."""
    with site.database.reading() as session:
        numbers = waiting(session, submission_id)
    for number in numbers:
        settle(site, sender, submission_id, number)


def unsettled(session: Session, submission_id: str, *, only_forms: bool = False) -> list[int]:
    """Return the files that have not arrived whole, those of forms and tus clients only if asked."""
    found = select(TransferFile.number).where(
        TransferFile.submission_id == submission_id, TransferFile.confirmed_at.is_(None)
    )
    if only_forms:
        found = found.where(TransferFile.is_upload)
    ready = set(waiting(session, submission_id))
    return [number for number in session.scalars(found) if number not in ready]


def assign(site: Site, sender: SenderSession, submission_id: str, studies: Mapping[int, str]) -> None:
    """Say to which study, as it is stored, documents belong; by number."""

    def write(session: Session) -> None:
        submissions.require_draft(submissions.for_sender(session, sender, submission_id, lock=True))
        kept = session.scalars(
            select(TransferFile).where(
                TransferFile.submission_id == submission_id, TransferFile.state == FileState.KEPT.value
            )
        )
        for file in kept:
            file.announced_study_uid = studies.get(file.number, file.announced_study_uid)

    site.database.run(write)


def leave_out(site: Site, sender: SenderSession, submission_id: str, numbers: Collection[int]) -> None:
    """Forget files of a draft with all that was kept of them, their repetitions with them.

    An archive that one of them came in, and that is kept because not all of it could be read, goes as well.
    """
    wanted = sorted(set(numbers))
    for start in range(0, len(wanted), AT_ONCE):
        verb = partial(
            _forget,
            site=site,
            sender=sender,
            submission_id=submission_id,
            numbers=wanted[start : start + AT_ONCE],
        )
        for key in site.database.run(verb):
            # What is left behind here goes with the submission.
            with contextlib.suppress(OSError):
                site.storage.delete(key)


def hand_over(site: Site, sender: SenderSession, submission_id: str) -> Receipt:
    """Hand over all that has arrived; a repetition returns the same receipt. Raises as ``finish``."""
    settle_waiting(site, sender, submission_id)
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        is_draft = submission.state == submissions.State.DRAFT
        missing = unsettled(session, submission_id) if is_draft else []
    leave_out(site, sender, submission_id, missing)
    with site.database.reading() as session:
        count = uploads.count_sent(session, submission_id).most
    return finish(site, sender, submission_id, count)


def _announcement(number: int, file: FormFile) -> Announcement:
    fingerprint = "" if file.data else recognition.of_whole(file.path, 0, _NO_BYTES_SHA256, ())
    return Announcement(number, file.path, len(file.data), fingerprint, "instance", is_upload=True)


def _forget(
    session: Session, *, site: Site, sender: SenderSession, submission_id: str, numbers: Sequence[int]
) -> list[str]:
    submissions.require_draft(submissions.for_sender(session, sender, submission_id, lock=True))
    of_submission = (
        TransferFile.submission_id == submission_id,
        TransferFile.state != FileState.REMOVED.value,
    )
    gone = list(session.scalars(select(TransferFile).where(*of_submission, TransferFile.number.in_(numbers))))
    prints = {file.fingerprint for file in gone if file.is_upload and file.fingerprint}
    ids = {file.id for file in gone}
    twins = session.scalars(
        select(TransferFile).where(
            *of_submission,
            TransferFile.state == FileState.DUPLICATE.value,
            TransferFile.fingerprint.in_(prints),
        )
    )
    gone += [twin for twin in twins if twin.id not in ids]
    archives = {file.archive_id for file in gone if file.archive_id is not None}
    keys = [key for file in gone for key in uploads.remove(session, site, file)]
    for archive in session.scalars(select(TransferFile).where(TransferFile.id.in_(archives))):
        if archive.storage_key is not None:
            keys.append(archive.storage_key)
            archive.storage_key = archive.length = None
    return keys
