"""Unpacking an archive that came as one upload: each entry becomes a file of the submission.

The entries are announced together, then brought in group by group the way frames of a sender come. A crash
loses nothing: the archive's own bytes stay until all is done, and what is settled is passed over. Limits:
importal.client.gathering; what belongs to a disc and not to its patient is told as the sender's page does.
"""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import client, submissions
from importal.client.gathering import gather_archive
from importal.client.recognition import label
from importal.client.sources import ArchiveEntry, SourceFile, SourceUnreadable
from importal.errors import ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers.announcement import Announcement, add_files, as_stored, next_number
from importal.transfers.arrival import Arrival, SetAside, sealed_object
from importal.transfers.errors import LIMIT_BYTES, LIMIT_FILES, LIMIT_STUDIES
from importal.transfers.frames import take_frames
from importal.transfers.intake import GROUP_BYTES, GROUP_FRAMES
from importal.transfers.packs import IDENTITY, MAX_FRAME_BYTES, Frame
from importal.transfers.staged import StagedFile
from importal.transfers.states import FileState, is_final, move_to
from importal.transfers.storing import store
from importal.transfers.tables import TransferFile
from importal.transfers.writing import write

# One after the other in a process: the archives inside archives are held in memory.
UNPACKING = threading.Lock()
_LIMITS = frozenset({LIMIT_BYTES.code, LIMIT_FILES.code, LIMIT_STUDIES.code})
# What the gathering says of a file on somebody's disk, said of an entry.
_CODES = {
    "file.media_directory": "dicom.media_directory",
    "file.unreadable": "archive.damaged",
    "file.changed": "archive.damaged",
}
_OURS = "archive."


@dataclass(frozen=True)
class _Entry:
    """An entry in the order of the announcement; with a code it is named and not brought in."""

    announcement: Announcement
    source: SourceFile | None = field(repr=False)


@dataclass(frozen=True)
class _Row:
    """The file that an entry became."""

    number: int
    is_settled: bool


def unpack(site: Site, sender: SenderSession, arrival: Arrival, archive: StagedFile) -> str | None:
    """Bring in the entries of an archive; return the code with which it is refused as a whole, if it is.

    Raises:
        ImportalError: ``storage.full`` and its like; then it is gone on with at the next attempt.
    """
    gathered = gather_archive(archive)
    whole = next((left.code for left in gathered.left_out if left.path == archive.path), None)
    entries = [] if whole else _entries(client.select(gathered))
    if not entries:
        return _refuse(site, sender, arrival, whole or "file.empty")
    try:
        rows = site.database.run(lambda session: _announce(session, site, sender, arrival, entries))
    except ImportalError as refused:
        if refused.code not in _LIMITS:
            raise
        return _refuse(site, sender, arrival, refused.code)
    refused_codes = dict(_bring_in(site, sender, arrival, zip(rows, entries, strict=True)))
    lost = any((entry.announcement.code or "").startswith(_OURS) for entry in entries) or refused_codes
    is_kept = bool(lost) and not arrival.is_deidentified
    if is_kept:
        # Not every entry could be had: the bytes as they came stay, sealed.
        write(site, [sealed_object(site, arrival, arrival.read())])
    site.database.run(
        lambda session: _conclude(session, site, sender, arrival, refused_codes, is_kept=is_kept)
    )
    return None


def _refuse(site: Site, sender: SenderSession, arrival: Arrival, code: str) -> str | None:
    settled = store(site, sender, arrival.submission_id, [SetAside(arrival, code)])
    return settled.decisions[arrival.number].code


def _entries(selection: client.Selection) -> list[_Entry]:
    chosen = [
        _Entry(
            Announcement(
                0,
                label(selected.source),
                selected.source.size,
                selected.fingerprint,
                selected.role,
                selected.study_instance_uid if selected.role == "document" else None,
            ),
            selected.source,
        )
        for selected in selection.files
    ]
    left = [
        _Entry(Announcement(0, item.path[:4096], 0, "", "document", code=_code_of(item)), None)
        for item in selection.left_out
    ]
    return chosen + left


def _code_of(left: client.LeftOut) -> str:
    return _CODES.get(left.code, left.code)


def _announce(
    session: Session, site: Site, sender: SenderSession, arrival: Arrival, entries: Sequence[_Entry]
) -> list[_Row]:
    submission = submissions.for_sender(session, sender, arrival.submission_id, lock=True)
    submissions.require_draft(submission)
    archive = session.get_one(TransferFile, arrival.file_id)
    if archive.state == FileState.PARTIAL:
        move_to(archive, FileState.UNPACKING)
        session.flush()
        first = next_number(session, arrival.submission_id)
        add_files(
            session,
            site,
            submission,
            [
                _numbered(site, sender, entry.announcement, number, arrival.file_id)
                for number, entry in enumerate(entries, first)
            ],
        )
    files = session.scalars(
        select(TransferFile).where(TransferFile.archive_id == arrival.file_id).order_by(TransferFile.number)
    )
    return [_Row(file.number, is_final(file)) for file in files]


def _numbered(
    site: Site, sender: SenderSession, file: Announcement, number: int, archive_id: str
) -> Announcement:
    return as_stored(site, sender, replace(file, number=number, archive_id=archive_id))


def _bring_in(
    site: Site, sender: SenderSession, arrival: Arrival, pairs: Iterable[tuple[_Row, _Entry]]
) -> Iterator[tuple[int, str]]:
    """Send what is not settled yet through the door of frames; yield the numbers of what could not be had."""
    group, held = list[Frame](), 0
    for row, entry in pairs:
        if row.is_settled or entry.source is None:
            continue
        try:
            for frame in _frames(row.number, entry.source):
                group.append(frame)
                held += frame.length
                if held >= GROUP_BYTES or len(group) >= GROUP_FRAMES:
                    yield from _take(site, sender, arrival, group)
                    group, held = [], 0
        except SourceUnreadable as unreadable:
            group = [frame for frame in group if frame.file != row.number]
            held = sum(frame.length for frame in group)
            yield row.number, _CODES.get(unreadable.code, unreadable.code)
    if group:
        yield from _take(site, sender, arrival, group)


def _frames(number: int, source: SourceFile) -> Iterator[Frame]:
    pieces: Iterable[bytes] = [source.read(0, source.size)] if source.size <= MAX_FRAME_BYTES else ()
    if isinstance(source, ArchiveEntry) and not pieces:
        pieces = source.pieces(MAX_FRAME_BYTES)
    offset = 0
    for data in pieces:
        yield Frame(number, offset, len(data), hashlib.sha256(data).hexdigest(), IDENTITY, data)
        offset += len(data)


def _take(
    site: Site, sender: SenderSession, arrival: Arrival, group: Sequence[Frame]
) -> Iterator[tuple[int, str]]:
    for answer in take_frames(site, sender, arrival.submission_id, group):
        if answer.result == "refused":
            yield answer.file, answer.code or "archive.damaged"


def _conclude(
    session: Session,
    site: Site,
    sender: SenderSession,
    arrival: Arrival,
    refused: dict[int, str],
    *,
    is_kept: bool,
) -> None:
    submissions.require_draft(submissions.for_sender(session, sender, arrival.submission_id, lock=True))
    entries = session.scalars(select(TransferFile).where(TransferFile.archive_id == arrival.file_id))
    for file in entries:
        if file.number in refused and not is_final(file):
            move_to(file, FileState.REFUSED)
            file.code = refused[file.number]
            file.confirmed_at = site.clock()
    archive = session.get_one(TransferFile, arrival.file_id)
    if is_final(archive):
        return
    move_to(archive, FileState.UNPACKED)
    archive.sha256, archive.fingerprint = arrival.sha256, arrival.fingerprint
    archive.confirmed_at = site.clock()
    if is_kept:
        archive.storage_key, archive.length = arrival.sealed_key, arrival.size
