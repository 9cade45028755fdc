"""From a document to DICOM: PDF, CDA and STL encapsulated, text as PDF, pictures as images.

PS3.3 A.45.1, A.45.2, A.85.1 and C.24.2. Where a document belongs to a study, the archive shows it beside the
images. What is made follows from the document and the study alone, so a repetition gives the same bytes.
"""

import hashlib

from pydicom.dataset import Dataset
from pydicom.uid import (
    EncapsulatedCDAStorage,
    EncapsulatedPDFStorage,
    EncapsulatedSTLStorage,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)

from importal.dicom.clinical_documents import read_clinical_document
from importal.dicom.derived_objects import (
    Origin,
    StudyContext,
    document_title,
    file_of,
    new_object,
    plain,
    study_context_of,
)
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.document_inspection import inspect_pdf
from importal.dicom.documents import DocumentKind, is_picture
from importal.dicom.picture_frames import MOVING_KINDS, PAGED_KINDS
from importal.dicom.pictures import MULTI_FRAME_CLASSES, PHOTO_KINDS, image_file
from importal.dicom.records import Localisation
from importal.dicom.surface_models import is_stl
from importal.dicom.text_pages import text_as_pdf

MOST_BYTES = 200_000_000
"""A larger document is kept at the desk: it is held in memory several times on its way."""

_LOINC = "2.16.840.1.113883.6.1"


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
        DocumentRefused: it is locked, damaged, too large, active, or nothing that DICOM could hold.
    """
    if len(document) > MOST_BYTES:
        raise DocumentRefused(DocumentFlaw.TOO_LARGE)
    origin = Origin(context, localisation, uid_key, hashlib.sha256(document).digest(), title)
    if is_picture(kind):
        return (image_file(document, kind, origin),)
    make = _MAKERS.get(kind)
    if make is None:
        raise DocumentRefused(DocumentFlaw.KEPT)
    return (make(document, origin),)


def _pdf_file(document: bytes, origin: Origin) -> bytes:
    flaw = inspect_pdf(document).flaw
    if flaw is not None:
        raise DocumentRefused(flaw)
    return _encoded(_encapsulated(origin, EncapsulatedPDFStorage, "DOC"), document, "application/pdf", origin)


def _text_file(document: bytes, origin: Origin) -> bytes:
    pages = text_as_pdf(document, document_title(origin))
    data = _encapsulated(origin, EncapsulatedPDFStorage, "DOC")
    return _encoded(data, pages, "application/pdf", origin)


def _cda_file(document: bytes, origin: Origin) -> bytes:
    said = read_clinical_document(document)
    data = _encapsulated(origin, EncapsulatedCDAStorage, "DOC")
    data.ContentDate, data.ContentTime = said.content_date, said.content_time
    if said.title:
        data.DocumentTitle = plain(said.title, 1024)
    if said.instance_identifier:
        data.HL7InstanceIdentifier = plain(said.instance_identifier, 1024)
    value, system, meaning = said.code
    if system == _LOINC and value and len(value) <= 16 and meaning.strip():
        concept = Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator = plain(value, 16), "LN"
        concept.CodeMeaning = plain(meaning, 64)
        data.ConceptNameCodeSequence = [concept]
    return _encoded(data, document, "text/XML", origin)


def _stl_file(document: bytes, origin: Origin) -> bytes:
    if not is_stl(document):
        raise DocumentRefused(DocumentFlaw.BROKEN)
    data = _encapsulated(origin, EncapsulatedSTLStorage, "M3D")
    # Enhanced General Equipment (C.7.5.2) and Frame of Reference (C.7.4.1): the model has a space of its own.
    data.DeviceSerialNumber = "none"
    data.FrameOfReferenceUID = origin.uid("frame-of-reference")
    data.PositionReferenceIndicator = ""
    # STL has no units; what makes models for printing writes millimetres.
    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mm", "UCUM", "mm"
    data.MeasurementUnitsCodeSequence = [unit]
    return _encoded(data, document, "model/stl", origin)


_MAKERS = {
    DocumentKind.PDF: _pdf_file,
    DocumentKind.TEXT: _text_file,
    DocumentKind.CDA: _cda_file,
    DocumentKind.STL: _stl_file,
}


def sop_classes_of(kind: DocumentKind) -> tuple[str, ...]:
    """Return the SOP classes that documents of this kind can become; none for what stays at the desk."""
    if is_picture(kind):
        single = (SecondaryCaptureImageStorage,)
        photo = (VLPhotographicImageStorage,) if kind in PHOTO_KINDS else ()
        several = tuple(MULTI_FRAME_CLASSES.values()) if kind in PAGED_KINDS | MOVING_KINDS else ()
        return (*photo, *single, *several)
    return _ENCAPSULATED_CLASSES.get(kind, ())


_ENCAPSULATED_CLASSES: dict[DocumentKind, tuple[str, ...]] = {
    DocumentKind.PDF: (EncapsulatedPDFStorage,),
    DocumentKind.TEXT: (EncapsulatedPDFStorage,),
    DocumentKind.CDA: (EncapsulatedCDAStorage,),
    DocumentKind.STL: (EncapsulatedSTLStorage,),
}


def _encapsulated(origin: Origin, sop_class_uid: str, modality: str) -> Dataset:
    """Return everything of an encapsulated document but the document (C.24.1, C.24.2)."""
    is_model = sop_class_uid == EncapsulatedSTLStorage
    data = new_object(origin, sop_class_uid, modality, "" if is_model else "WSD")
    # When the document was written is unknown; these are of Type 2 and stay empty.
    data.ContentDate = data.ContentTime = data.AcquisitionDateTime = ""
    data.BurnedInAnnotation = "YES"
    data.DocumentTitle = document_title(origin)
    data.ConceptNameCodeSequence = []
    data.VerificationFlag = "UNVERIFIED"
    return data


def _encoded(data: Dataset, document: bytes, media_type: str, origin: Origin) -> bytes:
    data.MIMETypeOfEncapsulatedDocument = media_type
    data.EncapsulatedDocumentLength = len(document)
    data.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return file_of(data, ExplicitVRLittleEndian, origin.localisation.station_ae_title)


__all__ = ["DocumentRefused", "StudyContext", "encapsulate", "sop_classes_of", "study_context_of"]
