"""Clean texts by a list of words: only what is known to identify nobody stands (PS3.15 E.3.5).

A free text is cut into words; a word of ``data/imaging_words.txt`` stays, and so does a short number or
measure. Everything else goes, and with it every number beside it. An original value of this object goes
even where it is a word of the list: a patient may be called Brain.
"""

import re
from collections.abc import Set as AbstractSet
from importlib.resources import files

_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_MEASURE = re.compile(
    r"\d{1,3}(?:mm|cm|m|ml|mg|mgy|s|ms|sec|min|hz|kv|kvp|ma|mas|mbq|mci|bpm|kg|t|d|x|th|nd|st|rd|x\d{1,3})?"
)
# 12.05.19, 555-12-34: three numbers in a row are a date or a telephone number, not a measure.
_CHAIN = re.compile(r"\d+(?:[-./: ]+\d+){2,}")
_TELLING_LETTERS = 4


def _words() -> frozenset[str]:
    text = (files("importal.dicom") / "data" / "imaging_words.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(part for line in lines for word in line.split() for part in _WORD.findall(word))


WORDS = _words()


def cleaned(text: str, identity: AbstractSet[str] = frozenset()) -> str:
    """Return what may stand of a text; itself where all may. `identity` are folded words that never may."""
    words = _WORD.findall(text)
    kept = [word for word in words if _may_stand(word, identity)]
    gone = len(kept) < len(words)
    if (gone and _lost_number(words, kept)) or _CHAIN.search(text):
        kept = [word for word in kept if not _DIGIT.search(word) or word.casefold() in WORDS]
        gone = True
    return " ".join(kept) if gone else text


def without(text: str, identity: AbstractSet[str]) -> str:
    """Return a text without the words of this object's identity; it itself where it has none of them."""
    words = _WORD.findall(text)
    if identity.isdisjoint(word.casefold() for word in words):
        return text
    return " ".join(word for word in words if word.casefold() not in identity)


def folded_words(text: str) -> set[str]:
    """Return the words of a text as `identity` names them: two signs or more."""
    return {word.casefold() for word in _WORD.findall(text) if len(word) > 1}


def is_telling(word: str) -> bool:
    """Whether a folded word can hardly be a defined term: a longer one that is not of the list."""
    return len(word) >= _TELLING_LETTERS and word not in WORDS


def _may_stand(word: str, identity: AbstractSet[str]) -> bool:
    plain = word.casefold()
    return plain not in identity and (plain in WORDS or _MEASURE.fullmatch(plain) is not None)


def _lost_number(words: list[str], kept: list[str]) -> bool:
    left = list(kept)
    for word in words:
        if word in left:
            left.remove(word)
        elif _DIGIT.search(word):
            return True
    return False
