"""The tolerant path: an object that breaks a rule but can be read becomes one that breaks none.

Decided by truth, not by hope: the layout of a data set is the one in which it can be walked to its end.
What is missing is never invented: truncated Pixel Data keeps the bytes that came. The result is a whole
file that goes the strict way afterwards; what cannot be made sure is refused.
"""

import zlib
from contextlib import suppress
from dataclasses import dataclass, field

from importal.dicom import part10
from importal.dicom.bulk_mending import mended_bulk
from importal.dicom.codec import (
    DEFLATED_UIDS,
    EXPLICIT_BIG,
    EXPLICIT_BIG_UID,
    EXPLICIT_LITTLE,
    EXPLICIT_LITTLE_UID,
    IMPLICIT_LITTLE,
    IMPLICIT_LITTLE_UID,
    Codec,
    codec_of,
    is_encapsulated,
)
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.neutralisation import FOREIGN_GROUPS, INFLATED_BASE, INFLATED_RATIO
from importal.dicom.picture_size import expected_pixel_bytes
from importal.dicom.profile import IDENTITY
from importal.dicom.recognition import Frame, bare_codec, locate
from importal.dicom.reencoding import reencoded, stray_delimiters, with_upper_case_vrs
from importal.dicom.refusal import RefusalReason, Refused, Repair
from importal.dicom.walk import STANDARD, UNDEFINED, HeaderWalk

_SYNTAX_OF = {
    EXPLICIT_LITTLE: EXPLICIT_LITTLE_UID,
    IMPLICIT_LITTLE: IMPLICIT_LITTLE_UID,
    EXPLICIT_BIG: EXPLICIT_BIG_UID,
}
_IN_HEADER = (DefectKind.ODD_LENGTH, DefectKind.UNKNOWN_VR, DefectKind.ORDER, DefectKind.ITEM)
_MAX_ROUNDS = 4


@dataclass
class _Case:
    """One object under repair; `codec` and `walk` are those of the best walk so far."""

    data: bytes = field(repr=False)
    syntax: str
    codec: Codec
    walk: HeaderWalk
    defect: Defect | None
    repairs: list[Repair]


def recover(buffer: memoryview) -> tuple[bytes, tuple[Repair, ...]]:
    """Return a whole, conformant file and what was mended; raises Refused."""
    frame = locate(buffer)
    declared = frame.meta.text(buffer, part10.META_TRANSFER_SYNTAX) if frame.meta else ""
    if frame.meta and frame.meta.text(buffer, part10.META_SOP_CLASS) == part10.MEDIA_DIRECTORY_CLASS:
        raise Refused(RefusalReason.MEDIA_DIRECTORY)
    if declared and codec_of(declared) is None:
        raise Refused(RefusalReason.UNKNOWN_TRANSFER_SYNTAX)
    data = bytes(buffer[frame.data_set :])
    repairs: list[Repair] = []
    if declared in DEFLATED_UIDS:
        data, declared = _inflated_leniently(data), EXPLICIT_LITTLE_UID
        repairs.append(Repair.TRANSFER_SYNTAX_CORRECTED)
    case = _walked(data, declared, repairs)
    for _ in range(_MAX_ROUNDS):
        if case.defect is None:
            break
        case = _mended(case)
    if case.defect is not None:
        raise Refused(RefusalReason.UNREADABLE)
    _settle_syntax(case, declared)
    return _file(buffer, frame, case), tuple(dict.fromkeys(case.repairs))


def _inflated_leniently(deflated: bytes) -> bytes:
    limit = INFLATED_BASE + INFLATED_RATIO * len(deflated)
    try:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, limit + 1)
    except zlib.error:
        raise Refused(RefusalReason.UNREADABLE) from None
    if len(data) > limit:
        raise Refused(RefusalReason.TOO_LARGE)
    return data


def _walked(data: bytes, declared: str, repairs: list[Repair]) -> _Case:
    """Walk in every layout, the declared one first; true is the one that meets most standard elements."""
    first = codec_of(declared) if declared else bare_codec(data[:512])
    best: _Case | None = None
    most = -1
    for codec in dict.fromkeys((first or EXPLICIT_LITTLE, EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)):
        case = _attempt(data, declared, codec, repairs)
        known = _standard_elements(data, codec)
        if known > most:
            best, most = case, known
    assert best is not None
    if best.defect is None and best.walk.top_level and best.walk.top_level[0][0] >> 16 in FOREIGN_GROUPS:
        best.defect = Defect(DefectKind.ORDER, 0)
    return best


def _mended(case: _Case) -> _Case:
    """Mend the first defect of a case and walk again; raises Refused where nothing sure can be done."""
    assert case.defect is not None
    kind, offset = case.defect.kind, case.defect.offset
    bulk = case.walk.bulk_start
    if kind is DefectKind.BULK_TRUNCATED or (kind is DefectKind.ODD_LENGTH and offset == bulk):
        data = mended_bulk(case.data, case.walk, case.codec)
        cut = kind is DefectKind.BULK_TRUNCATED
        return _again(case, data, Repair.PIXEL_DATA_TRUNCATED if cut else Repair.PIXEL_DATA_PADDED)
    if bulk >= 0 and offset > bulk and not _walkable(case, offset):
        return _again(case, case.data[:offset], Repair.TRAILING_BYTES_REMOVED)
    if kind is DefectKind.ITEM and offset == case.walk.top_level[-1][1]:
        length = stray_delimiters(case.data, offset, case.codec)
        if length:
            data = case.data[:offset] + case.data[offset + length :]
            return _again(case, data, Repair.STRAY_DELIMITERS_REMOVED)
    if kind is DefectKind.UNKNOWN_VR:
        data = with_upper_case_vrs(case.data, case.codec)
        if data != case.data:
            return _again(case, data, Repair.ELEMENTS_REENCODED)
    if kind not in _IN_HEADER:
        cut = kind is DefectKind.BEYOND_END
        raise Refused(RefusalReason.TRUNCATED if cut else RefusalReason.UNREADABLE)
    data, repairs = reencoded(case.data, case.codec, case.codec)
    case.repairs.extend(repairs)
    return _again(case, data, Repair.ELEMENTS_REENCODED)


def _again(case: _Case, data: bytes, repair: Repair) -> _Case:
    case.repairs.append(repair)
    return _attempt(data, case.syntax, case.codec, case.repairs)


def _standard_elements(data: bytes, codec: Codec) -> int:
    """Return how many elements of the standard this layout meets, whatever their order, up to a defect."""
    walk = HeaderWalk(data, frozenset(), ordered=False)
    with suppress(Defect):
        walk.run(0, len(data), codec)
    return sum(tag in STANDARD for tag, _ in walk.top_level)


def _attempt(data: bytes, syntax: str, codec: Codec, repairs: list[Repair]) -> _Case:
    walk = HeaderWalk(data, IDENTITY)
    defect = None
    try:
        walk.run(0, len(data), codec)
    except Defect as found:
        defect = found
    return _Case(data, syntax, codec, walk, defect, repairs)


def _walkable(case: _Case, offset: int) -> bool:
    try:
        HeaderWalk(case.data, frozenset(), ordered=False).run(offset, len(case.data), case.codec)
    except Defect:
        return False
    return any(case.data[offset:])


def _settle_syntax(case: _Case, declared: str) -> None:
    """Set the true transfer syntax: by the layout that could be walked and the form of the pixels."""
    plain = _SYNTAX_OF[case.codec]
    undefined = case.walk.bulk_start >= 0 and case.walk.bulk_length == UNDEFINED
    wanted = declared if declared and codec_of(declared) is case.codec else plain
    if undefined and case.codec is IMPLICIT_LITTLE and is_encapsulated(declared):
        case.data, more = reencoded(case.data, IMPLICIT_LITTLE, EXPLICIT_LITTLE)
        case.codec, wanted = EXPLICIT_LITTLE, declared
        case.repairs.extend((*more, Repair.ELEMENTS_REENCODED))
    if undefined and not is_encapsulated(wanted):
        raise Refused(RefusalReason.UNKNOWN_TRANSFER_SYNTAX)
    if is_encapsulated(wanted) and case.walk.bulk_start >= 0 and not undefined:
        _require_native_pixels(case)
        wanted = plain
    elif is_encapsulated(declared) and wanted == plain and case.walk.bulk_start >= 0:
        _require_native_pixels(case)
    if wanted != declared:
        case.repairs.append(Repair.TRANSFER_SYNTAX_CORRECTED)
    case.syntax = wanted


def _require_native_pixels(case: _Case) -> None:
    """Raise unless the Pixel Data has just the length of an uncompressed picture."""
    expected = expected_pixel_bytes(case.data, case.codec)
    if not expected or case.walk.bulk_length not in (expected, expected + expected % 2):
        raise Refused(RefusalReason.UNKNOWN_TRANSFER_SYNTAX)


def _file(buffer: memoryview, frame: Frame, case: _Case) -> bytes:
    if frame.meta is not None:
        if frame.preamble_sound:
            prefix = bytes(buffer[: part10.META_AT])
        else:
            prefix = bytes(part10.MAGIC_AT) + b"DICM"
            case.repairs.append(Repair.PREAMBLE_ADDED)
        syntax = part10.meta_element(part10.META_TRANSFER_SYNTAX, "UI", case.syntax)
        if not frame.meta.length_right:
            case.repairs.append(Repair.FILE_META_LENGTH)
        if frame.data_set != frame.meta.end:  # a second one followed
            case.repairs.append(Repair.FILE_META_REBUILT)
        meta = part10.rewritten_meta(buffer, frame.meta, {part10.META_TRANSFER_SYNTAX: syntax})
        return prefix + meta + case.data
    case.repairs.extend((Repair.PREAMBLE_ADDED, Repair.FILE_META_REBUILT))
    uids = {
        found.tag: bytes(case.data[found.value : found.end]) for found in case.walk.found if not found.depth
    }
    kind, instance = (uids.get(tag, b"").decode("latin-1").strip(" \0") for tag in (0x00080016, 0x00080018))
    return part10.new_file_meta(kind, instance, case.syntax) + case.data
