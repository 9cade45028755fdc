"""Japanese, Korean and Chinese texts in the encodings from before Unicode, told by their structure.

Their bytes fit each other's tables, so that a text decodes in several of them; but only in its own it
consists of what people write: kana among the kanji, Hangul syllables, Han signs of the first level (the
common ones in GB 2312 and Big5).
"""

from collections.abc import Callable

_FEW_SIGNS = 12
_FIRST_LEVEL_GB = range(0xB0, 0xD8)
_FIRST_LEVEL_BIG5 = range(0xA4, 0xC7)


def east_asian(content: bytes) -> tuple[str, str] | None:
    """Return the text and the name of its encoding, or None when it is none of these or too short to tell."""
    for encoding, share_of, least in _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        special = [sign for sign in text if ord(sign) > 0x7F and not _is_punctuation(sign)]
        if len(special) >= _FEW_SIGNS and _all_east_asian(special) and share_of(special) >= least:
            return text, encoding
    return None


def _is_punctuation(sign: str) -> bool:
    return "\u3000" <= sign <= "\u303f" or "\uff00" <= sign <= "\uff65" or "\u2000" <= sign <= "\u206f"


def _all_east_asian(signs: list[str]) -> bool:
    """Return whether next to nothing is of other scripts; a few symbols and units are."""
    ours = sum(1 for sign in signs if "\u3040" <= sign <= "\u30ff" or _is_han(sign) or _is_hangul(sign))
    return ours >= 0.9 * len(signs)


def _is_han(sign: str) -> bool:
    return "\u4e00" <= sign <= "\u9fff"


def _is_hangul(sign: str) -> bool:
    return "\uac00" <= sign <= "\ud7a3"


def _kana(signs: list[str]) -> float:
    return sum(1 for sign in signs if "\u3040" <= sign <= "\u30ff") / len(signs)


def _hangul(signs: list[str]) -> float:
    return sum(1 for sign in signs if _is_hangul(sign)) / len(signs)


def _common(encoding: str, leads: range) -> Callable[[list[str]], float]:
    def share(signs: list[str]) -> float:
        raw = [sign.encode(encoding, "ignore") for sign in signs]
        return sum(1 for code in raw if len(code) == 2 and code[0] in leads) / len(signs)

    return share


_ENCODINGS: tuple[tuple[str, Callable[[list[str]], float], float], ...] = (
    ("euc_jp", _kana, 0.3),
    ("cp932", _kana, 0.3),
    ("cp949", _hangul, 0.95),
    ("gb18030", _common("gb2312", _FIRST_LEVEL_GB), 0.9),
    ("big5", _common("big5", _FIRST_LEVEL_BIG5), 0.9),
)
