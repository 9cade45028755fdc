"""What can go wrong in the vault."""

from importal.errors import TABLE

PSEUDONYM_COLLISION = TABLE.declare(
    "dicom.pseudonym_collision",
    409,
    "Two different identifiers would have been given the same replacement. This image was set aside.",
)
ORIGINAL_DAMAGED = TABLE.declare(
    "vault.original_damaged", 500, "The image as it was received could not be restored exactly."
)
