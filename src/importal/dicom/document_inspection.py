"""Can a PDF or picture be used, and what is odd about it: opened with limits, never trusted.

Pictures by Pillow and libheif. What is asked here never decodes more than the header of a picture, so a
small file that unfolds into gigabytes does no harm; callers that decode must look at `PictureFindings.usable`
first.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image

from importal.dicom.pdf_inspection import PdfFindings, inspect_pdf

MOST_PIXELS = 100_000_000
"""Of one page: an A3 scan at 600 dpi has 70 million. Decoded to RGB this is 300 MB."""

MOST_PIXEL_BYTES = 3 * MOST_PIXELS
"""Of all pages together, as they are stored: grey pages may be three times as many."""

MOST_PICTURE_PAGES = 500
MOST_EDGE = 65_535
"""Rows and Columns are of VR US."""

_GREY_BYTES = {"1": 1, "L": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}


@dataclass(frozen=True, slots=True)
class PictureFindings:
    """`width`, `height` in pixels as stored. `too_large`: would need too much memory to be opened."""

    broken: bool = False
    too_large: bool = False
    width: int = 0
    height: int = 0
    pages: int = 0

    @property
    def usable(self) -> bool:
        return not self.broken and not self.too_large


def inspect_picture(content: bytes) -> PictureFindings:
    """Look at the header of a picture. Never raises for what the bytes are."""
    pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs from a limit of its own; ours is stricter about what is then decoded.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content)) as picture:
                width, height = picture.size
                pages = int(getattr(picture, "n_frames", 1))
                too_large = exceeds(picture, pages)
    except Image.DecompressionBombError:
        return PictureFindings(too_large=True)
    except Exception:  # noqa: BLE001 -- picture plug-ins raise whatever comes to hand on broken files
        return PictureFindings(broken=True)
    return PictureFindings(too_large=too_large, width=width, height=height, pages=pages)


def exceeds(picture: Image.Image, pages: int) -> bool:
    """Return whether so many pages of this size are more than is ever decoded."""
    width, height = picture.size
    sample_bytes = _GREY_BYTES.get(picture.mode, 3)
    return (
        max(width, height) > MOST_EDGE
        or width * height > MOST_PIXELS
        or pages > MOST_PICTURE_PAGES
        or width * height * sample_bytes * pages > MOST_PIXEL_BYTES
    )


__all__ = ["PdfFindings", "PictureFindings", "exceeds", "inspect_pdf", "inspect_picture"]
