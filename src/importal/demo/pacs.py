"""A small stand-in archive, so that the whole road can be tried without a hospital.

A DICOM SCP with C-ECHO, C-STORE (PS3.4 Annex B), C-FIND (Annex C, Patient Root and Study Root) and Storage
Commitment (Annex J). It stores to a folder, byte for byte. It is honest: what it confirms is on disk, and it
commits only to what it can find there. Run alone: `python -m importal.demo.pacs FOLDER`.
"""

import argparse
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, build_role, evt
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from importal.demo.discs import local_orders
from importal.demo.pacs_index import LEVELS, ArchiveIndex, LocalOrder, UnreadableInstance, text_of
from importal.dimse import (
    Extras,
    NoAssociation,
    Peer,
    Proposal,
    application_entity,
    association_with,
    without_delay,
)
from importal.parent import end_with_parent

_IMPLICIT, _EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
_NO_SUCH_OBJECT, _CLASS_INSTANCE_CONFLICT = 0x0112, 0x0119
_PENDING, _CANCEL = 0xFF00, 0xFE00
_IDENTIFIER_MISMATCH, _CANNOT_UNDERSTAND = 0xA900, 0xC000
_REPORT_ATTEMPTS = 5
_SUMMED_UP = frozenset({"ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"})


class StandInPacs:
    """The archive. `modalities`: where to send commitment reports, by AE title, as (host, port).

    `port` 0 takes a free one. With `reports_on_same_association` the commitment report comes on the
    association of the request, as some archives do it; otherwise on a new one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ae_title: str = "PACS",
        port: int = 0,
        modalities: Mapping[str, tuple[str, int]] | None = None,
        reports_on_same_association: bool = False,
    ) -> None:
        self.ae_title = ae_title
        self.modalities = dict(modalities or {})
        self.index = ArchiveIndex(folder)
        self._same_association = reports_on_same_association
        self._wanted_port = port
        self._server: Any = None

    @property
    def port(self) -> int:
        """Return the port it listens on, once started."""
        return int(self._server.socket.getsockname()[1])

    def seed(self, orders: Sequence[LocalOrder]) -> None:
        """Make local patients and their orders known to queries."""
        self.index.seed(orders)

    def start(self) -> None:
        """Listen on loopback; returns at once."""
        entity = application_entity(self.ae_title, 30.0)
        entity.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
        entity.add_supported_context(PatientRootQueryRetrieveInformationModelFind)
        entity.add_supported_context(StorageCommitmentPushModel)
        handlers = [
            (evt.EVT_CONN_OPEN, without_delay),
            (evt.EVT_C_ECHO, lambda _event: 0x0000),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_N_ACTION, self._commit),
        ]
        self._server = entity.start_server(
            ("127.0.0.1", self._wanted_port), block=False, evt_handlers=handlers
        )

    def stop(self) -> None:
        """Stop listening and end all associations."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def _store(self, event: Any) -> int:
        try:
            self.index.add(bytes(event.encoded_dataset()))
        except UnreadableInstance:
            return _CANNOT_UNDERSTAND
        except OSError:
            return 0xA700  # out of resources
        return 0x0000

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        request = event.identifier
        level = str(request.get("QueryRetrieveLevel", ""))
        patient_root = event.context.abstract_syntax == PatientRootQueryRetrieveInformationModelFind
        if level not in LEVELS or (level == "PATIENT" and not patient_root):
            yield _IDENTIFIER_MISMATCH, None
            return
        keys = {elem.keyword: text_of(elem.value) for elem in request if elem.VR != "SQ"}
        for record in self.index.find(level, keys):
            if event.is_cancelled:
                yield _CANCEL, None
                return
            yield _PENDING, self._answer(level, keys, record)

    def _answer(self, level: str, keys: Mapping[str, str], record: Mapping[str, str]) -> Dataset:
        answer = Dataset()
        answer.SpecificCharacterSet = "ISO_IR 192"
        answer.QueryRetrieveLevel = level
        answer.RetrieveAETitle = self.ae_title
        for key in keys:
            if key in LEVELS[level] or key in _SUMMED_UP:
                setattr(answer, key, record.get(key, ""))
        return answer

    def _commit(self, event: Any) -> tuple[int, None]:
        request = event.action_information
        report, failed = Dataset(), []
        report.TransactionUID = request.TransactionUID
        report.RetrieveAETitle = self.ae_title
        report.ReferencedSOPSequence = []
        for item in request.ReferencedSOPSequence:
            held = self.index.sop_class_of(item.ReferencedSOPInstanceUID)
            copy = Dataset()
            copy.ReferencedSOPClassUID = item.ReferencedSOPClassUID
            copy.ReferencedSOPInstanceUID = item.ReferencedSOPInstanceUID
            if held == item.ReferencedSOPClassUID:
                report.ReferencedSOPSequence.append(copy)
            else:
                copy.FailureReason = _NO_SUCH_OBJECT if held is None else _CLASS_INSTANCE_CONFLICT
                failed.append(copy)
        if failed:
            report.FailedSOPSequence = failed
        calling = str(event.assoc.requestor.ae_title).strip()
        if not self._same_association and calling not in self.modalities:
            return 0x0110, None  # nobody to report to: say so now rather than never
        threading.Thread(target=self._report, args=(event.assoc, calling, report), daemon=True).start()
        return 0x0000, None

    def _report(self, association: Any, calling: str, report: Dataset) -> None:
        event_type = 2 if "FailedSOPSequence" in report else 1
        if self._same_association:
            time.sleep(0.2)  # the answer to the request goes first
            association.send_n_event_report(
                report, event_type, StorageCommitmentPushModel, _COMMITMENT_INSTANCE
            )
            return
        host, port = self.modalities[calling]
        peer = Peer(calling, host, port, self.ae_title, timeout_seconds=10.0)
        proposals = [Proposal(StorageCommitmentPushModel, (_EXPLICIT, _IMPLICIT))]
        extras = Extras(negotiation=[build_role(StorageCommitmentPushModel, scp_role=True)])
        for attempt in range(_REPORT_ATTEMPTS):
            try:
                with association_with(peer, proposals, extras) as back:
                    status, _ = back.send_n_event_report(
                        report, event_type, StorageCommitmentPushModel, _COMMITMENT_INSTANCE
                    )
                if status.get("Status") == 0x0000:
                    return
            except NoAssociation:
                pass  # the requester is not there now: try again below
            time.sleep(2.0**attempt / 2)


def main() -> None:
    """Run the archive until it is interrupted; it knows the patients of the sample discs and their orders."""
    parser = argparse.ArgumentParser(description="A small stand-in archive for trying things out.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ae-title", default="PACS")
    parser.add_argument("--port", type=int, default=11112)
    parser.add_argument(
        "--modality", action="append", default=[], metavar="AE=HOST:PORT", help="where commitment reports go"
    )
    arguments = parser.parse_args()
    modalities = {}
    for entry in arguments.modality:
        title, _, address = entry.partition("=")
        host, _, port = address.rpartition(":")
        modalities[title] = (host, int(port))
    pacs = StandInPacs(
        arguments.folder, ae_title=arguments.ae_title, port=arguments.port, modalities=modalities
    )
    end_with_parent()
    pacs.seed(local_orders())
    pacs.start()
    print(f"{pacs.ae_title} listens on 127.0.0.1:{pacs.port} and holds {len(pacs.index)} instances.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pacs.stop()


if __name__ == "__main__":
    main()
