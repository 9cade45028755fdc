"""A tus client for tests: whole requests by the test client, broken ones straight into the application."""

import asyncio
import base64
import hashlib
import io
import zipfile
from collections.abc import Sequence

from tests.database.transfers.sending import Sender

BYTES = "application/offset+octet-stream"


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def checksum_of(data: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def make_zip(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return target.getvalue()


class Uploader(Sender):
    """Somebody with a code and a tus client."""

    @property
    def uploads(self) -> str:
        return f"/api/submissions/{self.id}/uploads"

    def tus(self, method: str, place: str = "", content: bytes | None = None, **headers: object):
        """Send one request; ``Upload_Offset=5`` becomes the header Upload-Offset."""
        sent = {"Tus-Resumable": "1.0.0"} | {
            name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None
        }
        if content is not None:
            sent.setdefault("Content-Type", BYTES)
        return self.http.request(method, self.uploads + place, content=content, headers=sent)

    def start(self, data: bytes, name: str = "IM1", **headers: object):
        return self.tus("POST", Upload_Length=len(data), Upload_Metadata=metadata(filename=name), **headers)

    def patch(self, number: int, offset: int, data: bytes, **headers: object):
        return self.tus("PATCH", f"/{number}", data, Upload_Offset=offset, **headers)

    def offset(self, number: int) -> int:
        return int(self.tus("HEAD", f"/{number}").headers["Upload-Offset"])

    def upload(self, data: bytes, name: str = "IM1", **headers: object):
        """Send a file in one request."""
        said = metadata(filename=name)
        return self.tus("POST", "", data, Upload_Length=len(data), Upload_Metadata=said, **headers)

    def shown(self, number: int) -> dict:
        return self.tus("GET", f"/{number}").json()


class BrokenRequest:
    """A request whose body the test hands over chunk by chunk, and whose line it may cut."""

    def __init__(self, sender: Uploader, number: int, offset: int, length: int) -> None:
        headers = {
            "authorization": sender.http.headers["Authorization"],
            "tus-resumable": "1.0.0",
            "content-type": BYTES,
            "content-length": str(length),
            "upload-offset": str(offset),
        }
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "PATCH",
            "scheme": "http",
            "path": f"{sender.uploads}/{number}",
            "raw_path": f"{sender.uploads}/{number}".encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8080),
        }
        self._app = sender.http.app
        self.messages: asyncio.Queue[dict] = asyncio.Queue()
        self.status = 0

    def send(self, data: bytes, *, more: bool = True) -> None:
        self.messages.put_nowait({"type": "http.request", "body": data, "more_body": more})

    def cut(self) -> None:
        self.messages.put_nowait({"type": "http.disconnect"})

    async def run(self) -> int:
        async def answer(message: dict) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]

        async def receive() -> dict:
            message = await self.messages.get()
            self.messages.task_done()
            return message

        await self._app(self._scope, receive, answer)
        return self.status


def patch_and_break(sender: Uploader, number: int, offset: int, chunks: Sequence[bytes], length: int) -> int:
    """Send a PATCH whose line breaks after these chunks; return the status that nobody gets to see."""

    async def story() -> int:
        request = BrokenRequest(sender, number, offset, length)
        for chunk in chunks:
            request.send(chunk)
        request.cut()
        return await request.run()

    return asyncio.run(story())
