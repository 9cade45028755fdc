"""Pixel Data that was cut short: its length becomes that of the bytes that came; nothing is invented.

Encapsulated Pixel Data keeps every fragment that came, the last one shortened, and gets its end mark
(PS3.5 A.4). A padding byte is added only to make a length even.
"""

from importal.dicom.codec import Codec
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.walk import ITEM, SEQUENCE_END, UNDEFINED, HeaderWalk


def mended_bulk(data: bytes, walk: HeaderWalk, codec: Codec) -> bytes:
    """Return the data set with its Pixel Data made whole; raises Refused when no pixel byte came."""
    value = walk.bulk_value
    if walk.bulk_length == UNDEFINED:
        return _mended_fragments(data, value, codec)
    available = min(len(data) - value, walk.bulk_length)
    if available <= 0:
        raise Refused(RefusalReason.TRUNCATED)
    pad = available & 1
    length = codec.u32.pack(available + pad)
    return (
        data[: value - 4] + length + data[value : value + available] + bytes(pad) + data[value + available :]
    )


def _mended_fragments(data: bytes, position: int, codec: Codec) -> bytes:
    end_mark = codec.item.pack(SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
    fragments = 0
    while position + 8 <= len(data):
        group, number, length = codec.item.unpack_from(data, position)
        if group << 16 | number != ITEM:
            break
        available = len(data) - position - 8
        if length > available or length & 1:
            length = min(length, available)
            if fragments and length:
                body = data[position + 8 : position + 8 + length]
                head = codec.item.pack(group, number, length + (length & 1))
                return data[:position] + head + body + bytes(length & 1) + end_mark
            break
        fragments += 1
        position += 8 + length
    if fragments < 2:  # the first is the offset table
        raise Refused(RefusalReason.TRUNCATED)
    return data[:position] + end_mark
