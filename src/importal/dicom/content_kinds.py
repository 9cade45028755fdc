"""Which objects hold more than a picture, and may name the other hospital's numbers in their content.

Neutralise leaves a clinical document as its author signed it (PS3.15 E.3.4 is for de-identification only):
the attributes of its header are replaced, its text is not interpreted. So it has to be known which these are.
"""

from enum import StrEnum


class ContentKind(StrEnum):
    """What an object is besides an image; by its SOP class (PS3.4 B.5)."""

    STRUCTURED_REPORT = "structured_report"
    KEY_OBJECT_SELECTION = "key_object_selection"
    PRESENTATION_STATE = "presentation_state"
    RADIOTHERAPY = "radiotherapy"
    SEGMENTATION = "segmentation"
    ENCAPSULATED_PDF = "encapsulated_pdf"
    ENCAPSULATED_CDA = "encapsulated_cda"
    ENCAPSULATED_MODEL = "encapsulated_model"


_STORAGE = "1.2.840.10008.5.1.4.1.1."
_CLASSES = {
    f"{_STORAGE}88.59": ContentKind.KEY_OBJECT_SELECTION,
    f"{_STORAGE}66.4": ContentKind.SEGMENTATION,
    f"{_STORAGE}66.5": ContentKind.SEGMENTATION,
    f"{_STORAGE}66.7": ContentKind.SEGMENTATION,
    f"{_STORAGE}66.8": ContentKind.SEGMENTATION,
    f"{_STORAGE}104.1": ContentKind.ENCAPSULATED_PDF,
    f"{_STORAGE}104.2": ContentKind.ENCAPSULATED_CDA,
    f"{_STORAGE}104.3": ContentKind.ENCAPSULATED_MODEL,
    f"{_STORAGE}104.4": ContentKind.ENCAPSULATED_MODEL,
    f"{_STORAGE}104.5": ContentKind.ENCAPSULATED_MODEL,
}
_FAMILIES = {
    f"{_STORAGE}88.": ContentKind.STRUCTURED_REPORT,
    f"{_STORAGE}11.": ContentKind.PRESENTATION_STATE,
    f"{_STORAGE}481.": ContentKind.RADIOTHERAPY,
}


def content_kind(sop_class_uid: str) -> ContentKind | None:
    """Return what an object of this class is besides an image; None for images and for what nobody knows."""
    known = _CLASSES.get(sop_class_uid)
    if known is not None:
        return known
    return next((kind for root, kind in _FAMILIES.items() if sop_class_uid.startswith(root)), None)
