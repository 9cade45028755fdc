"""Arrival of what may name nobody: objects go through `dicom.deidentify`, and no original is kept.

What has to be looked at by a person lies sealed until it is released. A file that is set aside is counted
and named by its code, but its bytes are not kept: they are nobody's to look at.
"""

from importal import dicom, invitations
from importal.invitations import SenderSession
from importal.site import Site

# A whole object is held while it is rewritten, and another time while it is written.
MOST_BYTES = 512 * 1024 * 1024
SEALED = ".sealed"


def deidentify(site: Site, sender: SenderSession, original: bytes, sha256: str) -> dicom.Deidentified:
    """Return the object that names nobody; raises Refused."""
    assert sender.deidentification is not None
    profile = invitations.deidentification_profile(site, sender.deidentification)
    return dicom.deidentify(original, profile, original_sha256=bytes.fromhex(sha256))


def as_neutralised(made: dicom.Deidentified) -> dicom.Neutralised:
    """Return it as the road knows its objects: nothing was replaced that could be looked up again."""
    return dicom.Neutralised(
        chunks=made.chunks,
        length=made.length,
        reverse_patch=b"",
        facts=made.facts,
        replacements=(),
        bulk_offset=made.bulk_offset,
        bulk_sha256=made.bulk_sha256,
        repairs=made.repairs,
    )


def is_sealed(storage_key: str) -> bool:
    """Whether what lies under this key is sealed."""
    return storage_key.endswith(SEALED)
