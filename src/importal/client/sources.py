"""Files to be sent, wherever they lie: on the disk, or inside an archive that is never unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, runtime_checkable


class SourceUnreadable(Exception):
    """A file cannot be read, or is not what it was when it was found; carries a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ArchiveTooLarge(SourceUnreadable):
    """An archive asks for more memory than it may have."""

    def __init__(self) -> None:
        super().__init__("archive.too_large")


# A damaged archive shows itself in many ways; RuntimeError is a password, ValueError a closed file.
DAMAGE = (
    SourceUnreadable,
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class SourceFile(Protocol):
    """A file with its path below what was chosen, and its size in bytes."""

    @property
    def path(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read(self, start: int, end: int) -> bytes:
        """Return exactly these bytes; raises SourceUnreadable."""


@runtime_checkable
class SeekableFile(Protocol):
    """A file that can be read here and there without its disk being known."""

    def stream(self) -> IO[bytes]:
        """Return a stream of its bytes, from the beginning."""


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
        except NotImplementedError as error:
            raise SourceUnreadable("archive.unknown_method") from error
        except SourceUnreadable:
            raise
        except DAMAGE as error:
            raise SourceUnreadable("file.unreadable") from error

    def pieces(self, length: int) -> Iterator[bytes]:
        """Yield all bytes in pieces of this length, unpacking once; raises SourceUnreadable."""
        try:
            with self.archive.open(self.entry) as file:
                for start in range(0, self.size, length):
                    yield _exactly(file, min(length, self.size - start))
        except NotImplementedError as error:
            raise SourceUnreadable("archive.unknown_method") from error
        except SourceUnreadable:
            raise
        except DAMAGE as error:
            raise SourceUnreadable("file.unreadable") from error


def _exactly(file: IO[bytes], length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise SourceUnreadable("file.changed")
    return data
