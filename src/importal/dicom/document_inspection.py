"""Can a PDF or picture be used, and what is odd about it: opened with limits, never trusted.

PDF per ISO 32000-1 (7.6 encryption, 12.6 actions, 7.11.4 embedded files), pictures by Pillow and libheif.
What is asked here never decodes more than the header of a picture, so a small file that unfolds into
gigabytes does no harm; callers that decode must look at `PictureFindings.usable` first.
"""

import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pillow_heif
import pypdf
from PIL import Image
from pypdf.errors import DependencyError, PyPdfError

# Its messages quote what stands in the file.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MOST_PIXELS = 100_000_000
"""In all pages together: an A3 scan at 600 dpi has 70 million. Decoded to RGB this is 300 MB."""

MOST_PICTURE_PAGES = 200
_MOST_PDF_BYTES = 200_000_000
_MOST_PDF_OBJECTS = 20_000
_DEEPEST = 40
_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/Launch", "/EmbeddedFiles", "/RichMedia", "/XFA"})
_ACTIVE_ACTIONS = frozenset({"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/RichMediaExecute"})
_ACTIVE_WORDS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles|RichMedia)\b")
_ACTIVE_SUBTYPES = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/3D"})


@dataclass(frozen=True, slots=True)
class PdfFindings:
    """`encrypted`: needs a password to be read. `active`: holds scripts, attachments or the like.

    `pages` is 0 when they cannot be counted.
    """

    encrypted: bool = False
    broken: bool = False
    active: bool = False
    pages: int = 0


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


def inspect_pdf(content: bytes) -> PdfFindings:
    """Look at a PDF without rendering it. Never raises for what the bytes are."""
    if len(content) > _MOST_PDF_BYTES:
        return PdfFindings(broken=True)
    try:
        reader = pypdf.PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return PdfFindings(encrypted=True)
        pages = len(reader.pages)
        if pages:
            reader.pages[pages - 1].get_object()
        active = any(_is_active(part) for part in _parts(reader))
    except DependencyError:
        return PdfFindings(encrypted=True)
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError):
        return PdfFindings(broken=True, active=_ACTIVE_WORDS.search(content) is not None)
    except (RecursionError, OverflowError, MemoryError, OSError, NotImplementedError, ArithmeticError):
        return PdfFindings(broken=True)
    return PdfFindings(broken=pages == 0, active=active, pages=pages)


def _parts(reader: pypdf.PdfReader) -> Iterator[pypdf.generic.DictionaryObject]:
    """Walk all dictionaries below the document catalogue, each object once, up to a limit."""
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[Any, int]] = [(reader.trailer.get("/Root"), 0)]
    visited = 0
    while waiting and visited < _MOST_PDF_OBJECTS:
        item, depth = waiting.pop()
        visited += 1
        if isinstance(item, pypdf.generic.IndirectObject):
            name = (item.idnum, item.generation)
            if name in seen:
                continue
            seen.add(name)
            item = item.get_object()
        if depth > _DEEPEST:
            continue
        if isinstance(item, pypdf.generic.DictionaryObject):
            yield item
            waiting.extend((item.raw_get(key), depth + 1) for key in item if key not in {"/Parent", "/P"})
        elif isinstance(item, list):
            waiting.extend((part, depth + 1) for part in item)


def _is_active(part: pypdf.generic.DictionaryObject) -> bool:
    if _ACTIVE_KEYS & set(part):
        return True
    return str(part.get("/S", "")) in _ACTIVE_ACTIONS or str(part.get("/Subtype", "")) in _ACTIVE_SUBTYPES


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
    except Image.DecompressionBombError:
        return PictureFindings(too_large=True)
    except Exception:  # noqa: BLE001 -- picture plug-ins raise whatever comes to hand on broken files
        return PictureFindings(broken=True)
    too_large = pages > MOST_PICTURE_PAGES or width * height * pages > MOST_PIXELS
    return PictureFindings(too_large=too_large, width=width, height=height, pages=pages)
