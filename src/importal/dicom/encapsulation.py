"""From a document to DICOM: PDFs as Encapsulated PDF (PS3.3 A.45.1, C.24.2), pictures as images.

Where a document belongs to a study, the archive shows it beside the images.
"""

import hashlib

from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from importal.dicom.derived_objects import (
    DocumentRefused,
    Origin,
    StudyContext,
    document_title,
    file_of,
    new_object,
    study_context_of,
)
from importal.dicom.document_inspection import inspect_pdf
from importal.dicom.documents import DocumentKind, is_picture, media_type
from importal.dicom.pictures import image_file
from importal.dicom.records import Localisation


def encapsulate(
    document: bytes,
    kind: DocumentKind,
    *,
    title: str,
    context: StudyContext,
    localisation: Localisation,
    uid_key: bytes,
) -> tuple[bytes, ...]:
    """Make the DICOM files of a document; the same input gives the same bytes.

    Args:
        document: the whole document.
        kind: what `recognise` said of it.
        title: what people call it; becomes series description and document title.
        context: the study it belongs to.
        localisation: local patient and order.
        uid_key: secret of the site, from which UIDs are derived.

    Raises:
        DocumentRefused: it is locked, damaged, too large, or nothing that DICOM could hold.
    """
    origin = Origin(context, localisation, uid_key, hashlib.sha256(document).digest(), title)
    if kind == DocumentKind.PDF:
        return (_pdf_file(document, origin),)
    if is_picture(kind):
        return (image_file(document, kind, origin),)
    raise DocumentRefused("document.not_deliverable")


def _pdf_file(document: bytes, origin: Origin) -> bytes:
    findings = inspect_pdf(document)
    if findings.encrypted:
        raise DocumentRefused("document.encrypted")
    if findings.broken:
        raise DocumentRefused("document.broken")
    data = new_object(origin, EncapsulatedPDFStorage, "DOC", "WSD")
    # When the document was written is unknown; these are of Type 2 and stay empty.
    data.ContentDate = data.ContentTime = data.AcquisitionDateTime = ""
    data.BurnedInAnnotation = "YES"
    data.DocumentTitle = document_title(origin)
    data.ConceptNameCodeSequence = []
    data.MIMETypeOfEncapsulatedDocument = media_type(DocumentKind.PDF)
    data.EncapsulatedDocumentLength = len(document)
    data.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return file_of(data, ExplicitVRLittleEndian, origin.localisation.station_ae_title)


__all__ = ["DocumentRefused", "StudyContext", "encapsulate", "study_context_of"]
