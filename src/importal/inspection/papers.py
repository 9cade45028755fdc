"""Looking at every document of a study before a person does: can it be delivered, is it safe to open?

A rehearsal of delivery, as for the images: the object is made and thrown away. What it shows stands beside
the document at the desk, while there is still time to ask the sender for another copy.
"""

import time
from collections.abc import Sequence
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import logs, transfers
from importal.dicom import conversion, documents
from importal.dicom.derived_objects import StudyContext
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.inspection.examination import REHEARSAL
from importal.sealing import SealBroken
from importal.site import Site
from importal.studies import Document, Study
from importal.transfers import ArrivedFile

log = logs.get("inspection")

# Hundreds of documents must not keep a worker busy for hours; what is left is found out on delivery.
TOTAL_SECONDS = 600.0
_KEY = b"rehearsal"


def examine_documents(site: Site, study: Study, arrived: Sequence[ArrivedFile]) -> dict[str, str]:
    """Return the codes of what is wrong with the documents of a study, by the id of the document."""
    with site.database.reading() as session:
        rows = session.scalars(
            select(Document).where(Document.study_id == study.id).order_by(Document.file_number)
        ).all()
    files = {file.id: file for file in arrived}
    deadline = time.monotonic() + TOTAL_SECONDS
    codes: dict[str, str] = {}
    for document in rows:
        file = files.get(document.file_id)
        convertible = documents.deliverable(documents.DocumentKind(document.kind))
        if file is not None and convertible and time.monotonic() < deadline:
            codes[document.id] = _examine(site, study, document, file)
    return codes


def note_findings(session: Session, study_id: str, codes: dict[str, str]) -> None:
    """Write down what was found."""
    for document in session.scalars(select(Document).where(Document.study_id == study_id)):
        document.conversion_code = codes.get(document.id, "")


def _examine(site: Site, study: Study, document: Document, file: ArrivedFile) -> str:
    try:
        content = transfers.read_content(site, file)
        name = transfers.open_name(site, document.file_id, document.name_sealed)
    except (KeyError, SealBroken):
        return ""  # damaged in our store, which is no flaw of the document; delivery says so
    try:
        conversion.convert(
            content,
            documents.DocumentKind(document.kind),
            title=PurePosixPath(name.replace("\\", "/")).name,
            context=StudyContext(study.study_instance_uid),
            localisation=REHEARSAL,
            uid_key=_KEY,
        )
    except DocumentRefused as refused:
        return refused.code
    except TimeoutError:
        return ""  # the machine had no time for it just now
    except (OSError, MemoryError):
        raise
    except Exception as defect:
        # A defect of ours on one document: a person sees it, and the study goes on.
        log.error("inspection.document_not_read", document_id=document.id, exc_info=defect)
        return DocumentFlaw.BROKEN.code
    return ""
