"""From a picture to a DICOM image: VL Photographic or Secondary Capture (PS3.3 A.32.4, A.8.1, A.8.5).

A photo taken by a camera becomes a VL Photographic Image; scans and screenshots become Secondary Capture,
several pages one Multi-frame True Color Secondary Capture. The camera's rotation is applied; its position is
not taken.
"""

from dataclasses import dataclass, field
from io import BytesIO

import pillow_heif
from PIL import ExifTags, Image, ImageCms, ImageOps, ImageSequence
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate as encapsulate_frames
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)

from importal.dicom.derived_objects import DocumentRefused, Origin, file_of, new_object
from importal.dicom.document_inspection import inspect_picture
from importal.dicom.documents import DocumentKind
from importal.dicom.jpeg_segments import BaselineJpeg, clean_baseline

_LOSSY = frozenset({DocumentKind.JPEG, DocumentKind.HEIC, DocumentKind.WEBP})
_METHODS = {DocumentKind.JPEG: "ISO_10918_1"}
_PAPER_SHARE = 0.6
_PAPER_FROM = 225
_PAGE_NUMBER_VECTOR = 0x00182001


@dataclass(frozen=True, slots=True)
class _Raster:
    """Pixels as DICOM wants them: planes interleaved, rows from the top, little endian."""

    pixels: bytes = field(repr=False)
    width: int
    height: int
    samples: int
    bits: int
    frames: int = 1


def image_file(document: bytes, kind: DocumentKind, origin: Origin) -> bytes:
    """Make the DICOM file of a picture.

    Raises:
        DocumentRefused: `document.broken` or `document.too_large`.
    """
    findings = inspect_picture(document)
    if findings.too_large:
        raise DocumentRefused("document.too_large")
    if findings.broken:
        raise DocumentRefused("document.broken")
    pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(BytesIO(document)) as picture:
            photo = _is_photo(picture, kind)
            if findings.pages > 1 and kind == DocumentKind.TIFF:
                return _pages_file(picture, origin)
            passed = clean_baseline(document) if kind == DocumentKind.JPEG and _upright(picture) else None
            if passed is not None and photo and passed.components == 3 and not passed.subsampled:
                passed = None  # VL images know no YBR_FULL (C.8.12.1.1.1)
            picture.load()  # also proves that a passed picture can be decoded to its end
            raster = _raster(picture)
    except DocumentRefused:
        raise
    except Exception as error:  # picture plug-ins raise whatever comes to hand on broken files
        raise DocumentRefused("document.broken") from error
    sop_class = VLPhotographicImageStorage if photo else SecondaryCaptureImageStorage
    data = new_object(origin, sop_class, "XC" if photo else "OT", "" if photo else _conversion(kind))
    _describe(data, raster)
    if photo:
        data.AcquisitionContextSequence = []
    if kind in _LOSSY:
        _note_loss(data, raster, document, kind)
    ae_title = origin.localisation.station_ae_title
    if passed is not None:
        _pass_through(data, passed)
        return file_of(data, JPEGBaseline8Bit, ae_title)
    data.PixelData = raster.pixels + b"\0" * (len(raster.pixels) % 2)
    data["PixelData"].VR = "OW" if raster.bits > 8 else "OB"
    return file_of(data, ExplicitVRLittleEndian, ae_title)


def _pages_file(picture: Image.Image, origin: Origin) -> bytes:
    """Make one multi-frame image of all pages; smaller pages are set on white."""
    pages = [_as_rgb(page) for page in ImageSequence.Iterator(picture)]
    width, height = max(page.width for page in pages), max(page.height for page in pages)
    frames = []
    for page in pages:
        sheet = Image.new("RGB", (width, height), "white")
        sheet.paste(page, (0, 0))
        frames.append(sheet.tobytes())
    raster = _Raster(b"".join(frames), width, height, 3, 8, len(pages))
    data = new_object(origin, MultiFrameTrueColorSecondaryCaptureImageStorage, "OT", "SD")
    _describe(data, raster)
    data.NumberOfFrames = raster.frames
    data.FrameIncrementPointer = _PAGE_NUMBER_VECTOR
    data.PageNumberVector = list(range(1, raster.frames + 1))
    data.PixelData = raster.pixels + b"\0" * (len(raster.pixels) % 2)
    data["PixelData"].VR = "OB"
    return file_of(data, ExplicitVRLittleEndian, origin.localisation.station_ae_title)


def _describe(data: Dataset, raster: _Raster) -> None:
    """General Image and Image Pixel modules (PS3.3 C.7.6.1, C.7.6.3)."""
    data.ImageType = ["ORIGINAL", "PRIMARY"] if "ConversionType" not in data else ["DERIVED", "SECONDARY"]
    data.PatientOrientation = data.Laterality = ""  # Type 2C: we cannot know whether they apply
    data.BurnedInAnnotation = "YES"
    data.SamplesPerPixel = raster.samples
    data.PhotometricInterpretation = "RGB" if raster.samples == 3 else "MONOCHROME2"
    if raster.samples == 3:
        data.PlanarConfiguration = 0
    data.Rows, data.Columns = raster.height, raster.width
    data.BitsAllocated = data.BitsStored = raster.bits
    data.HighBit = raster.bits - 1
    data.PixelRepresentation = 0
    data.LossyImageCompression = "00"


def _note_loss(data: Dataset, raster: _Raster, document: bytes, kind: DocumentKind) -> None:
    """Lossy compression in the past counts, even if the pixels are now stored plainly (C.7.6.1.1.5)."""
    data.LossyImageCompression = "01"
    data.LossyImageCompressionRatio = f"{max(1.0, len(raster.pixels) / len(document)):.2f}"
    if kind in _METHODS:
        data.LossyImageCompressionMethod = _METHODS[kind]


def _pass_through(data: Dataset, passed: BaselineJpeg) -> None:
    data.SamplesPerPixel = passed.components
    data.PhotometricInterpretation = "MONOCHROME2"
    if passed.components == 3:
        data.PhotometricInterpretation = "YBR_FULL_422" if passed.subsampled else "YBR_FULL"
        data.PlanarConfiguration = 0
    elif "PlanarConfiguration" in data:
        del data.PlanarConfiguration
    data.PixelData = encapsulate_frames([passed.content])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True


def _raster(picture: Image.Image) -> _Raster:
    """Decode one picture: upright, in sRGB or grey, what was transparent on white."""
    if picture.mode.startswith("I"):
        grey = ImageOps.exif_transpose(picture)
        if picture.mode == "I":
            grey = grey.convert("I;16")
        data = grey.tobytes("raw", "I;16")
        return _Raster(data, grey.width, grey.height, 1, 16)
    if picture.mode in {"1", "L"}:
        grey = ImageOps.exif_transpose(picture).convert("L")
        return _Raster(grey.tobytes(), grey.width, grey.height, 1, 8)
    colour = _as_rgb(picture)
    return _Raster(colour.tobytes(), colour.width, colour.height, 3, 8)


def _as_rgb(picture: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(picture)
    profile = upright.info.get("icc_profile")
    if profile and upright.mode in {"RGB", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                upright, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a damaged profile is no reason to lose the picture
        if converted is not None:
            return converted
    if upright.has_transparency_data:
        seen = upright.convert("RGBA")
        sheet = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(sheet, seen).convert("RGB")
    return upright.convert("RGB")


def _upright(picture: Image.Image) -> bool:
    return picture.getexif().get(ExifTags.Base.Orientation, 1) in {0, 1}


def _is_photo(picture: Image.Image, kind: DocumentKind) -> bool:
    """Tell a camera's photo from a scan: by the camera's name, else by what it looks like."""
    if kind == DocumentKind.HEIC:
        return True
    exif = picture.getexif()
    if exif.get(ExifTags.Base.Make) or exif.get(ExifTags.Base.Model):
        return kind in _LOSSY
    if kind not in _LOSSY or picture.mode in {"1", "L"}:
        return False
    # A page of paper is mostly white; a photo without a camera's name was often stripped of it on the way.
    small = picture.copy()
    small.thumbnail((64, 64))
    histogram = small.convert("L").histogram()
    return sum(histogram[_PAPER_FROM:]) < _PAPER_SHARE * sum(histogram)


def _conversion(kind: DocumentKind) -> str:
    """Scanned Document for what scanners write, else from a workstation (C.8.6.1)."""
    return "SD" if kind in {DocumentKind.TIFF, DocumentKind.JPEG} else "WSD"
