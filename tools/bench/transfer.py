"""``make bench-transfer``: what the server takes, beside its peers, in one run on loopback; prints tables.

All take the same files in turns: single objects of 512 MB, many of 300 kB, more of 40 kB, over one connection
and over six. Wall-clock, because servers wait for disks; only the ratios within a run count. Each turn ends
after SECONDS (15) or when all is sent; COUNT (1 for the full numbers) makes the numbers of files smaller.
"""

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.bench.engine import processor
from tools.bench.load import Load, drive
from tools.bench.receivers import Importal, Nginx, Orthanc, Tus, peak_megabytes
from tools.bench.samples import slices

SECONDS = float(os.environ.get("SECONDS", "15"))
COUNT = float(os.environ.get("COUNT", "1"))
CONNECTIONS = (1, 6)
WORKLOADS = ((1, 512_000_000), (2000, 300_000), (20_000, 40_000))
PLAIN = "copy + SHA-256 + fsync"
RECEIVERS = (
    Importal(),
    Orthanc(stow=False),
    Orthanc(stow=True),
    Tus(at_once=False),
    Tus(at_once=True),
    Nginx(),
)


def main() -> int:
    """Measure everything and print a table per workload."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {processor()}, {os.cpu_count()} processors, "
          f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")  # fmt: skip
    only = os.environ.get("ONLY", "")
    for count, size in WORKLOADS:
        files = list(slices(max(1, int(count * COUNT)), size))
        for connections in CONNECTIONS:
            print(f"\n### {len(files):,} x {size / 1e6:g} MB, {connections} connection(s)\n")
            print("| | files/s | MB/s | files | peak MB of the process |")
            print("|---|---|---|---|---|")
            for receiver in RECEIVERS:
                if only in receiver.name:
                    _measure(receiver, files, connections)
            _print_row(PLAIN, _plain(files, connections), None)
    return 0


def _measure(receiver: Importal | Orthanc | Tus | Nginx, files: Sequence[bytes], connections: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="transfer-"))
    try:
        with receiver.running(folder) as running:
            # A server is measured warm; the first request loads and connects.
            drive(running.port, receiver.requests(running, files[:1] if len(files) > 1 else []), 1, 60)
            load = drive(running.port, receiver.requests(running, files), connections, SECONDS)
            _print_row(receiver.name, load, peak_megabytes(running.process_id))
    except FileNotFoundError:
        print(f"| {receiver.name} | absent | | | |")
    except RuntimeError as error:
        print(f"| {receiver.name} | failed: {str(error)[:80]} | | | |")
    finally:
        shutil.rmtree(folder)


def _plain(files: Sequence[bytes], connections: int) -> Load:
    """Do what the least is: digest, write, sync the file and, at the end, its folder."""
    load, lock, waiting = Load(), threading.Lock(), iter(enumerate(files))
    folder = Path(tempfile.mkdtemp(prefix="transfer-"))
    begun = time.perf_counter()

    def work() -> None:
        while time.perf_counter() - begun < SECONDS:
            with lock:
                found = next(waiting, None)
            if found is None:
                return
            number, data = found
            hashlib.sha256(data).digest()
            with (folder / str(number)).open("wb", buffering=0) as file:
                file.write(data)
                os.fsync(file.fileno())
            with lock:
                load.files += 1
                load.bytes += len(data)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - begun
    shutil.rmtree(folder)
    return load


def _print_row(name: str, load: Load, peak: float | None) -> None:
    memory = "" if peak is None else f"{peak:.0f}"
    speeds = f"{load.files_per_second:,.0f} | {load.megabytes_per_second:,.0f}"
    print(f"| {name} | {speeds} | {load.files:,} | {memory} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
