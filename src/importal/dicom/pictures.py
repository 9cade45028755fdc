"""From a picture to a DICOM image: VL Photographic or Secondary Capture (PS3.3 A.32.4, A.8.1 to A.8.5).

The rule: a single picture of which the file says that a camera took it (the camera's name in EXIF, or HEIC,
which only cameras write) becomes a VL Photographic Image. Everything else becomes Secondary Capture; several
pages or a moving picture become one Multi-frame Grayscale Byte, Grayscale Word or True Color object of it.
The camera's rotation is applied; of all else that it noted, position above all, nothing is taken.
"""

import warnings
from io import BytesIO

import pillow_heif
from PIL import ExifTags, Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate as encapsulate_frames
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)

from importal.dicom.derived_objects import Origin, file_of, new_object
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.document_inspection import inspect_picture
from importal.dicom.documents import DocumentKind
from importal.dicom.jpeg_segments import BaselineJpeg, clean_baseline
from importal.dicom.picture_colour import shows_as_srgb
from importal.dicom.picture_frames import Frames, frames_of

_METHODS = {
    DocumentKind.JPEG: "ISO_10918_1",
    DocumentKind.TIFF: "ISO_10918_1",
    DocumentKind.HEIC: "ISO_23008_2",
}
PHOTO_KINDS = frozenset({DocumentKind.JPEG, DocumentKind.HEIC})
"""What cameras write; scanners, too, put their name into a TIFF file."""

_FRAME_TIME, _FRAME_TIME_VECTOR, _PAGE_NUMBER_VECTOR = 0x00181063, 0x00181065, 0x00182001
MULTI_FRAME_CLASSES = {
    "L": MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    "I;16": MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    "RGB": MultiFrameTrueColorSecondaryCaptureImageStorage,
}


def image_file(document: bytes, kind: DocumentKind, origin: Origin) -> bytes:
    """Make the DICOM file of a picture.

    Raises:
        DocumentRefused: it is damaged, too large, or its samples are no picture's.
    """
    findings = inspect_picture(document)
    if findings.too_large:
        raise DocumentRefused(DocumentFlaw.TOO_LARGE)
    if findings.broken:
        raise DocumentRefused(DocumentFlaw.BROKEN)
    pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(document)) as picture:
            warnings.simplefilter("ignore")
            frames, is_photo, passed = _decoded(picture, document, kind)
            is_lossy = _is_lossy(picture, document, kind)
    except (DocumentRefused, MemoryError):
        raise
    except Exception as error:  # picture plug-ins raise whatever comes to hand on broken files
        raise DocumentRefused(DocumentFlaw.BROKEN) from error
    data = _new_image(origin, kind, frames, is_photo=is_photo)
    if is_lossy:
        _note_loss(data, frames, document, kind)
    ae_title = origin.localisation.station_ae_title
    if passed is not None:
        _pass_through(data, passed)
        return file_of(data, JPEGBaseline8Bit, ae_title)
    data.PixelData = frames.pixels + b"\0" * (len(frames.pixels) % 2)
    data["PixelData"].VR = "OW" if frames.mode == "I;16" else "OB"
    return file_of(data, ExplicitVRLittleEndian, ae_title)


def _decoded(
    picture: Image.Image, document: bytes, kind: DocumentKind
) -> tuple[Frames, bool, BaselineJpeg | None]:
    """Return the frames, whether a camera took them, and the JPEG stream where it can stay as it is."""
    by_camera, upright = _by_camera(picture, kind), _is_upright(picture)
    keeps_colours = picture.mode in {"L", "RGB"} and shows_as_srgb(picture)
    # Decoded also where the stream is passed on: this proves that it can be, to its end.
    frames = frames_of(picture, kind)
    is_photo = by_camera and frames.count == 1 and not frames.milliseconds
    passed = clean_baseline(document) if kind == DocumentKind.JPEG and upright and keeps_colours else None
    if passed is not None and passed.components == 3 and not passed.subsampled:
        passed = None  # YBR_FULL: VL images know it not at all (C.8.12.1.1.1), readers know it badly
    return frames, is_photo, passed


def _new_image(origin: Origin, kind: DocumentKind, frames: Frames, *, is_photo: bool) -> Dataset:
    if is_photo:
        data = new_object(origin, VLPhotographicImageStorage, "XC", "")
        data.AcquisitionContextSequence = []
    else:
        is_multi_frame = frames.count > 1
        sop_class = MULTI_FRAME_CLASSES[frames.mode] if is_multi_frame else SecondaryCaptureImageStorage
        data = new_object(origin, sop_class, "OT", _conversion(kind))
        if is_multi_frame:
            _add_frames(data, frames)
    _describe(data, frames)
    return data


def _add_frames(data: Dataset, frames: Frames) -> None:
    """Multi-frame and SC Multi-frame modules (C.7.6.6, C.8.6.3); Cine for what moves (C.7.6.5)."""
    data.NumberOfFrames = frames.count
    if frames.mode != "RGB":
        data.PresentationLUTShape = "IDENTITY"
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = "0", "1", "US"
    shown = frames.milliseconds
    if not shown:
        data.FrameIncrementPointer = _PAGE_NUMBER_VECTOR
        data.PageNumberVector = list(range(1, frames.count + 1))
    elif len(set(shown)) == 1:
        data.FrameIncrementPointer = _FRAME_TIME
        data.FrameTime = str(shown[0])
    else:
        data.FrameIncrementPointer = _FRAME_TIME_VECTOR
        data.FrameTimeVector = ["0", *(str(milliseconds) for milliseconds in shown[:-1])]


def _describe(data: Dataset, frames: Frames) -> None:
    """General Image and Image Pixel modules (PS3.3 C.7.6.1, C.7.6.3)."""
    data.ImageType = ["ORIGINAL", "PRIMARY"] if "ConversionType" not in data else ["DERIVED", "SECONDARY"]
    data.PatientOrientation = data.Laterality = ""  # Type 2C: we cannot know whether they apply
    data.BurnedInAnnotation = "YES"  # nobody looked; a name may stand in any picture
    is_colour, bits = frames.mode == "RGB", 16 if frames.mode == "I;16" else 8
    data.SamplesPerPixel = 3 if is_colour else 1
    data.PhotometricInterpretation = "RGB" if is_colour else "MONOCHROME2"
    if is_colour:
        data.PlanarConfiguration = 0
    data.Rows, data.Columns = frames.height, frames.width
    if frames.aspect is not None:
        data.PixelAspectRatio = list(frames.aspect)
    data.BitsAllocated = data.BitsStored = bits
    data.HighBit = bits - 1
    data.PixelRepresentation = 0
    data.LossyImageCompression = "00"


def _note_loss(data: Dataset, frames: Frames, document: bytes, kind: DocumentKind) -> None:
    """Lossy compression in the past counts, even if the pixels are now stored plainly (C.7.6.1.1.5)."""
    data.LossyImageCompression = "01"
    data.LossyImageCompressionRatio = f"{max(1.0, len(frames.pixels) / len(document)):.2f}"
    if kind in _METHODS:
        data.LossyImageCompressionMethod = _METHODS[kind]


def _is_lossy(picture: Image.Image, document: bytes, kind: DocumentKind) -> bool:
    if kind == DocumentKind.WEBP:
        return b"VP8L" not in document[12:64] and b"VP8 " in document
    if kind == DocumentKind.TIFF:
        return picture.info.get("compression") in {"jpeg", "tiff_jpeg", "webp"}
    return kind in {DocumentKind.JPEG, DocumentKind.HEIC}


def _pass_through(data: Dataset, passed: BaselineJpeg) -> None:
    data.SamplesPerPixel = passed.components
    data.PhotometricInterpretation = "MONOCHROME2"
    if passed.components == 3:
        data.PhotometricInterpretation = "YBR_FULL_422"
        data.PlanarConfiguration = 0
    elif "PlanarConfiguration" in data:
        del data.PlanarConfiguration
    data.PixelData = encapsulate_frames([passed.content])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True


def _is_upright(picture: Image.Image) -> bool:
    return picture.getexif().get(ExifTags.Base.Orientation, 1) in {0, 1}


def _by_camera(picture: Image.Image, kind: DocumentKind) -> bool:
    exif = picture.getexif()
    names = (exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model))
    return kind in PHOTO_KINDS and (kind == DocumentKind.HEIC or any(names))


def _conversion(kind: DocumentKind) -> str:
    """Scanned Document for what scanners write, else from a workstation (C.8.6.1)."""
    return "SD" if kind in {DocumentKind.TIFF, DocumentKind.JPEG} else "WSD"
