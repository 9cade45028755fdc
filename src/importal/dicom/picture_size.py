"""How many bytes an uncompressed picture has, from the attributes that say so (PS3.3 C.7.6.3)."""

from importal.dicom.codec import Codec
from importal.dicom.defects import Defect
from importal.dicom.profile import tag_of
from importal.dicom.walk import HeaderWalk

_ROWS, _COLUMNS = tag_of("Rows"), tag_of("Columns")
_SAMPLES, _BITS = tag_of("SamplesPerPixel"), tag_of("BitsAllocated")
_FRAMES = tag_of("NumberOfFrames")
_WATCH = frozenset({_ROWS, _COLUMNS, _SAMPLES, _BITS, _FRAMES})


def expected_pixel_bytes(data: bytes, codec: Codec) -> int:
    """Return the bytes of all frames without padding, 0 when the attributes do not tell."""
    walk = HeaderWalk(data, _WATCH, unhidden=frozenset())
    try:
        walk.run(0, len(data), codec)
    except Defect:
        return 0
    values: dict[int, int] = {_SAMPLES: 1, _FRAMES: 1}
    for found in walk.found:
        if found.depth:
            continue
        raw = data[found.value : found.end]
        if found.tag == _FRAMES:
            text = raw.strip(b" \0")
            values[_FRAMES] = int(text) if text.isdigit() and len(text) < 10 else 0
        elif len(raw) == 2:
            values[found.tag] = codec.u16.unpack(raw)[0]
    bits = values.get(_BITS, 0) * values.get(_ROWS, 0) * values.get(_COLUMNS, 0)
    return (bits * values[_SAMPLES] * values[_FRAMES] + 7) // 8
