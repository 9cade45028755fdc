"""Can a PDF be used, and could it do something by itself: opened with limits, never trusted, never rendered.

ISO 32000-1: 7.6 encryption, 7.11.4 embedded files, 12.6 actions, 12.7 forms, 13 multimedia. A link that a
reader has to click is no action of the document; one that opens by itself is.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pypdf
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import DictionaryObject, IndirectObject, NullObject

from importal.dicom.document_flaws import ACTIVE, DocumentFlaw

# Its messages quote what stands in the file.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

MOST_PDF_BYTES = 200_000_000
_MOST_OBJECTS = 2_000_000
_DEEPEST = 200
_BY_KEY = {
    "/JS": DocumentFlaw.SCRIPT,
    "/JavaScript": DocumentFlaw.SCRIPT,
    "/Launch": DocumentFlaw.LAUNCH,
    "/EF": DocumentFlaw.ATTACHMENT,
    "/EmbeddedFiles": DocumentFlaw.ATTACHMENT,
    "/XFA": DocumentFlaw.ACTIVE_FORM,
    "/RichMedia": DocumentFlaw.ACTIVE_MEDIA,
}
_BY_ACTION = {
    "/JavaScript": DocumentFlaw.SCRIPT,
    "/Launch": DocumentFlaw.LAUNCH,
    "/GoToE": DocumentFlaw.ATTACHMENT,
    "/SubmitForm": DocumentFlaw.ACTIVE_FORM,
    "/ImportData": DocumentFlaw.ACTIVE_FORM,
    "/Movie": DocumentFlaw.ACTIVE_MEDIA,
    "/Rendition": DocumentFlaw.ACTIVE_MEDIA,
    "/RichMediaExecute": DocumentFlaw.ACTIVE_MEDIA,
    "/Sound": DocumentFlaw.ACTIVE_MEDIA,
}
_BY_ANNOTATION = {
    "/FileAttachment": DocumentFlaw.ATTACHMENT,
    "/3D": DocumentFlaw.ACTIVE_MEDIA,
    "/Movie": DocumentFlaw.ACTIVE_MEDIA,
    "/RichMedia": DocumentFlaw.ACTIVE_MEDIA,
    "/Screen": DocumentFlaw.ACTIVE_MEDIA,
    "/Sound": DocumentFlaw.ACTIVE_MEDIA,
}
_LEAVES_THE_DOCUMENT = frozenset({"/URI", "/GoToR", "/Thread"})
_WORDS = re.compile(
    rb"/(JavaScript|JS(?=\s{0,9}[(<0-9])|Launch|EmbeddedFiles|RichMedia|XFA(?=\s{0,9}[\[(0-9]))\b"
)


@dataclass(frozen=True, slots=True)
class PdfFindings:
    """`encrypted`: needs a password to be read. `actions`: what it could do by itself.

    `pages` is 0 when they cannot be counted; `too_large` also means too many objects to look at each.
    """

    encrypted: bool = False
    broken: bool = False
    too_large: bool = False
    pages: int = 0
    actions: frozenset[DocumentFlaw] = field(default=frozenset())

    @property
    def active(self) -> bool:
        """Return whether it holds scripts, attachments or the like."""
        return bool(self.actions)

    @property
    def flaw(self) -> DocumentFlaw | None:
        """Return the gravest of what was found."""
        if self.encrypted:
            return DocumentFlaw.ENCRYPTED
        for action in ACTIVE:
            if action in self.actions:
                return action
        if self.too_large:
            return DocumentFlaw.TOO_LARGE
        if self.broken:
            return DocumentFlaw.BROKEN
        return None if self.pages else DocumentFlaw.NO_PAGES


def inspect_pdf(content: bytes) -> PdfFindings:
    """Look at a PDF without rendering it. Never raises for what the bytes are."""
    if len(content) > MOST_PDF_BYTES:
        return PdfFindings(too_large=True)
    # What stands before the mark shifts all places in the file; readers count from the mark then.
    begin = content.find(b"%PDF-", 0, 1024)
    found = _attempted(content[begin:]) if begin > 0 else _attempted(content)
    return _attempted(content) if begin > 0 and found.broken else found


def _attempted(content: bytes) -> PdfFindings:
    try:
        return _inspect(content)
    except DependencyError:
        return PdfFindings(encrypted=True)
    except MemoryError:
        return PdfFindings(too_large=True)
    except (
        PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError,
        RecursionError, OSError, NotImplementedError, ArithmeticError,
    ):  # fmt: skip
        return PdfFindings(broken=True, actions=_actions_by_words(content))


def _inspect(content: bytes) -> PdfFindings:
    reader = pypdf.PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return PdfFindings(encrypted=True)
    pages = len(reader.pages)
    if pages:
        reader.pages[pages - 1].get_object()
    walk = _Walk(reader.trailer.get("/Root"))
    actions = frozenset(flaw for part in walk.parts() for flaw in _actions_of(part))
    if not pages:
        actions |= _actions_by_words(content)
    # No page at all is mostly a reader's way to say that nothing could be made of the file.
    return PdfFindings(broken=not pages, too_large=walk.is_cut, pages=pages, actions=actions)


class _Walk:
    """All dictionaries below the document catalogue, each object once, up to a limit."""

    def __init__(self, root: Any) -> None:
        self._waiting: list[tuple[Any, int]] = [(root, 0)]
        self.is_cut = False

    def parts(self) -> Iterator[DictionaryObject]:
        seen: set[tuple[int, int]] = set()
        visited = 0
        while self._waiting:
            item, depth = self._waiting.pop()
            visited += 1
            if visited > _MOST_OBJECTS or depth > _DEEPEST:
                self.is_cut = True
                return
            if isinstance(item, IndirectObject):
                name = (item.idnum, item.generation)
                if name in seen:
                    continue
                seen.add(name)
                # Only what is nested in one object is deep: bookmarks hang in a chain of thousands.
                item, depth = item.get_object(), 0
            if isinstance(item, DictionaryObject):
                yield item
                self._waiting.extend((item.raw_get(key), depth + 1) for key in item)
            elif isinstance(item, list):
                self._waiting.extend((part, depth + 1) for part in item)


def _actions_of(part: DictionaryObject) -> Iterator[DocumentFlaw]:
    for key, flaw in _BY_KEY.items():
        if key in part and not isinstance(part.get(key), NullObject):
            yield flaw
    action, kind = str(part.get("/S", "")), str(part.get("/Subtype", ""))
    if action in _BY_ACTION:
        yield _BY_ACTION[action]
    if kind in _BY_ANNOTATION:
        yield _BY_ANNOTATION[kind]
    if any(_leaves(action) for action in _unasked(part)):
        yield DocumentFlaw.LAUNCH


def _unasked(part: DictionaryObject) -> Iterator[Any]:
    """Yield the actions that a reader carries out unasked: on opening, and as additional actions."""
    yield part.get("/OpenAction")
    additional = part.get("/AA")
    if isinstance(additional, DictionaryObject):
        yield from (additional.get(key) for key in additional)


def _leaves(action: Any) -> bool:
    return isinstance(action, DictionaryObject) and str(action.get("/S", "")) in _LEAVES_THE_DOCUMENT


def _actions_by_words(content: bytes) -> frozenset[DocumentFlaw]:
    """Return what a file that cannot be read names in clear."""
    found = {match.group().decode("ascii") for match in _WORDS.finditer(content)}
    return frozenset(_BY_KEY[word] for word in found)
