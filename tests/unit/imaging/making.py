"""What the tests of document conversion share: a patient, a study, and pictures made for the occasion."""

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
from PIL import ExifTags, Image

from importal.dicom.documents import DocumentKind
from importal.dicom.encapsulation import StudyContext, encapsulate
from importal.dicom.records import Localisation

LOCAL = Localisation(
    "L1", "CITY", "Müller^Anna", "19500101", "F", "ACC1", "RIS", "Hospital", "IMPORTAL", "0.1",
    datetime(2026, 1, 1, tzinfo=UTC), "elsewhere", "RP1",
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


def image(document: bytes, kind: DocumentKind) -> pydicom.FileDataset:
    return read(made(document, kind))


def encoded(picture: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, format=form, **options)
    return out.getvalue()


def gradient(width: int = 60, height: int = 40, shift: int = 0) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    samples = np.stack([x * 4 % 256, (y * 6 + shift) % 256, (x + y + shift) % 256], -1)
    return Image.fromarray(samples.astype(np.uint8))


def corner(width: int = 64, height: int = 32) -> Image.Image:
    """A picture whose upper left corner is red and whose other corners are not."""
    picture = Image.new("RGB", (width, height), (0, 0, 255))
    picture.paste((255, 0, 0), (0, 0, 16, 16))
    return picture


def exif_of(orientation: int = 1, make: str = "") -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    if make:
        exif[ExifTags.Base.Make] = make
    return exif


def complaints(content: bytes, folder: Path) -> list[str]:
    """What an independent validator has to say."""
    path = folder / "object.dcm"
    path.write_bytes(content)
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, timeout=60, check=False)
    return [line for line in done.stderr.splitlines() if line.startswith("Error")]
