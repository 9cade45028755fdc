"""Transfers: the bytes of a submission on their way, from announcement to receipt.

For senders of any kind: packs of frames, idempotent, confirmed only when durable. Every Instance is freed of
foreign identifiers before it is written; whatever else comes is kept sealed.
"""

import re

from importal.transfers.announcement import forget_names_of, open_name
from importal.transfers.arrival import profile
from importal.transfers.deidentified import is_sealed
from importal.transfers.errors import LIMIT_BYTES
from importal.transfers.finishing import Receipt, receipt
from importal.transfers.form_files import (
    FormFile,
    assign,
    begin_growing,
    end_growing,
    grow,
    hand_over,
    leave_out,
    settle_waiting,
    take_files,
    unsettled,
)
from importal.transfers.holding import note_unsealed, read_object, unseal
from importal.transfers.intake import GROUP_BYTES, Intake, Place, chunks, intake_of
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
from importal.transfers.packs import MAX_FRAME_BYTES
from importal.transfers.routes import router
from importal.transfers.tables import TransferFile, TransferFrame
from importal.transfers.tus import router as tus_router

# Routes that count the bytes of their bodies themselves.
STREAMED = re.compile(r"^/api/submissions/[^/]+/(packs|uploads(/[0-9]*)?)$")

__all__ = [
    "GROUP_BYTES",
    "LIMIT_BYTES",
    "MAX_FRAME_BYTES",
    "STREAMED",
    "ArrivedFile",
    "FormFile",
    "Intake",
    "Mended",
    "Place",
    "Receipt",
    "RefusedName",
    "TransferFile",
    "TransferFrame",
    "arrived",
    "assign",
    "begin_growing",
    "chunks",
    "delete_objects",
    "end_growing",
    "forget_files",
    "forget_names_of",
    "grow",
    "hand_over",
    "has_files",
    "intake_of",
    "is_sealed",
    "leave_out",
    "mended",
    "note_unsealed",
    "open_name",
    "profile",
    "read_content",
    "read_object",
    "receipt",
    "refused",
    "router",
    "settle_waiting",
    "storage_keys",
    "take_files",
    "tus_router",
    "unseal",
    "unsettled",
]
