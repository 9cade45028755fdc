"""The file around a data set: preamble and File Meta Information (PS3.10 section 7.1).

The preamble is zeroed unless it makes the file a TIFF as well (whole-slide scanners write such files);
private File Meta Information goes, the Source Application Entity becomes our own.
"""

from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 -- it is an exception
from typing import NamedTuple

from importal.dicom.codec import EXPLICIT_LITTLE, LONG_VRS, SHORT_VRS, padded
from importal.dicom.defects import Defect, DefectKind

MAGIC_AT, META_AT = 128, 132
META_LENGTH, META_VERSION = 0x00020000, 0x00020001
META_SOP_CLASS, META_SOP_INSTANCE, META_TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
META_SOURCE_AE = 0x00020016
META_PRIVATE_FROM = 0x00020100
IMPLEMENTATION_CLASS_UID = "1.2.826.0.1.3680043.10.1717.1"
MEDIA_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ZERO_PREAMBLE = bytes(MAGIC_AT)
_VERSION = b"\0\1"


class MetaElement(NamedTuple):
    """One element of the File Meta Information: its bytes are start to end, its value begins at value."""

    tag: int
    start: int
    value: int
    end: int


@dataclass(frozen=True)
class FileMeta:
    """The File Meta Information of a file; `end` is where the data set begins."""

    start: int
    end: int
    elements: tuple[MetaElement, ...]
    length_right: bool

    def text(self, buffer: bytes | memoryview, tag: int) -> str:
        """Return the value of an element as text without padding, "" when it is absent."""
        for element in self.elements:
            if element.tag == tag:
                return bytes(buffer[element.value : element.end]).decode("latin-1").strip(" \0")
        return ""


def read_file_meta(buffer: bytes | memoryview, start: int = META_AT) -> FileMeta:
    """Read the File Meta Information that begins at `start`; it ends with the last element of group 2.

    Raises Defect when there is none or an element of it is broken. A wrong group length is only noted.
    """
    elements: list[MetaElement] = []
    position, declared = start, -1
    end = len(buffer)
    unpack = EXPLICIT_LITTLE.head.unpack_from
    try:
        while position < end:
            group, number, vr, length = unpack(buffer, position)
            if group != 2 or (elements and (2 << 16 | number) <= elements[-1].tag):
                break
            value = position + 8
            if vr in LONG_VRS:
                length = EXPLICIT_LITTLE.u32.unpack_from(buffer, value)[0]
                value += 4
            elif vr not in SHORT_VRS:
                raise Defect(DefectKind.UNKNOWN_VR, position)
            if value + length > end:
                raise Defect(DefectKind.BEYOND_END, position)
            if number == 0 and length == 4:
                declared = value + 4 + EXPLICIT_LITTLE.u32.unpack_from(buffer, value)[0]
            elements.append(MetaElement(2 << 16 | number, position, value, value + length))
            position = value + length
    except StructError:
        raise Defect(DefectKind.BEYOND_END, position) from None
    if not elements:
        raise Defect(DefectKind.BEYOND_END, position)
    return FileMeta(start, position, tuple(elements), declared == position)


def has_magic(buffer: bytes | memoryview) -> bool:
    """Tell whether "DICM" stands behind a preamble of 128 bytes."""
    return bytes(buffer[MAGIC_AT:META_AT]) == b"DICM"


def clean_preamble(preamble: bytes) -> bytes:
    """Return the preamble to store: zeros, or the given one when it begins a TIFF."""
    return preamble if preamble.startswith(_TIFF_MAGICS) else _ZERO_PREAMBLE


def meta_element(tag: int, vr: str, value: str | bytes) -> bytes:
    """Return one encoded element of the File Meta Information."""
    filler = b"\0" if vr in ("UI", "OB") else b" "
    raw = value if isinstance(value, bytes) else value.encode("ascii", "replace")
    return EXPLICIT_LITTLE.element(tag, vr, padded(raw, filler))


def rewritten_meta(buffer: bytes | memoryview, meta: FileMeta, changes: dict[int, bytes]) -> bytes:
    """Return the File Meta Information with whole elements replaced or added and private ones left out.

    Untouched elements keep their bytes; the group length is right afterwards.
    """
    elements = {
        element.tag: bytes(buffer[element.start : element.end])
        for element in meta.elements
        if META_LENGTH < element.tag < META_PRIVATE_FROM
    }
    elements.update(changes)
    body = b"".join(raw for _, raw in sorted(elements.items()))
    return meta_element(META_LENGTH, "UL", len(body).to_bytes(4, "little")) + body


def new_file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return preamble, magic and File Meta Information for a data set that came without them."""
    body = b"".join(
        (
            meta_element(META_VERSION, "OB", _VERSION),
            meta_element(META_SOP_CLASS, "UI", sop_class_uid),
            meta_element(META_SOP_INSTANCE, "UI", sop_instance_uid),
            meta_element(META_TRANSFER_SYNTAX, "UI", transfer_syntax_uid),
            meta_element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID),
        ),
    )
    length = meta_element(META_LENGTH, "UL", len(body).to_bytes(4, "little"))
    return _ZERO_PREAMBLE + b"DICM" + length + body
