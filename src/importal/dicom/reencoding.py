"""Elements that break a rule one by one, read with pydicom and written anew: odd lengths, order, unknown VRs.

Values keep their bytes. Two different values for one identifying attribute are refused: nobody can say
whose picture that is.
"""

from contextlib import suppress
from io import BytesIO
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator, read_sequence

from importal.dicom.codec import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    LONG_VRS,
    SHORT_VRS,
    Codec,
)
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.profile import IDENTITY, RULES
from importal.dicom.refusal import RefusalReason, Refused, Repair
from importal.dicom.walk import BULK, ITEM, ITEM_END, MAX_DEPTH, SEQUENCE_END, UNDEFINED, HeaderWalk

MAX_REENCODED_ELEMENTS = 200_000
MAX_LOWER_CASE_VRS = 300
_ONE_NUMBER = 2
_LAST_GROUP_WITH_LENGTH = 0x0006
_LAYOUTS = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)
_VRS = {vr.decode("ascii") for vr in SHORT_VRS | LONG_VRS}
_NUL_PADDED = frozenset({"UI", "OB", "UN"})
_PROTECTED = IDENTITY | BULK | frozenset(RULES)


def reencoded(data: bytes, codec: Codec, target: Codec) -> tuple[bytes, list[Repair]]:
    """Return the data set in the target layout without those defects, and what else was mended.

    Where the byte order differs, values must be text. Raises Refused when it cannot be read to its last byte.
    """
    try:
        return _reencoded(data, codec, target)
    except Refused:
        raise
    except RecursionError:
        raise Refused(RefusalReason.TOO_DEEP) from None
    except Exception:  # noqa: BLE001 -- what the library raises on hostile bytes is not enumerable
        raise Refused(RefusalReason.UNREADABLE) from None


def _reencoded(data: bytes, codec: Codec, target: Codec) -> tuple[bytes, list[Repair]]:
    stream = BytesIO(data)
    repairs: list[Repair] = []
    elements: dict[int, Any] = {}
    little = codec.order == "<"
    for element in data_element_generator(stream, not codec.explicit, little):
        tag = int(element.tag)
        if tag >> 16 in (0x0000, 0x0002, 0xFFFE):
            repairs.append(Repair.FOREIGN_GROUP_REMOVED)
            continue
        if tag in elements:
            _require_same(tag, elements[tag], element)
            repairs.append(Repair.DUPLICATE_ELEMENTS)
        elements[tag] = element
        if len(elements) > MAX_REENCODED_ELEMENTS:
            raise Refused(RefusalReason.TOO_MANY_ELEMENTS)
    if stream.tell() != len(data):
        raise Refused(RefusalReason.UNREADABLE)
    return _data_set(elements.values(), codec, target, 0), repairs


def _require_same(tag: int, first: Any, second: Any) -> None:
    if tag in _PROTECTED and first.value != second.value:
        raise Refused(RefusalReason.AMBIGUOUS_IDENTITY)


def _data_set(elements: Any, codec: Codec, target: Codec, depth: int) -> bytes:
    """Return the encoded elements in the order of their tags, without retired group lengths (PS3.5 7.2).

    The parser's own writer is not used: it decodes texts and writes them anew, and what it raises grows with
    two to the power of the depth.
    """
    if depth > MAX_DEPTH:
        raise Refused(RefusalReason.TOO_DEEP)
    return b"".join(
        _element(element, codec, target, depth)
        for element in sorted(elements, key=_tag)
        if element.tag.element or element.tag.group <= _LAST_GROUP_WITH_LENGTH
    )


def _tag(element: Any) -> int:
    return int(element.tag)


def _element(element: Any, codec: Codec, target: Codec, depth: int) -> bytes:
    tag = int(element.tag)
    if not isinstance(element, RawDataElement):
        return _sequence(tag, element.value, target, depth, undefined=element.is_undefined_length)
    vr, value = element.VR, element.value or b""
    if target.explicit and (vr is None or vr not in _VRS):
        vr = _vr_of(tag, len(value))
    if element.length == UNDEFINED:
        return _undefined(target, tag, "OB", value)
    if value and (vr == "SQ" or (vr is None and _vr_of(tag, len(value)) == "SQ")):
        items = _items(tag, value, codec, target)
        if items is not None:
            return _sequence(tag, items, target, depth, undefined=False)
    if len(value) & 1:
        value += b"\0" if (vr or _vr_of(tag, len(value))) in _NUL_PADDED else b" "
    return target.element(tag, vr or "UN", value)


def _items(tag: int, value: bytes, codec: Codec, target: Codec) -> Any:
    """Return the items of a sequence that cannot stay as it is, None for one that can.

    Raises Refused where they have to be written in another layout and cannot be read.
    """
    if codec is target:
        element = codec.element(tag, "SQ", value)
        with suppress(Defect):
            HeaderWalk(element, frozenset()).run(0, len(element), codec)
            return None
    stream = BytesIO(value)
    items = read_sequence(stream, not codec.explicit, codec.order == "<", len(value), "iso8859")
    if stream.tell() != len(value):
        raise Refused(RefusalReason.UNREADABLE)
    return items


def _sequence(tag: int, items: Any, target: Codec, depth: int, *, undefined: bool) -> bytes:
    pieces: list[bytes] = []
    for item in items:
        implicit, little = item.original_encoding
        codec = next(
            each for each in _LAYOUTS if (not each.explicit, each.order == "<") == (implicit, little)
        )
        content = _data_set(item._dict.values(), codec, target, depth + 1)  # noqa: SLF001 -- the raw elements
        if item.is_undefined_length_sequence_item:
            pieces += (_mark(target, ITEM, UNDEFINED), content, _mark(target, ITEM_END, 0))
        else:
            pieces += (_mark(target, ITEM, len(content)), content)
    value = b"".join(pieces)
    return _undefined(target, tag, "SQ", value) if undefined else target.element(tag, "SQ", value)


def _undefined(target: Codec, tag: int, vr: str, value: bytes) -> bytes:
    """Return an element of undefined length with its end."""
    length = target.u32.pack(UNDEFINED)
    if target.explicit:
        head = target.head.pack(tag >> 16, tag & 0xFFFF, vr.encode("ascii"), 0) + length
    else:
        head = _mark(target, tag, UNDEFINED)
    return head + value + _mark(target, SEQUENCE_END, 0)


def _mark(target: Codec, tag: int, length: int) -> bytes:
    return target.item.pack(tag >> 16, tag & 0xFFFF, length)


def _vr_of(tag: int, length: int) -> str:
    """Return the VR of the dictionary; where it names several, the one that fits the length (PS3.5 A)."""
    try:
        vr = str(dictionary_VR(tag))
    except KeyError:
        return "UN"
    if vr in _VRS:
        return vr
    return "OW" if "OW" in vr and length > _ONE_NUMBER else "US"


def stray_delimiters(data: bytes, offset: int, codec: Codec) -> int:
    """Return how many bytes at the offset are delimiters that end nothing."""
    length = 0
    while offset + length + 8 <= len(data):
        group, number, size = codec.item.unpack_from(data, offset + length)
        if group << 16 | number not in (ITEM_END, SEQUENCE_END) or size:
            break
        length += 8
    return length


def with_upper_case_vrs(data: bytes, codec: Codec) -> bytes:
    """Return the data set with the VRs that were written in lower case corrected in place."""
    mended = bytearray(data)
    for _ in range(MAX_LOWER_CASE_VRS):
        try:
            HeaderWalk(mended, frozenset(), ordered=False).run(0, len(mended), codec)
        except Defect as defect:
            vr = bytes(mended[defect.offset + 4 : defect.offset + 6])
            if defect.kind is not DefectKind.UNKNOWN_VR or vr.upper() not in SHORT_VRS | LONG_VRS:
                break
            mended[defect.offset + 4 : defect.offset + 6] = vr.upper()
        else:
            break
    return bytes(mended)
