"""``importal dicom directory``: what the table of contents of a disc names, and what of it is missing.

Paths and UIDs are patient data and are printed on request only. Exit codes: 0 all is there, 1 it is no
DICOMDIR or cannot be read, 2 wrong use, 3 files are missing or records are damaged.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from importal import dicom

DECLINED, WRONG_USE, INCOMPLETE = 1, 2, 3
_VERSION = ";1"  # ISO 9660 numbers the versions of a file


Source = Annotated[Path, typer.Argument(help="The DICOMDIR, where it lies on the disc or in its copy.")]
Values = Annotated[bool, typer.Option("--values", help="Show UIDs and paths. They are patient data.")]


def directory(source: Source, *, values: Values = False) -> None:
    """Say how many files a DICOMDIR names per study, and which of them are missing beside it.

    The DICOMDIR is only read: it is never stored, changed or sent. Exit codes: 0 all is there, 1 it is no
    DICOMDIR, 2 wrong use, 3 files are missing or records are damaged.
    """
    try:
        data = source.read_bytes()
    except OSError as error:
        _stop(f"{source} cannot be read: {error.strerror}.", WRONG_USE)
    try:
        contents = dicom.read_media_directory(data)
    except dicom.Refused:
        _stop(f"{source} is no DICOMDIR, or cannot be read as one.", DECLINED)
    there = {path.casefold() for path in _files(source.parent)}
    missing = [file for file in contents.files if "/".join(file.path).casefold() not in there]
    studies = dict.fromkeys(file.study_instance_uid for file in contents.files)
    for number, study in enumerate(studies, 1):
        named = [file for file in contents.files if file.study_instance_uid == study]
        series = {file.series_instance_uid for file in named}
        absent = sum(file in missing for file in named)
        name = study if values else str(number)
        print(f"study {name}: {len(named)} files in {len(series)} series, {absent} missing")
    for file in missing if values else ():
        print(f"missing: {'/'.join(file.path) or 'a path that leads out of the disc'}")
    print(f"{len(contents.files)} files named, {len(missing)} missing")
    if not contents.is_sound:
        print("Records of this DICOMDIR are damaged; it may have named more.")
    if missing or not contents.is_sound:
        raise typer.Exit(INCOMPLETE)


def _files(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below a folder, without what a file system adds to the names."""
    for root, _, names in os.walk(folder):
        within = Path(root).relative_to(folder)
        for name in names:
            yield (within / name.removesuffix(_VERSION).removesuffix(".")).as_posix()


def _stop(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)
