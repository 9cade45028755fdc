"""What has arrived: for the sender who resumes, for inspection, and for purging."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Select, String, cast, delete, func, select
from sqlalchemy.orm import Session

from importal import dicom
from importal.dicom import documents
from importal.site import Site
from importal.transfers.announcement import open_name
from importal.transfers.arrival import open_sealed
from importal.transfers.deidentified import is_sealed
from importal.transfers.states import FileState
from importal.transfers.storing import covered
from importal.transfers.tables import TransferFile, TransferFrame

ArrivedKind = Literal["instance", "duplicate", "document", "refused"]
_KINDS: dict[FileState, ArrivedKind] = {
    FileState.STORED: "instance",
    FileState.DUPLICATE: "duplicate",
    FileState.KEPT: "document",
    FileState.REFUSED: "refused",
}
# Senders see one word for both: nothing more is needed of them, or not all has been done yet.
SHOWN = {FileState.DUPLICATE: FileState.STORED, FileState.UNPACKING: FileState.PARTIAL}
_NO_FILE = [FileState.UNPACKED.value, FileState.REMOVED.value]


@dataclass(frozen=True)
class ListedFile:
    """What the server has of one file; ranges of (offset, length) while it is partial."""

    number: int
    fingerprint: str
    state: str
    code: str | None
    received: tuple[tuple[int, int], ...] | None


@dataclass(frozen=True)
class ArrivedFile:
    """A file that is settled, for the steps behind; ``facts`` of Instances and duplicates only.

    ``storage_key`` holds a neutralised Instance as it is, everything else sealed, and an Instance that is
    held for a person; a duplicate and an empty or unreadable file have none. ``size`` and ``sha256`` are of
    the bytes as sent, ``length`` as stored.
    """

    id: str
    number: int
    kind: ArrivedKind
    code: str | None
    size: int
    sha256: str | None
    storage_key: str | None
    length: int | None
    facts: dicom.InstanceFacts | None
    bulk_sha256: str | None
    repairs: tuple[str, ...]
    hits: tuple[str, ...]
    held_for: tuple[str, ...]
    document_kind: documents.DocumentKind | None
    announced_study_uid: str | None
    name_sealed: bytes = field(repr=False)

    def name(self, site: Site) -> str:
        """Return the path of the file as its sender knows it; it may hold a person's name."""
        return open_name(site, self.id, self.name_sealed)


@dataclass(frozen=True)
class RefusedName:
    """A file that was set aside, as people know it."""

    name: str = field(repr=False)
    code: str


def list_files(session: Session, submission_id: str, after: int, limit: int) -> list[ListedFile]:
    """Return a page of files by number, beginning behind ``after``."""
    files = session.scalars(
        select(TransferFile)
        .where(
            TransferFile.submission_id == submission_id,
            TransferFile.number > after,
            TransferFile.state != FileState.REMOVED.value,
        )
        .order_by(TransferFile.number)
        .limit(limit)
    ).all()
    partial = {file.id for file in files if file.state == FileState.PARTIAL}
    received: dict[str, list[tuple[int, int]]] = {file_id: [] for file_id in partial}
    if partial:
        rows = session.execute(
            select(TransferFrame.file_id, TransferFrame.offset, TransferFrame.length)
            .join(TransferFile, TransferFile.id == TransferFrame.file_id)
            .where(TransferFile.submission_id == submission_id, TransferFile.confirmed_at.is_(None))
        )
        for file_id, offset, length in rows:
            if file_id in received:
                received[file_id].append((offset, length))
    return [_listed(file, received.get(file.id)) for file in files]


def arrived(session: Session, submission_id: str) -> list[ArrivedFile]:
    """Return every settled file of a submission, by number; of an archive that was unpacked, its entries."""
    files = session.scalars(
        select(TransferFile)
        .where(
            TransferFile.submission_id == submission_id,
            TransferFile.confirmed_at.is_not(None),
            TransferFile.state.not_in(_NO_FILE),
        )
        .order_by(TransferFile.number)
    )
    return [_arrived(file) for file in files]


def refused(session: Session, site: Site, submission_id: str) -> list[RefusedName]:
    """Return the files of a submission that were set aside, with their names, by number."""
    rows = session.scalars(
        select(TransferFile)
        .where(TransferFile.submission_id == submission_id, TransferFile.state == FileState.REFUSED.value)
        .order_by(TransferFile.number)
    )
    return [
        RefusedName(open_name(site, row.id, row.path_sealed) or f"#{row.number}", row.code or "")
        for row in rows
    ]


@dataclass(frozen=True)
class Mended:
    """How many files were mended in each way on arrival, and how many still hold an original number."""

    repairs: dict[str, int]
    with_hits: int


def mended(session: Session, file_ids: Select[str]) -> Mended:
    """Count what was mended in these files, and where a number could not be taken out surely."""
    of_files = TransferFile.id.in_(file_ids)
    # JSON compares as text on one engine and not at all on the other; most lists are empty.
    said = select(TransferFile.repairs).where(of_files, cast(TransferFile.repairs, String) != "[]")
    counts = Counter(repair for repairs in session.scalars(said) for repair in set(repairs))
    hits = select(func.count()).select_from(TransferFile)
    with_hits = session.scalar(hits.where(of_files, cast(TransferFile.hits, String) != "[]"))
    return Mended(dict(sorted(counts.items())), with_hits or 0)


def read_content(site: Site, file: ArrivedFile) -> bytes:
    """Return the content: of an Instance as stored, of everything else the bytes as sent.

    Raises:
        KeyError: when there is none.
    """
    if file.storage_key is None:
        raise KeyError(file.id)
    if not is_sealed(file.storage_key):
        return site.storage.read(file.storage_key)
    return open_sealed(site, file.storage_key)


def storage_keys(session: Session, submission_id: str) -> list[str]:
    """Return the keys of everything that is kept of a submission's files."""
    keys = session.scalars(
        select(TransferFile.storage_key)
        .where(TransferFile.submission_id == submission_id, TransferFile.storage_key.is_not(None))
        .order_by(TransferFile.number)
    )
    return [key for key in keys if key is not None]


def delete_objects(site: Site, submission_id: str) -> int:
    """Delete all objects of a submission, parts and leftovers of crashes included; return how many."""
    keys = [
        key for area in ("submissions", "staging") for key in site.storage.keys(f"{area}/{submission_id}/")
    ]
    for key in keys:
        site.storage.delete(key)
    return len(keys)


def has_files(session: Session, submission_id: str) -> bool:
    """Whether any file of a submission is known."""
    of_submission = select(TransferFile.id).where(TransferFile.submission_id == submission_id)
    return session.scalar(of_submission.limit(1)) is not None


def forget_files(session: Session, submission_id: str) -> int:
    """Delete the rows of a submission's files, their sealed names with them; return how many."""
    ids = select(TransferFile.id).where(TransferFile.submission_id == submission_id)
    found = len(session.scalars(ids).all())
    session.execute(delete(TransferFrame).where(TransferFrame.file_id.in_(ids)))
    session.execute(delete(TransferFile).where(TransferFile.submission_id == submission_id))
    return found


def _listed(file: TransferFile, received: list[tuple[int, int]] | None) -> ListedFile:
    state = FileState(file.state)
    ranges = None if received is None else tuple(covered(received))
    return ListedFile(file.number, file.fingerprint, SHOWN.get(state, state).value, file.code, ranges)


def _arrived(file: TransferFile) -> ArrivedFile:
    return ArrivedFile(
        id=file.id,
        number=file.number,
        kind=_KINDS[FileState(file.state)],
        code=file.code,
        size=file.size,
        sha256=file.sha256,
        storage_key=file.storage_key,
        length=file.length,
        facts=_facts(file),
        bulk_sha256=file.bulk_sha256,
        repairs=tuple(file.repairs),
        hits=tuple(file.hits),
        held_for=tuple(file.held_for),
        document_kind=documents.DocumentKind(file.document_kind) if file.document_kind else None,
        announced_study_uid=file.announced_study_uid,
        name_sealed=file.path_sealed,
    )


def _facts(file: TransferFile) -> dicom.InstanceFacts | None:
    if file.sop_instance_uid is None:
        return None
    return dicom.InstanceFacts(
        file.sop_instance_uid,
        file.sop_class_uid or "",
        file.study_instance_uid or "",
        file.series_instance_uid or "",
        file.transfer_syntax_uid or "",
        file.modality or "",
        file.patient_pseudonym or "",
    )
