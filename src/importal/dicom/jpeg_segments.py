"""A JPEG file without what does not belong into a medical record (ISO/IEC 10918-1 Annex B).

Cameras write position, device and owner into APPn segments. The coded picture itself stays as it is, so that
no quality is lost. Only what every DICOM viewer can show passes: baseline, 8 bit, grey or YCbCr.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_BASELINE = 0xC0
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_RESTARTS = range(0xD0, 0xD8)
_STANDALONE = frozenset({0x01, 0xD8, *_RESTARTS})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_DROPPED = frozenset({*range(0xE0, 0xF0), 0xFE})
_NUMBER_OF_LINES = 0xDC
_FULL, _HALF = (0x11, 0x11, 0x11), frozenset({(0x21, 0x11, 0x11), (0x22, 0x11, 0x11)})


@dataclass(frozen=True, slots=True)
class BaselineJpeg:
    """A clean baseline picture; `subsampled`: colour is stored with half the columns (4:2:2 or 4:2:0)."""

    content: bytes = field(repr=False)
    components: int
    subsampled: bool


def clean_baseline(content: bytes) -> BaselineJpeg | None:
    """Return the picture without its APPn and comment segments, or None when it cannot be passed through.

    What follows its end, such as further pictures of a camera, is left away.
    """
    kept, frame = [b"\xff\xd8"], b""
    for marker, segment in _segments(content):
        if marker in _FRAMES:
            if marker != _BASELINE or frame:
                return None
            frame = segment[4:]
        if marker == _NUMBER_OF_LINES or _says_no_ycbcr(marker, segment):
            return None
        if marker not in _DROPPED:
            kept.append(segment)
        if marker == _END_OF_IMAGE:
            return _finished(b"".join(kept), frame)
    return None


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment up to the end of the image; a scan brings its coded data along.

    Ends early where the structure does.
    """
    if content[:2] != b"\xff\xd8":
        return
    position = 2
    while position + 2 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == _END_OF_IMAGE:
            yield marker, b"\xff\xd9"
            return
        if marker in _STANDALONE or position + 4 > len(content):
            return
        (length,) = struct.unpack_from(">H", content, position + 2)
        end = position + 2 + length
        if marker == _START_OF_SCAN:
            end = _end_of_scan(content, end)
        yield marker, content[position:end]
        position = end


def _end_of_scan(content: bytes, position: int) -> int:
    """Return where the coded data end: at the next marker that is neither a stuffed byte nor a restart."""
    while True:
        position = content.find(b"\xff", position)
        if position < 0 or position + 1 >= len(content):
            return len(content)
        if content[position + 1] != 0 and content[position + 1] not in _RESTARTS:
            return position
        position += 2


def _says_no_ycbcr(marker: int, segment: bytes) -> bool:
    return marker == 0xEE and segment[4:9] == b"Adobe" and segment[15:16] != b"\x01"


def _finished(content: bytes, frame: bytes) -> BaselineJpeg | None:
    if len(frame) < 6 or frame[0] != 8 or frame[5] not in {1, 3} or len(frame) < 6 + 3 * frame[5]:
        return None
    components = frame[5]
    ids = bytes(frame[6 + 3 * number] for number in range(components))
    sampling = tuple(frame[7 + 3 * number] for number in range(components))
    if components == 3 and (ids == b"RGB" or (sampling != _FULL and sampling not in _HALF)):
        return None
    return BaselineJpeg(content, components, components == 3 and sampling != _FULL)
