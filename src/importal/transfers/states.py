"""The states of a file on its way, and the only place that assigns one."""

from enum import StrEnum

from importal.transfers.tables import TransferFile


class FileState(StrEnum):
    """Where a file stands; the last four are final."""

    ANNOUNCED = "announced"
    PARTIAL = "partial"
    STORED = "stored"
    DUPLICATE = "duplicate"
    KEPT = "kept"
    REFUSED = "refused"


FINAL = frozenset({FileState.STORED, FileState.DUPLICATE, FileState.KEPT, FileState.REFUSED})
TRANSITIONS: dict[FileState, frozenset[FileState]] = {
    FileState.ANNOUNCED: FINAL | {FileState.PARTIAL},
    FileState.PARTIAL: FINAL | {FileState.PARTIAL},
}


def move_to(file: TransferFile, state: FileState) -> None:
    """Change the state of a file; a final state never changes again."""
    if state not in TRANSITIONS.get(FileState(file.state), frozenset()):
        raise AssertionError(f"{file.state} does not become {state}")
    file.state = state.value


def is_final(file: TransferFile) -> bool:
    """Whether the server owes nothing more to this file and its sender nothing more to the server."""
    return FileState(file.state) in FINAL
