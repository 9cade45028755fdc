"""Reading stored objects without loading them whole where the store is a disk."""

import mmap

from importal.storage import Storage


def view(storage: Storage, key: str) -> memoryview:
    """Return the bytes of an object, mapped from the disk if possible.

    Raises:
        KeyError: there is no such object.
    """
    path = storage.path(key)
    if path is None:
        return memoryview(storage.read(key))
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return memoryview(b"")
            # The mapping lives as long as the view; the file itself may be closed.
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError as error:
        raise KeyError(key) from error
