"""Finding the files in a folder and in the ZIP archives inside it, within limits.

Links are not followed. An archive is only looked into: its paths are labels, so none can lead anywhere.
"""

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from importal.client.sources import (
    DAMAGE,
    ArchiveEntry,
    ArchiveTooLarge,
    DiskFile,
    SeekableFile,
    SourceFile,
    SourceUnreadable,
)

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
OFFICE_ENDINGS = frozenset({".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".odt", ".ods", ".odp", ".epub"})
MAX_ENTRIES = 50_000
MAX_TOTAL_BYTES = 20 * 10**9
MAX_RATIO = 200
RATIO_FROM_BYTES = 32 * 10**6
MAX_DEPTH = 3
MAX_ARCHIVES = 40
# Archives inside archives are held in memory while they are open: all of them together.
MAX_NESTED_BYTES = 256 * 10**6
# What every program that makes archives knows, and what cannot swell without a measure while it is unpacked.
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True)
class LeftOut:
    """A file that is not sent, and why."""

    path: str = field(repr=False)
    code: str


@dataclass
class Gathered:
    """What was found: files in the order of their paths, and what was left out."""

    files: list[SourceFile] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    archives: int = 0
    unpacked_bytes: int = 0
    nested_bytes: int = 0


def gather(chosen: Path) -> Gathered:
    """Return the files below a folder, of a ZIP archive, or a single file.

    Raises:
        SourceUnreadable: when there is nothing at this place.
    """
    if not chosen.exists():
        raise SourceUnreadable("file.missing")
    found = Gathered()
    for place in _places(chosen):
        path = place.relative_to(chosen.parent if chosen.is_file() else chosen).as_posix()
        label = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        try:
            details = place.lstat()
        except OSError:
            found.left_out.append(LeftOut(label, "file.unreadable"))
            continue
        if not stat.S_ISREG(details.st_mode):
            found.left_out.append(LeftOut(label, "file.link"))
        else:
            _add(found, DiskFile(place, label, details.st_size), 1)
    return found


def gather_archive(archive: SourceFile) -> Gathered:
    """Return the files inside an archive; if none can be had, the archive itself is what is left out."""
    found = Gathered()
    _add(found, archive, 1)
    return found


def _places(chosen: Path) -> Iterator[Path]:
    if chosen.is_file():
        yield chosen
        return
    for folder, folders, names in os.walk(chosen):
        folders.sort()
        for name in sorted(names):
            yield Path(folder, name)


def _add(found: Gathered, file: SourceFile, depth: int) -> None:
    if not is_archive(file):
        found.files.append(file)
        return
    if depth > MAX_DEPTH or found.archives >= MAX_ARCHIVES:
        found.left_out.append(LeftOut(file.path, "archive.too_deep"))
        return
    found.archives += 1
    try:
        archive = _open(found, file)
    except ArchiveTooLarge:
        found.left_out.append(LeftOut(file.path, "archive.too_large"))
        return
    except DAMAGE:
        found.left_out.append(LeftOut(file.path, "archive.damaged"))
        return
    objection = _objection(found, file, archive.infolist())
    if objection:
        found.left_out.append(LeftOut(file.path, objection))
        return
    for entry in archive.infolist():
        _add_entry(found, ArchiveEntry(archive, entry, _label(file.path, entry), entry.file_size), depth)


def is_archive(file: SourceFile) -> bool:
    """Whether this is a ZIP archive that is looked into: a text document in one is a document."""
    if file.size < 22 or PurePosixPath(file.path).suffix.lower() in OFFICE_ENDINGS:
        return False
    try:
        return file.read(0, 4) in ZIP_MARKS
    except SourceUnreadable:
        return False


def _open(found: Gathered, file: SourceFile) -> zipfile.ZipFile:
    if isinstance(file, DiskFile):
        return zipfile.ZipFile(file.place)
    if isinstance(file, SeekableFile):
        return zipfile.ZipFile(file.stream())
    found.nested_bytes += file.size
    if found.nested_bytes > MAX_NESTED_BYTES:
        raise ArchiveTooLarge
    return zipfile.ZipFile(io.BytesIO(file.read(0, file.size)))


def _objection(found: Gathered, file: SourceFile, entries: list[zipfile.ZipInfo]) -> str | None:
    total = sum(entry.file_size for entry in entries)
    if len(found.files) + len(entries) > MAX_ENTRIES:
        return "archive.too_many_files"
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * file.size:
        return "archive.bomb"
    found.unpacked_bytes += total
    return "archive.too_large" if found.unpacked_bytes > MAX_TOTAL_BYTES else None


def _add_entry(found: Gathered, file: ArchiveEntry, depth: int) -> None:
    entry = file.entry
    mode = entry.external_attr >> 16
    # An entry may have no name at all, which the library does not expect.
    if entry.filename.endswith("/"):
        return
    if entry.flag_bits & 0x1:
        found.left_out.append(LeftOut(file.path, "archive.encrypted"))
    elif entry.compress_type not in METHODS:
        found.left_out.append(LeftOut(file.path, "archive.unknown_method"))
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        found.left_out.append(LeftOut(file.path, "file.link"))
    else:
        _add(found, file, depth + 1)


def _label(archive: str, entry: zipfile.ZipInfo) -> str:
    parts = [part for part in entry.filename.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    name = "/".join(parts) or "unnamed"
    return f"{archive}/{name}".encode("utf-8", "surrogateescape").decode("utf-8", "replace")
