"""The value rule: after editing, does an original identifier still stand anywhere outside the pixels?

Tag lists cannot know that a maker wrote the Patient ID into a comment, a private block or a report's text.
Values of four characters or more are searched between token boundaries, also as UTF-16. `text_replacement`
replaces the telling ones in texts; what remains is reported by its tag, because opaque bytes cannot be
changed surely.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from importal.dicom.codec import Codec
from importal.dicom.records import Replacement
from importal.dicom.walk import HeaderWalk

MIN_LENGTH, MIN_TELLING = 4, 5
MAX_PLACES = 1000
_MANY = 200  # from so many on, one pass over all positions takes less time than one for each value
FILE_META = 0x00020000
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGIT = re.compile(rb"[0-9]")
_PRINTABLE = re.compile(rb"[ -~]+")
_YEAR, _MONTH, _DAY = rb"(?:19|20)[0-9]{2}", rb"(?:0[1-9]|1[0-2])", rb"(?:0[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(
    rb"%b([-./]?)%b\1%b|%b([-./])%b\2%b|%b([-./])%b\3%b"
    % (_YEAR, _MONTH, _DAY, _DAY, _MONTH, _YEAR, _MONTH, _DAY, _YEAR)
)
_UID = re.compile(rb"[0-2](?:\.[0-9]+){3,}")
_ESCAPE_END = re.compile(rb"\x1b[ -/]+[0-~]\Z")
_ESCAPE_LENGTH = 4
_ICON_PIXELS = 0x7FE00010
# What parts a value into several: text behind a NUL or a line's end is a number of its own.
_CUTS = re.compile(rb"[\\\0\t\n\f\r]")


def searchable(values: Iterable[bytes]) -> set[bytes]:
    """Return the values worth a search: trimmed, each of several apart, at least four characters."""
    return {
        plain
        for value in values
        for part in ((value, *_CUTS.split(value)) if _CUTS.search(value) else (value,))
        if len(plain := part.strip(b" \0\r\n")) >= MIN_LENGTH
    }


def sought(originals: Iterable[bytes], replacements: Iterable[Replacement]) -> set[bytes]:
    """Return the values that must not stand in an object any more; a pseudonym may be an original, too."""
    return searchable(originals) - {replacement.pseudonym.encode() for replacement in replacements}


def telling(value: bytes) -> bool:
    """Tell whether a value names nothing but what it identifies, so that it may be replaced in any text.

    ASCII, five characters, a digit; not a date, not a UID, not one sign repeated ("00000", "9-9-9").
    """
    return (
        len(value) >= MIN_TELLING
        and _PRINTABLE.fullmatch(value) is not None
        and _DIGIT.search(value) is not None
        and _DATE.fullmatch(value) is None
        and _UID.fullmatch(value) is None
        and len(set(value) & _WORD) > 1
    )


def positions(buffer: bytes, values: Iterable[bytes], without: tuple[int, int] = (-1, -1)) -> list[int]:
    """Return where a value stands as a token of its own, except in the range `without` (the bulk)."""
    start, end = without
    forms = dict.fromkeys(values, _is_token)
    forms |= {wide(value): _is_wide_token for value in forms}
    search = _found_one_by_one if len(forms) < _MANY else _found_at_once
    hits: set[int] = set()
    for first, last in ((0, len(buffer)),) if start < 0 else ((0, start), (end, len(buffer))):
        hits.update(
            at for at, form in search(buffer, forms, first, last) if forms[form](buffer, at, at + len(form))
        )
    return sorted(hits)


def _found_one_by_one(
    buffer: bytes, forms: Iterable[bytes], first: int, last: int
) -> Iterator[tuple[int, bytes]]:
    find = buffer.find
    for form in forms:
        at = find(form, first, last)
        while at >= 0:
            yield at, form
            at = find(form, at + 1, last)


def _found_at_once(
    buffer: bytes, forms: Iterable[bytes], first: int, last: int
) -> Iterator[tuple[int, bytes]]:
    """Find many values in one pass, whose time does not grow with their number."""
    lengths: dict[bytes, set[int]] = {}
    known = set(forms)
    for form in known:
        lengths.setdefault(form[:MIN_LENGTH], set()).add(len(form))
    for at in range(first, last - MIN_LENGTH + 1):
        for length in lengths.get(buffer[at : at + MIN_LENGTH], ()):
            form = buffer[at : at + length]
            if form in known and at + length <= last:
                yield at, form


def wide(value: bytes) -> bytes:
    """Return what UTF-16 of either byte order has in common: the signs with a NUL between them."""
    spread = bytearray(2 * len(value) - 1)
    spread[::2] = value
    return bytes(spread)


def _is_token(buffer: bytes, start: int, end: int) -> bool:
    """Tell whether no letter and no digit stands before or behind.

    What looks like a letter before may be the second byte of a character or the end of an escape sequence.
    """
    if end < len(buffer) and buffer[end] in _WORD:
        return False
    if start == 0 or buffer[start - 1] not in _WORD:
        return True
    before = buffer[max(0, start - _ESCAPE_LENGTH) : start]
    return (len(before) > 1 and before[-2] > 0x7F) or _ESCAPE_END.search(before) is not None


def _is_wide_token(buffer: bytes, start: int, end: int) -> bool:
    """Tell the same of UTF-16; whichever byte order, a NUL stands between this and the next sign."""
    before, behind = buffer[max(0, start - 2) : start], buffer[end : end + 2]
    in_word = len(before) > 1 and not before[1] and before[0] in _WORD
    return not in_word and not (len(behind) > 1 and not behind[0] and behind[1] in _WORD)


def tags_at(buffer: bytes, start: int, codec: Codec, places: list[int]) -> tuple[str, ...]:
    """Return the tags of the innermost elements at the places; File Meta counts as (0002,0000).

    The data set begins at `start` and goes to the end of the buffer.
    """
    if not places:
        return ()
    walk = HeaderWalk(buffer, frozenset(), everything=True)
    walk.run(start, len(buffer), codec)
    starts = [found.start for found in walk.found]
    tags: set[int] = set()
    for place in places[:MAX_PLACES]:
        if place < start:
            tags.add(FILE_META)
            continue
        index = bisect_right(starts, place) - 1
        while index >= 0 and walk.found[index].end <= place:
            index -= 1
        if index >= 0:
            tags.add(walk.found[index].tag)
    return tuple(text(tag) for tag in sorted(tags - {_ICON_PIXELS}))


def text(tag: int) -> str:
    """Return a tag as people write it: "(0040,A160)"."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
