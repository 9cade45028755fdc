"""Taking frames: each is checked against what was announced and what is known, then made durable.

Frames of a file may come in any order, cut in any way and as often as the line likes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from importal import submissions
from importal.client.gathering import ZIP_MARKS
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers import recognition
from importal.transfers.announcement import open_name
from importal.transfers.arrival import SEALER, Arrival, Arrived, receive
from importal.transfers.assembly import assemble
from importal.transfers.coding import ENCODINGS, CodedFrame, decode_all
from importal.transfers.packs import IDENTITY, Frame
from importal.transfers.states import FileState, is_final
from importal.transfers.storing import Part, covered, store
from importal.transfers.tables import TransferFile, TransferFrame

# Of thousands of rows, what taking a frame asks of them.
_NEEDED = load_only(
    TransferFile.submission_id,
    TransferFile.number,
    TransferFile.path_sealed,
    TransferFile.size,
    TransferFile.fingerprint,
    TransferFile.is_upload,
    TransferFile.promised_sha256,
    TransferFile.state,
    TransferFile.code,
    TransferFile.sha256,
    raiseload=True,
)


@dataclass(frozen=True)
class FrameAnswer:
    """What became of one frame; ``confirmed`` and ``known`` mean that its bytes are on the disk."""

    file: int
    offset: int
    result: Literal["confirmed", "known", "refused"]
    code: str | None = None


@dataclass
class _Known:
    """What is there of one file: its row and its parts, those of the present batch included."""

    file: TransferFile
    parts: list[Part | TransferFrame]
    whole: Arrived | None = None
    new_parts: list[Part] = field(default_factory=list)


def require_open(site: Site, sender: SenderSession, submission_id: str) -> None:
    """Raise ``not_found`` or ``submission.closed`` unless frames would be taken."""
    with site.database.reading() as session:
        submissions.require_draft(submissions.for_sender(session, sender, submission_id))


def take_frames(
    site: Site, sender: SenderSession, submission_id: str, frames: Sequence[Frame]
) -> list[FrameAnswer]:
    """Make frames durable and return an answer for each, in order.

    Raises:
        ImportalError: ``not_found``, ``submission.closed``, ``storage.full``; nothing is confirmed then.
    """
    with site.database.reading() as session:
        submission = submissions.for_sender(session, sender, submission_id)
        submissions.require_draft(submission)
        known = _load(session, submission_id, {frame.file for frame in frames})
    answers = [
        _refused(frame, opened)
        if isinstance(opened, str)
        else _take(site, sender, submission_id, opened, known[frame.file])
        for frame, opened in zip(frames, _opened(frames, known), strict=True)
    ]
    arrived = [entry.whole for entry in known.values() if entry.whole is not None]
    parts = [part for entry in known.values() for part in entry.new_parts]
    codes = {number: entry.file.code for number, entry in known.items() if is_final(entry.file)}
    complete = {number for number, entry in known.items() if _is_waiting(entry)}
    uploads = {number for number, entry in known.items() if entry.file.is_upload}
    if arrived or parts:
        settled = store(site, sender, submission_id, arrived, parts)
        codes |= {number: decision.code for number, decision in settled.decisions.items()}
        complete |= settled.completed
    # Whoever takes the bytes of an upload settles it as well: it may be an archive.
    for number in sorted(complete - uploads):
        codes[number] = assemble(site, sender, submission_id, number)
    return [
        answer
        if answer.result == "refused"
        else FrameAnswer(answer.file, answer.offset, answer.result, codes.get(answer.file))
        for answer in answers
    ]


def _load(session: Session, submission_id: str, numbers: set[int]) -> dict[int, _Known]:
    files = session.scalars(
        select(TransferFile)
        .options(_NEEDED)
        .where(TransferFile.submission_id == submission_id, TransferFile.number.in_(sorted(numbers)))
    )
    known = {file.id: _Known(file, []) for file in files}
    for part in session.scalars(select(TransferFrame).where(TransferFrame.file_id.in_(sorted(known)))):
        known[part.file_id].parts.append(part)
    return {entry.file.number: entry for entry in known.values()}


def _is_waiting(entry: _Known) -> bool:
    """Whether a crash came between the last part of a file and its assembling."""
    if is_final(entry.file) or entry.whole is not None or entry.new_parts or not entry.parts:
        return False
    return covered([(part.offset, part.length) for part in entry.parts]) == [(0, entry.file.size)]


def _take(site: Site, sender: SenderSession, submission_id: str, frame: Frame, known: _Known) -> FrameAnswer:
    if is_final(known.file) or known.whole is not None:
        same = known.file.size == 0 or _is_repetition(frame, known)
        return _answer(frame, "known" if same else None)
    if frame.offset == 0 and frame.length == known.file.size and not _may_be_unpacked(frame, known.file):
        if not _agrees(frame, known.parts):
            return _answer(frame, None)
        known.whole = receive(site, _arrival(site, sender, submission_id, frame, known.file))
        known.new_parts.clear()
        return _answer(frame, "confirmed")
    return _take_part(site, submission_id, frame, known)


def _opened(frames: Sequence[Frame], known: Mapping[int, _Known]) -> list[Frame | str]:
    """Return each frame with its original bytes, or the code that says why it is not taken."""
    found: list[Frame | str] = [_objection(frame, known.get(frame.file)) or frame for frame in frames]
    coded = [frame for frame in found if isinstance(frame, Frame) and frame.encoding != IDENTITY]
    originals = iter(decode_all([CodedFrame(frame.encoding, frame.data, frame.length) for frame in coded]))
    return [
        _unpacked(frame, next(originals))
        if isinstance(frame, Frame) and frame.encoding != IDENTITY
        else frame
        for frame in found
    ]


def _objection(frame: Frame, known: _Known | None) -> str | None:
    if known is None or known.file.state == FileState.REMOVED:
        return "frame.unknown_file"
    if frame.encoding not in {IDENTITY, *ENCODINGS}:
        return "frame.encoding"
    size = known.file.size
    if frame.offset + frame.length > size or (frame.length == 0 and size > 0):
        return "frame.bounds"
    if frame.encoding == IDENTITY and hashlib.sha256(frame.data).hexdigest() != frame.sha256:
        return "frame.digest"
    return None


def _unpacked(frame: Frame, original: bytes | None) -> Frame | str:
    if original is None or hashlib.sha256(original).hexdigest() != frame.sha256:
        return "frame.coding"
    return replace(frame, encoding=IDENTITY, data=original)


def _may_be_unpacked(frame: Frame, file: TransferFile) -> bool:
    """Whether this is an archive of a tus client: it is staged, to be unpacked from there."""
    return file.is_upload and frame.data.startswith(ZIP_MARKS)


def _answer(frame: Frame, result: Literal["confirmed", "known"] | None) -> FrameAnswer:
    if result is None:
        return _refused(frame, "frame.conflict")
    return FrameAnswer(frame.file, frame.offset, result)


def _refused(frame: Frame, code: str) -> FrameAnswer:
    return FrameAnswer(frame.file, frame.offset, "refused", code)


def _is_repetition(frame: Frame, known: _Known) -> bool:
    """Whether the frame repeats what a complete file was made of."""
    if frame.offset == 0 and frame.length == known.file.size:
        whole = known.whole.arrival.sha256 if known.whole is not None else known.file.sha256
        return frame.sha256 == whole
    same = [part for part in known.parts if (part.offset, part.length) == (frame.offset, frame.length)]
    return any(part.sha256 == frame.sha256 for part in same)


def _agrees(frame: Frame, parts: Sequence[Part | TransferFrame]) -> bool:
    """Whether a whole file holds the same bytes as the parts that came before it."""
    view = memoryview(frame.data)
    return all(
        hashlib.sha256(view[part.offset : part.offset + part.length]).hexdigest() == part.sha256
        for part in parts
    )


def _take_part(site: Site, submission_id: str, frame: Frame, known: _Known) -> FrameAnswer:
    end = frame.offset + frame.length
    touching = [
        part for part in known.parts if part.offset < end and frame.offset < part.offset + part.length
    ]
    for part in touching:
        if (part.offset, part.length) == (frame.offset, frame.length):
            return _answer(frame, "known" if part.sha256 == frame.sha256 else None)
    if not all(_overlaps_equally(site, frame, part) for part in touching):
        return _answer(frame, None)
    if any(
        start <= frame.offset and end <= start + length
        for start, length in covered([(part.offset, part.length) for part in touching])
    ):
        return _answer(frame, "known")
    key = f"staging/{submission_id}/{frame.file}/{frame.offset}-{frame.length}-{frame.sha256[:16]}"
    sealed = site.keys.sealer(SEALER).seal(frame.data, key)
    part = Part(known.file.id, frame.file, frame.offset, frame.length, frame.sha256, key, sealed)
    known.parts.append(part)
    known.new_parts.append(part)
    return _answer(frame, "confirmed")


def _overlaps_equally(site: Site, frame: Frame, part: Part | TransferFrame) -> bool:
    """Compare the bytes that two differently cut frames share."""
    sealed = part.sealed if isinstance(part, Part) else site.storage.read(part.storage_key)
    other = site.keys.sealer(SEALER).open(sealed, part.storage_key)
    start = max(frame.offset, part.offset)
    end = min(frame.offset + frame.length, part.offset + part.length)
    ours = memoryview(frame.data)[start - frame.offset : end - frame.offset]
    return ours == memoryview(other)[start - part.offset : end - part.offset]


def _arrival(
    site: Site, sender: SenderSession, submission_id: str, frame: Frame, file: TransferFile
) -> Arrival:
    name = open_name(site, file.id, file.path_sealed)
    pieces = [frame.data]
    fingerprint = file.fingerprint or recognition.of_whole(name, file.size, frame.sha256, pieces)
    return Arrival(
        sender,
        submission_id,
        file.id,
        file.number,
        name,
        frame.length,
        frame.sha256,
        fingerprint,
        lambda: pieces,
        is_upload=file.is_upload,
        promised_sha256=file.promised_sha256,
    )
