"""Reading the bodies of packs: with back-pressure, bounded memory, and an end to patience.

A body gets a place before it is read, and what it holds of the memory of all is counted as it comes: a slow
sender takes little of it, however large the pack. Who waits is held back by the network, not by a buffer.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from importal.errors import ImportalError
from importal.transfers.errors import BUSY, PACK_SLOW, PACK_TOO_LARGE
from importal.transfers.packs import MAX_FRAME_BYTES, MAX_PACK_BYTES, Frame, PackParser

Result = TypeVar("Result")

# What came and is not durable yet. The workers hold their groups again beyond that, unpacked and neutralised;
# how much that can be is bounded by GROUP_BYTES, which counts the originals of coded frames.
BUDGET_BYTES = 192 * 1024 * 1024
# As many connections as a sender has. One who is slow, or means ill, must leave room for others.
PACKS_PER_INVITATION = 6
WORKERS = 4
SETTLERS = 2
# Frames are made durable in groups of this size: one transaction for an ordinary pack.
GROUP_BYTES = MAX_FRAME_BYTES
GROUP_FRAMES = 512
WAIT_SECONDS = 30.0
IDLE_SECONDS = 30.0
# Below this speed a place is better given to somebody else; the sender tries again with smaller packs.
SLOWEST_BYTES_PER_SECOND = 4096
RETRY_SECONDS = 5


class Intake:
    """The places of one process."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._free = budget_bytes
        self._of_invitation: Counter[str] = Counter()
        self._changed = asyncio.Condition()
        self._workers = anyio.CapacityLimiter(WORKERS)
        # Large files are settled beside the frames: they take long, and frames must not wait for them.
        self._settlers = anyio.CapacityLimiter(SETTLERS)

    @asynccontextmanager
    async def place(self, invitation_id: str, cost: int = 0) -> AsyncIterator["Place"]:
        """Hold a place for a body, and memory; raises ``transfer.busy`` when none becomes free in time."""

        def fits() -> bool:
            return self._free >= cost and self._of_invitation[invitation_id] < PACKS_PER_INVITATION

        await self._take(fits, cost)
        self._of_invitation[invitation_id] += 1
        place = Place(self, cost)
        try:
            yield place
        finally:
            self._free += place.held
            self._of_invitation[invitation_id] -= 1
            self._of_invitation += Counter()
            async with self._changed:
                self._changed.notify_all()

    def has_room(self, size: int) -> bool:
        """Whether so much memory is free."""
        return self._free >= size

    async def take(self, size: int) -> None:
        """Take memory; raises ``transfer.busy`` when it does not become free in time."""
        await self._take(lambda: self._free >= size, size)

    async def give_back(self, size: int) -> None:
        """Give memory back."""
        self._free += size
        async with self._changed:
            self._changed.notify_all()

    async def _take(self, fits: Callable[[], bool], size: int) -> None:
        if not fits():
            try:
                async with asyncio.timeout(WAIT_SECONDS), self._changed:
                    await self._changed.wait_for(fits)
            except TimeoutError:
                raise ImportalError(BUSY, {"retry_after_seconds": RETRY_SECONDS}) from None
        self._free -= size

    async def work(self, task: Callable[[], Result]) -> Result:
        """Run blocking work in a thread; only so many at once, or all would be slow."""
        return await anyio.to_thread.run_sync(task, limiter=self._workers)

    async def settle(self, task: Callable[[], Result]) -> Result:
        """Run the settling of a large file in a thread."""
        return await anyio.to_thread.run_sync(task, limiter=self._settlers)


class Place:
    """A body that is being read, and the memory that it holds."""

    def __init__(self, intake: Intake, held: int) -> None:
        self._intake = intake
        self.held = held

    def has_room(self, size: int) -> bool:
        """Whether so much more may be held at once."""
        return self._intake.has_room(size)

    async def hold(self, size: int) -> None:
        """Hold more; raises ``transfer.busy`` when there is no room in time."""
        await self._intake.take(size)
        self.held += size

    async def let_go(self, size: int) -> None:
        """Hold less."""
        self.held -= size
        await self._intake.give_back(size)


async def intake_of(request: Request) -> Intake:
    """Return the places of this process, made in its event loop at the first pack."""
    state = request.app.state
    if not hasattr(state, "intake"):
        state.intake = Intake()
    found: Intake = state.intake
    return found


def require_size(request: Request) -> None:
    """Raise ``pack.too_large`` for a body that says so beforehand."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > MAX_PACK_BYTES:
        raise ImportalError(PACK_TOO_LARGE, {"max_bytes": MAX_PACK_BYTES})


async def groups(request: Request, place: Place) -> AsyncIterator[list[Frame]]:
    """Yield the frames of a pack in groups while they arrive, smaller ones when memory is short.

    Raises:
        ImportalError: ``pack.malformed``, ``pack.slow``, ``transfer.busy``.
    """
    parser, group, held, came = PackParser(), list[Frame](), 0, 0
    async for chunk in chunks(request):
        if group and not place.has_room(len(chunk)):
            # Rather a transaction more than that all wait for each other with packs half read.
            yield group
            came = await _durable(place, group, came)
            group, held = [], 0
        await place.hold(len(chunk))
        came += len(chunk)
        for frame in parser.feed(chunk):
            group.append(frame)
            held += frame.length
            if held >= GROUP_BYTES or len(group) >= GROUP_FRAMES:
                yield group
                came = await _durable(place, group, came)
                group, held = [], 0
    parser.close()
    if group:
        yield group


async def _durable(place: Place, group: list[Frame], came: int) -> int:
    """Let go of what a group held of the bytes that came; return what is left."""
    size = min(came, sum(len(frame.data) for frame in group))
    await place.let_go(size)
    return came - size


async def chunks(request: Request, stop: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """Yield a body as it comes; raises ``pack.slow`` when it does not, breaks off, or is told to stop."""
    stream = aiter(request.stream())
    received, waited = 0, 0.0
    while True:
        asked = time.monotonic()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await _next(stream, stop)
        except StopAsyncIteration:
            return
        except (TimeoutError, ClientDisconnect):
            raise ImportalError(PACK_SLOW) from None
        # Only the time spent waiting for the sender counts, not our own.
        waited += time.monotonic() - asked
        received += len(chunk)
        if waited > IDLE_SECONDS and received < waited * SLOWEST_BYTES_PER_SECOND:
            raise ImportalError(PACK_SLOW)
        yield chunk


async def _next(stream: AsyncIterator[bytes], stop: asyncio.Event | None) -> bytes:
    """Return the next chunk; raises TimeoutError when it is told to stop before one has come."""
    if stop is None:
        return await anext(stream)
    coming = asyncio.ensure_future(anext(stream))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            raise TimeoutError
        return coming.result()
    finally:
        coming.cancel()
        stopping.cancel()
