"""What every DICOM object made from a document has alike (PS3.3 C.7.1.1, C.7.2.1, C.7.5.1, C.12.1).

Nothing here depends on the time of the conversion, and the UIDs follow from the content: the same document in
the same study gives the same bytes, so a repeated delivery repeats and never doubles.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset

from importal.dicom.records import Localisation

IMPLEMENTATION_CLASS_UID = "2.25.299485722873412398105533620098215773181"
MANUFACTURER = "Importal"
_LONG_STRING, _SHORT_TEXT = 64, 1024
_DOCUMENT_SERIES_FROM = 9000
"""Documents come after the images of other hospitals' series in a viewer's list."""


@dataclass(frozen=True, slots=True)
class StudyContext:
    """The study a document belongs to, as its images describe it; empty = unknown."""

    study_instance_uid: str
    study_id: str = field(default="", repr=False)
    study_date: str = ""
    study_time: str = ""
    referring_physician_name: str = field(default="", repr=False)
    study_description: str = field(default="", repr=False)


def study_context_of(header: Dataset) -> StudyContext:
    """Take the context from any instance of the study."""

    def text(keyword: str) -> str:
        value = header.get(keyword)
        return "" if value is None else str(value)

    return StudyContext(
        text("StudyInstanceUID"), text("StudyID"), text("StudyDate"), text("StudyTime"),
        text("ReferringPhysicianName"), text("StudyDescription"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object comes from: its study, its patient and the document itself."""

    context: StudyContext
    localisation: Localisation
    uid_key: bytes = field(repr=False)
    document_sha256: bytes
    title: str = field(repr=False)

    def uid(self, purpose: str) -> str:
        """Return a UID of the form 2.25.<128 bit> that follows from study, document and purpose."""
        message = b"\0".join(
            (b"document", purpose.encode(), self.context.study_instance_uid.encode(), self.document_sha256)
        )
        digest = hmac.new(self.uid_key, message, hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def plain(text: str, longest: int) -> str:
    """Return text that fits a DICOM string: no control signs, no backslash, at most so many signs."""
    printable = "".join(sign if sign.isprintable() and sign != "\\" else " " for sign in text)
    return " ".join(printable.split())[:longest].rstrip()


def new_object(origin: Origin, sop_class_uid: str, modality: str, conversion_type: str) -> Dataset:
    """Return a data set with everything but the content; a series of its own."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = sop_class_uid
    data.SOPInstanceUID = origin.uid("instance")
    data.InstanceOriginStatus = "IMPORTED"
    _add_patient_and_study(data, origin.context, origin.localisation)
    data.Modality = modality
    data.SeriesInstanceUID = origin.uid("series")
    # From the content, so that several documents of a study keep apart and in place.
    data.SeriesNumber = _DOCUMENT_SERIES_FROM + int.from_bytes(origin.document_sha256[:2], "big") % 1000
    data.SeriesDescription = plain(origin.title, _LONG_STRING)
    data.InstanceNumber = 1
    data.Manufacturer = MANUFACTURER
    data.ManufacturerModelName = MANUFACTURER
    data.SoftwareVersions = plain(origin.localisation.software_version, _LONG_STRING)
    data.InstitutionName = plain(origin.localisation.institution_name, _LONG_STRING)
    data.StationName = plain(origin.localisation.station_ae_title, 16)
    if conversion_type:
        data.ConversionType = conversion_type
        data.SecondaryCaptureDeviceManufacturer = MANUFACTURER
    return data


def _add_patient_and_study(data: Dataset, context: StudyContext, local: Localisation) -> None:
    data.PatientName = local.patient_name
    data.PatientID = local.patient_id
    # Empty where there is none: the images of the study say the same.
    data.IssuerOfPatientID = local.issuer_of_patient_id
    data.PatientBirthDate = local.patient_birth_date
    data.PatientSex = local.patient_sex
    data.StudyInstanceUID = context.study_instance_uid
    data.StudyDate = context.study_date
    data.StudyTime = context.study_time
    data.ReferringPhysicianName = context.referring_physician_name
    data.StudyID = context.study_id
    data.AccessionNumber = local.accession_number
    if local.issuer_of_accession_number and local.accession_number:
        issuer = Dataset()
        issuer.LocalNamespaceEntityID = local.issuer_of_accession_number
        data.IssuerOfAccessionNumberSequence = [issuer]
    if context.study_description:
        data.StudyDescription = context.study_description
    if local.requested_procedure_id:
        request = Dataset()
        request.AccessionNumber = local.accession_number
        request.RequestedProcedureID = local.requested_procedure_id
        data.RequestAttributesSequence = [request]


def document_title(origin: Origin) -> str:
    """Return the title for Document Title (ST)."""
    return plain(origin.title, _SHORT_TEXT)


def file_of(data: Dataset, transfer_syntax_uid: str, source_ae_title: str) -> bytes:
    """Encode a data set as a DICOM file (PS3.10)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = transfer_syntax_uid
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = "IMPORTAL"
    if source_ae_title:
        meta.SourceApplicationEntityTitle = source_ae_title
    data.file_meta = meta
    out = BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()
