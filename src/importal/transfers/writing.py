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

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def write(site: Site, wanted: Sequence[Object]) -> None:
    """Write objects durably, all together.

    Raises:
        ImportalError: ``storage.full``, or ``internal`` when the storage fails otherwise.
    """
    if not wanted:
        return
    try:
        site.storage.write_all(wanted)
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull from error
        log.error("transfers.writing_failed", exc_info=error)
        raise ImportalError(INTERNAL) from error
