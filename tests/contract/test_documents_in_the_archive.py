"""What is made of documents is taken by a real archive and comes out as it went in: bytes and pixels."""

import io
from collections.abc import Iterator

import numpy as np
import pydicom
import pytest
from PIL import Image

from importal.delivery.destinations import OutgoingInstance, StoreOutcome
from importal.delivery.destinations.dimse import DimseConfig, DimseDestination
from importal.demo.sample_documents import pdf, skin_photo
from importal.dicom.documents import DocumentKind
from tests.orthanc import OUR_AE_TITLE, Orthanc, running_orthanc
from tests.peers import require_peer
from tests.unit.imaging.making import encoded, exif_of, gradient, made, read
from tests.unit.imaging.test_clinical_documents import binary_stl, cda

GREY = gradient().convert("L")
DEEP = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 999)
ENCAPSULATED = {
    "PDF": (pdf("Report", ["line"]), DocumentKind.PDF),
    "CDA": (cda("utf-16"), DocumentKind.CDA),
    "STL": (binary_stl(), DocumentKind.STL),
}
PICTURES = {
    "photo": (skin_photo(1), DocumentKind.JPEG),
    "photo as it is": (encoded(gradient(), "JPEG", exif=exif_of(make="Maker")), DocumentKind.JPEG),
    "scan as it is": (encoded(gradient(), "JPEG"), DocumentKind.JPEG),
    "screenshot": (encoded(gradient(), "PNG"), DocumentKind.PNG),
    "deep grey": (encoded(DEEP, "PNG"), DocumentKind.PNG),
    "fax": (encoded(GREY.convert("1"), "TIFF", compression="group4"), DocumentKind.TIFF),
    "grey pages": (encoded(GREY, "TIFF", save_all=True, append_images=[GREY]), DocumentKind.TIFF),
    "deep pages": (encoded(DEEP, "TIFF", save_all=True, append_images=[DEEP]), DocumentKind.TIFF),
    "colour pages": (
        encoded(gradient(), "TIFF", save_all=True, append_images=[gradient(shift=9)]),
        DocumentKind.TIFF,
    ),
    "motion": (
        encoded(gradient(), "GIF", save_all=True, append_images=[gradient(shift=60)], duration=[80, 90]),
        DocumentKind.GIF,
    ),
}


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[Orthanc]:
    require_peer("orthanc")
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as archive:
        yield archive


def stored(archive: Orthanc, content: bytes) -> pydicom.FileDataset:
    """Send an object, and return what the archive then holds of it."""
    data = read(content)
    config = DimseConfig("test", archive.ae_title, "127.0.0.1", archive.dicom_port, OUR_AE_TITLE, 1, 5.0)
    instance = OutgoingInstance(
        str(data.SOPClassUID),
        str(data.SOPInstanceUID),
        str(data.file_meta.TransferSyntaxUID),
        lambda: content,
    )
    outcomes: list[StoreOutcome] = []
    DimseDestination(config).store([instance], outcomes.append)
    assert [outcome.kind for outcome in outcomes] == ["stored"]
    return pydicom.dcmread(io.BytesIO(archive.files()[str(data.SOPInstanceUID)]))


@pytest.mark.parametrize("case", list(ENCAPSULATED))
def test_a_document_comes_out_of_the_archive_byte_for_byte(orthanc, case):
    document, kind = ENCAPSULATED[case]
    held = stored(orthanc, made(document, kind))
    assert held.EncapsulatedDocument[: held.EncapsulatedDocumentLength] == document
    assert (held.PatientID, held.StudyInstanceUID, held.AccessionNumber) == ("L1", "1.2.3", "ACC1")


def test_a_text_comes_out_of_the_archive_as_the_pdf_that_was_made(orthanc):
    content = made("Größe: 12 µm\n".encode(), DocumentKind.TEXT)
    held = stored(orthanc, content)
    assert held.EncapsulatedDocument == read(content).EncapsulatedDocument
    assert held.EncapsulatedDocument.startswith(b"%PDF-")


@pytest.mark.parametrize("case", list(PICTURES))
def test_a_picture_comes_out_of_the_archive_pixel_for_pixel(orthanc, case):
    content = made(*PICTURES[case])
    sent, held = read(content), stored(orthanc, content)
    assert held.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert held.PixelData == sent.PixelData
    assert np.array_equal(held.pixel_array, sent.pixel_array)


@pytest.mark.parametrize("case", list(PICTURES))
def test_the_archive_can_show_the_picture(orthanc, case):
    """Orthanc decodes with DCMTK, which knows nothing of our libraries."""
    held = stored(orthanc, made(*PICTURES[case]))
    identifier = orthanc.instances()[str(held.SOPInstanceUID)]
    shown = Image.open(io.BytesIO(orthanc.preview(identifier)))
    assert shown.size == (held.Columns, held.Rows)
