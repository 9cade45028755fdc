"""Receiving Storage Commitment reports: an SCP for N-EVENT-REPORT (PS3.4 section J.3.3).

Most archives answer a commitment request later, on an association that they open to us; others on the
association of the request. Both end in `answer_report`. A report that could not be taken down is answered
with a failure, so that the archive keeps it and tries again.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

from importal.delivery.destinations import CommitmentFailure, CommitmentReport
from importal.dimse import application_entity, without_delay

COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST_ACTION = 1
_EVENT_TYPES = frozenset({1, 2})
_SUCCESS, _PROCESSING_FAILURE, _NO_SUCH_EVENT, _INVALID_ARGUMENT = 0x0000, 0x0110, 0x0113, 0x0115


def answer_report(event: Any, on_report: Callable[[CommitmentReport], None]) -> int:
    """Hand a received N-EVENT-REPORT on and return the status to answer with."""
    if event.event_type not in _EVENT_TYPES:
        return _NO_SUCH_EVENT
    try:
        report = report_of(event.event_information)
    except (AttributeError, KeyError, TypeError, ValueError):
        return _INVALID_ARGUMENT
    try:
        on_report(report)
    except Exception:  # noqa: BLE001 -- whatever prevented taking it down, the archive shall send it again
        return _PROCESSING_FAILURE
    return _SUCCESS


def report_of(information: Dataset) -> CommitmentReport:
    """Read the Event Information (PS3.4 Table J.3-2)."""
    committed = tuple(
        str(item.ReferencedSOPInstanceUID) for item in _items(information, "ReferencedSOPSequence")
    )
    failed = tuple(
        CommitmentFailure(
            str(item.ReferencedSOPInstanceUID), int(item.get("FailureReason") or _PROCESSING_FAILURE)
        )
        for item in _items(information, "FailedSOPSequence")
    )
    return CommitmentReport(str(information.TransactionUID), committed, failed)


def _items(information: Dataset, keyword: str) -> Iterable[Dataset]:
    return information.get(keyword) or ()


class CommitmentListener:
    """Listens for reports under our AE title. `on_report` is called in a thread of its own association.

    `port` 0 takes a free one; `host` "" means all interfaces. Also answers C-ECHO, so that an archive's
    administrator can test the way back.
    """

    def __init__(
        self, ae_title: str, port: int, on_report: Callable[[CommitmentReport], None], *, host: str = ""
    ) -> None:
        self._ae_title = ae_title
        self._address = (host, port)
        self._on_report = on_report
        self._server: Any = None

    @property
    def port(self) -> int:
        """Return the port it listens on, once started."""
        return int(self._server.socket.getsockname()[1])

    def start(self) -> None:
        """Begin to listen; returns at once. Raises OSError when the port is taken."""
        entity = application_entity(self._ae_title, 30.0)
        entity.add_supported_context(Verification)
        # The archive is SCP of the service, though it opens the association (PS3.4 J.3.3: role selection).
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
        handlers = [
            (evt.EVT_CONN_OPEN, without_delay),
            (evt.EVT_C_ECHO, lambda _event: _SUCCESS),
            (evt.EVT_N_EVENT_REPORT, lambda event: (answer_report(event, self._on_report), None)),
        ]
        self._server = entity.start_server(self._address, block=False, evt_handlers=handlers)

    def stop(self) -> None:
        """Stop listening and end open associations."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None
