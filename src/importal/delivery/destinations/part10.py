"""Where the data set begins in a DICOM file, and what its file meta information says (PS3.10 section 7.1).

C-STORE carries the data set without preamble and file meta information; finding that border needs no parser
of data sets, so the bytes after it reach the archive exactly as they are.
"""

import struct
from dataclasses import dataclass

_PREAMBLE = 128
_LONG_FORM = frozenset(
    {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UN", b"UT", b"UC", b"UR", b"SV", b"UV"}
)
_CLASS, _INSTANCE, _SYNTAX = 0x0002, 0x0003, 0x0010


class NotPart10(Exception):
    """These bytes are not a DICOM file with file meta information."""


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What C-STORE needs of the file meta information; `data_set_offset` in bytes from the file's begin."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set_offset: int


def read_file_meta(content: bytes) -> FileMeta:
    """Walk the elements of group 0002 (always explicit VR little endian)."""
    if content[_PREAMBLE : _PREAMBLE + 4] != b"DICM":
        raise NotPart10
    uids: dict[int, str] = {}
    position = _PREAMBLE + 4
    while position + 8 <= len(content):
        group, element, vr = struct.unpack_from("<HH2s", content, position)
        if group != 0x0002:
            break
        if vr in _LONG_FORM:
            if position + 12 > len(content):
                raise NotPart10
            (length,) = struct.unpack_from("<I", content, position + 8)
            start = position + 12
        else:
            (length,) = struct.unpack_from("<H", content, position + 6)
            start = position + 8
        position = start + length
        if position > len(content):
            raise NotPart10
        if element in (_CLASS, _INSTANCE, _SYNTAX):
            uids[element] = content[start:position].rstrip(b"\0 ").decode("ascii", "replace")
    if not uids.keys() >= {_CLASS, _INSTANCE, _SYNTAX}:
        raise NotPart10
    return FileMeta(uids[_CLASS], uids[_INSTANCE], uids[_SYNTAX], position)
