"""The value rule: after editing, does an original identifier still stand anywhere outside the pixels?

Tag lists cannot know that a maker wrote the Patient ID into a comment, a private block or a report's text.
Values of four characters or more are searched between token boundaries; a hit is reported by its tag and
never patched, because opaque bytes cannot be changed surely.
"""

from bisect import bisect_right
from collections.abc import Iterable

from importal.dicom.codec import Codec
from importal.dicom.walk import HeaderWalk

MIN_LENGTH = 4
MAX_PLACES = 1000
FILE_META = 0x00020000
_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ICON_PIXELS = 0x7FE00010


def searchable(values: Iterable[bytes]) -> set[bytes]:
    """Return the values worth a search: trimmed, each of several apart, at least four characters."""
    return {
        plain
        for value in values
        for part in (value, *value.split(b"\\"))
        if len(plain := part.strip(b" \0")) >= MIN_LENGTH
    }


def positions(buffer: bytes, values: Iterable[bytes]) -> list[int]:
    """Return where a value stands as a token of its own."""
    hits = []
    for value in values:
        at = buffer.find(value)
        while at >= 0:
            after = at + len(value)
            if (at == 0 or buffer[at - 1] not in _WORD) and (
                after >= len(buffer) or buffer[after] not in _WORD
            ):
                hits.append(at)
            at = buffer.find(value, after)
    return sorted(set(hits))


def tags_at(buffer: bytes, start: int, end: int, codec: Codec, places: list[int]) -> tuple[str, ...]:
    """Return the tags of the innermost elements at the places; File Meta counts as (0002,0000)."""
    walk = HeaderWalk(buffer, frozenset(), everything=True)
    walk.run(start, end, codec)
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
