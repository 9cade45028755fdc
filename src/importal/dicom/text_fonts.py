"""Fonts for text of any script: two that come with the package, and what the machine has for the rest.

DejaVu covers Latin, Greek, Cyrillic, Hebrew, Arabic and more. Chinese, Japanese and Korean need Noto Sans
CJK, other scripts the Noto Sans of their own (Debian: fonts-noto-cjk, fonts-noto-core). A sign that no font
has is never shown as a box: the caller is told.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

_OWN = Path(__file__).parent / "fonts"
BASE = _OWN / "DejaVuSansMono.ttf"
_WIDE = _OWN / "DejaVuSans.ttf"
_PLACES = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/Library/Fonts"),
)
_CJK = "NotoSansCJK-Regular.ttc"
_JAPANESE, _KOREAN, _CHINESE = 0, 1, 2
_SYMBOLS = ("NotoSansSymbols-Regular.ttf", "NotoSansSymbols2-Regular.ttf", "NotoSansMath-Regular.ttf")


@dataclass(frozen=True, slots=True)
class Font:
    """A font file, and which of several in it."""

    path: Path
    number: int = 0


def missing_from_base(text: str) -> list[str]:
    """Return the signs of a text that the base font cannot show, each once, in order."""
    shown = _signs(Font(BASE))
    return [sign for sign in sorted(set(text)) if ord(sign) not in shown and not _is_invisible(sign)]


def fonts_for(signs: list[str]) -> list[Font] | None:
    """Return fonts that together have all these signs, or None when the machine has none for some."""
    chosen: list[Font] = []
    collection = _number_in_collection(signs)
    for sign in signs:
        if any(ord(sign) in _signs(font) for font in chosen):
            continue
        found = next((font for font in _candidates(sign, collection) if ord(sign) in _signs(font)), None)
        if found is None:
            return None
        chosen.append(found)
    return chosen


def _is_invisible(sign: str) -> bool:
    """Return whether it needs no picture: controls, formats, separators, variation selectors."""
    return unicodedata.category(sign) in {"Cc", "Cf", "Zs", "Zl", "Zp"} or 0xFE00 <= ord(sign) <= 0xFE0F


def _number_in_collection(signs: list[str]) -> int:
    """Return which font of Noto Sans CJK draws Han signs as the text's readers know them."""
    scripts = {_script(sign) for sign in signs}
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return _JAPANESE
    return _KOREAN if "HANGUL" in scripts else _CHINESE


def _script(sign: str) -> str:
    return unicodedata.name(sign, "").replace("-", " ").split(" ")[0]


def _candidates(sign: str, collection: int) -> Iterator[Font]:
    yield Font(_WIDE)
    names = [f"NotoSans{_script(sign).title()}-Regular.{ending}" for ending in ("ttf", "otf")]
    for name in (*names, *_SYMBOLS, _CJK):
        path = _installed().get(name)
        if path is not None:
            yield Font(path, collection if path.suffix == ".ttc" else 0)


@cache
def _installed() -> dict[str, Path]:
    """Return the Noto fonts of this machine by file name."""
    found: dict[str, Path] = {}
    for place in _PLACES:
        for path in sorted(place.rglob("NotoSans*-Regular.*")) if place.is_dir() else ():
            found.setdefault(path.name, path)
    return found


@cache
def _signs(font: Font) -> frozenset[int]:
    if font.path.suffix == ".ttc":
        with TTCollection(str(font.path), lazy=True) as collection:
            return frozenset(collection.fonts[font.number].getBestCmap() or ())
    with TTFont(str(font.path), lazy=True) as single:
        return frozenset(single.getBestCmap() or ())
