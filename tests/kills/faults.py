"""A disk that gets full, fails to sync and loses what was not synced: for one process, below one folder.

Done by a small library that is loaded before the C library (faults.c), because a real full or broken disk
needs rights that tests do not have, and a real power cut a machine of its own.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
SYNC, ROOM = 0, 1


def compiled(workplace: Path) -> Path:
    """Return the library."""
    library = workplace / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library


class Faults:
    """The faults of one folder; `environment` goes to the process that is to suffer from them."""

    def __init__(self, folder: Path, workplace: Path) -> None:
        self._control = workplace / "faults.control"
        self._journal = workplace / "faults.journal"
        self._control.write_bytes(b"\0\0")
        self.environment = {
            "FAULTS_FOLDER": str(folder),
            "FAULTS_CONTROL": str(self._control),
            "FAULTS_JOURNAL": str(self._journal),
        }

    @contextmanager
    def failing(self, what: int) -> Iterator[None]:
        """Let syncing fail with EIO, or writing with ENOSPC, until the end of the block."""
        self._set(what, 1)
        try:
            yield
        finally:
            self._set(what, 0)

    def cut_power(self, folder: Path) -> int:
        """Take away what was not synced when the process was killed; return how many objects were hit.

        Below `folder` only: the databases prove by their own tests what they do in a power cut.

        A file whose sync failed stays unsynced until it is written anew: a second sync that succeeds says
        nothing about what the first could not write.
        """
        disk = self._read_journal()
        lost = 0
        for path in (path for path in sorted(disk.unnamed) if path.is_relative_to(folder)):
            if path.is_dir():
                shutil.rmtree(path)
                lost += 1
            elif path.exists():
                path.unlink()
                lost += 1
        for path in disk.unsynced | disk.failed:
            if path.is_relative_to(folder) and path.is_file():
                with path.open("r+b") as file:
                    file.truncate(path.stat().st_size // 2)
                lost += 1
        self._journal.write_bytes(b"")
        return lost

    def _read_journal(self) -> "_Disk":
        disk = _Disk()
        for line in self._journal.read_text().splitlines() if self._journal.exists() else []:
            verb, _, rest = line.partition(" ")
            first, _, second = rest.partition("\t")
            disk.note(verb, Path(first), second)
        return disk

    def _set(self, what: int, value: int) -> None:
        with self._control.open("r+b") as file:
            file.seek(what)
            file.write(bytes([value]))


@dataclass
class _Disk:
    """What is on the disk and what only seems to be: contents, and names in folders."""

    unsynced: set[Path] = field(default_factory=set)
    failed: set[Path] = field(default_factory=set)
    unnamed: set[Path] = field(default_factory=set)
    # By place and thread: what a sync that is under way will cover.
    begun: dict[tuple[Path, str], set[Path]] = field(default_factory=dict)

    def note(self, verb: str, path: Path, second: str) -> None:
        if verb == "W":
            self.unsynced.add(path)
            self.failed.discard(path)
            for covered in self.begun.values():
                covered.discard(path)
        elif verb == "M":
            self.unnamed.add(path)
        elif verb == "R":
            self._rename(path, Path(second))
        elif verb == "B":
            names = {name for name in self.unnamed if name.parent == path}
            self.begun[path, second] = names | ({path} & self.unsynced)
        elif verb == "S":
            covered = self.begun.pop((path, second), set())
            self.unsynced -= covered & {path}
            self.unnamed -= covered - {path}
        elif verb == "F":
            self.failed.add(path)

    def _rename(self, old: Path, new: Path) -> None:
        self.unnamed.add(new)
        for state in (self.unsynced, self.failed):
            state.discard(new)
            if old in state:
                state.discard(old)
                state.add(new)
