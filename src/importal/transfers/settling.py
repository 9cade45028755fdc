"""Settling a file whose bytes are all here: it is put together, or unpacked when it is an upload in a ZIP."""

from importal.client.gathering import is_archive
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers.announcement import open_name
from importal.transfers.arrival import SetAside
from importal.transfers.assembly import arrival_of, assemble, delete_parts, file_of, frames_of
from importal.transfers.decisions import there_before
from importal.transfers.staged import StagedFile
from importal.transfers.states import is_final
from importal.transfers.storing import store
from importal.transfers.unpacking import UNPACKING, unpack


def settle(site: Site, sender: SenderSession, submission_id: str, number: int) -> str | None:
    """Settle a file; return its code. A second time changes nothing.

    Raises:
        ImportalError: ``storage.full`` and its like; the parts stay, so it can be tried again.
    """
    with site.database.reading() as session:
        file = file_of(session, submission_id, number)
        if is_final(file):
            return file.code
        frames = frames_of(session, file) if file.is_upload else []
    path = open_name(site, file.id, file.path_sealed)
    if not file.is_upload or not is_archive(StagedFile(site, path, file.size, frames)):
        return assemble(site, sender, submission_id, number)
    with UNPACKING:
        return _settle_archive(site, sender, submission_id, number)


def _settle_archive(site: Site, sender: SenderSession, submission_id: str, number: int) -> str | None:
    with site.database.reading() as session:
        # Another request may have unpacked it while this one waited.
        file = file_of(session, submission_id, number)
        if is_final(file):
            return file.code
        frames = frames_of(session, file)
    arrival = arrival_of(site, sender, file, frames)
    with site.database.reading() as session:
        is_repeated = arrival.fingerprint in there_before(session, submission_id, [arrival])
    if is_repeated or not arrival.is_as_promised:
        code = "file.duplicate" if is_repeated else "file.changed"
        settled = store(site, sender, submission_id, [SetAside(arrival, code)])
        said = settled.decisions[number].code
    else:
        said = unpack(site, sender, arrival, StagedFile(site, arrival.name, file.size, frames))
    delete_parts(site, frames)
    return said
