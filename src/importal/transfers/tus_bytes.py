"""The bytes of a tus request on their way into frames: what has arrived is kept, whatever breaks afterwards.

One request at a time writes to an upload. One whose line has gone silent makes room for the next, for its
sender may have come back over another line long before the network says so.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.requests import Request

from importal.errors import ImportalError
from importal.transfers.errors import FRAME_BOUNDS, PACK_TOO_LARGE, UPLOAD_CHECKSUM, UPLOAD_LOCKED
from importal.transfers.intake import Place, chunks
from importal.transfers.packs import MAX_FRAME_BYTES, MAX_PACK_BYTES
from importal.transfers.tus_headers import Checksum

# After so long without a byte a line is taken for dead when somebody else asks for the upload.
SILENT_SECONDS = 2.0
WAIT_SECONDS = 10.0
RETRY_SECONDS = 1


@dataclass
class Lease:
    """The right to write to one upload."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    heard_at: float = field(default_factory=time.monotonic)

    @property
    def is_silent(self) -> bool:
        """Whether nothing has come for a while."""
        return time.monotonic() - self.heard_at > SILENT_SECONDS


class Leases:
    """Who writes to which upload in this process; between processes the database decides."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], Lease] = {}

    @asynccontextmanager
    async def hold(self, submission_id: str, number: int) -> AsyncIterator[Lease]:
        """Hold an upload; raises ``upload.locked`` while another request is heard of."""
        key = (submission_id, number)
        other = self._held.get(key)
        if other is not None:
            await self._take_over(key, other)
        lease = self._held[key] = Lease()
        try:
            yield lease
        finally:
            del self._held[key]
            lease.ended.set()

    async def _take_over(self, key: tuple[str, int], other: Lease) -> None:
        locked = ImportalError(UPLOAD_LOCKED, {"retry_after_seconds": RETRY_SECONDS})
        if not other.is_silent:
            raise locked
        other.stop.set()
        try:
            await asyncio.wait_for(other.ended.wait(), WAIT_SECONDS)
        except TimeoutError:
            raise locked from None
        if key in self._held:
            raise locked


def cost_of(request: Request, room: int, checksum: Checksum | None) -> int:
    """Return how much memory a request needs before it is read; raises ``frame.bounds``, ``pack.too_large``.

    Without a checksum it is counted as it comes; what is to be checked has to be held as a whole.
    """
    announced = request.headers.get("content-length", "")
    length = int(announced) if announced.isascii() and announced.isdigit() else room
    if length > room:
        raise ImportalError(FRAME_BOUNDS)
    if checksum is None:
        return 0
    if length > MAX_PACK_BYTES:
        raise ImportalError(PACK_TOO_LARGE, {"max_bytes": MAX_PACK_BYTES})
    return length


async def blocks(
    request: Request, lease: Lease, place: Place, room: int, checksum: Checksum | None
) -> AsyncIterator[bytes]:
    """Yield the body in pieces that frames can hold, the last one also when the line breaks.

    With a checksum nothing is yielded before it was checked (tus 1.0, Checksum).

    Raises:
        ImportalError: ``pack.slow``, ``frame.bounds``, ``transfer.busy``, ``upload.checksum``, after what had
            come was yielded.
    """
    if checksum is not None:
        data = b"".join([chunk async for chunk in _within(request, lease, min(room, MAX_PACK_BYTES))])
        if not checksum.fits(data):
            raise ImportalError(UPLOAD_CHECKSUM)
        for start in range(0, len(data), MAX_FRAME_BYTES):
            yield data[start : start + MAX_FRAME_BYTES]
        return
    held = bytearray()
    try:
        async for chunk in _within(request, lease, room):
            if held and not place.has_room(len(chunk)):
                # Memory is short: rather a small frame than a long wait with bytes that nobody has kept.
                yield bytes(held)
                await place.let_go(len(held))
                held.clear()
            await place.hold(len(chunk))
            held += chunk
            while len(held) >= MAX_FRAME_BYTES:
                yield bytes(held[:MAX_FRAME_BYTES])
                del held[:MAX_FRAME_BYTES]
                await place.let_go(MAX_FRAME_BYTES)
                lease.heard_at = time.monotonic()
    except ImportalError:
        if held:
            yield bytes(held)
        raise
    if held:
        yield bytes(held)


async def _within(request: Request, lease: Lease, room: int) -> AsyncIterator[bytes]:
    async for chunk in chunks(request, lease.stop):
        lease.heard_at = time.monotonic()
        room -= len(chunk)
        if room < 0:
            raise ImportalError(FRAME_BOUNDS)
        yield chunk
