"""Putting a large file together from its parts, in order and with little memory."""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import logs
from importal.errors import INTERNAL, ImportalError
from importal.invitations import SenderSession
from importal.sealing import SealBroken, Sealer
from importal.site import Site
from importal.transfers import recognition
from importal.transfers.announcement import open_name
from importal.transfers.arrival import SEALER, Arrival, receive
from importal.transfers.states import is_final
from importal.transfers.storing import is_complete, store
from importal.transfers.tables import TransferFile, TransferFrame

log = logs.get("transfers")


def assemble(site: Site, sender: SenderSession, submission_id: str, number: int) -> str | None:
    """Settle a file whose parts are all there; return its code. A second time changes nothing.

    Raises:
        ImportalError: ``storage.full`` and its like; the parts stay, so it can be tried again.
    """
    with site.database.reading() as session:
        file = file_of(session, submission_id, number)
        if is_final(file):
            return file.code
        frames = frames_of(session, file)
    arrival = arrival_of(site, sender, file, frames)
    settled = store(site, sender, submission_id, [receive(site, arrival)])
    delete_parts(site, frames)
    return settled.decisions[number].code


def file_of(session: Session, submission_id: str, number: int) -> TransferFile:
    """Return the file of this number, which is known to exist."""
    of_number = select(TransferFile).where(
        TransferFile.submission_id == submission_id, TransferFile.number == number
    )
    return session.scalars(of_number).one()


def arrival_of(
    site: Site, sender: SenderSession, file: TransferFile, frames: Sequence[TransferFrame]
) -> Arrival:
    """Return the file that these parts make together."""
    name, sha256 = open_name(site, file.id, file.path_sealed), _sha256(site, frames)
    return Arrival(
        sender,
        file.submission_id,
        file.id,
        file.number,
        name,
        file.size,
        sha256,
        file.fingerprint or recognition.of_whole(name, file.size, sha256, _read(site, frames)),
        lambda: _read(site, frames),
        is_upload=file.is_upload,
        promised_sha256=file.promised_sha256,
    )


def delete_parts(site: Site, frames: Sequence[TransferFrame]) -> None:
    """Delete the parts of a file that is settled; what is left behind goes with the staging area."""
    for frame in frames:
        with contextlib.suppress(OSError):
            site.storage.delete(frame.storage_key)


def waiting(session: Session, submission_id: str) -> list[int]:
    """Return the files whose parts are all there but which were not put together, after a crash."""
    files = session.scalars(
        select(TransferFile).where(
            TransferFile.submission_id == submission_id,
            TransferFile.confirmed_at.is_(None),
            TransferFile.id.in_(select(TransferFrame.file_id)),
        )
    )
    return sorted(file.number for file in files if is_complete(session, file))


def frames_of(session: Session, file: TransferFile) -> Sequence[TransferFrame]:
    """Return the parts of a file that have arrived, in order."""
    return session.scalars(
        select(TransferFrame)
        .where(TransferFrame.file_id == file.id)
        .order_by(TransferFrame.offset, TransferFrame.length.desc())
    ).all()


def _read(site: Site, frames: Sequence[TransferFrame]) -> Iterator[bytes]:
    """Yield the bytes of a file once, although its parts may overlap."""
    position = 0
    sealer = site.keys.sealer(SEALER)
    for frame in frames:
        end = frame.offset + frame.length
        if end <= position:
            continue
        data = open_part(site, sealer, frame)
        yield data[position - frame.offset :] if position > frame.offset else data
        position = end


def open_part(site: Site, sealer: Sealer, frame: TransferFrame) -> bytes:
    """Return a part; one that cannot be had is our fault, and says nothing about the file."""
    try:
        # The seal holds only around what was sealed in this place: no second digest is needed.
        return sealer.open(site.storage.read(frame.storage_key), frame.storage_key)
    except (KeyError, SealBroken) as error:
        # Another connection may have put the file together and cleared up meanwhile.
        log.error("transfers.part_not_read", submission_id=frame.storage_key.split("/")[1], exc_info=error)
        raise ImportalError(INTERNAL) from error


def _sha256(site: Site, frames: Sequence[TransferFrame]) -> str:
    digest = hashlib.sha256()
    for piece in _read(site, frames):
        digest.update(piece)
    return digest.hexdigest()
