"""Objects on the local disk, each in a file of its own.

Bytes go into a temporary file beside their final name, are fsynced, renamed, and the folders that
changed are fsynced last. One call handles many objects, so that small files share the folder syncs.

A file is synced on the descriptor that wrote it, which is then closed: what the system could not write is
reported there, once, and a second try that succeeds would prove nothing. So nothing is synced twice; after a
failure everything is written anew.
"""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
        writing: list[Future[None]] = []
        try:
            finals = [self._place(key) for key, _pieces in objects]
            folders: set[Path] = set()
            for folder in {final.parent for final in finals}:
                folders |= self._make_folder(folder)
            written = [
                (final.with_name(f"{final.name}.{secrets.token_hex(4)}{PART}"), final) for final in finals
            ]
            wanted = [
                (str(temporary), pieces)
                for (temporary, _final), (_key, pieces) in zip(written, objects, strict=True)
            ]
            writing += [
                self._pool.submit(_write_some, wanted[first::SYNCS_AT_ONCE])
                for first in range(min(SYNCS_AT_ONCE, len(wanted)))
            ]
            _await(writing)
            for temporary, final in written:
                temporary.replace(final)
            list(self._pool.map(_sync, folders))
            if len(self._synced) > MOST_REMEMBERED:
                self._synced.clear()
            self._synced |= folders
        except BaseException:
            wait(writing)
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


def _await(writing: Sequence[Future[None]]) -> None:
    """Return when all is written; raise the first failure, but not before nobody writes any more."""
    wait(writing)
    for each in writing:
        each.result()


def _write_some(objects: Iterable[tuple[str, Iterable[bytes | memoryview]]]) -> None:
    for path, pieces in objects:
        _write(path, pieces)


def _write(path: str, pieces: Iterable[bytes | memoryview]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        for piece in pieces:
            view = memoryview(piece)
            while view.nbytes:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
