"""A decoded picture as DICOM shows it: upright, opaque, in sRGB or grey (PS3.3 C.7.6.3, C.11.15; ICC.1).

A viewer without colour management takes RGB for sRGB, so other colour spaces are converted, by the profile in
the file. What no profile explains is taken as the format's own default. Orientation: EXIF 2.3, 4.6.4 A.
"""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageOps

from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused

_ORIENTATION, _UPRIGHT = 274, 1
_WHITE_IS_ZERO = 0
_PHOTOMETRIC = 262
_STEPS = (0, 51, 102, 153, 204, 255)
_JUST_VISIBLE = 3
_PROFILED = frozenset({"RGB", "CMYK", "L", "LAB"})
_SCIENTIFIC = frozenset({"I", "F"})


def displayable(picture: Image.Image) -> Image.Image:
    """Return a picture of mode L, I;16 or RGB that any viewer shows as it was meant; it may be the same.

    Raises:
        DocumentRefused: its samples are no picture's, but measurements of 32 bits.
    """
    turned = picture.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT
    upright = ImageOps.exif_transpose(picture) if turned else picture  # spares a copy of large ones
    if upright.mode in _SCIENTIFIC:
        raise DocumentRefused(DocumentFlaw.UNUSUAL_PIXELS)
    if upright.mode.startswith("I;16"):
        return _deep_grey(upright, picture)
    opaque = _on_white(upright)
    if opaque.mode == "1":
        opaque = opaque.convert("L")
    converted = _by_profile(opaque, upright.info.get("icc_profile"))
    if converted is not None:
        return converted
    if opaque.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _transformed(opaque, lab)
    return opaque if opaque.mode == "L" else opaque.convert("RGB")


def shows_as_srgb(picture: Image.Image) -> bool:
    """Return whether the samples mean in sRGB what they mean by the picture's own profile."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return True
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return _is_like_srgb(source, picture.mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return True  # a damaged profile says nothing


def _deep_grey(upright: Image.Image, stored: Image.Image) -> Image.Image:
    values = np.asarray(upright).astype("<u2")
    if getattr(stored, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        values = 65_535 - values  # Pillow leaves 16-bit values as they are stored
    return Image.fromarray(np.ascontiguousarray(values))


def _on_white(picture: Image.Image) -> Image.Image:
    """Return the picture as on a sheet of paper: what is transparent shows white."""
    if picture.mode in {"P", "PA"} or picture.has_transparency_data:
        seen = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        sheet = Image.new("RGB", seen.size, "white")
        sheet.paste(seen, mask=seen.getchannel("A"))
        return sheet
    return picture if picture.mode in _PROFILED | {"1"} else picture.convert("RGB")


def _by_profile(picture: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Return the picture in sRGB by its own profile, or None where that does not apply."""
    if not profile or picture.mode not in _PROFILED:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if picture.mode in {"RGB", "L"} and _is_like_srgb(source, picture.mode):
            return picture
        return _transformed(picture, source)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # a damaged profile, or one of another colour model: no reason to lose the picture


def _transformed(picture: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert made is not None
    return made.convert("L") if picture.mode == "L" else made


def _is_like_srgb(source: ImageCms.ImageCmsProfile, mode: str) -> bool:
    """Try the profile on a grid of colours: what nobody can see apart stays as it is."""
    if mode == "L":
        before = Image.frombytes("L", (256, 1), bytes(range(256)))
    else:
        grid = bytes(part for r in _STEPS for g in _STEPS for b in _STEPS for part in (r, g, b))
        before = Image.frombytes("RGB", (len(_STEPS) ** 3, 1), grid)
    after = _transformed(before, source)
    difference = np.abs(np.asarray(before, dtype=int) - np.asarray(after, dtype=int))
    return int(difference.max()) <= _JUST_VISIBLE
