"""An archive over the DICOM network: C-ECHO, C-STORE, C-FIND and Storage Commitment (PS3.4 A, B, C, J)."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.dimse_messages import N_EVENT_REPORT_RSP
from pynetdicom.sop_class import (
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from importal.delivery.destinations import (
    CommitmentReport,
    Declined,
    OutgoingInstance,
    StoreOutcome,
    Unreachable,
)
from importal.delivery.destinations.batch import send_batch
from importal.delivery.destinations.commitment import COMMITMENT_INSTANCE, REQUEST_ACTION, answer_report
from importal.dimse import Extras, NoAssociation, Peer, Proposal, association_with

_UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_FIND = str(StudyRootQueryRetrieveInformationModelFind)
_PENDING = frozenset({0xFF00, 0xFF01})
_LAST_WORD_SECONDS = 0.1
"""For the answer to a report to leave before we release."""
_NO_CONTEXT = "association.no_context"


@dataclass(frozen=True, slots=True)
class DimseConfig:
    """How to reach an archive.

    `commitment_linger_seconds`: how long the association of a commitment request stays open for archives that
    report on the same one; it ends at once when the report has come.
    """

    name: str
    called_ae_title: str
    host: str
    port: int
    calling_ae_title: str
    associations: int = 2
    timeout_seconds: float = 30.0
    commitment_linger_seconds: float = 1.0


class DimseDestination:
    """A Destination. `on_report` gets commitment reports that come on the association of their request."""

    def __init__(
        self, config: DimseConfig, on_report: Callable[[CommitmentReport], None] | None = None
    ) -> None:
        self._config = config
        self._on_report = on_report
        self._peer = Peer(
            config.called_ae_title, config.host, config.port, config.calling_ae_title, config.timeout_seconds
        )

    @property
    def name(self) -> str:
        return self._config.name

    def echo(self) -> bool:
        try:
            with association_with(self._peer, [Proposal(Verification, _UNCOMPRESSED)]) as association:
                return bool(association.send_c_echo().get("Status", -1) == 0x0000)
        except (NoAssociation, RuntimeError, ValueError):
            return False

    def store(
        self, instances: Iterable[OutgoingInstance], on_outcome: Callable[[StoreOutcome], None]
    ) -> None:
        send_batch(self._peer, self._config.associations, instances, on_outcome)

    def count_present(self, study_instance_uid: str, sop_instance_uids: Collection[str]) -> set[str]:
        wanted = set(sop_instance_uids)
        present: set[str] = set()
        with _associated(self._peer, Proposal(_FIND, _UNCOMPRESSED)) as association:
            for series in _find(association, "SERIES", study_instance_uid, SeriesInstanceUID=""):
                uid = str(series.get("SeriesInstanceUID", ""))
                keys = {"SeriesInstanceUID": uid, "SOPInstanceUID": ""}
                for image in _find(association, "IMAGE", study_instance_uid, **keys):
                    present.add(str(image.get("SOPInstanceUID", "")))
        return present & wanted

    def patient_of_study(self, study_instance_uid: str) -> str | None:
        with _associated(self._peer, Proposal(_FIND, _UNCOMPRESSED)) as association:
            keys = {"PatientID": "", "NumberOfStudyRelatedInstances": ""}
            for study in list(_find(association, "STUDY", study_instance_uid, **keys)):
                if str(study.get("StudyInstanceUID", "")) == study_instance_uid:
                    return str(study.get("PatientID", "") or "")
        return None

    def request_commitment(self, transaction_uid: str, instances: Sequence[tuple[str, str]]) -> None:
        request = Dataset()
        request.TransactionUID = transaction_uid
        request.ReferencedSOPSequence = [_reference(*pair) for pair in instances]
        answered = threading.Event()

        def on_event(event: Any) -> tuple[int, None]:
            if self._on_report is None:
                return 0x0110, None
            return answer_report(event, self._on_report), None

        def on_sent(event: Any) -> None:
            if isinstance(event.message, N_EVENT_REPORT_RSP):
                answered.set()

        extras = Extras(handlers=[(evt.EVT_N_EVENT_REPORT, on_event), (evt.EVT_DIMSE_SENT, on_sent)])
        with _associated(
            self._peer, Proposal(StorageCommitmentPushModel, _UNCOMPRESSED), extras
        ) as association:
            status, _ = association.send_n_action(
                request, REQUEST_ACTION, StorageCommitmentPushModel, COMMITMENT_INSTANCE
            )
            code = status.get("Status")
            if code is None:
                raise Unreachable("destination.no_answer")
            if code != 0x0000:
                raise Declined("destination.commitment_refused", int(code))
            if self._on_report is not None and answered.wait(self._config.commitment_linger_seconds):
                time.sleep(_LAST_WORD_SECONDS)


@contextlib.contextmanager
def _associated(peer: Peer, proposal: Proposal, extras: Extras | None = None) -> Iterator[Any]:
    """Open an association, with our errors instead of the network's."""
    try:
        with association_with(peer, [proposal], extras) as association:
            yield association
    except NoAssociation as error:
        if error.code == _NO_CONTEXT:
            raise Declined("destination.context_refused") from error
        raise Unreachable(error.code) from error


def _find(association: Any, level: str, study_instance_uid: str, **keys: str) -> Iterator[Dataset]:
    """Ask on one level; yield the answers once the final status was success (PS3.4 C.4.1)."""
    query = Dataset()
    query.QueryRetrieveLevel = level
    query.StudyInstanceUID = study_instance_uid
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    if not association.is_established:
        raise Unreachable("destination.connection_lost")
    answers = []
    for status, identifier in association.send_c_find(query, _FIND):
        code = status.get("Status")
        if code is None:
            raise Unreachable("destination.connection_lost")
        if code in _PENDING:
            if identifier is None:
                raise Declined("destination.answer_unreadable", int(code))
            answers.append(identifier)
        elif code != 0x0000:
            raise Declined("destination.query_refused", int(code))
    yield from answers


def _reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item
