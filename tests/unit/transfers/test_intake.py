"""Places for packs: nobody takes them all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from importal.client import encode_pack
from importal.client.packs import OutgoingFrame
from importal.errors import ImportalError
from importal.transfers import intake
from importal.transfers.packs import MAX_FRAME_BYTES

DEAREST = 2 * intake.GROUP_BYTES + MAX_FRAME_BYTES


def test_one_sender_with_all_connections_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(intake, "WAIT_SECONDS", 0.05)

    async def story() -> None:
        places = intake.Intake()
        held = [places.place("one", DEAREST) for _ in range(intake.PACKS_PER_INVITATION)]
        for place in held:
            await place.__aenter__()
        with pytest.raises(ImportalError, match=r"transfer\.busy"):
            await places.place("one", DEAREST).__aenter__()
        async with places.place("another", DEAREST):
            pass
        for place in held:
            await place.__aexit__(None, None, None)
        async with places.place("one", DEAREST):
            pass

    asyncio.run(story())


KIB = 1024
PACK = encode_pack(OutgoingFrame(number, 0, bytes(100 * KIB)) for number in range(10))


class SlowRequest:
    """A body that comes in pieces, and stops after some of them."""

    def __init__(self, pieces: int | None = None) -> None:
        self.headers: dict[str, str] = {}
        self._pieces = pieces

    async def stream(self) -> AsyncIterator[bytes]:
        for number, start in enumerate(range(0, len(PACK), 64 * KIB)):
            if number == self._pieces:
                await asyncio.Event().wait()
            yield PACK[start : start + 64 * KIB]


async def read(places: intake.Intake, sender: str, request: SlowRequest) -> list[int]:
    """Return how many frames each group had."""
    async with places.place(sender) as place:
        return [len(group) async for group in intake.groups(request, place)]


def test_a_pack_that_comes_slowly_holds_no_more_memory_than_has_come():
    async def story() -> None:
        # Room for two packs: thirty that have hardly begun take less than one.
        places = intake.Intake(2 * len(PACK))
        slow = [asyncio.ensure_future(read(places, str(number), SlowRequest(0))) for number in range(30)]
        await asyncio.sleep(0.01)
        assert await asyncio.wait_for(read(places, "quick", SlowRequest()), 5) == [10]
        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert places.has_room(2 * len(PACK))

    asyncio.run(story())


def test_when_memory_is_short_what_came_is_made_durable_early():
    async def story() -> None:
        places = intake.Intake(300 * KIB)
        groups = await asyncio.wait_for(read(places, "one", SlowRequest()), 5)
        assert sum(groups) == 10
        assert len(groups) > 3
        assert places.has_room(300 * KIB)

    asyncio.run(story())


def test_a_pack_finds_no_room_while_others_hold_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(intake, "WAIT_SECONDS", 0.05)

    async def story() -> None:
        places = intake.Intake(100 * KIB)
        slow = asyncio.ensure_future(read(places, "slow", SlowRequest(1)))
        await asyncio.sleep(0.01)
        with pytest.raises(ImportalError, match=r"transfer\.busy"):
            await read(places, "another", SlowRequest())
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        assert places.has_room(100 * KIB)

    asyncio.run(story())
