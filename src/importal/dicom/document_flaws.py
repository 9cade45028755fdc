"""Why a document cannot become a DICOM object, or had better not: one enumeration for engine, desk and docs.

A document with a flaw is never lost: it stays at the desk, where it is listed with the reason.
"""

from enum import StrEnum


class DocumentFlaw(StrEnum):
    """What keeps a document out of the archive; `document.` and the value is its code."""

    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    NO_PAGES = "no_pages"
    TOO_LARGE = "too_large"
    SCRIPT = "script"
    LAUNCH = "launch"
    ATTACHMENT = "attachment"
    ACTIVE_FORM = "active_form"
    ACTIVE_MEDIA = "active_media"
    ENTITIES = "entities"
    UNKNOWN_ENCODING = "unknown_encoding"
    NO_FONT = "no_font"
    UNUSUAL_PIXELS = "unusual_pixels"
    KEPT = "kept"

    @property
    def code(self) -> str:
        """Return the code under which people are told."""
        return f"document.{self.value}"


ACTIVE = (
    DocumentFlaw.SCRIPT,
    DocumentFlaw.LAUNCH,
    DocumentFlaw.ATTACHMENT,
    DocumentFlaw.ACTIVE_FORM,
    DocumentFlaw.ACTIVE_MEDIA,
)
"""What could do something in the reader of whoever opens it; the gravest first."""


class DocumentRefused(Exception):
    """A document that does not become a DICOM object, and why. Carries no value of it."""

    def __init__(self, flaw: DocumentFlaw) -> None:
        super().__init__(flaw.code)
        self.flaw = flaw
        self.code = flaw.code
