"""By what a file is recognised when it comes again: its path, its size and the digest of its beginning.

Discs of one maker have the same paths and often the same sizes, whoever's images they hold; the beginning of
an Instance names its patient and its UID. Cases that all implementations agree on: tests/cases/files.json.
"""

import hashlib
from collections.abc import Iterable

# An Instance whose beginning names it; every other file may begin like another one, so more is looked at.
INSTANCE_BYTES = 8192
OTHER_BYTES = 64 * 1024 * 1024


def fingerprint(path: str, size: int, beginning_sha256: str) -> str:
    """Return the fingerprint of a file, 64 hexadecimal digits."""
    return hashlib.sha256(f"{size}\n{beginning_sha256}\n{path}".encode("utf-8", "replace")).hexdigest()


def of_whole(path: str, size: int, sha256: str, pieces: Iterable[bytes]) -> str:
    """Return the fingerprint of a whole file that came without one; ``sha256`` is of all its bytes."""
    long = sha256 if size <= OTHER_BYTES else _sha256_of_beginning(pieces)
    return fingerprint(path, size, long)


def is_of(announced: str, path: str, head: bytes, sha256: str, size: int, pieces: Iterable[bytes]) -> bool:
    """Whether a whole file is the one that was announced; ``head`` is its beginning, ``sha256`` of it all."""
    short = hashlib.sha256(head[:INSTANCE_BYTES]).hexdigest()
    if fingerprint(path, size, short) == announced:
        return True
    return of_whole(path, size, sha256, pieces) == announced


def _sha256_of_beginning(pieces: Iterable[bytes]) -> str:
    digest, seen = hashlib.sha256(), 0
    for piece in pieces:
        part = memoryview(piece)[: OTHER_BYTES - seen]
        digest.update(part)
        seen += len(part)
        if seen == OTHER_BYTES:
            break
    return digest.hexdigest()
