"""The port to an archive that receives localised instances and proves that it holds them.

A Destination is what delivery speaks to: C-STORE (PS3.4 Annex B), C-FIND to see what is there (PS3.4 Annex C)
and Storage Commitment (PS3.4 Annex J). Adapters: `dimse` (network) and `memory` (obeys the same contract).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

StoreKind = Literal["stored", "warning", "refused", "unreachable"]

NO_STATUS = -1
"""The status of an outcome for which the peer gave none (PS3.7 statuses are 0 to 0xFFFF)."""


class Unreachable(Exception):
    """The archive cannot be reached: nothing was said about any instance. `code` names why, never a value."""

    def __init__(self, code: str = "destination.unreachable") -> None:
        super().__init__(code)
        self.code = code


class Declined(Exception):
    """The archive was reached and declined the request. `status` is its PS3.7 status, or NO_STATUS."""

    def __init__(self, code: str, status: int = NO_STATUS) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class OutgoingInstance:
    """One localised instance on its way out.

    `read` makes the whole file (preamble, file meta, data set) when its turn has come, possibly in another
    thread than the caller's; so a batch never lies in memory as a whole.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    read: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """What became of one instance.

    `stored` and `warning` mean that the archive has it; `refused` that it said no (or that it cannot be sent
    as it is); `unreachable` that nobody knows. `comment_code` is one of our codes, never the peer's text.
    """

    sop_instance_uid: str
    status: int
    kind: StoreKind
    comment_code: str = ""


@dataclass(frozen=True, slots=True)
class CommitmentFailure:
    """An instance the archive does not answer for; `reason` as in PS3.3 C.14.1.1 (0x0112: unknown)."""

    sop_instance_uid: str
    reason: int


@dataclass(frozen=True, slots=True)
class CommitmentReport:
    """The archive's answer to a Storage Commitment request (PS3.4 J.3.3)."""

    transaction_uid: str
    committed: tuple[str, ...]
    failed: tuple[CommitmentFailure, ...]


class Destination(Protocol):
    """An archive. Every method may raise Unreachable; the queries also Declined."""

    @property
    def name(self) -> str:
        """Return the name the operator gave it."""
        ...

    def echo(self) -> bool:
        """Return whether the archive answers a C-ECHO. Never raises."""
        ...

    def store(
        self, instances: Iterable[OutgoingInstance], on_outcome: Callable[[StoreOutcome], None]
    ) -> None:
        """Send a batch; call `on_outcome` exactly once per instance, in the caller's thread, as they come.

        Raises:
            Unreachable: no association at all was possible; then `on_outcome` was never called.
        """
        ...

    def count_present(self, study_instance_uid: str, sop_instance_uids: Collection[str]) -> set[str]:
        """Return those of `sop_instance_uids` that the archive lists in this study."""
        ...

    def request_commitment(self, transaction_uid: str, instances: Sequence[tuple[str, str]]) -> None:
        """Ask the archive to answer for `(SOP Class UID, SOP Instance UID)` pairs; the answer comes later.

        Raises:
            Declined: the archive does not do Storage Commitment, or refused this request.
        """
        ...

    def patient_of_study(self, study_instance_uid: str) -> str | None:
        """Return the Patient ID under which the archive holds this study, or None when it does not."""
        ...


__all__ = [
    "NO_STATUS",
    "CommitmentFailure",
    "CommitmentReport",
    "Declined",
    "Destination",
    "OutgoingInstance",
    "StoreKind",
    "StoreOutcome",
    "Unreachable",
]
