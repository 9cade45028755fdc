"""Elements that break a rule one by one, read and written anew with pydicom: odd lengths, order, unknown VRs.

Values keep their bytes. Two different values for one identifying attribute are refused: nobody can say
whose picture that is.
"""

from io import BytesIO
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import data_element_generator
from pydicom.filewriter import write_dataset

from importal.dicom.codec import LONG_VRS, SHORT_VRS, Codec
from importal.dicom.profile import IDENTITY, RULES
from importal.dicom.refusal import RefusalReason, Refused, Repair
from importal.dicom.walk import (
    BULK,
    ITEM_END,
    MAX_DEPTH,
    SEQUENCE_END,
    UNDEFINED,
    Defect,
    DefectKind,
    HeaderWalk,
)

MAX_REENCODED_ELEMENTS = 200_000
MAX_LOWER_CASE_VRS = 300
_ONE_NUMBER = 2
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
    data_set = _data_set(elements.values(), target, 0)
    written = DicomBytesIO()
    written.is_implicit_VR = not target.explicit
    written.is_little_endian = target.order == "<"
    write_dataset(written, data_set)
    return written.getvalue(), repairs


def _require_same(tag: int, first: Any, second: Any) -> None:
    if tag in _PROTECTED and first.value != second.value:
        raise Refused(RefusalReason.AMBIGUOUS_IDENTITY)


def _data_set(elements: Any, target: Codec, depth: int) -> Dataset:
    """Return a data set of raw elements; told that it came in the target layout, the library keeps values."""
    if depth > MAX_DEPTH:
        raise Refused(RefusalReason.TOO_DEEP)
    data_set = Dataset()
    data_set.set_original_encoding(not target.explicit, target.order == "<", None)
    for element in elements:
        mended = _mended(element, target) if isinstance(element, RawDataElement) else element
        if not isinstance(mended, RawDataElement) and mended.VR == "SQ":
            for index, item in enumerate(mended.value):
                inner = _data_set(item._dict.values(), target, depth + 1)  # noqa: SLF001 -- the raw elements
                inner.is_undefined_length_sequence_item = item.is_undefined_length_sequence_item
                mended.value[index] = inner
        data_set._dict[mended.tag] = mended  # noqa: SLF001 -- keeps values raw
    return data_set


def _mended(element: RawDataElement, target: Codec) -> Any:
    vr, value = element.VR, element.value or b""
    if target.explicit and (vr is None or vr not in _VRS):
        vr = _vr_of(int(element.tag), len(value))
    if element.length == UNDEFINED:
        return element._replace(VR="OB" if target.explicit else vr, value=value)
    if len(value) & 1:
        value += b"\0" if (vr or _vr_of(int(element.tag), len(value))) in _NUL_PADDED else b" "
    return element._replace(VR=vr, value=value, length=len(value))


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
