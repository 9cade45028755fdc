"""Objects on the local disk, each in a file of its own.

Bytes go into a temporary file beside their final name, are fsynced, renamed, and the folders that
changed are fsynced last. One call handles many objects, so that small files share the folder syncs.
"""

import contextlib
import os
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# fsync waits for the device; several at once are merged by the file system's journal.
SYNCS_AT_ONCE = 8


class LocalStorage:
    """Keeps objects below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._root.mkdir(parents=True, exist_ok=True)
        self._pool = ThreadPoolExecutor(SYNCS_AT_ONCE, thread_name_prefix="fsync")

    def write_all(self, objects: Sequence[tuple[str, Iterable[bytes | memoryview]]]) -> None:
        written: list[tuple[Path, Path]] = []
        try:
            folders: set[Path] = set()
            for key, pieces in objects:
                final = self._place(key)
                folders |= self._make_folder(final.parent)
                temporary = final.with_name(f"{final.name}.{secrets.token_hex(4)}.part")
                written.append((temporary, final))
                _write(temporary, pieces)
            list(self._pool.map(lambda pair: _sync(pair[0]), written))
            for temporary, final in written:
                temporary.replace(final)
            list(self._pool.map(_sync, folders))
        except BaseException:
            for temporary, _final in written:
                with contextlib.suppress(OSError):
                    temporary.unlink()
            raise

    def read(self, key: str) -> bytes:
        try:
            return self._place(key).read_bytes()
        except FileNotFoundError as error:
            raise KeyError(key) from error

    def path(self, key: str) -> Path | None:
        return self._place(key)

    def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._place(key).unlink()

    def keys(self, prefix: str) -> list[str]:
        folder = self._place(prefix.rstrip("/")) if prefix else self._root
        found = (Path(parent) / name for parent, _folders, names in os.walk(folder) for name in names)
        return sorted(path.relative_to(self._root).as_posix() for path in found if path.suffix != ".part")

    def check(self) -> None:
        probe = f"probe/{secrets.token_hex(8)}"
        self.write_all([(probe, [b"probe"])])
        if self.read(probe) != b"probe":
            raise OSError(probe)
        self.delete(probe)

    def _place(self, key: str) -> Path:
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
            raise ValueError("an object key is a plain relative path")
        return self._root.joinpath(*parts)

    def _make_folder(self, folder: Path) -> set[Path]:
        """Make a folder; return every folder whose entries changed and must be synced."""
        changed = {folder}
        missing = folder
        while not missing.exists():
            missing = missing.parent
            changed.add(missing)
        folder.mkdir(parents=True, exist_ok=True)
        return changed


def _write(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    with path.open("wb", buffering=0) as file:
        for piece in pieces:
            view = memoryview(piece)
            while view.nbytes:
                view = view[file.write(view) :]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
