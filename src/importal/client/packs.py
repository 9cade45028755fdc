"""Writing packs: the mark ``IMPACK01``, then frames of 4-byte length, JSON header and bytes."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

MARK = b"IMPACK01"
IDENTITY = "identity"
MEDIA_TYPE = "application/vnd.importal.pack"


@dataclass(frozen=True)
class OutgoingFrame:
    """Some bytes of one file and where they belong; ``coded`` travels in their place where there is any."""

    file: int
    offset: int
    data: bytes = field(repr=False)
    encoding: str = IDENTITY
    coded: bytes | None = field(default=None, repr=False)


def encode_pack(frames: Iterable[OutgoingFrame]) -> bytes:
    """Return the pack of these frames."""
    parts = [MARK]
    for frame in frames:
        sent = frame.data if frame.coded is None else frame.coded
        header = {
            "file": frame.file,
            "offset": frame.offset,
            "length": len(frame.data),
            "sha256": hashlib.sha256(frame.data).hexdigest(),
            "encoding": frame.encoding,
            "size": len(sent),
        }
        raw = json.dumps(header, separators=(",", ":")).encode()
        parts += [len(raw).to_bytes(4, "big"), raw, sent]
    return b"".join(parts)
