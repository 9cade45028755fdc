"""Pictures of instances, drawn in a process of their own because decoders are native code.

The parent starts `python -m importal.dicom.rendering`, hands it one file at a time and takes it for dead when
it says nothing in time; a crash or a hang costs one thumbnail, never the others.
"""

import contextlib
import json
import os
import select
import time
from collections.abc import Sequence
from pathlib import Path

from importal.dicom.limited_process import start

__all__ = ["render_frame", "render_thumbnails"]


def render_thumbnails(
    jobs: Sequence[tuple[Path, Path]],
    *,
    timeout_seconds: float,
    memory_bytes: int,
    total_seconds: float = float("inf"),
) -> list[bool]:
    """Draw one PNG per (source, target); return per job whether the target was written.

    Args:
        jobs: DICOM files and where their pictures go.
        timeout_seconds: for a single file.
        memory_bytes: address space of the drawing process.
        total_seconds: for all together; what is left then gets no picture.
    """
    deadline = time.monotonic() + total_seconds
    answers: list[bool] = []
    artist: _Artist | None = None
    try:
        for source, target in jobs:
            if time.monotonic() >= deadline:
                answers.append(False)
                continue
            if artist is None:
                artist = _Artist(timeout_seconds, memory_bytes)
            answer = artist.draw(source, target)
            if answer is None:
                artist.end()
                artist = None
            answers.append(bool(answer))
    finally:
        if artist is not None:
            artist.end()
    return answers


def render_frame(
    source: Path, target: Path, frame: int, *, timeout_seconds: float, memory_bytes: int
) -> bool:
    """Draw exactly this frame (from 0) in its full size as PNG; return whether the target was written."""
    artist = _Artist(timeout_seconds, memory_bytes)
    try:
        return bool(artist.draw(source, target, frame))
    finally:
        artist.end()


class _Artist:
    """The drawing process."""

    def __init__(self, timeout_seconds: float, memory_bytes: int) -> None:
        self._timeout_seconds = timeout_seconds
        self._process = start(__name__, memory_bytes, timeout_seconds)

    def draw(self, source: Path, target: Path, frame: int | None = None) -> bool | None:
        """Return whether the picture was drawn, or None when the process died or hangs."""
        assert self._process.stdin is not None
        line = json.dumps({"source": str(source), "target": str(target), "frame": frame})
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return None
        answer = self._read_line()
        if answer is None:
            return None
        try:
            return bool(json.loads(answer)["drawn"])
        except (ValueError, KeyError, TypeError):
            return None

    def _read_line(self) -> bytes | None:
        assert self._process.stdout is not None
        descriptor, received = self._process.stdout.fileno(), b""
        deadline = time.monotonic() + self._timeout_seconds
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return None
            piece = os.read(descriptor, 65536)
            if not piece:
                return None
            received += piece
        return received

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
