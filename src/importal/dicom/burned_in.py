"""Which de-identified objects a person has to look at: where pictures or bytes may still name somebody.

Nothing here reads pixels. Ultrasound, secondary captures, screens, photographs and documents are held
whatever they claim; every other picture unless Burned In Annotation says NO (PS3.3 C.7.6.1). Where a scanner
computes the picture (CT, MR, PET, …) that attribute is rarely written; there its absence holds nothing.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from importal.dicom.profile import tag_of
from importal.dicom.reading import Element
from importal.dicom.walk import BULK


class HoldReason(StrEnum):
    """Why an object waits for a person before it is passed on."""

    BURNED_IN_ANNOTATION = "burned_in_annotation"
    RECOGNISABLE_FEATURES = "recognisable_features"
    ULTRASOUND = "ultrasound"
    SECONDARY_CAPTURE = "secondary_capture"
    SCREEN = "screen"
    PHOTOGRAPH = "photograph"
    DOCUMENT = "document"
    OVERLAY_IN_PIXELS = "overlay_in_pixels"
    OPAQUE_VALUE = "opaque_value"


_STORAGE = "1.2.840.10008.5.1.4.1.1."
_BY_CLASS = (
    (HoldReason.SECONDARY_CAPTURE, ("7",)),
    (HoldReason.ULTRASOUND, ("3", "3.1", "6", "6.1", "6.2")),
    (HoldReason.DOCUMENT, ("104",)),
    (HoldReason.PHOTOGRAPH, ("77.1.1", "77.1.2", "77.1.3", "77.1.4", "77.1.5.1", "77.1.5.2", "77.1.7")),
)
# Multi-frame secondary captures are 7.1 to 7.4; endoscopy and photography have video twins (…1.1, …4.1).
_WITH_SUBCLASSES = frozenset({"7", "104", "77.1.1", "77.1.2", "77.1.4"})
_BY_MODALITY = {
    "US": HoldReason.ULTRASOUND,
    "IVUS": HoldReason.ULTRASOUND,
    "BDUS": HoldReason.ULTRASOUND,
    "DOC": HoldReason.DOCUMENT,
    "XC": HoldReason.PHOTOGRAPH,
    "ES": HoldReason.PHOTOGRAPH,
    "GM": HoldReason.PHOTOGRAPH,
    "OT": HoldReason.SECONDARY_CAPTURE,
    "SC": HoldReason.SECONDARY_CAPTURE,
}
# A slide scanner's label and overview show what is written on the slide (PS3.3 C.8.12.4.1.1).
_SCREENS = ("SCREEN", "CAPTURE", "LABEL", "OVERVIEW", "SAVE")
# What is computed from signals, and what is derived of that; by SOP class, as anyone may write any Modality.
_COMPUTED = (
    "2",
    "2.1",
    "2.2",
    "4",
    "4.1",
    "4.2",
    "4.4",
    "20",
    "128",
    "128.1",
    "130",
    "66",
    "66.4",
    "66.7",
    "30",
    "481.2",
)
_GREY_MODALITIES = frozenset({"CT", "MR", "CR", "DX", "MG", "XA", "RF", "PT", "NM", "IO", "PX"})
_COLOUR_SAMPLES = 3
_FIRST_OVERLAY, _LAST_OVERLAY, _OVERLAY_DATA, _OVERLAY_ROWS = 0x6000, 0x601E, 0x3000, 0x0010

_MODALITY = tag_of("Modality")
_IMAGE_TYPE = tag_of("ImageType")
_BURNED_IN = tag_of("BurnedInAnnotation")
_FEATURES = tag_of("RecognizableVisualFeatures")
_CONVERSION = tag_of("ConversionType")
_SAMPLES = tag_of("SamplesPerPixel")


def hold_reasons(top: Mapping[int, Element], sop_class: str, *, is_picture: bool) -> list[HoldReason]:
    """Return every reason to hold an object, judged by its top level as it was received."""

    def text(tag: int) -> str:
        return top[tag].text().strip().upper() if tag in top else ""

    reasons = [reason for reason, roots in _BY_CLASS if _is_one_of(sop_class, roots)]
    if is_picture:
        reasons += _reasons_of_picture(text, is_computed=_is_one_of(sop_class, _COMPUTED))
        reasons += [HoldReason.OVERLAY_IN_PIXELS] if _has_overlay_in_pixels(top) else []
    return list(dict.fromkeys(reasons))


def _is_one_of(sop_class: str, roots: tuple[str, ...]) -> bool:
    if not sop_class.startswith(_STORAGE):
        return False
    own = sop_class.removeprefix(_STORAGE)
    return any(own == root or (root in _WITH_SUBCLASSES and own.startswith(f"{root}.")) for root in roots)


def _reasons_of_picture(text: Callable[[int], str], *, is_computed: bool) -> list[HoldReason]:
    reasons: list[HoldReason] = []
    modality = text(_MODALITY)
    if modality in _BY_MODALITY:
        reasons.append(_BY_MODALITY[modality])
    if text(_BURNED_IN) != "NO" and (text(_BURNED_IN) or not is_computed):
        reasons.append(HoldReason.BURNED_IN_ANNOTATION)
    if text(_FEATURES) not in ("", "NO"):
        reasons.append(HoldReason.RECOGNISABLE_FEATURES)
    if text(_CONVERSION):
        reasons.append(HoldReason.SECONDARY_CAPTURE)
    is_coloured = text(_SAMPLES) == str(_COLOUR_SAMPLES) and modality in _GREY_MODALITIES
    if is_coloured or any(word in text(_IMAGE_TYPE) for word in _SCREENS):
        reasons.append(HoldReason.SCREEN)
    return reasons


def _has_overlay_in_pixels(top: Mapping[int, Element]) -> bool:
    """Whether an overlay lies in the unused bits of the pixels, where nothing can remove it (retired)."""
    planes = {tag >> 16 for tag in top if _FIRST_OVERLAY <= tag >> 16 <= _LAST_OVERLAY}
    return any(
        plane << 16 | _OVERLAY_ROWS in top and plane << 16 | _OVERLAY_DATA not in top for plane in planes
    )


def is_picture(top: Mapping[int, Element], bulk: Element | None) -> bool:
    """Whether an object has pixels."""
    return bulk is not None or any(tag in BULK for tag in top)
