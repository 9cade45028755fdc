"""The states of a file on its way, and the only place that assigns one."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import Session

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
# What may become settled, by the table above.
_IS_OPEN = or_(
    *(TransferFile.state == state.value for state, after in TRANSITIONS.items() if after >= SETTLED)
)


def move_to(file: TransferFile, state: FileState) -> None:
    """Change the state of a file; what is final only changes when the sender takes the file back."""
    if state not in TRANSITIONS.get(FileState(file.state), frozenset()):
        raise AssertionError(f"{file.state} does not become {state}")
    file.state = state.value


def settle(session: Session, rows: Sequence[Mapping[str, object]]) -> bool:
    """Move files to what they end in, with one statement for all.

    Each row names columns of a file, all rows the same ones: ``id``, ``state``, and what is known now.
    Returns False where one of them was final already; the caller then gives its transaction up.
    """
    if any(FileState(str(row["state"])) not in SETTLED for row in rows):
        raise AssertionError("settled for good, or not at all")
    columns = rows[0].keys() - {"id"}
    statement = (
        update(TransferFile)
        .where(TransferFile.id == bindparam("file_id"), _IS_OPEN)
        .values({name: bindparam(f"new_{name}") for name in columns})
    )
    values = [{"file_id": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in rows]
    return session.connection().execute(statement, values).rowcount == len(rows)


def is_final(file: TransferFile) -> bool:
    """Whether the server owes nothing more to this file and its sender nothing more to the server."""
    return FileState(file.state) in FINAL
