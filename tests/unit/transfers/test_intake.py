"""Places for packs: nobody takes them all."""

import asyncio

import pytest

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
