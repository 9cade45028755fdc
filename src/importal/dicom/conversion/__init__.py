"""Making DICOM objects of documents in processes of their own, because their decoders are native code.

The parent keeps a `python -m importal.dicom.conversion`, which has everything loaded and forks once for each
document: loading takes longer than making most objects. Time and memory are bounded: a document that takes
more costs itself, never the others. Nothing touches a disk.
"""

import base64
import json
import signal
from dataclasses import asdict, dataclass

from importal.dicom.derived_objects import StudyContext
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.documents import DocumentKind
from importal.dicom.makers import Makers
from importal.dicom.records import Localisation

__all__ = ["LIMITS", "ConversionFailed", "Limits", "convert"]


class ConversionFailed(Exception):
    """The process ended by a defect of ours. Carries no value."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost: CPU time, time by the clock, and address space."""

    cpu_seconds: int = 60
    seconds: float = 600.0
    memory_bytes: int = 3 * 1024**3


LIMITS = Limits()
_OVER_LIMIT = frozenset({signal.SIGXCPU, signal.SIGKILL})
_MAKERS = Makers(__name__)


def convert(
    document: bytes,
    kind: DocumentKind,
    *,
    title: str,
    context: StudyContext,
    localisation: Localisation,
    uid_key: bytes,
) -> tuple[bytes, ...]:
    """Make the DICOM files of a document, as `encapsulation.encapsulate` does, within limits.

    Raises:
        DocumentRefused: as `encapsulate` does; `too_large` also for what takes more than it may.
        TimeoutError: the machine had no time for it, which says nothing about the document.
        ConversionFailed: a defect of ours.
    """
    order = {
        "kind": kind.value,
        "title": title,
        "context": asdict(context),
        "localisation": {**asdict(localisation), "coerced_at": localisation.coerced_at.isoformat()},
        "uid_key": base64.b64encode(uid_key).decode("ascii"),
        "memory_bytes": LIMITS.memory_bytes,
        "cpu_seconds": LIMITS.cpu_seconds,
        "length": len(document),
    }
    try:
        ended_by, received = _MAKERS.make(json.dumps(order).encode() + b"\n", document, LIMITS.seconds)
    except EOFError as error:
        raise ConversionFailed from error
    if ended_by:
        # It was ended: for its limits by the system, or by a decoder that fell over the file.
        flaw = DocumentFlaw.TOO_LARGE if ended_by in _OVER_LIMIT else DocumentFlaw.BROKEN
        raise DocumentRefused(flaw)
    return _answer(received)


def _answer(received: bytes) -> tuple[bytes, ...]:
    try:
        end = received.index(b"\n") + 1
        said = json.loads(received[:end])
    except ValueError as error:
        raise ConversionFailed from error
    if said["flaw"]:
        raise DocumentRefused(DocumentFlaw(said["flaw"]))
    if sum(said["lengths"]) != len(received) - end:
        raise ConversionFailed
    made = []
    for length in said["lengths"]:
        made.append(received[end : end + length])
        end += length
    return tuple(made)
