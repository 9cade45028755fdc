"""The states of a file on its way, and the only place that assigns one."""

from enum import StrEnum

from importal.transfers.tables import TransferFile


class FileState(StrEnum):
    """Where a file stands. Nothing more is to come of one behind ``UNPACKING``."""

    ANNOUNCED = "announced"
    PARTIAL = "partial"
    # An archive whose bytes are here, and whose entries become files of the submission in its place.
    UNPACKING = "unpacking"
    STORED = "stored"
    DUPLICATE = "duplicate"
    KEPT = "kept"
    REFUSED = "refused"
    UNPACKED = "unpacked"
    # Taken back by its sender before the end; the row stays so that its number is never given again.
    REMOVED = "removed"


SETTLED = frozenset({FileState.STORED, FileState.DUPLICATE, FileState.KEPT, FileState.REFUSED})
FINAL = SETTLED | {FileState.UNPACKED, FileState.REMOVED}
# Of these nothing stands in the receipt: their entries do, or nothing is there any more.
NOT_COUNTED = frozenset({FileState.UNPACKING, FileState.UNPACKED, FileState.REMOVED})
_REMOVED = frozenset({FileState.REMOVED})
TRANSITIONS: dict[FileState, frozenset[FileState]] = {
    FileState.ANNOUNCED: SETTLED | _REMOVED | {FileState.PARTIAL},
    FileState.PARTIAL: SETTLED | _REMOVED | {FileState.PARTIAL, FileState.UNPACKING},
    FileState.UNPACKING: _REMOVED | {FileState.UNPACKED},
    **dict.fromkeys(SETTLED | {FileState.UNPACKED}, _REMOVED),
}


def move_to(file: TransferFile, state: FileState) -> None:
    """Change the state of a file; what is final only changes when the sender takes the file back."""
    if state not in TRANSITIONS.get(FileState(file.state), frozenset()):
        raise AssertionError(f"{file.state} does not become {state}")
    file.state = state.value


def is_final(file: TransferFile) -> bool:
    """Whether the server owes nothing more to this file and its sender nothing more to the server."""
    return FileState(file.state) in FINAL
