"""The frames of a picture file, as DICOM stores them (PS3.3 C.7.6.3, C.7.6.6, C.8.6.3).

Pages of a TIFF and pictures of a HEIC file are pages; GIF, PNG and WebP with several frames move. Of a
camera's JPEG with further pictures behind it (previews, the other eye) the first is taken: the others show
the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageSequence

from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.document_inspection import MOST_PIXEL_BYTES, exceeds
from importal.dicom.documents import DocumentKind
from importal.dicom.picture_colour import displayable

PAGED_KINDS = frozenset({DocumentKind.TIFF, DocumentKind.HEIC})
MOVING_KINDS = frozenset({DocumentKind.GIF, DocumentKind.PNG, DocumentKind.WEBP})
_SUBFILE_TYPE, _REDUCED = 254, 1
_SLOWEST_MILLISECONDS = 100
_TURNED = frozenset({5, 6, 7, 8})
_ORIENTATION = 274


@dataclass(frozen=True, slots=True)
class Frames:
    """Pixels as DICOM wants them: samples interleaved, rows from the top, little endian.

    `mode`: L, I;16 or RGB. `milliseconds`: how long each frame of a moving picture is shown, else empty.
    `aspect`: height and width of a pixel where it is not square, else None.
    """

    pixels: bytes = field(repr=False)
    width: int
    height: int
    mode: str
    count: int = 1
    milliseconds: tuple[int, ...] = ()
    aspect: tuple[int, int] | None = None


def frames_of(picture: Image.Image, kind: DocumentKind) -> Frames:
    """Decode a picture file.

    Raises:
        DocumentRefused: it is too large, or its samples are no picture's.
    """
    count = int(getattr(picture, "n_frames", 1))
    aspect = aspect_of(picture)  # before the orientation is applied
    if count > 1 and kind in PAGED_KINDS:
        return _sheets(list(_pages(picture)), (), aspect)
    if count > 1 and kind in MOVING_KINDS:
        return _moving(picture)
    only = displayable(picture)
    return Frames(only.tobytes(), only.width, only.height, only.mode, aspect=aspect)


def aspect_of(picture: Image.Image) -> tuple[int, int] | None:
    """Return Pixel Aspect Ratio (height, width) of a scan or fax by its resolutions, or None if square."""
    across, down = _resolution(picture)
    if across <= 0 or down <= 0 or not 0.2 < across / down < 5 or abs(across / down - 1) < 0.02:
        return None
    # The height of a pixel is the reciprocal of the resolution downwards.
    aspect = round(across), round(down)
    return aspect[::-1] if picture.getexif().get(_ORIENTATION, 1) in _TURNED else aspect


def _resolution(picture: Image.Image) -> tuple[float, float]:
    found = picture.info.get("dpi") if picture.format in {"TIFF", "MPO", "JPEG"} else None
    if not found or min(found) < 1:
        return 0.0, 0.0
    return float(found[0]), float(found[1])


def _pages(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield the pages one by one; a small copy of a page is none."""
    spent = 0
    for page in ImageSequence.Iterator(picture):
        if getattr(page, "tag_v2", {}).get(_SUBFILE_TYPE, 0) & _REDUCED:
            continue
        if exceeds(page, 1):
            raise DocumentRefused(DocumentFlaw.TOO_LARGE)
        sheet = _taken(page)
        spent += sheet.width * sheet.height * len(sheet.getbands())
        if spent > MOST_PIXEL_BYTES:
            raise DocumentRefused(DocumentFlaw.TOO_LARGE)
        yield sheet


def _taken(page: Image.Image) -> Image.Image:
    """Return a page for itself: the next one is read into the same object."""
    sheet = displayable(page)
    return sheet.copy() if sheet is page else sheet


def _moving(picture: Image.Image) -> Frames:
    shown, pages = [], []
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        shown.append(round(frame.info.get("duration", 0)) or _SLOWEST_MILLISECONDS)
        pages.append(_taken(frame))
    return _sheets(pages, tuple(shown), None)


def _sheets(
    pages: list[Image.Image], milliseconds: tuple[int, ...], aspect: tuple[int, int] | None
) -> Frames:
    """Set all pages on sheets of one size and kind; what a smaller page leaves free is white."""
    if not pages:
        raise DocumentRefused(DocumentFlaw.BROKEN)
    modes = {page.mode for page in pages}
    mode = modes.pop() if len(modes) == 1 else "RGB"
    width, height = max(page.width for page in pages), max(page.height for page in pages)
    if width * height * (3 if mode == "RGB" else 2 if mode == "I;16" else 1) * len(pages) > MOST_PIXEL_BYTES:
        raise DocumentRefused(DocumentFlaw.TOO_LARGE)
    pixels = bytearray()
    for number, page in enumerate(pages):
        pixels += _sheet(page, (width, height), mode)
        pages[number] = page.resize((1, 1))  # lets its memory go
    return Frames(bytes(pixels), width, height, mode, len(milliseconds) or len(pages), milliseconds, aspect)


def _sheet(page: Image.Image, size: tuple[int, int], mode: str) -> bytes:
    if page.mode == "I;16" and mode != "I;16":
        page = _to_byte(page)
    if page.mode != mode:
        page = page.convert(mode)
    if page.size == size:
        return page.tobytes()
    sheet = Image.new(mode, size, 65_535 if mode == "I;16" else "white")
    sheet.paste(page, (0, 0))
    return sheet.tobytes()


def _to_byte(page: Image.Image) -> Image.Image:
    """Return a grey page of 16 bits with the upper 8 of them."""
    return Image.frombytes("L", page.size, page.tobytes()[1::2])
