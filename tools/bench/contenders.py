"""What is measured side by side: the floor under it, and the engine in each direction; file to file.

Each contender takes a source and a target. What it needs besides (a neutralised object, its patch) lies
beside the source, made beforehand. All read and write alike, with as few calls as it takes.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from importal import dicom
from importal.dicom import localisation, neutralisation
from importal.dicom.series_memory import SeriesMemory

CHUNK = 64 << 10
PROFILE = dicom.Profile(dicom.Pseudonyms(b"k" * 32), "IMPORTAL")
LOCALISATION = dicom.Localisation(
    patient_id="L1",
    issuer_of_patient_id="LOCAL",
    patient_name="Phantom^Bench",
    patient_birth_date="19500101",
    patient_sex="O",
    accession_number="L4711",
    issuer_of_accession_number="",
    institution_name="Bench",
    station_ae_title="IMPORTAL",
    software_version="0",
    coerced_at=datetime(2026, 1, 1, tzinfo=UTC),
    source_of_previous_values="",
)
STORED, PATCH = ".stored", ".patch"
Pieces = Iterable[bytes | memoryview]


def prepare(source: Path) -> None:
    """Put the neutralised object and its patch beside the source."""
    neutralised = dicom.neutralise(source.read_bytes(), PROFILE)
    source.with_suffix(STORED).write_bytes(b"".join(neutralised.chunks))
    source.with_suffix(PATCH).write_bytes(neutralised.reverse_patch)


def _write(target: Path, pieces: list[bytes | memoryview]) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        left = sum(map(len, pieces)) - os.writev(descriptor, pieces)
        if left:  # a call writes 2 GiB at most
            raise OSError("written in part")
    finally:
        os.close(descriptor)


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _write_chunks(target: Path, chunks: Pieces) -> None:
    with target.open("wb", buffering=0) as file:
        for chunk in chunks:
            file.write(chunk)


def copy(source: Path, target: Path) -> None:
    """Copy as the operating system does it best."""
    shutil.copyfile(source, target)


def digest(source: Path, target: Path) -> None:
    """Read and digest, write nothing."""
    assert target
    hashlib.sha256(source.read_bytes()).digest()


def copy_and_digest(source: Path, target: Path) -> None:
    """Read, digest, write: what receiving an object costs whatever is done with it."""
    data = source.read_bytes()
    hashlib.sha256(data).digest()
    _write(target, [data])


def stream_and_digest(source: Path, target: Path) -> None:
    """Do the same in chunks of 64 kB."""
    sha256 = hashlib.sha256()

    def digested() -> Iterator[bytes]:
        for chunk in _chunks(source):
            sha256.update(chunk)
            yield chunk

    _write_chunks(target, digested())
    sha256.digest()


def neutralise(source: Path, target: Path) -> None:
    """Neutralise a whole file; digests of header and bulk are made for the patch."""
    _write(target, list(dicom.neutralise(source.read_bytes(), PROFILE).chunks))


def neutralise_alone(source: Path, target: Path) -> None:
    """Neutralise a whole file as if none of its series had come before."""
    remembered, neutralisation.MEMORY = neutralisation.MEMORY, SeriesMemory()
    neutralise(source, target)
    neutralisation.MEMORY = remembered


def neutralise_and_digest(source: Path, target: Path) -> None:
    """Neutralise a whole file and make the digest of the original as a whole, too."""
    data = source.read_bytes()
    whole = hashlib.sha256(data).digest()
    _write(target, list(dicom.neutralise(data, PROFILE, original_sha256=whole).chunks))


def neutralise_stream(source: Path, target: Path) -> None:
    """Neutralise in chunks of 64 kB; what needs to be seen as a whole takes that road."""
    try:
        stream = dicom.neutralise_stream(_chunks(source), PROFILE)
        _write_chunks(target, stream.chunks)
        stream.result()
    except dicom.Refused:
        neutralise(source, target)


def localise(source: Path, target: Path) -> None:
    """Write the local patient and order into the neutralised object."""
    stored = source.with_suffix(STORED).read_bytes()
    _write(target, list(dicom.localise(stored, LOCALISATION).chunks))


def localise_alone(source: Path, target: Path) -> None:
    """Write the local patient and order as if none of the series had come before."""
    remembered, localisation.MEMORY = localisation.MEMORY, SeriesMemory()
    localise(source, target)
    localisation.MEMORY = remembered


def restore(source: Path, target: Path) -> None:
    """Make the file as it came of the neutralised object and its patch."""
    stored, patch = source.with_suffix(STORED).read_bytes(), source.with_suffix(PATCH).read_bytes()
    _write(target, [dicom.restore(stored, patch)])


CONTENDERS: dict[str, Callable[[Path, Path], None]] = {
    "copy": copy,
    "SHA-256 alone": digest,
    "copy + SHA-256": copy_and_digest,
    "copy + SHA-256, 64 kB chunks": stream_and_digest,
    "Importal neutralise": neutralise,
    "Importal neutralise + SHA-256 of the whole": neutralise_and_digest,
    "Importal neutralise, 64 kB stream": neutralise_stream,
    "Importal neutralise, series unknown": neutralise_alone,
    "Importal localise": localise,
    "Importal localise, series unknown": localise_alone,
    "Importal restore": restore,
}
