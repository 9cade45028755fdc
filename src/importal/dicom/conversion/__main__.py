"""The converting process: a line of JSON and a document in, a line of JSON and the DICOM files out.

Arguments: address space in bytes, CPU seconds. The answer has `flaw`, empty or why nothing was made, and
`lengths` of the files that follow.
"""

import base64
import json
import os
import sys
from datetime import datetime
from typing import BinaryIO

from importal.dicom.derived_objects import StudyContext
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.documents import DocumentKind
from importal.dicom.encapsulation import encapsulate
from importal.dicom.limited_process import limit_cpu, limit_this_process
from importal.dicom.records import Localisation


def main() -> None:
    """Make the files of one document."""
    limit_this_process(int(sys.argv[1]))
    limit_cpu(float(sys.argv[2]))
    # What native code prints must not look like an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    flaw = ""
    made: tuple[bytes, ...] = ()
    try:
        made = _made(sys.stdin.buffer)
    except DocumentRefused as refused:
        flaw = refused.flaw.value
    except (MemoryError, RecursionError):
        flaw = DocumentFlaw.TOO_LARGE.value
    with answers:
        lengths = [len(content) for content in made]
        answers.write(json.dumps({"flaw": flaw, "lengths": lengths}).encode() + b"\n")
        for content in made:
            answers.write(content)


def _made(source: BinaryIO) -> tuple[bytes, ...]:
    order = json.loads(source.readline())
    local = order["localisation"]
    local["coerced_at"] = datetime.fromisoformat(local["coerced_at"])
    return encapsulate(
        source.read(),
        DocumentKind(order["kind"]),
        title=order["title"],
        context=StudyContext(**order["context"]),
        localisation=Localisation(**local),
        uid_key=base64.b64decode(order["uid_key"]),
    )


if __name__ == "__main__":
    main()
