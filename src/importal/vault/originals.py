"""Keeping reverse patches sealed, and restoring the bytes as received, checked by SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from importal import audit, dicom
from importal.errors import NOT_FOUND, ImportalError
from importal.sealing import SealBroken
from importal.site import Site
from importal.vault.errors import ORIGINAL_DAMAGED
from importal.vault.tables import VaultPatch

SEALER = "vault-patches"
# A patch of an ordinary object has some hundred bytes; what is larger does not belong into a row.
PATCH_IN_ROW_BYTES = 64 * 1024


@dataclass(frozen=True)
class KeptPatch:
    """A sealed patch on its way: in a row, or as an object to be written under this key beforehand."""

    owner_id: str
    group_id: str
    sealed: bytes = field(repr=False)
    storage_key: str | None


def seal_patch(site: Site, group_id: str, owner_id: str, storage_key: str, patch: bytes) -> KeptPatch:
    """Seal a patch for the object ``storage_key`` that it belongs to."""
    sealed = site.keys.sealer(SEALER).seal(patch, owner_id)
    key = f"{storage_key}.patch" if len(sealed) > PATCH_IN_ROW_BYTES else None
    return KeptPatch(owner_id, group_id, sealed, key)


def keep_patches(session: Session, site: Site, patches: Sequence[KeptPatch]) -> None:
    """Keep patches, in the caller's transaction; large ones are on the disk already."""
    if not patches:
        return
    now = site.clock()
    session.connection().execute(
        insert(VaultPatch),
        [
            {
                "owner_id": patch.owner_id,
                "group_id": patch.group_id,
                "sealed": patch.sealed if patch.storage_key is None else None,
                "storage_key": patch.storage_key,
                "kept_at": now,
            }
            for patch in patches
        ],
    )


def restore_original(
    session: Session, site: Site, owner_id: str, storage_key: str, actor: audit.Actor
) -> bytes:
    """Return the bytes of an object as they were received; the look is audited.

    Raises:
        ImportalError: ``not_found`` without a patch; ``vault.original_damaged`` when the result is not exact.
    """
    row = session.get(VaultPatch, owner_id)
    if row is None:
        raise ImportalError(NOT_FOUND)
    subject = audit.Subject("file", owner_id)
    audit.record(session, site.clock(), actor, "vault.original_read", subject)
    try:
        sealed = row.sealed if row.sealed is not None else site.storage.read(row.storage_key or "")
        patch = site.keys.sealer(SEALER).open(sealed, owner_id)
        return dicom.restore(site.storage.read(storage_key), patch)
    except (KeyError, SealBroken, dicom.RestoreError) as error:
        raise ImportalError(ORIGINAL_DAMAGED) from error


def forget_patch(session: Session, owner_id: str) -> str | None:
    """Delete the patch of one object; return its key if it lies in the storage."""
    row = session.get(VaultPatch, owner_id)
    if row is None:
        return None
    session.delete(row)
    return row.storage_key


def forget_patches(session: Session, group_id: str) -> list[str]:
    """Delete the patches of a group; return the keys of those that lie in the storage."""
    of_group = VaultPatch.group_id == group_id
    keys = session.scalars(
        select(VaultPatch.storage_key).where(of_group, VaultPatch.storage_key.is_not(None))
    ).all()
    session.execute(delete(VaultPatch).where(of_group))
    return [key for key in keys if key is not None]
