"""A sender for tests: speaks to the real routes, without a network; and images to send."""

import hashlib
import io
from dataclasses import dataclass, field
from datetime import timedelta

import pydicom
from fastapi import FastAPI
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from starlette.testclient import TestClient

from importal import audit, http_api, institutions, invitations, submissions, transfers
from importal.client import encode_pack, recognition
from importal.client.packs import OutgoingFrame
from importal.site import Site

ROOT = "1.2.826.0.1.3680043.10.1338"
PATIENT_ID = "FOREIGN-4711"
ACCESSION_NUMBER = "ACC-0815-X"


def make_instance(number: int = 1, study: int = 1, pixels: bytes = b"", **attributes: str) -> bytes:
    """Return a CT image; same numbers, same image."""
    image = Dataset()
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = f"{ROOT}.{study}.1.{number}"
    image.StudyInstanceUID = f"{ROOT}.{study}"
    image.SeriesInstanceUID = f"{ROOT}.{study}.1"
    image.Modality = "CT"
    image.PatientID = PATIENT_ID
    image.PatientName = "Doe^Jane"
    image.PatientBirthDate = "19500101"
    image.AccessionNumber = ACCESSION_NUMBER
    image.StudyID = "7"
    image.Rows = image.Columns = 16
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 7, 0, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    image.PixelData = pixels or bytes((number + position) % 256 for position in range(256))
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    target = io.BytesIO()
    pydicom.dcmwrite(target, image, enforce_file_format=True)
    return target.getvalue()


def print_of(path: str, data: bytes) -> str:
    """Return the fingerprint of a file, by all its bytes."""
    return recognition.fingerprint(path, len(data), hashlib.sha256(data).hexdigest())


def app_of(site: Site) -> TestClient:
    """Return a client of the sender's routes alone."""
    app = FastAPI()
    app.state.site = site
    http_api.install_problems(app)
    for router in (invitations.router, submissions.router, transfers.router, transfers.tus_router):
        app.include_router(router)
    return TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False)


def invite(site: Site, expected: invitations.Expectation | None = None, **limits: int) -> str:
    """Return the code of a new invitation."""
    with site.database.transaction() as session:
        home = institutions.only(session) or institutions.create(session, "Hospital")
        for name, value in limits.items():
            setattr(home, name, value)
        new = invitations.NewInvitation(
            home.id,
            invitations.SenderKind.PATIENT,
            timedelta(days=3),
            expectation=expected or invitations.Expectation(),
        )
        return invitations.invite(session, site, new, audit.Actor("operator", "test"))[1]


@dataclass
class Sender:
    """Somebody with a code."""

    site: Site
    files: dict[int, bytes] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        self.http = app_of(self.site)
        self.code = invite(self.site, **self.limits)
        self.open()

    def open(self) -> None:
        """Exchange the code for a session."""
        opened = self.http.post("/api/invitations/open", json={"code": self.code}).json()
        self.opened = opened
        self.http.headers["Authorization"] = f"Bearer {opened['token']}"

    def consent(self, **changes: object) -> dict:
        version = self.opened["institution"]["privacy_policy"]["version"]
        return {
            "privacy_policy_version": version,
            "privacy_policy": True,
            "sharing": True,
            "language": "en",
            **changes,
        }

    def create(self, client_key: str = "a-client-key", **changes: object):
        body = {
            "client_key": client_key,
            "consent": self.consent(),
            "contact": {"email": "sender@example.org", "phone": "12345"},
            "studies": [],
            **changes,
        }
        answer = self.http.post("/api/submissions", json=body)
        if answer.status_code == 201:
            self.id = answer.json()["id"]
        return answer

    def announce(self, files: dict[int, bytes], **details: object):
        self.files |= files
        rows = [
            {
                "number": number,
                "path": f"disc/file-{number}",
                "size": len(data),
                "fingerprint": print_of(str(details.get("path", f"disc/file-{number}")), data),
                "role": "instance",
                **details,
            }
            for number, data in files.items()
        ]
        return self.http.put(f"/api/submissions/{self.id}/files", json={"files": rows})

    def begin(self, files: dict[int, bytes], **details: object) -> "Sender":
        assert self.create().status_code == 201
        answer = self.announce(files, **details)
        assert answer.status_code == 200, answer.text
        return self

    def post(self, pack: bytes):
        return self.http.post(f"/api/submissions/{self.id}/packs", content=pack)

    def send(self, *frames: tuple[int, int, bytes]) -> list[tuple[str, str | None]]:
        """Send one pack of frames (file, offset, data); return result and code of each."""
        answer = self.post(encode_pack(OutgoingFrame(*frame) for frame in frames))
        assert answer.status_code == 200, answer.text
        return [(frame["result"], frame["code"]) for frame in answer.json()["frames"]]

    def send_whole(self, *numbers: int) -> list[tuple[str, str | None]]:
        return self.send(*((number, 0, self.files[number]) for number in numbers or self.files))

    def states(self) -> dict[int, dict]:
        answer = self.http.get(f"/api/submissions/{self.id}/files")
        return {file["number"]: file for file in answer.json()["files"]}

    def finish(self, file_count: int | None = None, **more: object):
        count = len(self.files) if file_count is None else file_count
        return self.http.post(f"/api/submissions/{self.id}/finish", json={"file_count": count, **more})

    def arrived(self) -> list[transfers.ArrivedFile]:
        with self.site.database.reading() as session:
            return transfers.arrived(session, self.id)

    def original(self, file: transfers.ArrivedFile) -> bytes:
        """Return the bytes of a file as they were received, from what is kept."""
        from importal import vault

        if file.kind != "instance":
            return transfers.read_content(self.site, file)
        actor = audit.Actor("system", "test")
        with self.site.database.transaction() as session:
            return vault.restore_original(session, self.site, file.id, file.storage_key, actor)


def everything_in_clear(site: Site) -> bytes:
    """Return all that lies in the storage and in the database, as a thief would find it."""
    objects = b"".join(site.storage.read(key) for key in site.storage.keys(""))
    with site.database.reading() as session:
        rows = [
            repr(tuple(row))
            for name in (
                "transfer_files",
                "vault_pseudonyms",
                "vault_patches",
                "submissions",
                "audit_messages",
            )
            for row in session.connection().exec_driver_sql(f"SELECT * FROM {name}")
        ]
    return objects + "\n".join(rows).encode()
