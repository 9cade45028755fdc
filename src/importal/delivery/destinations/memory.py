"""A Destination in memory that keeps the contract: for tests of delivery, without a network.

Failures are told to it beforehand: `down`, `refuse` (SOP Instance UID to status) and `lose_after`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import pydicom

from importal.delivery.destinations import (
    NO_STATUS,
    CommitmentFailure,
    CommitmentReport,
    OutgoingInstance,
    StoreOutcome,
    Unreachable,
)

_NO_SUCH_OBJECT = 0x0112


@dataclass(frozen=True, slots=True)
class _Held:
    content: bytes = field(repr=False)
    study_instance_uid: str
    patient_id: str


@dataclass
class MemoryDestination:
    """Holds what was stored; answers commitment through `on_report` before `request_commitment` returns."""

    name: str = "memory"
    on_report: Callable[[CommitmentReport], None] | None = None
    down: bool = False
    refuse: dict[str, int] = field(default_factory=dict)
    lose_after: int | None = None
    held: dict[str, _Held] = field(default_factory=dict, repr=False)

    def echo(self) -> bool:
        return not self.down

    def store(
        self, instances: Iterable[OutgoingInstance], on_outcome: Callable[[StoreOutcome], None]
    ) -> None:
        self._answer()
        for number, instance in enumerate(instances):
            on_outcome(self._store_one(number, instance))

    def _store_one(self, number: int, instance: OutgoingInstance) -> StoreOutcome:
        uid = instance.sop_instance_uid
        if self.lose_after is not None and number >= self.lose_after:
            return StoreOutcome(uid, NO_STATUS, "unreachable", "destination.connection_lost")
        if uid in self.refuse:
            return StoreOutcome(uid, self.refuse[uid], "refused", "destination.refused")
        content = instance.read()
        header = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
        self.held[uid] = _Held(content, str(header.StudyInstanceUID), str(header.get("PatientID", "")))
        return StoreOutcome(uid, 0x0000, "stored")

    def count_present(self, study_instance_uid: str, sop_instance_uids: Collection[str]) -> set[str]:
        self._answer()
        wanted = set(sop_instance_uids)
        return {
            uid
            for uid, held in self.held.items()
            if uid in wanted and held.study_instance_uid == study_instance_uid
        }

    def request_commitment(self, transaction_uid: str, instances: Sequence[tuple[str, str]]) -> None:
        self._answer()
        uids = [uid for _, uid in instances]
        report = CommitmentReport(
            transaction_uid,
            tuple(uid for uid in uids if uid in self.held),
            tuple(CommitmentFailure(uid, _NO_SUCH_OBJECT) for uid in uids if uid not in self.held),
        )
        if self.on_report is not None:
            self.on_report(report)

    def patient_of_study(self, study_instance_uid: str) -> str | None:
        self._answer()
        for held in self.held.values():
            if held.study_instance_uid == study_instance_uid:
                return held.patient_id
        return None

    def _answer(self) -> None:
        if self.down:
            raise Unreachable
