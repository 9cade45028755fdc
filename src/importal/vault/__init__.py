"""The vault: what the hospital of origin called things, sealed, beside the pseudonyms that stand for it.

Every look into it by a person is written to the audit trail. Originals come back to the byte by reverse
patches (PS3.15 E.1.1 asks that a mapping be protected as the identities themselves).
"""

from importal.vault.errors import PSEUDONYM_COLLISION
from importal.vault.file_names import without_originals
from importal.vault.identifiers import OriginalIdentifier, collisions, find, original_identifiers, remember
from importal.vault.originals import (
    PATCH_IN_ROW_BYTES,
    KeptPatch,
    forget_patch,
    forget_patches,
    keep_patches,
    restore_original,
    seal_patch,
)
from importal.vault.tables import VaultPatch, VaultPseudonym

__all__ = [
    "PATCH_IN_ROW_BYTES",
    "PSEUDONYM_COLLISION",
    "KeptPatch",
    "OriginalIdentifier",
    "VaultPatch",
    "VaultPseudonym",
    "collisions",
    "find",
    "forget_patch",
    "forget_patches",
    "keep_patches",
    "original_identifiers",
    "remember",
    "restore_original",
    "seal_patch",
    "without_originals",
]
