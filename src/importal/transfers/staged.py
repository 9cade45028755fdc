"""A file whose parts all lie in the staging area, read here and there as if it were one."""

import io
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import IO

from importal.client.sources import ArchiveTooLarge
from importal.errors import INTERNAL, ImportalError
from importal.site import Site
from importal.transfers.arrival import SEALER
from importal.transfers.assembly import open_part
from importal.transfers.tables import TransferFrame

# So many opened parts are held: whoever reads an archive goes back and forth between its end and a place.
HELD_PARTS = 3
# The table of contents of an archive with some hundred thousand files; a larger one is no honest archive.
MOST_AT_ONCE = 16 * 1024 * 1024


class StagedFile:
    """The bytes of an upload before it is settled; they are opened part by part and never lie in clear."""

    def __init__(self, site: Site, path: str, size: int, frames: Sequence[TransferFrame]) -> None:
        self._site = site
        self._sealer = site.keys.sealer(SEALER)
        self._frames = frames
        self._starts = [frame.offset for frame in frames]
        self._held: OrderedDict[int, bytes] = OrderedDict()
        self.path = path
        self.size = size

    def read(self, start: int, end: int) -> bytes:
        """Return exactly these bytes."""
        pieces = []
        while start < end:
            piece = self._piece(start, end)
            pieces.append(piece)
            start += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def stream(self) -> IO[bytes]:
        """Return a stream of its bytes; it refuses to read more at once than an honest archive needs."""
        return _Stream(self)

    def _piece(self, start: int, end: int) -> bytes:
        """Return some bytes from ``start`` on; parts may overlap."""
        for index in range(bisect_right(self._starts, start) - 1, -1, -1):
            frame = self._frames[index]
            if start < frame.offset + frame.length:
                data = self._part(index)
                return data[start - frame.offset : end - frame.offset]
        raise ImportalError(INTERNAL)

    def _part(self, index: int) -> bytes:
        if index in self._held:
            self._held.move_to_end(index)
            return self._held[index]
        try:
            data = open_part(self._site, self._sealer, self._frames[index])
        except OSError as error:
            # Our fault, and it may pass: nothing is said about the archive.
            raise ImportalError(INTERNAL) from error
        self._held[index] = data
        if len(self._held) > HELD_PARTS:
            self._held.popitem(last=False)
        return data


class _Stream(io.BytesIO):
    """A stream over a staged file. Of the base class only the type is used."""

    def __init__(self, file: StagedFile) -> None:
        super().__init__()
        self._file = file
        self._position = 0

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise ValueError(offset)
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._file.size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > MOST_AT_ONCE:
            raise ArchiveTooLarge
        data = self._file.read(self._position, self._position + wanted)
        self._position += len(data)
        return data
