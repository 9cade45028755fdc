"""What both contract suites of the archive ports need: small instances, and archives to send them to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from importal.delivery.destinations import CommitmentReport, OutgoingInstance
from importal.delivery.destinations.commitment import CommitmentListener
from importal.demo.pacs import StandInPacs
from importal.dimse import Peer
from tests.orthanc import OUR_AE_TITLE, running_orthanc
from tests.peers import require_peer

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def instance_file(number: int, **attributes: str) -> bytes:
    """Return a small Secondary Capture file; the UIDs count up from `number`."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = SECONDARY_CAPTURE, f"2.25.1000{number}"
    data.StudyInstanceUID, data.SeriesInstanceUID = "2.25.1", f"2.25.2{number % 2}"
    data.PatientID, data.PatientName, data.PatientBirthDate, data.PatientSex = "P1", "Test^A", "19500101", "O"
    data.AccessionNumber, data.StudyDate, data.Modality = "A1", "20200101", "OT"
    data.StudyDescription, data.StudyID, data.SeriesNumber, data.InstanceNumber = (
        "TEST",
        "S1",
        "1",
        str(number),
    )
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows = data.Columns = 4
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = bytes(range(16))
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = SECONDARY_CAPTURE
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def outgoing(number: int, **attributes: str) -> OutgoingInstance:
    content = instance_file(number, **attributes)
    return OutgoingInstance(
        SECONDARY_CAPTURE,
        attributes.get("SOPInstanceUID", f"2.25.1000{number}"),
        str(ExplicitVRLittleEndian),
        lambda: content,
    )


@dataclass
class Archive:
    """An archive as tests see it: how to reach it, and the reports that came back."""

    kind: str
    peer: Peer | None
    reports: list[CommitmentReport] = field(default_factory=list)


@contextmanager
def archive_of(kind: str, folder: Path) -> Iterator[Archive]:
    """Start an archive: `memory`, `stand-in`, `stand-in-same-association` or `orthanc`."""
    reports: list[CommitmentReport] = []
    if kind == "memory":
        yield Archive(kind, None, reports)
        return
    if kind == "orthanc":
        require_peer("orthanc")
    listener = CommitmentListener(OUR_AE_TITLE, 0, reports.append, host="127.0.0.1")
    listener.start()
    try:
        if kind == "orthanc":
            with running_orthanc(folder, commitment_port=listener.port) as orthanc:
                peer = Peer(orthanc.ae_title, "127.0.0.1", orthanc.dicom_port, OUR_AE_TITLE, 10.0)
                yield Archive(kind, peer, reports)
            return
        pacs = StandInPacs(
            folder,
            modalities={OUR_AE_TITLE: ("127.0.0.1", listener.port)},
            reports_on_same_association=kind.endswith("same-association"),
        )
        pacs.start()
        try:
            yield Archive(kind, Peer("PACS", "127.0.0.1", pacs.port, OUR_AE_TITLE, 10.0), reports)
        finally:
            pacs.stop()
    finally:
        listener.stop()


def skip_memory(archive: Archive) -> Peer:
    """Return the peer of an archive on the network; the others have nothing to lose there."""
    if archive.peer is None:
        pytest.skip("this archive has no network")
    return archive.peer
