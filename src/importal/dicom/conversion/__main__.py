"""The converting process: for each order it forks, and the fork makes the DICOM files of one document.

The fork writes a line of JSON with `flaw`, empty or why nothing was made, and the `lengths` of the files that
follow.
"""

import base64
import json
from datetime import datetime
from typing import Any, BinaryIO

from importal.dicom.derived_objects import StudyContext
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.documents import DocumentKind
from importal.dicom.encapsulation import encapsulate
from importal.dicom.forking_process import serve
from importal.dicom.records import Localisation


def _write_made(order: dict[str, Any], document: bytes, target: BinaryIO) -> None:
    flaw = ""
    made: tuple[bytes, ...] = ()
    try:
        made = _made(order, document)
    except DocumentRefused as refused:
        flaw = refused.flaw.value
    except (MemoryError, RecursionError):
        flaw = DocumentFlaw.TOO_LARGE.value
    lengths = [len(content) for content in made]
    target.write(json.dumps({"flaw": flaw, "lengths": lengths}).encode() + b"\n")
    target.writelines(made)


def _made(order: dict[str, Any], document: bytes) -> tuple[bytes, ...]:
    local = order["localisation"]
    local["coerced_at"] = datetime.fromisoformat(local["coerced_at"])
    return encapsulate(
        document,
        DocumentKind(order["kind"]),
        title=order["title"],
        context=StudyContext(**order["context"]),
        localisation=Localisation(**local),
        uid_key=base64.b64decode(order["uid_key"]),
    )


if __name__ == "__main__":
    serve(_write_made)
