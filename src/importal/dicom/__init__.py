"""The DICOM engine: foreign identifiers out, local identifiers in, exact to the byte.

Pure functions on bytes: no files, no clock, no settings. `neutralise` on arrival, `localise` on delivery,
`restore` for the bytes as received; `read_display` for what people see (PS3.3, PS3.5, PS3.10, PS3.15).
"""

from importal.dicom.display import read_display
from importal.dicom.localisation import localise
from importal.dicom.neutralisation import neutralise
from importal.dicom.pseudonyms import Pseudonyms, blind_index
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

__all__ = [
    "DisplayAttributes",
    "IdentifierKind",
    "InstanceFacts",
    "Localisation",
    "Localised",
    "Neutralised",
    "NeutralisedStream",
    "Profile",
    "Pseudonyms",
    "RefusalReason",
    "Refused",
    "Repair",
    "Replacement",
    "RestoreError",
    "blind_index",
    "localise",
    "looks_like_dicom",
    "neutralise",
    "neutralise_stream",
    "read_display",
    "restore",
]
