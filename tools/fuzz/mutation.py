"""Mutations that know where the elements of a DICOM file are: lengths, VRs, tags, items, whole elements.

Blind changes of bytes mostly end at the first broken length; these get deep into sequences, the recovery and
the edit list. Where elements begin is told from the bytes alone, so that broken files are mutated as well.
"""

import random
import re
import struct
import zlib
from collections.abc import Callable

from importal.dicom.codec import LONG_VRS, SHORT_VRS
from importal.dicom.profile import IDENTITY, ORIGINAL_ATTRIBUTES, RULES
from importal.dicom.walk import ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END

VRS = sorted(SHORT_VRS | LONG_VRS)
TAGS = sorted({*RULES, *IDENTITY, ORIGINAL_ATTRIBUTES, ITEM, ITEM_END, SEQUENCE_END, PIXEL_DATA, 0x00310010})
_VR = re.compile(b"(?=([A-Z]{2}))")
_VRS = frozenset(VRS)
_HEAD = 4  # bytes of the tag in front of the VR
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_SYNTAX = re.compile(rb"1\.2\.840\.10008\.1\.2(?:\.[0-9.]+)?\0?")
_SYNTAXES = (
    b"1.2.840.10008.1.2\0",
    b"1.2.840.10008.1.2.1\0",
    b"1.2.840.10008.1.2.2\0",
    b"1.2.840.10008.1.2.4.50",
    _DEFLATED,
)
_LENGTHS = (0, 1, 2, 7, 8, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
_TEXTS = (b"P12345", b"A4711", b"\\", b"=", b"^", b"\x1b$B", b"\x81\x5c", b"\xff\xfe", b"P12345\\A4711 ")
_META_END = 132


def little(tag: int) -> bytes:
    """Return a tag as it stands in a little endian data set."""
    return (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")


def big(tag: int) -> bytes:
    """Return a tag as it stands in a big endian data set."""
    return tag.to_bytes(4, "big")


_TAG = struct.Struct("4s")
_KNOWN = frozenset(form(tag) for tag in TAGS for form in (little, big))


def _whole(length: int) -> int:
    return max(0, length) // _HEAD * _HEAD


def mutate(data: bytes, chance: random.Random, most_bytes: int) -> bytes:
    """Return a changed copy; a deflated data set is changed inside."""
    if _DEFLATED in data[:600] and chance.random() < 0.9:
        return _mutate_deflated(data, chance, most_bytes)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        places = _places(data)
        at = chance.choice(places) if places else chance.randrange(len(data) + 1)
        data = chance.choice(_MUTATIONS)(data, at, chance)
    return data[:most_bytes]


def _mutate_deflated(data: bytes, chance: random.Random, most_bytes: int) -> bytes:
    end = _META_END + 12 + int.from_bytes(data[140:144], "little")
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inner = stream.decompress(data[end:], most_bytes)
    except zlib.error:
        return data[:end] + zlib.compress(data[end:], wbits=-zlib.MAX_WBITS)[:most_bytes]
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = _places(inner)
        at = chance.choice(places) if places else 0
        inner = chance.choice(_MUTATIONS)(inner, at, chance)
    return (data[:end] + zlib.compress(inner, wbits=-zlib.MAX_WBITS))[:most_bytes]


def _places(data: bytes) -> list[int]:
    """Return where elements seem to begin."""
    known = [
        _HEAD * number + shift
        for shift in (0, 2)  # elements begin at even places; what does not is met by its VR
        for number, (tag,) in enumerate(_TAG.iter_unpack(data[shift : _whole(len(data) - shift) + shift]))
        if tag in _KNOWN
    ]
    heads = (match.start() - _HEAD for match in _VR.finditer(data, _HEAD) if match[1] in _VRS)
    return sorted({*known, *heads})


def _length(data: bytes, at: int, chance: random.Random) -> bytes:
    field = at + chance.choice((4, 6, 8))
    size = chance.choice((2, 4))
    order = "big" if chance.random() < 0.1 else "little"
    now = int.from_bytes(data[field : field + size], "little")
    new = chance.choice((*_LENGTHS, now + 1, now - 1, now + 2, now - 2, len(data) - at))
    raw = (new % (1 << 8 * size)).to_bytes(size, "big" if order == "big" else "little")
    return data[:field] + raw + data[field + size :]


def _vr(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[: at + 4] + chance.choice(VRS) + data[at + 6 :]


def _tag(data: bytes, at: int, chance: random.Random) -> bytes:
    form = big if chance.random() < 0.1 else little
    return data[:at] + form(chance.choice(TAGS)) + data[at + 4 :]


def _remove(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[:at] + data[_after(data, at, chance) :]


def _repeat(data: bytes, at: int, chance: random.Random) -> bytes:
    end = _after(data, at, chance)
    return data[:end] + data[at:end] + data[end:]


def _move(data: bytes, at: int, chance: random.Random) -> bytes:
    end = _after(data, at, chance)
    rest = data[:at] + data[end:]
    to = chance.choice(_places(rest) or [0])
    return rest[:to] + data[at:end] + rest[to:]


def _wrap(data: bytes, at: int, chance: random.Random) -> bytes:
    """Put elements into a sequence: declared, as UN, or implicit; of defined or undefined length."""
    end = _after(data, at, chance)
    body = data[at:end]
    tag = little(chance.choice(TAGS))
    defined = chance.random() < 0.5
    head = tag + chance.choice((b"SQ\0\0", b"UN\0\0", b""))
    if defined:
        item = little(ITEM) + len(body).to_bytes(4, "little") + body
        return data[:at] + head + len(item).to_bytes(4, "little") + item + data[end:]
    item = little(ITEM) + b"\xff" * 4 + body + little(ITEM_END) + bytes(4)
    return data[:at] + head + b"\xff" * 4 + item + little(SEQUENCE_END) + bytes(4) + data[end:]


def _nest(data: bytes, at: int, chance: random.Random) -> bytes:
    for _ in range(chance.choice((2, 8, 70))):
        data = _wrap(data, at, chance)
    return data


def _insert(data: bytes, at: int, chance: random.Random) -> bytes:
    value = chance.choice(_TEXTS)
    value += b" " * (len(value) & 1)
    explicit = chance.choice((b"LO", b"SH", b"UN\0\0", b"UT\0\0", b""))
    size = 2 if len(explicit) == 2 else 4
    element = little(chance.choice(TAGS)) + explicit + len(value).to_bytes(size, "little") + value
    return data[:at] + element + data[at:]


def _text(data: bytes, at: int, chance: random.Random) -> bytes:
    start = at + 8 + chance.randrange(9)
    text = chance.choice(_TEXTS)
    return data[:start] + text + data[start + (len(text) if chance.random() < 0.8 else 0) :]


def _syntax(data: bytes, at: int, chance: random.Random) -> bytes:
    match = _SYNTAX.search(data, 130)
    if match is None:
        return _vr(data, at, chance)
    new = chance.choice(_SYNTAXES)
    return data[: match.start()] + new + data[match.start() + len(new) :]


def _byte(data: bytes, at: int, chance: random.Random) -> bytes:
    place = min(len(data), max(0, at + chance.randrange(-2, 14)))
    return data[:place] + bytes((chance.randrange(256),)) + data[place + 1 :]


def _cut(data: bytes, at: int, chance: random.Random) -> bytes:
    return data[: at + chance.randrange(16)]


def _swell(data: bytes, at: int, chance: random.Random) -> bytes:
    end = _after(data, at, chance)
    return data[:at] + data[at:end] * chance.choice((8, 40)) + data[end:]


def _after(data: bytes, at: int, chance: random.Random) -> int:
    later = [place for place in _places(data) if place > at][:6]
    return chance.choice([*later, min(len(data), at + chance.randrange(40))])


_MUTATIONS: tuple[Callable[[bytes, int, random.Random], bytes], ...] = (
    _length,
    _length,
    _length,
    _vr,
    _tag,
    _tag,
    _remove,
    _repeat,
    _move,
    _wrap,
    _wrap,
    _nest,
    _insert,
    _insert,
    _text,
    _text,
    _syntax,
    _byte,
    _cut,
    _swell,
)
