"""Making arrived files durable: objects first, then one transaction, and only then an answer.

A crash between the two leaves objects that nothing points to; the repetition writes the same ones again.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import submissions, vault
from importal.errors import ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers.arrival import Arrived, ArrivedDocument, ArrivedInstance, is_kept, objects
from importal.transfers.decisions import Decision, decide
from importal.transfers.errors import BUSY
from importal.transfers.states import FileState, is_final, move_to, settle
from importal.transfers.tables import TransferFile, TransferFrame
from importal.transfers.together import Together
from importal.transfers.writing import Object, write

# Each round another connection must have brought the twin of one of these files at the same moment.
ROUNDS = 5
_FACTS = (
    "sop_instance_uid",
    "sop_class_uid",
    "study_instance_uid",
    "series_instance_uid",
    "transfer_syntax_uid",
    "modality",
    "patient_pseudonym",
)
_DESCRIBED = (*_FACTS, "bulk_sha256", "content_sha256")
# Files and parts that are settled in one go: as many as fit well into one statement.
MOST_TOGETHER = 2_000


@dataclass(frozen=True)
class Part:
    """A frame of a file that comes in several, sealed for the staging area."""

    file_id: str
    number: int
    offset: int
    length: int
    sha256: str
    storage_key: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class Settled:
    """What was decided per file, and the files that are complete since these parts came."""

    decisions: Mapping[int, Decision]
    completed: frozenset[int]


@dataclass(frozen=True)
class _Gone(Settled):
    """What was decided in a go, and the last part of each file in it."""

    last: Mapping[int, Part]


@dataclass(frozen=True)
class _Batch:
    """What one request brings for a submission."""

    site: Site
    sender: SenderSession
    submission_id: str
    arrived: Sequence[Arrived]
    parts: Sequence[Part]


def store(
    site: Site,
    sender: SenderSession,
    submission_id: str,
    arrived: Sequence[Arrived],
    parts: Sequence[Part] = (),
) -> Settled:
    """Write files and parts, record them, and return what became of them; all of it is durable then.

    What several connections bring at once for the same submission is settled in one go.

    Raises:
        ImportalError: ``storage.full``, ``submission.closed``, ``transfer.busy``; nothing is confirmed then.
    """
    batch = _Batch(site, sender, submission_id, arrived, parts)
    key = submission_id, sender.invitation_id
    gone = _TOGETHER.do(key, batch, len(arrived) + len(parts))
    own = {item.arrival.number for item in arrived}
    decisions = {number: gone.decisions[number] for number in own}
    # Whoever brought the last part puts the file together, and nobody else.
    completed = {number for number in gone.completed if any(gone.last[number] is part for part in parts)}
    return Settled(decisions, frozenset(completed))


def _store(batches: Sequence[_Batch]) -> _Gone:
    site, sender, submission_id = batches[0].site, batches[0].sender, batches[0].submission_id
    arrived = _each_once([item for batch in batches for item in batch.arrived])
    parts = [part for batch in batches for part in batch.parts]
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        decisions = decide(session, site, submission, arrived)
    staged: list[Object] = [(part.storage_key, [part.sealed]) for part in parts]
    for _round in range(ROUNDS):
        write(site, [*staged, *_objects(site, arrived, decisions)])

        def record(session: Session, planned: Mapping[int, Decision] = decisions) -> Settled | None:
            submission = submissions.for_sender(session, sender, submission_id, lock=True)
            submissions.require_draft(submission)
            if decide(session, site, submission, arrived) != planned:
                return None
            submissions.note_activity(site, submission)
            _record(session, site, arrived, planned)
            return Settled(planned, _record_parts(session, parts) if parts else frozenset())

        settled = site.database.run(record)
        if settled is not None:
            _delete_leftovers(site, arrived, decisions)
            return _Gone(settled.decisions, settled.completed, {part.number: part for part in parts})
        staged = []
        with site.database.reading() as session:
            submission = submissions.for_sender(session, sender, submission_id)
            decisions = decide(session, site, submission, arrived)
    raise ImportalError(BUSY, {"retry_after_seconds": 1})


def _each_once(arrived: Sequence[Arrived]) -> list[Arrived]:
    """Return each file once: one that two connections bring at the same moment is no repetition of itself.

    Raises:
        ImportalError: ``transfer.busy``, where they bring other bytes; then each is settled by itself.
    """
    found: dict[int, Arrived] = {}
    for item in arrived:
        known = found.setdefault(item.arrival.number, item)
        _require_same(known.arrival.sha256, item.arrival.sha256)
    return list(found.values())


_TOGETHER = Together(_store, MOST_TOGETHER)


def covered(frames: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge (offset, length) pairs into ranges that neither touch nor overlap, in order."""
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(frames):
        if ranges and offset <= sum(ranges[-1]):
            start, known = ranges[-1]
            ranges[-1] = (start, max(known, offset + length - start))
        else:
            ranges.append((offset, length))
    return ranges


def _objects(site: Site, arrived: Sequence[Arrived], decisions: Mapping[int, Decision]) -> list[Object]:
    return [
        wanted for item in arrived for wanted in objects(site, item, decisions[item.arrival.number].state)
    ]


def _record(
    session: Session, site: Site, arrived: Sequence[Arrived], decisions: Mapping[int, Decision]
) -> None:
    settled = _settled_before(session, [item.arrival.file_id for item in arrived])
    fresh = [item for item in arrived if item.arrival.file_id not in settled]
    for item in arrived:
        if item.arrival.file_id in settled:
            _require_same(settled[item.arrival.file_id], item.arrival.sha256)
    if not fresh:
        return
    rows = [_row(site, item, decisions[item.arrival.number]) for item in fresh]
    if not settle(session, rows):
        # Taken back, or put together by somebody else, in this moment.
        raise ImportalError(BUSY, {"retry_after_seconds": 1})
    stored = [
        item
        for item in fresh
        if isinstance(item, ArrivedInstance) and decisions[item.arrival.number].state is FileState.STORED
    ]
    vault.keep_patches(session, site, [item.patch for item in stored if item.patch is not None])
    vault.remember(
        session, site, [replacement for item in stored for replacement in item.neutralised.replacements]
    )


def _settled_before(session: Session, ids: Sequence[str]) -> dict[str, str | None]:
    """Return the digests of those files that nothing more is to come of."""
    rows = session.execute(
        select(TransferFile.id, TransferFile.sha256).where(
            TransferFile.id.in_(sorted(ids)), TransferFile.confirmed_at.is_not(None)
        )
    )
    return {row.id: row.sha256 for row in rows}


def _row(site: Site, item: Arrived, decision: Decision) -> dict[str, object]:
    """Return what is recorded of a file, every column that arriving changes."""
    arrival = item.arrival
    row: dict[str, object] = {
        **dict.fromkeys(_DESCRIBED),
        "id": arrival.file_id,
        "state": decision.state.value,
        "code": decision.code,
        "sha256": arrival.sha256,
        "fingerprint": arrival.fingerprint,
        "confirmed_at": site.clock(),
        "document_kind": item.kind.value if isinstance(item, ArrivedDocument) else None,
        "repairs": [],
        "hits": [],
        "held_for": [],
        "storage_key": None,
        "length": None,
    }
    if isinstance(item, ArrivedInstance):
        row |= _description(item)
    if decision.state is FileState.STORED and isinstance(item, ArrivedInstance):
        row |= {
            "storage_key": item.stored_key,
            "length": item.neutralised.length,
            "held_for": [reason.value for reason in item.held_for],
        }
    elif is_kept(arrival, decision.state):
        row |= {"storage_key": arrival.sealed_key, "length": arrival.size}
    return row


def _description(item: ArrivedInstance) -> dict[str, object]:
    neutralised, facts = item.neutralised, item.neutralised.facts
    return {
        **{name: getattr(facts, name) for name in _FACTS},
        "bulk_sha256": neutralised.bulk_sha256,
        "content_sha256": item.content_sha256,
        "repairs": [repair.value for repair in neutralised.repairs],
        "hits": list(neutralised.hits),
    }


def _record_parts(session: Session, parts: Sequence[Part]) -> frozenset[int]:
    """Record parts; return the numbers of the files that these parts made complete."""
    files = _files(session, [part.file_id for part in parts])
    touched: set[str] = set()
    for part in parts:
        file = files[part.file_id]
        known = session.get(TransferFrame, (part.file_id, part.offset, part.length))
        if known is not None:
            _require_same(known.sha256, part.sha256)
            continue
        if is_final(file):
            continue
        move_to(file, FileState.PARTIAL)
        session.add(
            TransferFrame(
                file_id=part.file_id,
                offset=part.offset,
                length=part.length,
                sha256=part.sha256,
                storage_key=part.storage_key,
            )
        )
        touched.add(part.file_id)
    session.flush()
    return frozenset(files[file_id].number for file_id in touched if is_complete(session, files[file_id]))


def _require_same(known: str | None, sha256: str) -> None:
    # Another connection was faster with other bytes: sent again, these are answered as a conflict.
    if known != sha256:
        raise ImportalError(BUSY, {"retry_after_seconds": 1})


def is_complete(session: Session, file: TransferFile) -> bool:
    """Whether every byte of a file lies in the staging area."""
    frames = session.execute(
        select(TransferFrame.offset, TransferFrame.length).where(TransferFrame.file_id == file.id)
    )
    return covered([(offset, length) for offset, length in frames]) == [(0, file.size)]


def _files(session: Session, ids: Sequence[str]) -> dict[str, TransferFile]:
    rows = session.scalars(select(TransferFile).where(TransferFile.id.in_(sorted(set(ids)))))
    return {row.id: row for row in rows}


def _delete_leftovers(site: Site, arrived: Sequence[Arrived], decisions: Mapping[int, Decision]) -> None:
    """Delete what a large Instance wrote before it turned out not to be stored; purging would find it too."""
    for item in arrived:
        is_stored = decisions[item.arrival.number].state is FileState.STORED
        if isinstance(item, ArrivedInstance) and item.is_written and not is_stored:
            with contextlib.suppress(OSError):
                site.storage.delete(item.arrival.key)
