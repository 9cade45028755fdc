"""A sender in Python: the same protocol as the browser's, for scripts, practices and other machines.

Knows the portal by HTTP only. Nothing is unpacked to the disk and nothing of the files is changed.
"""

from importal.client.api import Api, ApiError, Expected, Institution, Opened, Receipt
from importal.client.gathering import Gathered, LeftOut, gather
from importal.client.packs import encode_pack
from importal.client.selection import Person, Selected, Selection, select
from importal.client.sources import SourceFile, SourceUnreadable
from importal.client.transfer import Progress, Transfer, TransferFailed, Wanted

__all__ = [
    "Api",
    "ApiError",
    "Expected",
    "Gathered",
    "Institution",
    "LeftOut",
    "Opened",
    "Person",
    "Progress",
    "Receipt",
    "Selected",
    "Selection",
    "SourceFile",
    "SourceUnreadable",
    "Transfer",
    "TransferFailed",
    "Wanted",
    "encode_pack",
    "gather",
    "select",
]
