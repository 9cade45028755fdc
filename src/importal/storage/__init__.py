"""The port for objects: bytes under a key, durable when the call returns.

Keys are relative POSIX paths made by us, never by a sender. A key is written once with one content;
writing the same content again is harmless, so a repetition after a crash needs no question. Conditional
writes are never relied on: object stores differ in them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from importal.errors import TABLE, ImportalError
from importal.storage.local import LocalStorage
from importal.storage.memory import MemoryStorage

STORAGE_FULL = TABLE.declare(
    "storage.full",
    507,
    "There is no room left on our side. Nothing that was confirmed is lost; please try again later.",
)

Pieces = Iterable[bytes | memoryview]


class StorageFull(ImportalError):
    """The disk is full; what was confirmed before is untouched."""

    def __init__(self) -> None:
        super().__init__(STORAGE_FULL)


class Storage(Protocol):
    """Where objects live."""

    def write_all(self, objects: Sequence[tuple[str, Pieces]]) -> None:
        """Write several objects; on return all of them and their folders are on the disk.

        Raises:
            OSError: when the disk is full or broken; no object is then visible in part.
        """

    def read(self, key: str) -> bytes:
        """Return a whole object; ``KeyError`` when there is none."""

    def path(self, key: str) -> Path | None:
        """Return the object's place on the local disk, or None where there is none."""

    def delete(self, key: str) -> None:
        """Delete an object; deleting what is not there is a success."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys below a prefix that ends with ``/``, sorted."""

    def forget_unfinished(self, prefix: str, older_than_seconds: float) -> int:
        """Delete what writers that died left half written below a prefix; return how many there were."""

    def free_bytes(self) -> int | None:
        """Return how much room is left, or None where that is not known."""

    def check(self) -> None:
        """Write, read and delete a probe; raises OSError when that fails."""


__all__ = ["LocalStorage", "MemoryStorage", "Pieces", "Storage", "StorageFull"]
