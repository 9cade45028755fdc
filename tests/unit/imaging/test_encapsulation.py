"""Documents become DICOM objects of the right class, under the local patient, the same every time."""

import hashlib
import io
import subprocess
from datetime import UTC, datetime

import numpy as np
import pydicom
import pytest
from PIL import ExifTags, Image

from importal.demo.sample_documents import pdf, skin_photo
from importal.dicom.documents import DocumentKind
from importal.dicom.encapsulation import DocumentRefused, StudyContext, encapsulate, study_context_of
from importal.dicom.records import Localisation
from tests.corpus import corpus_path
from tests.peers import require_peer

LOCAL = Localisation(
    "L1", "CITY", "Müller^Anna", "19500101", "F", "ACC1", "RIS", "Hospital", "IMPORTAL", "0.1",
    datetime(2026, 1, 1, tzinfo=UTC), "elsewhere",
)  # fmt: skip
CONTEXT = StudyContext("1.2.3", "S1", "20240101", "120000", "Doctor^A", "CT HEAD")
KEY = b"k" * 32


def made(
    document: bytes, kind: DocumentKind, title: str = "Report", context: StudyContext = CONTEXT
) -> bytes:
    (content,) = encapsulate(document, kind, title=title, context=context, localisation=LOCAL, uid_key=KEY)
    return content


def read(content: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(content))


def encoded(picture: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, format=form, **options)
    return out.getvalue()


def gradient(width: int = 60, height: int = 40) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 4 % 256, y * 6 % 256, (x + y) % 256], -1).astype(np.uint8))


def test_a_pdf_lies_unchanged_in_its_object_under_the_local_patient():
    document = pdf("Report", ["line"])
    document += b"\n" * (1 - len(document) % 2)  # odd length: the element is padded, its length says so
    data = read(made(document, DocumentKind.PDF, "Letter \\ of\nthe doctor"))
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.1"
    assert len(document) % 2 == 1
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == document
    assert (data.PatientID, data.IssuerOfPatientID, str(data.PatientName)) == ("L1", "CITY", "Müller^Anna")
    assert (data.AccessionNumber, data.StudyInstanceUID) == ("ACC1", "1.2.3")
    assert data.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "RIS"
    assert data.DocumentTitle == "Letter of the doctor"
    assert (data.BurnedInAnnotation, data.MIMETypeOfEncapsulatedDocument) == ("YES", "application/pdf")


def test_the_same_document_gives_the_same_bytes_and_another_study_other_uids():
    document = pdf("Report", ["line"])
    first = made(document, DocumentKind.PDF)
    assert first == made(document, DocumentKind.PDF)
    other = read(made(document, DocumentKind.PDF, context=StudyContext("1.2.4")))
    assert other.SOPInstanceUID != read(first).SOPInstanceUID
    assert read(first).SOPInstanceUID.startswith("2.25.")
    assert len(read(first).SOPInstanceUID) <= 64


def test_the_context_comes_from_any_instance_of_the_study():
    assert study_context_of(read(made(pdf("a", []), DocumentKind.PDF))) == CONTEXT


def test_a_photo_is_turned_upright_and_becomes_photographic():
    data = read(made(skin_photo(1), DocumentKind.JPEG))
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.77.1.4"
    assert (data.Modality, data.Columns, data.Rows) == ("XC", 1200, 900)
    assert (data.LossyImageCompression, data.PhotometricInterpretation) == ("01", "RGB")


def test_where_a_camera_stood_does_not_reach_the_archive():
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "CAMERAMAKER"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = "SECRETPLACE"
    document = encoded(gradient(), "JPEG", exif=exif, comment=b"SECRETWORD")
    content = made(document, DocumentKind.JPEG)
    assert b"SECRETPLACE" in document
    assert not [word for word in (b"SECRETPLACE", b"SECRETWORD", b"CAMERAMAKER") if word in content]


def test_an_upright_baseline_jpeg_keeps_its_code_stream():
    document = encoded(gradient(), "JPEG", quality=80, subsampling="4:2:0")
    data = read(made(document, DocumentKind.JPEG))
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
    assert data.PhotometricInterpretation == "YBR_FULL_422"
    expected = np.asarray(Image.open(io.BytesIO(document)).convert("RGB"), dtype=int)
    assert np.abs(data.pixel_array.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_a_screenshot_becomes_secondary_capture_without_loss(form):
    data = read(made(encoded(gradient(61, 41), form), DocumentKind(form.lower())))
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert data.LossyImageCompression == "00"
    assert (
        hashlib.sha256(data.pixel_array.tobytes()).digest()
        == hashlib.sha256(gradient(61, 41).tobytes()).digest()
    )


def test_the_pages_of_a_fax_become_one_object_in_order():
    data = read(made(corpus_path("documents", "pictures", "fax-3-pages.tif").read_bytes(), DocumentKind.TIFF))
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7.2"  # its pages are grey
    assert (data.NumberOfFrames, data.pixel_array.shape[0]) == (3, 3)


def test_grey_of_16_bits_keeps_its_depth():
    data = read(made(corpus_path("documents", "pictures", "gray16.png").read_bytes(), DocumentKind.PNG))
    assert (data.BitsStored, data.PhotometricInterpretation) == (16, "MONOCHROME2")
    assert data.pixel_array.max() > 255


@pytest.mark.parametrize(
    ("folder", "name", "kind", "code"),
    [
        ("pdf", "report-password-befund.pdf", "pdf", "document.encrypted"),
        ("pdf", "report-cut.pdf", "pdf", "document.broken"),
        ("pictures", "900-megapixel.png", "png", "document.too_large"),
        ("pictures", "cut.jpg", "jpeg", "document.broken"),
        ("heic", "corrupted.heic", "heic", "document.broken"),
        ("office", "arztbrief.docx", "office", "document.kept"),
    ],
)
def test_what_cannot_become_an_object_is_refused_with_a_code(folder, name, kind, code):
    with pytest.raises(DocumentRefused) as refused:
        made(corpus_path("documents", folder, name).read_bytes(), DocumentKind(kind))
    assert refused.value.code == code


@pytest.mark.parametrize("kind", ["pdf", "photo", "screen", "pages"])
def test_an_independent_validator_finds_no_error(tmp_path, kind):
    require_peer("dciodvfy")
    pages = encoded(gradient(), "TIFF", save_all=True, append_images=[gradient(30, 20)])
    document, recognised = {
        "pdf": (pdf("a", ["b"]), DocumentKind.PDF),
        "photo": (skin_photo(1), DocumentKind.JPEG),
        "screen": (encoded(gradient(), "PNG"), DocumentKind.PNG),
        "pages": (pages, DocumentKind.TIFF),
    }[kind]
    path = tmp_path / "object.dcm"
    path.write_bytes(made(document, recognised))
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=30, check=False)
    assert "Error" not in done.stderr
