"""Objects that lie sealed until a person has looked: opening one for the look, and letting it go.

Letting go writes the object in clear first; a crash before the row says so leaves one that nothing points
to, and the repetition writes the same again.
"""

from sqlalchemy.orm import Session

from importal.errors import INTERNAL, ImportalError
from importal.sealing import SealBroken
from importal.site import Site
from importal.transfers.arrival import open_sealed
from importal.transfers.deidentified import SEALED, is_sealed
from importal.transfers.tables import TransferFile
from importal.transfers.writing import write


def read_object(site: Site, storage_key: str) -> bytes:
    """Return an object, opened if it is sealed; raises KeyError where it is missing or damaged."""
    if not is_sealed(storage_key):
        return site.storage.read(storage_key)
    try:
        return open_sealed(site, storage_key)
    except SealBroken as error:
        raise KeyError(storage_key) from error


def unseal(site: Site, storage_key: str) -> str:
    """Write a sealed object in clear; return its new key.

    Raises:
        ImportalError: ``storage.full``, or ``internal`` where it cannot be read.
    """
    if not is_sealed(storage_key):
        return storage_key
    try:
        content = read_object(site, storage_key)
    except KeyError as error:
        raise ImportalError(INTERNAL) from error
    key = storage_key.removesuffix(SEALED)
    write(site, [(key, [content])])
    return key


def note_unsealed(session: Session, file_id: str, storage_key: str) -> None:
    """Record, in the caller's transaction, where the object of a file lies now."""
    session.get_one(TransferFile, file_id).storage_key = storage_key
