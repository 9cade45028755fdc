"""The converting process: for each order it forks, and the fork makes the DICOM files of one document.

In: a line of JSON with `length`, then the document. Out: a line of JSON with `ended_by`, the signal that
ended the fork or 0, and `length`, then what the fork wrote: a line of JSON with `flaw`, empty or why nothing
was made, and the `lengths` of the files that follow.

This process looks into no document, so none can hurt it.
"""

import base64
import json
import os
import sys
from datetime import datetime
from typing import Any, BinaryIO

from importal.dicom.derived_objects import StudyContext
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.documents import DocumentKind
from importal.dicom.encapsulation import encapsulate
from importal.dicom.limited_process import limit_cpu, limit_this_process
from importal.dicom.records import Localisation


def main() -> None:
    """Take orders until nobody gives any more."""
    # What native code prints must not look like an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    while line := source.readline():
        order = json.loads(line)
        document = source.read(order["length"])
        if len(document) != order["length"]:
            return
        with os.fdopen(os.memfd_create("made"), "w+b") as made:
            ended_by = _fork_for(order, document, made)
            length = 0 if ended_by else made.seek(0, os.SEEK_END)
            made.seek(0)
            answers.write(json.dumps({"ended_by": ended_by, "length": length}).encode() + b"\n")
            answers.write(made.read(length))
            answers.flush()


def _fork_for(order: dict[str, Any], document: bytes, made: BinaryIO) -> int:
    """Return the signal that ended the fork, or 0."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    try:
        limit_this_process(order["memory_bytes"])
        limit_cpu(order["cpu_seconds"])
        _write_made(order, document, made)
        made.flush()
    finally:
        # Whatever happened: never back into the loop of the parent, and no exception with a value in it.
        os._exit(0)


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
    main()
