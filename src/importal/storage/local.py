"""Objects on the local disk, each in a file of its own.

Bytes go into a temporary file beside their final name, are fsynced, renamed, and the folders that
changed are fsynced last. One call handles many objects, so that small files share the folder syncs.
"""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# fsync waits for the device; several at once are merged by the file system's journal.
SYNCS_AT_ONCE = 8
PART = ".part"
MOST_REMEMBERED = 10_000


class LocalStorage:
    """Keeps objects below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        missing = [folder for folder in (root, *root.parents) if not folder.exists()]
        self._root.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            # Its own name must outlive a power cut, or all below it is gone.
            _sync(folder.parent)
        # Folders whose own names are known to be on the disk.
        self._synced: set[Path] = set()
        self._pool = ThreadPoolExecutor(SYNCS_AT_ONCE, thread_name_prefix="fsync")

    def write_all(self, objects: Sequence[tuple[str, Iterable[bytes | memoryview]]]) -> None:
        written: list[tuple[Path, Path]] = []
        try:
            folders: set[Path] = set()
            for key, pieces in objects:
                final = self._place(key)
                folders |= self._make_folder(final.parent)
                temporary = final.with_name(f"{final.name}.{secrets.token_hex(4)}{PART}")
                written.append((temporary, final))
                _write(temporary, pieces)
            list(self._pool.map(lambda pair: _sync(pair[0]), written))
            for temporary, final in written:
                temporary.replace(final)
            list(self._pool.map(_sync, folders))
            if len(self._synced) > MOST_REMEMBERED:
                self._synced.clear()
            self._synced |= folders
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
        return sorted(path.relative_to(self._root).as_posix() for path in found if path.suffix != PART)

    def forget_unfinished(self, prefix: str, older_than_seconds: float) -> int:
        before = time.time() - older_than_seconds
        forgotten = 0
        for parent, _folders, names in os.walk(self._place(prefix.rstrip("/")) if prefix else self._root):
            for path in (Path(parent) / name for name in names if name.endswith(PART)):
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < before:
                        path.unlink()
                        forgotten += 1
        return forgotten

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self._root).free

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
        """Make a folder; return every folder whose entries must be synced.

        One above that is there already may have been made a moment ago by somebody who has not synced it
        yet, or by a process that was killed before it could.
        """
        changed = {folder}
        above = folder
        while above != self._root and (above not in self._synced or not above.exists()):
            above = above.parent
            changed.add(above)
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
