"""The fake of the storage port: objects in memory, for tests that need no disk."""

from collections.abc import Iterable, Sequence
from pathlib import Path


class MemoryStorage:
    """Keeps objects in a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def write_all(self, objects: Sequence[tuple[str, Iterable[bytes | memoryview]]]) -> None:
        self._objects.update({_checked(key): b"".join(pieces) for key, pieces in objects})

    def read(self, key: str) -> bytes:
        return self._objects[key]

    def path(self, key: str) -> Path | None:
        _checked(key)
        return None

    def delete(self, key: str) -> None:
        self._objects.pop(key, None)

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self._objects if key.startswith(prefix))

    def forget_unfinished(self, prefix: str, older_than_seconds: float) -> int:
        del prefix, older_than_seconds
        return 0

    def free_bytes(self) -> int | None:
        return None

    def check(self) -> None:
        self.write_all([("probe", [b"probe"])])
        self.delete("probe")


def _checked(key: str) -> str:
    if not key or any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in key.split("/")):
        raise ValueError("an object key is a plain relative path")
    return key
