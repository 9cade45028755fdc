"""An Orthanc as archive: started on free ports in a folder of its own, stopped at the end.

Orthanc needs TCP_NODELAY=1 in its environment, or every object waits 40 ms, and it must know our AE title
(DicomModalities) to send commitment reports.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.peers import program
from tests.postgres import free_port

OUR_AE_TITLE = "IMPORTAL"
PATIENCE_SECONDS = 30
# One for all: each new client reads the certificates of the whole world. No connection outlives an answer:
# archives are stopped and started.
HTTP = httpx2.Client(timeout=PATIENCE_SECONDS, headers={"Connection": "close"})


@dataclass
class Orthanc:
    """A running archive; `commitment_port` is where it sends its commitment reports."""

    folder: Path
    dicom_port: int
    http_port: int
    commitment_port: int
    ae_title: str = "PACS"
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> None:
        """Start it on its ports, with what it stored before."""
        orthanc = program("orthanc")
        assert orthanc is not None, "Orthanc is not installed"
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(orthanc), str(self.folder / "orthanc.json")],
                stdout=log, stderr=log, cwd=self.folder, env={**os.environ, "TCP_NODELAY": "1"},
            )  # fmt: skip
        _await_readiness(self, self.process)

    def stop(self) -> None:
        """Stop it; what it stored stays."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def destination_setting(self, commitment: str = "query") -> str:
        """Return the value of IMPORTAL_DESTINATION for this archive."""
        return json.dumps(
            {
                "name": "orthanc",
                "called_ae_title": self.ae_title,
                "host": "127.0.0.1",
                "port": self.dicom_port,
                "commitment": commitment,
            }
        )

    def get(self, path: str) -> Any:
        """Return the answer of its REST API as JSON."""
        answer = HTTP.get(self.url + path)
        answer.raise_for_status()
        return answer.json()

    def instances(self) -> dict[str, str]:
        """Return its own ids of all instances by SOP Instance UID."""
        rows = self.get("/instances?expand")
        return {row["MainDicomTags"]["SOPInstanceUID"]: row["ID"] for row in rows}

    def file(self, identifier: str) -> bytes:
        """Return the stored file of an instance."""
        answer = HTTP.get(f"{self.url}/instances/{identifier}/file")
        answer.raise_for_status()
        return answer.content

    def preview(self, identifier: str) -> bytes:
        """Return the first frame of an instance as the archive itself shows it (PNG)."""
        answer = HTTP.get(f"{self.url}/instances/{identifier}/preview")
        answer.raise_for_status()
        return answer.content

    def files(self) -> dict[str, bytes]:
        """Return all stored files by SOP Instance UID."""
        return {uid: self.file(identifier) for uid, identifier in self.instances().items()}


def _configuration(archive: Orthanc) -> dict[str, Any]:
    return {
        "Name": "archive",
        "StorageDirectory": str(archive.folder / "storage"),
        "IndexDirectory": str(archive.folder / "index"),
        "Plugins": [],
        "HttpPort": archive.http_port,
        "HttpBindAddresses": ["127.0.0.1"],
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomPort": archive.dicom_port,
        "DicomAet": archive.ae_title,
        "DicomCheckCalledAet": True,
        "DefaultEncoding": "Utf8",
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowFind": True,
        "UnknownSopClassAccepted": True,
        "OverwriteInstances": True,
        "StableAge": 1,
        "DicomModalities": {
            "importal": {
                "AET": OUR_AE_TITLE,
                "Host": "127.0.0.1",
                "Port": archive.commitment_port,
                "AllowStorageCommitment": True,
            }
        },
    }


@contextmanager
def running_orthanc(folder: Path, *, commitment_port: int | None = None) -> Iterator[Orthanc]:
    """Start an archive that stores below `folder`; stop it at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port() if commitment_port is None else commitment_port
    archive = Orthanc(folder, free_port(), free_port(), port)
    (folder / "orthanc.json").write_text(json.dumps(_configuration(archive)))
    try:
        archive.start()
        yield archive
    finally:
        archive.stop()


def _await_readiness(archive: Orthanc, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, (archive.folder / "orthanc.log").read_text(errors="replace")
        try:
            HTTP.get(archive.url + "/system", timeout=2).raise_for_status()
        except httpx2.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Orthanc did not start in time")
