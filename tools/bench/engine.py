"""``make bench-dicom``: the engine beside copying and beside other tools, in one run; prints tables for docs.

Processor time per object, because machines are shared: the median of rounds in which all take turns. The
ratios are medians, too, of those within each round. Files lie on a file system in memory, so that no disc is
measured. Peak memory is that of a process for one object (for the other tools: the whole series),
interpreter included, and what of it came after loading. The other tools run after the rounds, each in a
process of its own. ``QUICK=1`` uses a tenth of the files.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pydicom

from importal import dicom
from tools.bench import peer_tools
from tools.bench.contenders import CONTENDERS, prepare
from tools.bench.peers import forget_peak, peak_bytes
from tools.bench.samples import ct_series, multi_frame

MEMORY = Path("/dev") / "shm"
ROUNDS, FILES_PER_TURN = 3, 20
MOST_PEER_FILES = 50
QUICK = bool(os.environ.get("QUICK"))
FLOOR, STREAM_FLOOR = "copy + SHA-256", "copy + SHA-256, 64 kB chunks"
STREAMED = "Importal neutralise, 64 kB stream"
# Holding 200 MB in memory three times over is not what these are for.
LARGE = ("copy", STREAM_FLOOR, STREAMED)
REAL_SERIES = ("cd/pacs-export-pet-seg", "cd/hitachi-pdi-ja", "cd/philips-ct-incomplete")


def main() -> int:
    """Measure all workloads, or print the peak memory of one contender on one file."""
    if sys.argv[1:2] == ["--peak"]:
        name, source, target = sys.argv[2:]
        loaded = forget_peak()
        CONTENDERS[name](Path(source), Path(target))
        print(peak_bytes(), loaded)
        return 0
    tools = peer_tools.install()
    machine = f"{processor()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}")
    print(f"pydicom {pydicom.__version__}; other tools: {tools.versions()}")
    for title, contents in _workloads():
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            files = _written(Path(folder), contents)
            if files:
                _measure(title, files, Path(folder), tools)
    return 0


def processor() -> str:
    """Return what this machine computes with."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def _workloads() -> Iterator[tuple[str, Iterator[bytes]]]:
    count = 50 if QUICK else 500
    yield f"{count} CT slices of 0.5 MB, 12 kB of header", ct_series(count)
    for name in REAL_SERIES:
        yield f"real objects: {name}", _corpus(name)
    yield "enhanced MR, 1,000 frames of 32 x 32", iter([multi_frame(1000, 32)])
    frames = 40 if QUICK else 400
    yield f"enhanced MR, {frames} frames, uncompressed", iter([multi_frame(frames, 512)])
    yield f"enhanced MR, {frames} frames, JPEG 2000", iter([multi_frame(frames, 512, encapsulated=True)])
    yield "20 deflated CT slices", ct_series(20, deflated=True)


def _corpus(name: str) -> Iterator[bytes]:
    root = Path(os.environ.get("IMPORTAL_CORPUS", "")) / name
    for path in sorted(root.rglob("*")) if root.is_dir() and root.parts else ():
        if path.is_file() and dicom.looks_like_dicom(path.open("rb").read(1024)):
            yield path.read_bytes()


def _written(folder: Path, contents: Iterator[bytes]) -> list[Path]:
    """Write the objects that go the strict way; the others are a matter of tests, not of speed."""
    (folder / "in").mkdir()
    files = []
    for number, data in enumerate(contents):
        path = folder / "in" / f"{number:04}.dcm"
        path.write_bytes(data)
        try:
            prepare(path)
        except dicom.Refused:
            path.unlink()
        else:
            files.append(path)
    return files


def _measure(title: str, files: list[Path], folder: Path, tools: "peer_tools.Tools") -> None:
    size = sum(path.stat().st_size for path in files) / len(files)
    large = size > 50e6
    names = LARGE if large else tuple(CONTENDERS)
    rounds = _rounds(names, files, folder / "out.dcm", ROUNDS)
    times = {name: statistics.median(each[name] for each in rounds) for name in names}
    print(f"\n### {title} ({len(files)} x {size / 1e6:.2f} MB)\n")
    print("| | ms | per s | MB/s | x copy | x copy + SHA-256 | peak MB | of it for objects |")
    print("|---|---|---|---|---|---|---|---|")
    floor = STREAM_FLOOR if large else FLOOR
    for name in names:
        ratios = (
            _ratio(rounds, name, "copy"),
            _ratio(rounds, name, STREAM_FLOOR if name == STREAMED else floor),
        )
        _print_row(name, size, times[name], ratios, _peak(name, files[0], folder / "out.dcm"))
    for tool in tools.names:
        seconds, peak = tools.measure(tool, files[: 20 if large else MOST_PEER_FILES], folder)
        ratios = (seconds or 0) / times["copy"], (seconds or 0) / times[floor]
        _print_row(tool, size, seconds, ratios, peak)


def _rounds(names: tuple[str, ...], files: list[Path], target: Path, rounds: int) -> list[dict[str, float]]:
    """Return the processor time per object of each contender by round.

    All take turns every few files, so that other work on the machine slows all alike.
    """
    found: list[dict[str, float]] = []
    for _ in range(rounds + 1):
        spent = dict.fromkeys(names, 0.0)
        for first in range(0, len(files), FILES_PER_TURN):
            for name in names:
                contender = CONTENDERS[name]
                begun = time.process_time()
                for path in files[first : first + FILES_PER_TURN]:
                    contender(path, target)
                spent[name] += time.process_time() - begun
        found.append({name: seconds / len(files) for name, seconds in spent.items()})
    return found[1:]  # the first is for warming up


def _ratio(rounds: list[dict[str, float]], name: str, base: str) -> float:
    """Return how often the one takes the other's time, within a round; the median of the rounds."""
    return statistics.median(times[name] / times[base] for times in rounds)


def _peak(name: str, source: Path, target: Path) -> tuple[int, int]:
    command = [sys.executable, "-m", "tools.bench.engine", "--peak", name, str(source), str(target)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak, loaded = map(int, said.split())
    return peak, loaded


def _print_row(
    name: str, size: float, seconds: float | None, ratios: tuple[float, float], memory: tuple[int, int]
) -> None:
    if seconds is None:
        print(f"| {name} | does not take it | | | | | | |")
        return
    peak, loaded = memory
    # Of a program it is not known what it holds before its first file.
    own = f"{(peak - loaded) / 1e6:.1f}" if loaded else ""
    print(
        f"| {name} | {seconds * 1e3:.2f} | {1 / seconds:,.0f} | {size / 1e6 / seconds:,.0f} | "
        f"{ratios[0]:.2f} | {ratios[1]:.2f} | {peak / 1e6:.0f} | {own} |",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
