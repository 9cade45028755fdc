"""Family names as search patterns: however umlauts were written in the other hospital (PS3.5 section 6.2.1).

One archive holds `Müller`, another `MUELLER` or `MULLER`. A query matches only what it asks for, so we ask
for each spelling.
"""

import unicodedata

_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "æ": "ae", "ø": "oe"}
_DRAWN_TOGETHER = {"ae": "ä", "oe": "ö", "ue": "ü"}
_WITH_MEANING = str.maketrans("", "", "*?\\=^")


def family_name(patient_name: str) -> str:
    """Return the family name of the first component group that has one, without signs that have a meaning."""
    for group in patient_name.split("="):
        family = group.partition("^")[0].translate(_WITH_MEANING).strip(" ,")
        if family:
            return family
    return ""


def spellings(family: str) -> tuple[str, ...]:
    """Return the family name and its other spellings, the given one first, without repetition."""
    lower = family.lower()
    spelled_out = "".join(_SPELLED_OUT.get(sign, sign) for sign in lower)
    decomposed = unicodedata.normalize("NFD", lower.replace("ß", "ss").replace("ø", "o").replace("æ", "ae"))
    bare = unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
    together = lower
    for pair, letter in _DRAWN_TOGETHER.items():
        together = together.replace(pair, letter)
    unique = {spelling.casefold(): spelling for spelling in (together, bare, spelled_out)}
    unique.pop(family.casefold(), None)
    # "ß" folds to "ss": an archive may compare sign by sign, so the given spelling stays in any case.
    return (family, *sorted(unique.values()))
