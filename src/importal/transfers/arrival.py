"""What an arrived file is, judged by its content alone.

An Instance, freed of foreign identifiers; a document; or something to be set aside. A file that cannot be
understood is never dropped.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

from importal import dicom, logs, vault
from importal.dicom import documents
from importal.errors import ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.transfers import recognition
from importal.transfers.deidentified import MOST_BYTES, SEALED, as_neutralised, deidentify
from importal.transfers.states import FileState
from importal.transfers.writing import Object, Pieces, write

log = logs.get("transfers")

SEALER = "transfers"
# As much of a file as is looked at to recognise it.
HEAD_BYTES = 8192
# A larger Instance is rewritten while it streams, so that memory stays flat.
IN_MEMORY_BYTES = 64 * 1024 * 1024
# A damaged one can be mended only when it is held as a whole.
MENDABLE_BYTES = 512 * 1024 * 1024
# Large ones are mended one after the other: held twice and more, several would take all memory.
_MENDING = threading.Lock()
PIECE_BYTES = 1024 * 1024
NO_BULK_SHA256 = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Arrival:
    """A complete file as it was sent: its row, name, digest, and a way to read its bytes again and again."""

    sender: SenderSession
    submission_id: str
    file_id: str
    number: int
    name: str = field(repr=False)
    size: int
    sha256: str
    fingerprint: str
    read: Callable[[], Iterable[bytes]] = field(repr=False)
    is_upload: bool = False
    promised_sha256: str | None = None

    @property
    def is_deidentified(self) -> bool:
        """Whether it may name nobody, so that nothing of how it came is kept."""
        return self.sender.deidentification is not None

    @property
    def is_as_promised(self) -> bool:
        """Whether the bytes are those that the sender meant to send."""
        return self.promised_sha256 in {None, self.sha256}

    @property
    def key(self) -> str:
        """The key of the neutralised object; a repetition of the same bytes makes the same key."""
        return f"submissions/{self.submission_id}/{self.number}-{self.sha256[:16]}"

    @property
    def sealed_key(self) -> str:
        """The key of the bytes as received, sealed."""
        return f"{self.key}{SEALED}"


@dataclass(frozen=True)
class ArrivedInstance:
    """An Instance, neutralised or de-identified. `is_written`: it was streamed into the storage already.

    Without `patch` there is no way back. Non-empty `held_for`: it waits, sealed, for a person.
    """

    arrival: Arrival
    neutralised: dicom.Neutralised = field(repr=False)
    content_sha256: str
    patch: vault.KeptPatch | None = field(repr=False)
    is_written: bool = False
    held_for: tuple[dicom.HoldReason, ...] = ()

    @property
    def stored_key(self) -> str:
        """The key under which it lies."""
        return self.arrival.sealed_key if self.held_for else self.arrival.key


@dataclass(frozen=True)
class ArrivedDocument:
    """A document for the desk."""

    arrival: Arrival
    kind: documents.DocumentKind


@dataclass(frozen=True)
class SetAside:
    """A file that is kept sealed, with the code that says why."""

    arrival: Arrival
    code: str


Arrived = ArrivedInstance | ArrivedDocument | SetAside


def profile(site: Site) -> dicom.Profile:
    """Return what the engine needs to know of this site."""
    settings = site.settings
    pseudonyms = dicom.Pseudonyms(
        key=site.keys.derive("pseudonyms"),
        key_version=settings.pseudonym_key_version,
        prefix=settings.pseudonym_prefix,
    )
    return dicom.Profile(pseudonyms, settings.issuer_of_patient_id, settings.ae_title)


def receive(site: Site, arrival: Arrival) -> Arrived:
    """Return what a complete file is; it is not in the storage yet, except when it is large.

    Raises:
        ImportalError: ``storage.full`` and its like, when a large Instance cannot be written.
        OSError, MemoryError: the bytes could not be read again just now.
    """
    if not arrival.is_as_promised:
        return SetAside(arrival, "file.changed")
    head = _head(arrival)
    pieces = arrival.read()
    if not recognition.is_of(arrival.fingerprint, arrival.name, head, arrival.sha256, arrival.size, pieces):
        # Another file lies under its name since it was looked at: nobody has seen whose it is.
        return SetAside(arrival, "file.changed")
    if not dicom.looks_like_dicom(head):
        return _receive_other(arrival, head)
    try:
        return _way_of(arrival)(site, arrival)
    except dicom.Refused as refused:
        return SetAside(arrival, f"dicom.{refused.reason.value}")
    except (ImportalError, OSError, MemoryError):
        # Our fault, and it may pass: nothing is said about the image.
        raise
    except Exception as defect:
        log.error("transfers.neutralising_failed", submission_id=arrival.submission_id, exc_info=defect)
        return SetAside(arrival, "dicom.unreadable")


def _way_of(arrival: Arrival) -> Callable[[Site, Arrival], Arrived]:
    if arrival.is_deidentified:
        return _receive_deidentified
    return _receive_streaming if arrival.size > IN_MEMORY_BYTES else _receive_whole


def objects(site: Site, arrived: Arrived, state: FileState) -> list[Object]:
    """Return what has to be written for a file that gets this final state."""
    arrival = arrived.arrival
    if not is_kept(arrival, state):
        return []
    if state is not FileState.STORED or not isinstance(arrived, ArrivedInstance):
        return [sealed_object(site, arrival, arrival.read())]
    if arrived.held_for:
        return [sealed_object(site, arrival, arrived.neutralised.chunks)]
    found: list[Object] = []
    if not arrived.is_written:
        found.append((arrival.key, arrived.neutralised.chunks))
    if arrived.patch is not None and arrived.patch.storage_key is not None:
        found.append((arrived.patch.storage_key, [arrived.patch.sealed]))
    return found


def is_kept(arrival: Arrival, state: FileState) -> bool:
    """Whether the storage gets anything of a file: not twice, and of an anonymous one not what is refused."""
    is_there_once = state not in {FileState.DUPLICATE, FileState.REMOVED}
    return is_there_once and not (arrival.is_deidentified and state is FileState.REFUSED)


def sealed_object(site: Site, arrival: Arrival, pieces: Pieces) -> Object:
    """Return the object that keeps these bytes of a file sealed."""
    sealer = site.keys.sealer(SEALER)
    return arrival.sealed_key, sealer.seal_pieces(_even(pieces), arrival.sealed_key)


def open_sealed(site: Site, key: str) -> bytes:
    """Return the bytes as received of a file that is kept sealed under this key."""
    return b"".join(site.keys.sealer(SEALER).open_pieces(site.storage.read(key), key))


def _receive_other(arrival: Arrival, head: bytes) -> Arrived:
    kind = documents.recognise(head, arrival.name)
    if documents.accepted(kind):
        return ArrivedDocument(arrival, kind)
    if kind is documents.DocumentKind.ARCHIVE:
        return SetAside(arrival, "file.archive")
    if kind is documents.DocumentKind.PROGRAM:
        return SetAside(arrival, "file.program")
    return SetAside(arrival, "file.not_accepted")


def _receive_whole(site: Site, arrival: Arrival) -> Arrived:
    pieces = list(arrival.read())
    original = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    digest = bytes.fromhex(arrival.sha256)
    neutralised = dicom.neutralise(original, profile(site), original_sha256=digest)
    content = neutralised.bulk_sha256
    if content == NO_BULK_SHA256:
        content = _digest(neutralised.chunks)
    return _instance(site, arrival, neutralised, content)


def _receive_deidentified(site: Site, arrival: Arrival) -> Arrived:
    if arrival.size > MOST_BYTES:
        raise dicom.Refused(dicom.RefusalReason.TOO_LARGE)
    with _MENDING if arrival.size > IN_MEMORY_BYTES else nullcontext():
        made = deidentify(site, arrival.sender, b"".join(arrival.read()), arrival.sha256)
        neutralised = as_neutralised(made)
        content = neutralised.bulk_sha256
        if content == NO_BULK_SHA256:
            content = _digest(neutralised.chunks)
    return ArrivedInstance(arrival, neutralised, content, None, held_for=made.held_for)


def _receive_streaming(site: Site, arrival: Arrival) -> Arrived:
    try:
        stream = dicom.neutralise_stream(arrival.read(), profile(site))
        write(site, [(arrival.key, stream.chunks)])
        neutralised = stream.result()
    except dicom.Refused as refused:
        mendable = refused.reason is dicom.RefusalReason.NEEDS_WHOLE_OBJECT
        if not mendable or arrival.size > MENDABLE_BYTES:
            raise
        with _MENDING:
            return _receive_whole(site, arrival)
    content = neutralised.bulk_sha256
    if content == NO_BULK_SHA256:
        content = arrival.sha256
    return _instance(site, arrival, neutralised, content, is_written=True)


def _instance(
    site: Site, arrival: Arrival, neutralised: dicom.Neutralised, content: str, *, is_written: bool = False
) -> ArrivedInstance:
    patch = vault.seal_patch(
        site, arrival.submission_id, arrival.file_id, arrival.key, neutralised.reverse_patch
    )
    return ArrivedInstance(arrival, neutralised, content, patch, is_written)


def _head(arrival: Arrival) -> bytes:
    head = b""
    for piece in arrival.read():
        head += piece[: HEAD_BYTES - len(head)]
        if len(head) == HEAD_BYTES:
            break
    return head


def _digest(pieces: Pieces) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _even(pieces: Pieces) -> Pieces:
    """Cut long pieces, so that each sealed one is opened with little memory."""
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), PIECE_BYTES):
            yield view[start : start + PIECE_BYTES]
