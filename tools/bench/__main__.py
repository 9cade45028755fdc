"""Measure the engine in memory and the store: ``make bench``. Medians; one process, one thread.

Processor time for the engine, because machines are shared; for the store, what passes until it is durable.
"""

import hashlib
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from importal import dicom
from importal.storage import LocalStorage
from tools.bench.contenders import LOCALISATION, PROFILE
from tools.bench.samples import ct_slice

ROUNDS = 7
REPETITIONS = 100
PACK_FILES = 16
MEGABYTE = 1_000_000


def main() -> int:
    """Print one line per measurement."""
    original = ct_slice()
    neutralised = dicom.neutralise(original, PROFILE)
    stored = b"".join(neutralised.chunks)
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"a CT slice of {len(original)} bytes, median of {ROUNDS} rounds of {REPETITIONS}")
    _report("SHA-256 alone, for comparison", len(original), lambda: hashlib.sha256(original).digest())
    _report("neutralise", len(original), lambda: dicom.neutralise(original, PROFILE))
    _report("restore", len(original), lambda: dicom.restore(stored, neutralised.reverse_patch))
    _report("localise", len(original), lambda: dicom.localise(stored, LOCALISATION))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        storage = LocalStorage(Path(folder))
        numbers = iter(range(sys.maxsize))

        def write_pack() -> None:
            storage.write_all([(f"bench/{next(numbers)}", [stored]) for _ in range(PACK_FILES)])

        _report(f"store durably, {PACK_FILES} at a time", len(stored) * PACK_FILES, write_pack, durable=True)
    return 0


def _report(title: str, length: int, verb: Callable[[], object], *, durable: bool = False) -> None:
    clock, repetitions = (time.perf_counter, 5) if durable else (time.process_time, REPETITIONS)
    verb()
    rounds = []
    for _ in range(ROUNDS):
        begun = clock()
        for _ in range(repetitions):
            verb()
        rounds.append((clock() - begun) / repetitions)
    seconds = statistics.median(rounds)
    print(f"{title:<32} {seconds * 1000:9.3f} ms {length / MEGABYTE / seconds:9.0f} MB/s")


if __name__ == "__main__":
    sys.exit(main())
