"""Files to be sent, wherever they lie: on the disk, or inside an archive that is never unpacked."""

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol


class SourceUnreadable(Exception):
    """A file cannot be read, or is not what it was when it was found; carries a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SourceFile(Protocol):
    """A file with its path below what was chosen, and its size in bytes."""

    @property
    def path(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read(self, start: int, end: int) -> bytes:
        """Return exactly these bytes; raises SourceUnreadable."""


@dataclass(frozen=True)
class DiskFile:
    """A file on the disk."""

    place: Path = field(repr=False)
    path: str = field(repr=False)
    size: int

    def read(self, start: int, end: int) -> bytes:
        try:
            with self.place.open("rb") as file:
                if file.seek(0, 2) != self.size:
                    raise SourceUnreadable("file.changed")
                file.seek(start)
                return _exactly(file, end - start)
        except OSError as error:
            raise SourceUnreadable("file.unreadable") from error


@dataclass(frozen=True)
class ArchiveEntry:
    """A file inside a ZIP archive, which stays open for as long as it is needed."""

    archive: zipfile.ZipFile = field(repr=False)
    entry: zipfile.ZipInfo = field(repr=False)
    path: str = field(repr=False)
    size: int

    def read(self, start: int, end: int) -> bytes:
        try:
            with self.archive.open(self.entry) as file:
                file.seek(start)
                return _exactly(file, end - start)
        # A damaged archive shows itself in many ways; RuntimeError is a password, ValueError a closed file.
        except (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise SourceUnreadable("file.unreadable") from error
        except NotImplementedError as error:
            raise SourceUnreadable("archive.unknown_method") from error


def _exactly(file: IO[bytes], length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise SourceUnreadable("file.changed")
    return data
