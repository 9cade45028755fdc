"""Measure the engine and the store on this machine: ``make bench``. Medians; one process, one thread."""

import hashlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from importal import dicom
from importal.storage import LocalStorage
from tools.bench_sample import ct_slice

ROUNDS = 7
REPETITIONS = 100
RATIO_ROUNDS, RATIO_REPETITIONS = 51, 20
MEMORY = Path("/dev") / "shm"  # a file system in memory: no disc is measured
PACK_FILES = 16
MEGABYTE = 1_000_000


def main() -> int:
    """Print one line per measurement."""
    original = ct_slice()
    profile = dicom.Profile(dicom.Pseudonyms(b"k" * 32), "IMPORTAL")
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    localisation = _localisation()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"a CT slice of {len(original)} bytes, median of {ROUNDS} rounds of {REPETITIONS}")
    _report_ratio(original, profile)
    _report("SHA-256 alone, for comparison", len(original), lambda: hashlib.sha256(original).digest())
    _report("neutralise", len(original), lambda: dicom.neutralise(original, profile))
    _report("restore", len(original), lambda: dicom.restore(stored, neutralised.reverse_patch))
    _report("localise", len(original), lambda: dicom.localise(stored, localisation))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        storage = LocalStorage(Path(folder))
        numbers = iter(range(sys.maxsize))

        def write_pack() -> None:
            storage.write_all([(f"bench/{next(numbers)}", [stored]) for _ in range(PACK_FILES)])

        _report(f"store durably, {PACK_FILES} at a time", len(stored) * PACK_FILES, write_pack, repetitions=5)
    return 0


def _report_ratio(original: bytes, profile: dicom.Profile) -> None:
    """Print the processor time of neutralise from file to file beside that of a copy with a digest.

    Rounds of both take turns, so that a busy machine slows both; the fastest and the middle round are shown.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        source.write_bytes(original)

        def copy() -> None:
            data = source.read_bytes()
            hashlib.sha256(data).digest()
            _write(target, (data,))

        def neutralise() -> None:
            _write(target, dicom.neutralise(source.read_bytes(), profile).chunks)

        rounds = [(_processor_time(copy), _processor_time(neutralise)) for _ in range(RATIO_ROUNDS)]
    for name, pick in (("fastest", min), ("median", statistics.median)):
        floor, ours = (pick(times) * 1000 for times in zip(*rounds, strict=True))
        print(
            f"processor time, {name} of {RATIO_ROUNDS} rounds: copy and SHA-256 {floor:.3f} ms, "
            f"neutralise {ours:.3f} ms, ratio {ours / floor:.2f}"
        )


def _write(target: Path, chunks: Sequence[bytes | memoryview]) -> None:
    with target.open("wb", buffering=0) as file:
        for chunk in chunks:
            file.write(chunk)


def _processor_time(verb: Callable[[], None]) -> float:
    begun = time.process_time()
    for _ in range(RATIO_REPETITIONS):
        verb()
    return (time.process_time() - begun) / RATIO_REPETITIONS


def _report(title: str, length: int, verb: Callable[[], object], *, repetitions: int = REPETITIONS) -> None:
    verb()
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(repetitions):
            verb()
        rounds.append((time.perf_counter() - begun) / repetitions)
    seconds = statistics.median(rounds)
    print(f"{title:<32} {seconds * 1000:9.3f} ms {length / MEGABYTE / seconds:9.0f} MB/s")


def _localisation() -> dicom.Localisation:
    return dicom.Localisation(
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


if __name__ == "__main__":
    sys.exit(main())
