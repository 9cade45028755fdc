"""By what the portal recognises a file: its path, its size and the digest of its beginning."""

import hashlib
from collections.abc import Iterator
from itertools import islice

from importal.client.sources import ArchiveEntry, SourceFile

# As much of an Instance is looked at, when its UIDs lie in it; other files may begin all alike.
INSTANCE_BYTES = 8192
OTHER_BYTES = 64 * 1024 * 1024
_AT_ONCE = 4 * 1024 * 1024
MAX_PATH = 4096


def label(file: SourceFile) -> str:
    """Return the path of a file as it is announced."""
    return file.path[:MAX_PATH]


def fingerprint(path: str, size: int, beginning_sha256: str) -> str:
    """Return the fingerprint of a file, 64 hexadecimal digits."""
    return hashlib.sha256(f"{size}\n{beginning_sha256}\n{path}".encode("utf-8", "replace")).hexdigest()


def of_instance(file: SourceFile, head: bytes) -> str:
    """Return the fingerprint of an Instance by the beginning that was read already."""
    return fingerprint(label(file), file.size, hashlib.sha256(head[:INSTANCE_BYTES]).hexdigest())


def of_file(file: SourceFile) -> str:
    """Return the fingerprint of any other file; raises SourceUnreadable."""
    digest, end = hashlib.sha256(), min(file.size, OTHER_BYTES)
    for piece in _pieces(file, end):
        digest.update(piece)
    return fingerprint(label(file), file.size, digest.hexdigest())


def _pieces(file: SourceFile, end: int) -> Iterator[bytes]:
    if isinstance(file, ArchiveEntry):
        # Unpacked once: each place in an entry is reached from its beginning.
        yield from islice(file.pieces(_AT_ONCE), -(-end // _AT_ONCE))
        return
    for start in range(0, end, _AT_ONCE):
        yield file.read(start, min(end, start + _AT_ONCE))
