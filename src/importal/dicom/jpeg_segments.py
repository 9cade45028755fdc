"""A JPEG file without what does not belong into a medical record (ISO/IEC 10918-1 Annex B).

Cameras write position, device and owner into APPn segments. The coded picture itself stays as it is, so that
no quality is lost. Only what every DICOM viewer can show passes: baseline, 8 bit, grey or YCbCr.
"""

import struct
from dataclasses import dataclass, field

_BASELINE = 0xC0
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_DROPPED = frozenset({*range(0xE0, 0xF0), 0xFE})


@dataclass(frozen=True, slots=True)
class BaselineJpeg:
    """A clean baseline picture; `subsampled`: colour is stored with half the columns (4:2:2 or 4:2:0)."""

    content: bytes = field(repr=False)
    components: int
    subsampled: bool


def clean_baseline(content: bytes) -> BaselineJpeg | None:
    """Return the picture without its APPn and comment segments, or None when it cannot be passed through."""
    if content[:2] != b"\xff\xd8":
        return None
    kept, position, frame = [b"\xff\xd8"], 2, b""
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _STANDALONE:
            return None
        (length,) = struct.unpack_from(">H", content, position + 2)
        segment = content[position : position + 2 + length]
        if marker in _FRAMES:
            if marker != _BASELINE or frame:
                return None
            frame = segment[4:]
        if marker == 0xEE and segment[4:9] == b"Adobe" and segment[15:16] != b"\x01":
            return None  # RGB or CMYK inside
        if marker not in _DROPPED:
            kept.append(segment)
        position += 2 + length
        if marker == _START_OF_SCAN:
            return _finished(b"".join(kept), content[position:], frame)
    return None


def _finished(head: bytes, scan: bytes, frame: bytes) -> BaselineJpeg | None:
    end = scan.find(b"\xff\xd9")
    if end < 0 or len(frame) < 6 or frame[0] != 8 or frame[5] not in {1, 3}:
        return None
    components = frame[5]
    if len(frame) < 6 + 3 * components:
        return None
    ids = bytes(frame[6 + 3 * number] for number in range(components))
    if components == 3 and ids == b"RGB":
        return None
    subsampled = components == 3 and frame[7] != 0x11
    return BaselineJpeg(head + scan[: end + 2], components, subsampled)
