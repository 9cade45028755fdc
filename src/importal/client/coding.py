"""Coding frames for the way, each only where a sample of it becomes clearly smaller.

The portal makes the original bytes of it again and compares their SHA-256; a file that did not come out right
there is sent as it is from then on.
"""

import threading
import time
import zlib
from collections.abc import Callable, Collection

from importal.client import sample_coding
from importal.client.economy import Economy
from importal.client.gzip_coding import GZIP, LEVEL, gzipped
from importal.client.packs import OutgoingFrame
from importal.client.sample_coding import JLS, Layout
from importal.dicom import jpeg_ls

# Less is not worth a header; a sample is so long and has to shrink to this share, and so has the frame.
SMALLEST_BYTES = 512
SAMPLE_BYTES = 16 * 1024
WORTH = 0.9
# Beginnings of what is compressed already: PDF, JPEG, JPEG 2000, PNG, GIF, ZIP, gzip, 7z, RAR, MP4, WebP.
PACKED = (
    b"%PDF", b"\xff\xd8\xff", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51", b"\x89PNG", b"GIF8", b"PK\x03\x04",
    b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"RIFF",
)  # fmt: skip
PLAIN_SYNTAXES = frozenset({b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.2"})


class Coder:
    """Codes the frames of one transfer, one at a time, so that its speed is that of one processor."""

    def __init__(self, encodings: Collection[str], clock: Callable[[], float] = time.perf_counter) -> None:
        self.economy = Economy()
        self._encodings = encodings
        self._clock = clock
        self._coding = threading.Lock()
        # Files of which nothing is tried: compressed ones, and those that did not come out right.
        self._plain: set[int] = set()
        # Where the samples lie of files whose beginning was seen.
        self._layouts: dict[int, Layout] = {}

    def code(self, frame: OutgoingFrame) -> OutgoingFrame:
        """Return the frame, coded where that makes it clearly smaller."""
        if not self._encodings or len(frame.data) < SMALLEST_BYTES:
            return frame
        if frame.offset == 0 and is_packed(frame.data):
            self._plain.add(frame.file)
        if frame.file in self._plain:
            return frame
        with self._coding:
            begun = self._clock()
            encoding, coded = self._coded(frame)
            self.economy.coded(len(frame.data), self._clock() - begun)
        if coded is None or len(coded) > len(frame.data) * WORTH:
            return frame
        return OutgoingFrame(frame.file, frame.offset, frame.data, encoding, coded)

    def leave_plain(self, number: int) -> None:
        """Never code this file again."""
        self._plain.add(number)

    def _coded(self, frame: OutgoingFrame) -> tuple[str, bytes | None]:
        if JLS in self._encodings and jpeg_ls.IS_AVAILABLE:
            coded = self._as_samples(frame)
            if coded is not None and len(coded) <= len(frame.data) * WORTH:
                return JLS, coded
        if GZIP in self._encodings and is_compressible(frame.data):
            return GZIP, gzipped(frame.data)
        return GZIP, None

    def _as_samples(self, frame: OutgoingFrame) -> bytes | None:
        if frame.offset == 0:
            layout = sample_coding.find_layout(frame.data)
            if layout is not None:
                self._layouts[frame.file] = layout
        known = self._layouts.get(frame.file)
        if known is None:
            return None
        if frame.offset + len(frame.data) >= known.end:
            del self._layouts[frame.file]
        return sample_coding.coded(frame.data, frame.offset, known)


def is_compressible(data: bytes) -> bool:
    """Whether a sample from the middle becomes clearly smaller."""
    if len(data) <= SAMPLE_BYTES * 4:
        return True
    start = (len(data) - SAMPLE_BYTES) // 2
    return len(zlib.compress(data[start : start + SAMPLE_BYTES], LEVEL)) < SAMPLE_BYTES * WORTH


def is_packed(beginning: bytes) -> bool:
    """Whether a file, by its beginning, is compressed already and not worth a try."""
    if beginning.startswith(PACKED) or beginning[4:8] == b"ftyp":
        return True
    syntax = transfer_syntax(beginning)
    return syntax is not None and syntax not in PLAIN_SYNTAXES


def transfer_syntax(beginning: bytes) -> bytes | None:
    """Return the Transfer Syntax UID of the File Meta Information (PS3.10 section 7.1), if there is one."""
    if beginning[128:132] != b"DICM":
        return None
    # Always explicit little endian, and far in front.
    at = beginning.find(b"\x02\0\x10\0UI", 132, 1024)
    if at < 0:
        return None
    length = int.from_bytes(beginning[at + 6 : at + 8], "little")
    return beginning[at + 8 : at + 8 + length].rstrip(b"\0 ")
