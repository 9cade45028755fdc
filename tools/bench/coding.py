"""Measure transport coding on uncompressed images of the corpus: ``make bench-coding``.

Bytes that travel beside bytes of the files, and processor time per MB of the files on both sides; the
server's includes the process that decodes. One thread; medians.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from importal.client.gzip_coding import gzipped
from importal.client.sample_coding import coded, find_layout
from importal.transfers.coding import CodedFrame, decode_all

ROUNDS = 5
GROUP_FILES = 16
MEGABYTE = 1_000_000
# Uncompressed images as scanners wrote them, by folder of the corpus; bytes alone are read here.
SERIES = {
    "CT, Philips": ("cd/philips-ct-incomplete", 200_000),
    "MR, Hitachi": ("cd/hitachi-pdi-ja", 200_000),
    "MR, other makers": ("dicom/mr-vendors", 20_000),
    "PET": ("cd/pacs-export-pet-seg", 20_000),
}


def main() -> int:
    """Print one line per series."""
    root = os.environ.get("IMPORTAL_CORPUS")
    if not root:
        print("the corpus is missing: set IMPORTAL_CORPUS to its folder", file=sys.stderr)
        return 1
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    cost = "sent / raw | encode, ms per MB | decode, ms per MB"
    print(f"| Series | Files | MB | jls: {cost} | gzip: {cost} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for title, (folder, least) in SERIES.items():
        print(_line(title, _images(Path(root) / folder, least)), flush=True)
    return 0


def _images(folder: Path, least: int) -> list[bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size >= least)
    contents = (path.read_bytes() for path in files)
    return [data for data in contents if data[128:132] == b"DICM" and find_layout(data) is not None]


def _line(title: str, images: list[bytes]) -> str:
    raw = sum(map(len, images))
    cells = [title, str(len(images)), f"{raw / MEGABYTE:.0f}"]
    for encode in (_as_samples, _as_gzip):
        frames = [encode(data) for data in images]
        if [original for group in _groups(frames) for original in decode_all(group)] != images:
            raise SystemExit(f"{title}: the original does not come back")
        encoding_ms = _median(partial(_each, encode, images))
        decoding_ms = _median(partial(_each, decode_all, _groups(frames)))
        cells.append(f"{sum(len(frame.coded) for frame in frames) / raw:.2f}")
        cells += [f"{ms * MEGABYTE / raw:.0f}" for ms in (encoding_ms, decoding_ms)]
    return f"| {' | '.join(cells)} |"


def _each(verb: Callable[[Any], object], values: Iterable[Any]) -> None:
    for value in values:
        verb(value)


def _groups(frames: list[CodedFrame]) -> list[list[CodedFrame]]:
    return [frames[start : start + GROUP_FILES] for start in range(0, len(frames), GROUP_FILES)]


def _as_samples(data: bytes) -> CodedFrame:
    layout = find_layout(data)
    stream = coded(data, 0, layout) if layout else None
    # As the sender does where samples cannot be coded.
    return _as_gzip(data) if stream is None else CodedFrame("jls", stream, len(data))


def _as_gzip(data: bytes) -> CodedFrame:
    return CodedFrame("gzip", gzipped(data), len(data))


def _median(verb: Callable[[], object]) -> float:
    """Return milliseconds of processor time, of this process and of those that it asked."""
    rounds = []
    for _ in range(ROUNDS):
        begun = _processor_seconds()
        verb()
        rounds.append(_processor_seconds() - begun)
    return statistics.median(rounds) * 1000


def _processor_seconds() -> float:
    # What forks used counts once their parent, the decoding process, has waited for them: it is read there.
    return time.process_time() + sum(map(_seconds_of, _children()))


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()


def _seconds_of(process: str) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    # utime, stime, and those of its forks (proc(5)).
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
