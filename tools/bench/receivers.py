"""What receives in ``make bench-transfer``: Importal and its peers, each with requests for the same files.

Peers come from Debian and npm and are unpacked into .bench, never into the product: `nginx` and
`orthanc-dicomweb` by apt-get, `@tus/server` by npm. Orthanc is the one of this machine.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from importal.client.packs import MEDIA_TYPE, OutgoingFrame, encode_pack
from tools.bench.load import Request

BENCH = Path(".bench")
DEBIAN = BENCH / "debian" / "root"
NODE = BENCH / "node"
FRAME_BYTES = PACK_BYTES = 4 * 1024 * 1024
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Receiver:
    """A running server: where it listens, whose memory counts, and how files become its requests."""

    port: int
    process_id: int


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], port: int, folder: Path, **environment: str) -> Iterator[int]:
    """Run a server until the end of the block; yield its process id once it listens."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
    try:
        for _ in range(PATIENCE_SECONDS * 10):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Importal:
    """The portal itself: packs of about 4 MB, announced beforehand; durable and neutralised."""

    name = "Importal"

    @contextmanager
    def running(self, folder: Path) -> Iterator[Receiver]:
        port = free_port()
        settings = {
            "IMPORTAL_DATA_DIR": str(folder / "data"),
            "IMPORTAL_PORT": str(port),
            "IMPORTAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        program = [sys.executable, "-m", "importal"]
        for command in (("institution", "Bench"), ("invite",)):
            done = subprocess.run(
                [*program, *command],
                env={**os.environ, **settings},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(done.stderr + done.stdout)
        self._code = next(
            line.split()[-1] for line in done.stdout.splitlines() if line.startswith("Upload code")
        )
        with running([*program, "serve", "--no-worker"], port, folder, **settings) as process_id:
            yield Receiver(port, process_id)

    def requests(self, receiver: Receiver, files: Sequence[bytes]) -> list[Request]:
        return announced(receiver.port, self._code, files, PACK_BYTES, {})


def announced(
    port: int, code: str, files: Sequence[bytes], pack_bytes: int, headers: dict[str, str]
) -> list[Request]:
    """Begin a submission, announce these files, and return the packs that bring them."""
    connection = HTTPConnection("127.0.0.1", port)

    def call(method: str, path: str, body: dict[str, object]) -> Any:
        fields = {"Content-Type": "application/json", **headers}
        connection.request(method, f"/api/{path}", json.dumps(body), fields)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {said}")
        return said

    opened = call("POST", "invitations/open", {"code": code})
    headers = {**headers, "Authorization": f"Bearer {opened['token']}"}
    consent = {
        "privacy_policy_version": opened["institution"]["privacy_policy"]["version"],
        "privacy_policy": True,
        "sharing": True,
        "language": "en",
    }
    creation = {"client_key": uuid.uuid4().hex, "consent": consent, "contact": {"email": "", "phone": ""}}
    submission_id = call("POST", "submissions", {**creation, "studies": []})["id"]
    rows = [
        {
            "number": number,
            "path": f"disc/{number}",
            "size": len(data),
            "fingerprint": _fingerprint(f"disc/{number}", data),
            "role": "instance",
        }
        for number, data in enumerate(files)
    ]
    for start in range(0, len(rows), 1000):
        call("PUT", f"submissions/{submission_id}/files", {"files": rows[start : start + 1000]})
    connection.close()
    path = f"/api/submissions/{submission_id}/packs"
    headers["Content-Type"] = MEDIA_TYPE
    return [
        Request("POST", path, encode_pack(frames), headers, whole, sum(len(frame.data) for frame in frames))
        for frames, whole in _packs(files, pack_bytes)
    ]


def peak_megabytes(process_id: int) -> float:
    """Return the most memory that a process has had."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def _fingerprint(path: str, data: bytes) -> str:
    digest = hashlib.sha256(data[:8192]).hexdigest()
    return hashlib.sha256(f"{len(data)}\n{digest}\n{path}".encode()).hexdigest()


def _packs(files: Sequence[bytes], pack_bytes: int) -> Iterator[tuple[list[OutgoingFrame], int]]:
    """Yield packs of frames, and how many files end in each."""
    frames: list[OutgoingFrame] = []
    held = whole = 0
    for number, data in enumerate(files):
        for start in range(0, len(data), FRAME_BYTES):
            part = data[start : start + FRAME_BYTES]
            if frames and held + len(part) > pack_bytes:
                yield frames, whole
                frames, held, whole = [], 0, 0
            frames.append(OutgoingFrame(number, start, part))
            held += len(part)
            whole += start + len(part) == len(data)
    if frames:
        yield frames, whole


class Orthanc:
    """An archive: one POST per instance, or STOW-RS (PS3.18 10.5) with many; writes are synced by default."""

    def __init__(self, *, stow: bool) -> None:
        self.name = "Orthanc STOW-RS" if stow else "Orthanc POST"
        self._stow = stow

    @contextmanager
    def running(self, folder: Path) -> Iterator[Receiver]:
        port = free_port()
        plugins = sorted((DEBIAN / "usr/lib/orthanc").glob("libOrthancDicomWeb.so.*")) if self._stow else []
        settings = {
            "Name": "bench",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "index"),
            "Plugins": [str(path.resolve()) for path in plugins],
            "HttpPort": port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomServerEnabled": False,
            "DicomPort": free_port(),
            "DicomWeb": {"Enable": True},
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        program = shutil.which("Orthanc", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None or (self._stow and not plugins):
            raise FileNotFoundError(self.name)
        with running([program, str(folder / "orthanc.json")], port, folder, TCP_NODELAY="1") as process_id:
            time.sleep(2)
            yield Receiver(port, process_id)

    def requests(self, _receiver: Receiver, files: Sequence[bytes]) -> list[Request]:
        if not self._stow:
            return [Request("POST", "/instances", data, {}, 1, len(data)) for data in files]
        found, some, held = [], list[bytes](), 0
        for data in files:
            some.append(data)
            held += len(data)
            if held >= PACK_BYTES:
                found.append(_stow(some))
                some, held = [], 0
        return [*found, _stow(some)] if some else found


def _stow(files: Sequence[bytes]) -> Request:
    mark = b"\r\n--bench\r\nContent-Type: application/dicom\r\n\r\n"
    body = b"".join(mark + data for data in files)[2:] + b"\r\n--bench--\r\n"
    headers = {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=bench',
        "Accept": "application/dicom+json",
    }
    return Request("POST", "/dicom-web/studies", body, headers, len(files), sum(map(len, files)))


TUS = """
import { Server } from '@tus/server';
import { FileStore } from '@tus/file-store';
const [port, directory] = process.argv.slice(2);
const server = new Server({ path: '/files', datastore: new FileStore({ directory }) });
server.listen({ host: '127.0.0.1', port: +port });
"""


class Tus:
    """@tus/server on Node: creation and one PATCH, as tus-js-client does, or both at once; never synced."""

    def __init__(self, *, at_once: bool) -> None:
        self.name = "@tus/server, creation-with-upload" if at_once else "@tus/server, POST + PATCH"
        self._at_once = at_once

    @contextmanager
    def running(self, folder: Path) -> Iterator[Receiver]:
        port = free_port()
        if not (NODE / "node_modules" / "@tus").is_dir():
            raise FileNotFoundError(self.name)
        script = NODE / "tus.mjs"
        script.write_text(TUS)
        (folder / "files").mkdir()
        with running(["node", str(script), str(port), str(folder / "files")], port, folder) as process_id:
            yield Receiver(port, process_id)

    def requests(self, _receiver: Receiver, files: Sequence[bytes]) -> list[Request]:
        found = []
        for number, data in enumerate(files):
            name = b64encode(str(number).encode()).decode()
            head = {
                "Tus-Resumable": "1.0.0",
                "Upload-Length": str(len(data)),
                "Upload-Metadata": f"filename {name}",
            }
            body = {
                "Tus-Resumable": "1.0.0",
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": "0",
            }
            if self._at_once:
                head |= {"Content-Type": "application/offset+octet-stream"}
                found.append(Request("POST", "/files", data, head, 1, len(data)))
            else:
                then = Request("PATCH", "", data, body)
                found.append(Request("POST", "/files", b"", head, 1, len(data), then))
        return found


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error; worker_processes auto;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_max_body_size 0;
  server {{ listen 127.0.0.1:{port}; root {folder}/files;
    location / {{ dav_methods PUT; create_full_put_path on; keepalive_requests 1000000; }} }}
}}
"""


class Nginx:
    """PUT into a folder by nginx: neither digested nor synced."""

    name = "nginx PUT"

    @contextmanager
    def running(self, folder: Path) -> Iterator[Receiver]:
        port = free_port()
        own = DEBIAN / "usr/sbin/nginx"
        program = str(own.resolve()) if own.exists() else shutil.which("nginx")
        if program is None:
            raise FileNotFoundError(self.name)
        (folder / "files").mkdir()
        # Run by root, its workers are somebody else.
        for place in (folder.parent, folder, folder / "files"):
            place.chmod(0o777)
        (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
        command = [program, "-e", str(folder / "error"), "-c", str(folder / "conf"), "-p", str(folder)]
        with running(command, port, folder) as process_id:
            yield Receiver(port, process_id)

    def requests(self, _receiver: Receiver, files: Sequence[bytes]) -> list[Request]:
        return [Request("PUT", f"/{number}", data, {}, 1, len(data)) for number, data in enumerate(files)]
