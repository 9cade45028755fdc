"""Writing packs: the mark ``IMPACK01``, then frames of 4-byte length, JSON header and bytes."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

MARK = b"IMPACK01"
MEDIA_TYPE = "application/vnd.importal.pack"


@dataclass(frozen=True)
class OutgoingFrame:
    """Some bytes of one file and where they belong."""

    file: int
    offset: int
    data: bytes = field(repr=False)


def encode_pack(frames: Iterable[OutgoingFrame]) -> bytes:
    """Return the pack of these frames."""
    parts = [MARK]
    for frame in frames:
        size = len(frame.data)
        header = {
            "file": frame.file,
            "offset": frame.offset,
            "length": size,
            "sha256": hashlib.sha256(frame.data).hexdigest(),
            "encoding": "identity",
            "size": size,
        }
        raw = json.dumps(header, separators=(",", ":")).encode()
        parts += [len(raw).to_bytes(4, "big"), raw, frame.data]
    return b"".join(parts)
