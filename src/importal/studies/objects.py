"""Reading stored objects without loading them whole where the store is a disk."""

import mmap

from importal import transfers
from importal.site import Site
from importal.storage import Storage
from importal.studies.tables import Instance


def content_of(site: Site, instance: Instance) -> memoryview:
    """Return the object of an instance, opened if it still lies sealed.

    Raises:
        KeyError: it is missing, or its seal is broken.
    """
    if transfers.is_sealed(instance.storage_key):
        return memoryview(transfers.read_object(site, instance.storage_key))
    return view(site.storage, instance.storage_key)


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
