"""The files of a form on their way into the store: small ones in groups, large ones as they grow."""

from collections.abc import Callable
from functools import partial

from fastapi import Request

from importal import transfers
from importal.errors import ImportalError
from importal.invitations import SenderSession
from importal.plain_form import door
from importal.plain_form.errors import FORM_LENGTH
from importal.plain_form.multipart import FieldPart, FileBegins, FileBytes, FormReader
from importal.site import Site
from importal.transfers import FormFile, Intake, Place

MOST_TOGETHER = 256


class Receiver:
    """One body, and what of it is held in memory: less than one frame and one group."""

    def __init__(
        self, site: Site, sender: SenderSession, submission_id: str, places: Intake, place: Place, room: int
    ) -> None:
        self._mine = (site, sender, submission_id)
        self._places, self._place, self._left = places, place, room
        self._group: list[FormFile] = []
        self._grouped = 0
        self._name = ""
        self._held = bytearray()
        self._number: int | None = None
        self._offset = 0
        self.files = 0

    async def take(self, event: object) -> None:
        """Take what comes next of the body."""
        if isinstance(event, FileBegins):
            self._name, self._number, self._offset = event.name, None, 0
            self._held.clear()
        elif isinstance(event, FileBytes):
            self._left -= len(event.data)
            await self._place.hold(len(event.data))
            self._held += event.data
            while len(self._held) > transfers.MAX_FRAME_BYTES:
                await self._grow(transfers.MAX_FRAME_BYTES)
        else:
            await self._end()

    async def close(self) -> None:
        """Take what is still held in a group."""
        if self._group:
            group, self._group = self._group, []
            size, self._grouped = self._grouped, 0
            await self._work(partial(transfers.take_files, *self._mine, group))
            await self._place.let_go(size)

    async def _grow(self, size: int) -> None:
        if self._number is None:
            await self.close()
            # So much may still be of this file, whatever else is behind it.
            room = self._left + len(self._held)
            self._number = await self._places.work(
                partial(transfers.begin_growing, *self._mine, self._name or "file", room)
            )
        block = bytes(self._held[:size])
        del self._held[:size]
        await self._work(partial(transfers.grow, *self._mine, self._number, self._offset, block))
        self._offset += len(block)
        await self._place.let_go(len(block))

    async def _end(self) -> None:
        # A field for files in which none was chosen comes as one without name and bytes.
        if self._number is None and not self._held and not self._name:
            return
        self.files += 1
        if self._number is not None:
            if self._held:
                await self._grow(len(self._held))
            await self._work(partial(transfers.end_growing, *self._mine, self._number, self._offset))
            return
        self._group.append(FormFile(self._name or f"file {self.files}", bytes(self._held)))
        self._grouped += len(self._held)
        self._held.clear()
        if self._grouped >= transfers.GROUP_BYTES or len(self._group) >= MOST_TOGETHER:
            await self.close()

    async def _work(self, task: Callable[[], None]) -> None:
        await self._places.work(task)


def length_of(request: Request) -> int:
    """Return how long the body will be; raises ``form.length`` where nobody says."""
    said = request.headers.get("content-length", "")
    if not (said.isascii() and said.isdigit() and len(said) < 16):
        raise ImportalError(FORM_LENGTH)
    return int(said)


async def receive(
    request: Request, site: Site, sender: SenderSession, submission_id: str, places: Intake
) -> int:
    """Take the files of a form; return how many there were. What arrived whole before a break is kept.

    Raises:
        ImportalError: ``form.broken``, ``form.length``, ``forbidden.origin``, ``limit.bytes``, ``pack.slow``
            and what taking files raises.
    """
    length = length_of(request)
    reader = FormReader(request.headers.get("content-type", ""))
    is_ours = False
    async with places.place(sender.invitation_id) as place:
        receiver = Receiver(site, sender, submission_id, places, place, length)
        try:
            async for chunk in transfers.chunks(request):
                for event in reader.feed(chunk):
                    if isinstance(event, FieldPart):
                        if event.name == door.FORGERY_FIELD:
                            door.require_token(site, request, event.value)
                            is_ours = True
                    else:
                        if not is_ours:
                            door.require_token(site, request, "")
                        await receiver.take(event)
            reader.close()
        finally:
            await receiver.close()
    return receiver.files
