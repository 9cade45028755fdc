"""Folding person names, so that writings of one name meet (PS3.5 section 6.2, PN).

Hospitals write Müller, MUELLER and Muller for one person. Each word is folded in several ways; two words
are one when any folding meets.
"""

import re
import unicodedata
from functools import lru_cache

_EXPANDED = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
_LIGATURES = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "đ": "d", "ł": "l", "ı": "i", "ħ": "h"}
_PLAIN = {"ø": "o"}
# ISO 9-like spellings as passports use them (ICAO Doc 9303-3), then Greek as in ELOT 743.
_CYRILLIC = dict(
    zip(
        "абвгдезийклмнопрстуфхцчшщъыьэюяёіїєґ",
        "a b v g d e z i i k l m n o p r s t u f kh ts ch sh shch _ y _ e iu ia e i i ie g".replace(
            "_", "\0"
        ).split(" "),
        strict=True,
    )
) | {"ж": "zh"}
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(" "),
        strict=True,
    )
)
# Comparing one name with many folds the same words again and again.
_REMEMBERED = 4096
_TITLES = frozenset({"dr", "prof", "med"})
_WORDS = re.compile(r"[^\W_]+")
# A sign stands where a letter was lost on the way through a character set that has none.
_WORDS_WITH_LOSSES = re.compile(r"(?:[^\W_]|[?\ufffd])+")
_LOSS = "\ufffd"
# Signs that stand for one lost letter: one for the letter, or one for each of its bytes.
_SIGNS = (1, 2, 3)
# What bytes from 0x80 to 0x9F look like in Windows' Western character set, for which many take Latin-1.
_WINDOWS = dict(zip("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ", range(0x80, 0xA0), strict=True))
_APOSTROPHES = re.compile(r"['’`´ʼ]")
_DIGRAPHS = re.compile(r"ae|oe|ue|aa|ou|uu|oo|ss")
_SHORT = {"ae": "a", "oe": "o", "ue": "u", "aa": "a", "ou": "o", "uu": "u", "oo": "o", "ss": "s"}


@lru_cache(_REMEMBERED)
def plain_fold(text: str) -> str:
    """Return the text in lower case without accents: Müller → muller."""
    return _stripped(_translated(_composed(text), _LIGATURES | _PLAIN))


@lru_cache(_REMEMBERED)
def expanded_fold(text: str) -> str:
    """Return the text in lower case with umlauts written out: Müller → mueller."""
    return _stripped(_translated(_composed(text), _LIGATURES | _EXPANDED))


@lru_cache(_REMEMBERED)
def latin_fold(text: str) -> str:
    """Return the text in Latin letters, where Cyrillic or Greek ones stood."""
    # ELOT 743: the two letters make one sound.
    sounds = expanded_fold(text).replace("ου", "ou")
    return _translated(sounds, _CYRILLIC | _GREEK).replace("\0", "")


@lru_cache(_REMEMBERED)
def collapsed_fold(text: str) -> str:
    """Return the loosest folding: long vowels short, digraphs single: Mueller → muler, Satou → sato."""
    short = _DIGRAPHS.sub(lambda match: _SHORT[match.group()], latin_fold(text))
    return re.sub(r"(.)\1", r"\1", short)


@lru_cache(_REMEMBERED)
def sounding_fold(text: str) -> str:
    """Return a folding in which the ways to romanise one name meet: Юлия, Yulia, Iuliia → iulia."""
    sounds = collapsed_fold(text).replace("y", "i").replace("j", "i").replace("kh", "h")
    return re.sub(r"(.)\1", r"\1", sounds)


def is_of_another_script(text: str) -> bool:
    """Whether a word has letters that are romanised here."""
    return latin_fold(text) != expanded_fold(text)


def fits_losses(lossy: str, whole: str) -> bool:
    """Whether a word is another whose letters beyond ASCII were lost, with signs for them: M?LLER, Müller."""
    signed, letters = lossy.lower().replace("?", _LOSS), whole.lower()
    if _LOSS not in signed or letters.isascii() or _LOSS in letters or "?" in letters:
        return False
    return any(_fits(signed, letters, _LOSS * signs) for signs in _SIGNS)


def _fits(signed: str, letters: str, loss: str) -> bool:
    at = 0
    for letter in letters:
        step = letter if letter.isascii() or signed.startswith(letter, at) else loss
        if not signed.startswith(step, at):
            return False
        at += len(step)
    return at == len(signed)


def words(text: str) -> list[str]:
    """Return the words of a name component or of a free text; apostrophes do not divide, titles go."""
    found = _WORDS.findall(_APOSTROPHES.sub("", unicodedata.normalize("NFC", text)))
    return [word for word in found if plain_fold(word) not in _TITLES]


def search_text(*texts: str) -> str:
    """Return what a search looks in: every word in its plain and its expanded folding."""
    every = [word for text in texts for word in words(text)]
    folded = dict.fromkeys(fold(word) for word in every for fold in (plain_fold, expanded_fold, latin_fold))
    return " " + " ".join(folded) + " " if folded else ""


def name_groups(name: str) -> tuple[str, str, str]:
    """Return the alphabetic, ideographic and phonetic group of a person name."""
    groups = [*map(_repaired, name.replace("\0", "").split("=")), "", "", ""]
    return groups[0].strip(), groups[1].strip(), groups[2].strip()


def name_parts(group: str) -> tuple[list[str], list[str]]:
    """Return the words of the family name, and those of given and middle names; prefix and suffix go."""
    if "^" in group:
        components = [*group.split("^"), "", "", ""]
        return _words_with_losses(components[0]), _words_with_losses(f"{components[1]} {components[2]}")
    family, _, given = group.partition(",")
    return _words_with_losses(family), _words_with_losses(given)


def _words_with_losses(text: str) -> list[str]:
    found = _WORDS_WITH_LOSSES.findall(_APOSTROPHES.sub("", unicodedata.normalize("NFC", text)))
    return [word for word in found if _WORDS.search(word) and plain_fold(word) not in _TITLES]


def _repaired(group: str) -> str:
    """Return what was meant where UTF-8 was read as Latin-1: MÃ¼ller → Müller."""
    codes = [_WINDOWS.get(letter, ord(letter)) for letter in group]
    if group.isascii() or max(codes) > 0xFF:
        return group
    try:
        return bytes(codes).decode("utf-8")
    except UnicodeDecodeError:
        return group


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("ı", "i")


def _translated(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text)


def _stripped(text: str) -> str:
    # й and ё are letters of their own; taken apart they would lose what tells them from и and е.
    kept = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        kept.append(parts[0] if "LATIN" in unicodedata.name(parts[0], "") or "GREEK" in unicodedata.name(
            parts[0], ""
        ) else letter)  # fmt: skip
    return unicodedata.normalize("NFC", "".join(part for part in kept if not unicodedata.combining(part)))
