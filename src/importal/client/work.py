"""What is still to be sent, and at what pace: ranges of files in order, handed out as packs of frames."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from importal.client.api import FileStatus
from importal.client.packs import OutgoingFrame
from importal.client.selection import Selected
from importal.client.sources import SourceUnreadable

MAX_FRAME_BYTES = 4 * 1024 * 1024
MIB = 1024 * 1024
MOST_CONNECTIONS = 6


@dataclass(frozen=True)
class Span:
    """Some bytes of one file."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class OutgoingPack:
    """Frames that were read, and what they hold."""

    frames: tuple[OutgoingFrame, ...] = field(repr=False)
    spans: tuple[Span, ...]

    @property
    def size(self) -> int:
        """Bytes of the files in it, however few travel in their place."""
        return sum(span.end - span.start for span in self.spans)


def missing_spans(files: Sequence[Selected], states: Iterable[FileStatus]) -> list[Span]:
    """Return what the portal does not have yet."""
    known: Mapping[int, FileStatus] = {state.number: state for state in states}
    spans: list[Span] = []
    for number, file in enumerate(files):
        state = known.get(number)
        if state is None or not state.is_settled:
            spans += _gaps(number, file.source.size, state.received if state else ())
    return spans


def _gaps(number: int, size: int, received: Sequence[tuple[int, int]]) -> list[Span]:
    spans, position = [], 0
    for offset, length in sorted(received):
        if offset > position:
            spans.append(Span(number, position, offset))
        position = max(position, offset + length)
    if position < size:
        spans.append(Span(number, position, size))
    return spans


class WorkList:
    """Reads one span after the other, as discs like it; several senders may ask at once."""

    def __init__(
        self, files: Sequence[Selected], spans: Iterable[Span], on_unreadable: Callable[[int, str], None]
    ) -> None:
        self._files = files
        self._spans = deque(spans)
        self._given_up: set[int] = set()
        self._on_unreadable = on_unreadable
        self._reading = threading.Lock()

    def next(self, target_bytes: int) -> OutgoingPack | None:
        """Return the next pack of about this size; None when everything was handed out."""
        frames: list[OutgoingFrame] = []
        spans: list[Span] = []
        held = 0
        with self._reading:
            while held < target_bytes:
                span = self._take(min(MAX_FRAME_BYTES, target_bytes))
                if span is None:
                    break
                try:
                    data = self._files[span.number].source.read(span.start, span.end)
                except SourceUnreadable as unreadable:
                    self._given_up.add(span.number)
                    self._on_unreadable(span.number, unreadable.code)
                    continue
                frames.append(OutgoingFrame(span.number, span.start, data))
                spans.append(span)
                held += len(data)
        return OutgoingPack(tuple(frames), tuple(spans)) if frames else None

    def put_back(self, spans: Sequence[Span]) -> None:
        """Take back what was not delivered; it is handed out again first."""
        with self._reading:
            self._spans.extendleft(reversed(spans))

    def give_up(self, number: int) -> None:
        """Hand out nothing more of this file."""
        with self._reading:
            self._given_up.add(number)

    def _take(self, limit: int) -> Span | None:
        while self._spans:
            span = self._spans.popleft()
            if span.number in self._given_up:
                continue
            if span.end - span.start > limit:
                self._spans.appendleft(Span(span.number, span.start + limit, span.end))
                return Span(span.number, span.start, span.start + limit)
            return span
        return None


# Packs as large as a connection sends in this time: long enough that the pauses between them do not count,
# short enough that little is under way when the line breaks, and that confirmations keep coming.
PACK_SECONDS = 3.0
SMALLEST_PACK, LARGEST_PACK = MIB // 16, 4 * MIB
# Smaller ones are only for what takes no larger bodies.
SLOWEST_PACK = MIB // 4


class Pace:
    """Begins gently, so that the first confirmation comes early, and grows as far as the line allows."""

    def __init__(self) -> None:
        self.pack_bytes = MIB
        self.connections = 2
        self._largest = LARGEST_PACK

    def succeeded(self, size: int, seconds: float) -> None:
        """Go faster, as far as the line does: so many bytes took so long on one connection."""
        wanted = int(size / max(seconds, 0.001) * PACK_SECONDS)
        self.pack_bytes = min(self.pack_bytes * 2, max(wanted, SLOWEST_PACK), self._largest)
        self.connections = min(self.connections + 1, MOST_CONNECTIONS)

    def failed(self) -> None:
        """Go slower."""
        self.pack_bytes = max(min(SLOWEST_PACK, self._largest), self.pack_bytes // 2)
        self.connections = max(1, self.connections // 2)

    def too_large(self, size: int) -> bool:
        """Something on the way takes no bodies of this size; False when they cannot be made smaller."""
        if size <= SMALLEST_PACK:
            return False
        self._largest = max(SMALLEST_PACK, min(self._largest, size) // 2)
        self.pack_bytes = min(self.pack_bytes, self._largest)
        return True
