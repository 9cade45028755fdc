"""The DICOM engine: foreign identifiers out, local identifiers in, exact to the byte.

Pure functions on bytes: no files, no clock, no settings. `neutralise` on arrival, `localise` on delivery,
`restore` for the bytes as received; `deidentify` where nobody may be known; `explain` for what would change
and why; `read_display` and `read_contents` for what stands in an object (PS3.3, PS3.5, PS3.10, PS3.15). An
object is given whole, as bytes or memoryview, or as a stream of chunks; lengths are in bytes. Whatever the
input, nothing but `Refused` and `RestoreError` is raised.
"""

from importal.dicom.burned_in import HoldReason
from importal.dicom.confidentiality import USUAL_OPTIONS, DeidentificationOption
from importal.dicom.content_kinds import ContentKind, content_kind
from importal.dicom.deidentification import (
    DeidentificationProfile,
    Deidentified,
    deidentify,
    replaced_uid,
)
from importal.dicom.display import read_display
from importal.dicom.explanation import Change, Explained, Explanation, Reason, explain
from importal.dicom.localisation import localise
from importal.dicom.media_directory import (
    MediaDirectory,
    ReferencedFile,
    is_media_directory,
    read_media_directory,
)
from importal.dicom.neutralisation import neutralise
from importal.dicom.pseudonyms import Pseudonyms, blind_index
from importal.dicom.quiet_parser import silence_pydicom
from importal.dicom.reading import Contents, Element, read_contents
from importal.dicom.recognition import looks_like_dicom
from importal.dicom.records import (
    DisplayAttributes,
    IdentifierKind,
    InstanceFacts,
    Localisation,
    Localised,
    Neutralised,
    NeutralisedStream,
    Profile,
    Replacement,
)
from importal.dicom.refusal import RefusalReason, Refused, Repair, RestoreError
from importal.dicom.reverse_patch import restore
from importal.dicom.streaming import neutralise_stream

silence_pydicom()

__all__ = [
    "USUAL_OPTIONS",
    "Change",
    "ContentKind",
    "Contents",
    "DeidentificationOption",
    "DeidentificationProfile",
    "Deidentified",
    "DisplayAttributes",
    "Element",
    "Explained",
    "Explanation",
    "HoldReason",
    "IdentifierKind",
    "InstanceFacts",
    "Localisation",
    "Localised",
    "MediaDirectory",
    "Neutralised",
    "NeutralisedStream",
    "Profile",
    "Pseudonyms",
    "Reason",
    "ReferencedFile",
    "RefusalReason",
    "Refused",
    "Repair",
    "Replacement",
    "RestoreError",
    "blind_index",
    "content_kind",
    "deidentify",
    "explain",
    "is_media_directory",
    "localise",
    "looks_like_dicom",
    "neutralise",
    "neutralise_stream",
    "read_contents",
    "read_display",
    "read_media_directory",
    "replaced_uid",
    "restore",
]
