"""Numbered places for workers, each held under a lock of the engine that is already there.

The job engine resumes, at its start, what its executor id left unfinished. So every running worker needs
an id of its own that the next process can take over: a slot number, guarded by ``flock`` beside SQLite or
by a session advisory lock of PostgreSQL. Both end with the process that held them.
"""

import fcntl
import time
from pathlib import Path
from typing import IO, Protocol

import sqlalchemy

# Any number will do; it only has to be ours (ASCII "IMPS").
ADVISORY_CLASS = 0x494D5053


class SlotLost(Exception):
    """The lock is gone: the process must exit at once, for another may be doing its work."""


class WorkerSlot(Protocol):
    """A held place."""

    number: int

    def verify(self) -> None:
        """Raise SlotLost when the lock is no longer held."""

    def claim_other(self, number: int) -> "WorkerSlot | None":
        """Hold another place of the same installation, or return None when its worker lives."""

    def release(self) -> None:
        """Give the place back."""


class FileSlot:
    """A slot held by ``flock`` on a file; it cannot be lost while the process lives."""

    def __init__(self, number: int, file: IO[str]) -> None:
        self.number = number
        self._file = file
        self._folder = Path(file.name).parent

    def verify(self) -> None:
        if self._file.closed:
            raise SlotLost

    def claim_other(self, number: int) -> WorkerSlot | None:
        return _try_file(number, self._folder)

    def release(self) -> None:
        self._file.close()


class AdvisorySlot:
    """A slot held by a session advisory lock on a connection of its own."""

    def __init__(self, number: int, connection: sqlalchemy.Connection) -> None:
        self.number = number
        self._connection = connection

    def verify(self) -> None:
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except sqlalchemy.exc.DBAPIError as error:
            raise SlotLost from error

    def claim_other(self, number: int) -> WorkerSlot | None:
        return _try_advisory(self._connection.engine, number)

    def release(self) -> None:
        self._connection.invalidate()
        self._connection.close()


def claim_slot(
    engine: sqlalchemy.Engine, slots: int, folder: Path, *, poll_seconds: float = 0.5
) -> WorkerSlot:
    """Wait for a free slot and hold it. A process that waits here is the hot standby of all others."""
    while True:
        for number in range(slots):
            slot = _try_slot(engine, number, folder)
            if slot is not None:
                return slot
        time.sleep(poll_seconds)


def _try_slot(engine: sqlalchemy.Engine, number: int, folder: Path) -> WorkerSlot | None:
    if engine.dialect.name == "sqlite":
        return _try_file(number, folder)
    return _try_advisory(engine, number)


def _try_file(number: int, folder: Path) -> WorkerSlot | None:
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / f"worker-{number}.lock").open("w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return FileSlot(number, file)


def _try_advisory(engine: sqlalchemy.Engine, number: int) -> WorkerSlot | None:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    held = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({ADVISORY_CLASS}, {number})").scalar()
    if not held:
        connection.close()
        return None
    return AdvisorySlot(number, connection)
