"""Transfers: the bytes of a submission on their way, from announcement to receipt.

For senders of any kind: packs of frames, idempotent, confirmed only when durable. Every Instance is freed of
foreign identifiers before it is written; whatever else comes is kept sealed.
"""

import re

from importal.transfers.announcement import open_name
from importal.transfers.arrival import profile
from importal.transfers.deidentified import is_sealed
from importal.transfers.finishing import Receipt, receipt
from importal.transfers.holding import note_unsealed, read_object, unseal
from importal.transfers.listing import (
    ArrivedFile,
    Mended,
    RefusedName,
    arrived,
    delete_objects,
    forget_files,
    has_files,
    mended,
    read_content,
    refused,
    storage_keys,
)
from importal.transfers.routes import router
from importal.transfers.tables import TransferFile, TransferFrame
from importal.transfers.tus import router as tus_router

# Routes that count the bytes of their bodies themselves.
STREAMED = re.compile(r"^/api/submissions/[^/]+/(packs|uploads(/[0-9]*)?)$")

__all__ = [
    "STREAMED",
    "ArrivedFile",
    "Mended",
    "Receipt",
    "RefusedName",
    "TransferFile",
    "TransferFrame",
    "arrived",
    "delete_objects",
    "forget_files",
    "has_files",
    "is_sealed",
    "mended",
    "note_unsealed",
    "open_name",
    "profile",
    "read_content",
    "read_object",
    "receipt",
    "refused",
    "router",
    "storage_keys",
    "tus_router",
    "unseal",
]
