"""What the desk looks into: pictures, documents, and the identifiers of origin."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import quote

import pydicom
from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import audit, dicom, logs, studies, transfers, vault
from importal.accounts import ActingPerson
from importal.dicom import documents
from importal.errors import NOT_FOUND, ImportalError
from importal.reconciliation import schemas
from importal.site import Site
from importal.studies import Instance

log = logs.get("reconciliation")

# What stands on the papers that a patient brings along.
SEARCHED = (
    dicom.IdentifierKind.PATIENT_ID,
    dicom.IdentifierKind.ACCESSION_NUMBER,
    dicom.IdentifierKind.STUDY_ID,
)
MOST_FOUND = 100


@dataclass(frozen=True)
class DocumentContent:
    """A document as it was sent."""

    content: bytes = field(repr=False)
    media_type: str
    disposition: str = field(repr=False)


def thumbnail(acting_person: ActingPerson, session: Session, site: Site, series_id: str) -> bytes:
    """Return the picture of a series (PNG), or raise ``not_found``."""
    series = studies.get_series(acting_person, session, series_id)
    if not series.thumbnail_key:
        raise ImportalError(NOT_FOUND)
    try:
        return site.storage.read(series.thumbnail_key)
    except KeyError as error:
        raise ImportalError(NOT_FOUND) from error


def document(acting_person: ActingPerson, session: Session, site: Site, document_id: str) -> DocumentContent:
    """Return a document; that a person read it is audited."""
    found = studies.get_document(acting_person, session, document_id)
    file = next(
        (item for item in transfers.arrived(session, found.submission_id) if item.id == found.file_id), None
    )
    if file is None:
        raise ImportalError(NOT_FOUND)
    try:
        content = transfers.read_content(site, file)
    except KeyError as error:
        raise ImportalError(NOT_FOUND) from error
    subject = audit.Subject("study", found.study_id)
    audit.record(session, site.clock(), acting_person.actor, "document.read", subject)
    return DocumentContent(
        content,
        documents.media_type(documents.DocumentKind(found.kind)),
        _disposition(transfers.open_name(site, found.file_id, found.name_sealed)),
    )


def original_identifiers(
    acting_person: ActingPerson, session: Session, site: Site, study_id: str
) -> schemas.OriginalIdentifiers:
    """Return what patient and order were called where the study was made; the look is audited."""
    study = studies.get_study(acting_person, session, study_id)
    pseudonyms = {study.patient_pseudonym, study.accession_pseudonym, study.study_id} - {""}
    found = vault.original_identifiers(session, site, pseudonyms, acting_person.actor, study.id)
    return schemas.OriginalIdentifiers(
        patient_id=_of(found, dicom.IdentifierKind.PATIENT_ID),
        issuer=_issuer(acting_person, session, site, study.id),
        accession_number=_of(found, dicom.IdentifierKind.ACCESSION_NUMBER),
        study_id=_of(found, dicom.IdentifierKind.STUDY_ID),
    )


def find_by_number(
    acting_person: ActingPerson, session: Session, site: Site, number: str
) -> studies.InboxPage:
    """Return the uploads of the person's institution that came with this number; the search is audited."""
    pseudonyms = vault.find(session, site, SEARCHED, number, acting_person.actor)
    wanted = studies.InboxFilter(view="all", limit=MOST_FOUND, pseudonyms=frozenset(pseudonyms))
    return studies.inbox(acting_person, session, site, wanted)


def _issuer(acting_person: ActingPerson, session: Session, site: Site, study_id: str) -> str:
    """Return who issued the Patient ID: it is no pseudonym, so it is read from an instance as received."""
    smallest = select(Instance).where(Instance.study_id == study_id).order_by(Instance.length).limit(1)
    instance = session.scalar(smallest)
    if instance is None:
        return ""
    try:
        original = vault.restore_original(
            session, site, instance.file_id, instance.storage_key, acting_person.actor
        )
        header = pydicom.dcmread(
            BytesIO(original), force=True, specific_tags=["IssuerOfPatientID"], stop_before_pixels=True
        )
        return str(header.get("IssuerOfPatientID", "") or "")[:64]
    except Exception as error:
        log.warning("reconciliation.original_not_read", study_id=study_id, exc_info=error)
        return ""


def _of(found: list[vault.OriginalIdentifier], kind: dicom.IdentifierKind) -> str:
    return next((item.original for item in found if item.kind is kind), "")


def _disposition(path: str) -> str:
    """Return a Content-Disposition header (RFC 6266) that saves the file under its own name."""
    name = PurePosixPath(path.replace("\\", "/")).name or "document"
    plain = "".join(
        sign if sign.isascii() and sign.isprintable() and sign not in '"\\' else "_" for sign in name
    )
    encoded = quote(name.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
