"""Elements that break a rule one by one, read and written anew with pydicom: odd lengths, order, unknown VRs.

Values keep their bytes. Two different values for one identifying attribute are refused: nobody can say
whose picture that is.
"""

from io import BytesIO
from struct import error as StructError  # noqa: N812 -- it is an exception
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
from importal.dicom.walk import BULK, MAX_DEPTH

MAX_REENCODED_ELEMENTS = 200_000
_VRS = {vr.decode("ascii") for vr in SHORT_VRS | LONG_VRS}
_NUL_PADDED = frozenset({"UI", "OB", "UN"})
_PROTECTED = IDENTITY | BULK | frozenset(RULES)


def reencoded(data: bytes, codec: Codec) -> tuple[bytes, list[Repair]]:
    """Return the data set in the same layout without those defects, and what else was mended.

    Raises Refused when it cannot be read to its last byte.
    """
    try:
        return _reencoded(data, codec)
    except Refused:
        raise
    except RecursionError:
        raise Refused(RefusalReason.TOO_DEEP) from None
    except (StructError, EOFError, OSError, ArithmeticError, LookupError) as failure:
        raise Refused(RefusalReason.UNREADABLE) from failure.__cause__
    except Exception:  # noqa: BLE001 -- what the library raises on hostile bytes is not enumerable
        raise Refused(RefusalReason.UNREADABLE) from None


def _reencoded(data: bytes, codec: Codec) -> tuple[bytes, list[Repair]]:
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
    data_set = _data_set(elements.values(), 0)
    data_set.set_original_encoding(not codec.explicit, little, None)
    target = DicomBytesIO()
    target.is_implicit_VR = not codec.explicit
    target.is_little_endian = little
    write_dataset(target, data_set)
    return target.getvalue(), repairs


def _require_same(tag: int, first: Any, second: Any) -> None:
    if tag in _PROTECTED and first.value != second.value:
        raise Refused(RefusalReason.AMBIGUOUS_IDENTITY)


def _data_set(elements: Any, depth: int) -> Dataset:
    if depth > MAX_DEPTH:
        raise Refused(RefusalReason.TOO_DEEP)
    data_set = Dataset()
    for element in elements:
        mended = _mended(element, depth) if isinstance(element, RawDataElement) else element
        if not isinstance(mended, RawDataElement) and mended.VR == "SQ":
            for index, item in enumerate(mended.value):
                inner = _data_set(item._dict.values(), depth + 1)  # noqa: SLF001 -- the raw elements
                inner.is_undefined_length_sequence_item = item.is_undefined_length_sequence_item
                mended.value[index] = inner
        data_set._dict[mended.tag] = mended  # noqa: SLF001 -- keeps values raw
    return data_set


def _mended(element: RawDataElement, depth: int) -> Any:
    del depth
    vr = element.VR
    if vr is not None and vr not in _VRS:
        vr = vr.upper() if vr.upper() in _VRS else _vr_of(int(element.tag))
    value = element.value or b""
    if len(value) & 1 and element.length != 0xFFFFFFFF:
        value += b"\0" if (vr or _vr_of(int(element.tag))) in _NUL_PADDED else b" "
    return element._replace(VR=vr, value=value, length=len(value) if element.length != 0xFFFFFFFF else element.length)


def _vr_of(tag: int) -> str:
    try:
        vr = str(dictionary_VR(tag))
    except KeyError:
        return "UN"
    return vr if vr in _VRS else "UN"
