"""Attribute matching of a query/retrieve SCP, as the stand-in archive does it (PS3.4 C.2.2.2).

Single value, list of UIDs, universal, wildcard (case-insensitive for names) and range matching of dates and
times. Values are plain strings; a multi-valued attribute is joined by backslashes.
"""

import re
from functools import lru_cache

_RANGED = frozenset({"DA", "TM"})
_NO_WILDCARD = frozenset({"DA", "TM", "DT", "UI", "IS", "DS", "AS", "SL", "SS", "UL", "US", "FL", "FD"})


def matches(value_representation: str, wanted: str, held: str) -> bool:
    """Return whether `held` answers the key `wanted`; an empty key matches everything."""
    if not wanted:
        return True
    if value_representation == "UI":
        return held in wanted.split("\\")
    if value_representation in _RANGED and "-" in wanted:
        return _in_range(wanted, held)
    if value_representation == "PN":
        return _name_matches(wanted, held)
    if value_representation not in _NO_WILDCARD and ("*" in wanted or "?" in wanted):
        return any(_pattern(wanted, folded=False).fullmatch(part) is not None for part in held.split("\\"))
    return wanted in held.split("\\")


def _in_range(wanted: str, held: str) -> bool:
    low, _, high = wanted.partition("-")
    if not held:
        return False
    return (not low or held >= low) and (not high or held[: len(high)] <= high)


def _name_matches(wanted: str, held: str) -> bool:
    """Match any of the up to three component groups (alphabetic, ideographic, phonetic)."""
    groups = [group.rstrip("^ ") for group in held.split("=")]
    candidates = [held, *groups]
    pattern = _pattern(wanted.rstrip("^ "), folded=True)
    return any(pattern.fullmatch(candidate.casefold()) is not None for candidate in candidates)


@lru_cache(maxsize=256)
def _pattern(wanted: str, *, folded: bool) -> re.Pattern[str]:
    text = wanted.casefold() if folded else wanted
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in text), re.DOTALL)
