"""Writing objects so that they survive a power cut, and telling a full disk from a broken one."""

import errno
from collections.abc import Iterable, Sequence

from importal import logs
from importal.errors import INTERNAL, ImportalError
from importal.site import Site
from importal.storage import StorageFull

log = logs.get("transfers")

Pieces = Iterable[bytes | memoryview]
Object = tuple[str, Pieces]

# Kept free of what arrives: without it the database cannot even record that something is deleted, and a
# full disk would stay full.
RESERVE_BYTES = 256 * 1024 * 1024

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def write(site: Site, wanted: Sequence[Object]) -> None:
    """Write objects durably, all together.

    Raises:
        ImportalError: ``storage.full``, or ``internal`` when the storage fails otherwise.
    """
    if not wanted:
        return
    free = site.storage.free_bytes()
    if free is not None and free < RESERVE_BYTES:
        raise StorageFull
    try:
        site.storage.write_all(wanted)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from error
        log.error("transfers.writing_failed", exc_info=error)
        raise ImportalError(INTERNAL) from error
