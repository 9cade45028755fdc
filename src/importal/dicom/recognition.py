"""Does this look like DICOM, and where does its data set begin (PS3.10 7.1, and what the field makes of it).

Recognised by content only: with preamble, with File Meta Information but no preamble, with the magic word
misplaced or in lower case, or as a bare data set.
"""

import re
from typing import NamedTuple

from importal.dicom import part10
from importal.dicom.codec import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, LONG_VRS, SHORT_VRS, Codec
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.part10 import FileMeta
from importal.dicom.refusal import RefusalReason, Refused

_MISPLACED = re.compile(rb"DICM(?=\x02\x00)", re.IGNORECASE)
_MISPLACED_WITHIN = 300
_BARE_MAX_LENGTH = 1024
_BARE_GROUP = 0x0008
_BARE_ELEMENTS = 2


class Frame(NamedTuple):
    """Where the data set begins, and the File Meta Information in front of it, if any."""

    data_set: int
    meta: FileMeta | None
    preamble_sound: bool


def looks_like_dicom(head: bytes) -> bool:
    """Tell from the first bytes of a file (512 or more) whether it is meant as DICOM."""
    return (
        part10.has_magic(head)
        or _MISPLACED.search(head[:_MISPLACED_WITHIN]) is not None
        or _begins_file_meta(head)
        or bare_codec(head) is not None
    )


def locate(buffer: bytes | memoryview) -> Frame:
    """Find the data set of a file that the strict way did not take; raises Refused(NOT_DICOM, TRUNCATED)."""
    head = bytes(buffer[:_MISPLACED_WITHIN])
    misplaced = _MISPLACED.search(head)
    if part10.has_magic(head):
        return _behind(buffer, part10.META_AT, preamble_sound=True)
    if misplaced is not None:
        return _behind(buffer, misplaced.end(), preamble_sound=False)
    if _begins_file_meta(head):
        return _behind(buffer, 0, preamble_sound=False)
    if bare_codec(head) is not None:
        return Frame(0, None, preamble_sound=False)
    raise Refused(RefusalReason.NOT_DICOM)


def _behind(buffer: bytes | memoryview, start: int, *, preamble_sound: bool) -> Frame:
    if start >= len(buffer):
        raise Refused(RefusalReason.TRUNCATED)
    if bytes(buffer[start : start + 2]) != b"\x02\0":
        return Frame(start, None, preamble_sound)
    try:
        meta = part10.read_file_meta(buffer, start)
        end = meta.end
        while bytes(buffer[end : end + 2]) == b"\x02\0":  # written twice
            end = part10.read_file_meta(buffer, end).end
    except Defect as defect:
        cut = defect.kind is DefectKind.BEYOND_END
        raise Refused(RefusalReason.TRUNCATED if cut else RefusalReason.UNREADABLE) from None
    if end >= len(buffer):
        raise Refused(RefusalReason.TRUNCATED)
    return Frame(end, meta, preamble_sound)


def _begins_file_meta(head: bytes) -> bool:
    return head[:4] in (b"\x02\0\0\0", b"\x02\0\x01\0", b"\x02\0\x02\0") and head[4:6] in (
        b"UL",
        b"OB",
        b"UI",
    )


def bare_codec(head: bytes) -> Codec | None:
    """Return the layout of a bare data set whose first two elements are plausible, else None."""
    for codec in (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG):
        if _plausible(head, codec):
            return codec
    return None


def _plausible(head: bytes, codec: Codec) -> bool:
    position, last = 0, -1
    for _ in range(_BARE_ELEMENTS):
        if position + 12 > len(head):
            return False
        group, number = codec.u16.unpack_from(head, position)[0], codec.u16.unpack_from(head, position + 2)[0]
        vr, size = head[position + 4 : position + 6], 8
        if not codec.explicit:
            length = codec.u32.unpack_from(head, position + 4)[0]
        elif vr in SHORT_VRS:
            length = codec.u16.unpack_from(head, position + 6)[0]
        elif vr in LONG_VRS:
            length, size = codec.u32.unpack_from(head, position + 8)[0], 12
        else:
            return False
        tag = group << 16 | number
        if group != _BARE_GROUP or tag <= last or length > _BARE_MAX_LENGTH:
            return False
        position, last = position + size + length, tag
    return True
