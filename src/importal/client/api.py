"""The portal's interface for senders: JSON, problem details (RFC 9457), a bearer token from the code."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2

from importal.client.packs import MEDIA_TYPE

CONNECTIONS = 6
TIMEOUT_SECONDS = 60.0
# Putting large files together on the other side takes its time; a pack waits for one at most.
ANSWER_SECONDS = 600.0
PACK_ANSWER_SECONDS = 120.0


class ApiError(Exception):
    """An answer that is no success, or none at all (code ``network``)."""

    def __init__(
        self, code: str, status: int, sentence: str = "", params: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.sentence = sentence
        self.params = dict(params or {})

    @property
    def is_transient(self) -> bool:
        """Whether trying the same again later may help."""
        return self.status in {0, 408, 429} or (self.status >= 500 and self.status != 507)


@dataclass(frozen=True)
class Institution:
    """The receiving hospital and the texts it asks consent to."""

    name: str
    phone: str
    policy_version: str
    policy_text: str
    sharing_text: str


@dataclass(frozen=True)
class Expected:
    """Whom the hospital expects, as PN, DA and CS (PS3.5 section 6.2), and what for; each may be empty."""

    patient_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = ""
    asked_for: str = field(default="", repr=False)


@dataclass(frozen=True)
class Opened:
    """What a code opened."""

    institution: Institution
    max_bytes: int
    max_studies: int
    expected: Expected = field(default=Expected(), repr=False)


@dataclass(frozen=True)
class Receipt:
    """What the portal counted."""

    reference: str
    submitted_at: str
    instances: int
    duplicates: int
    documents: int
    attachments: int
    refused: tuple["RefusedFile", ...]


@dataclass(frozen=True)
class RefusedFile:
    """A file that the portal set aside, and its sentence about it."""

    number: int
    code: str
    sentence: str


@dataclass(frozen=True)
class FileStatus:
    """What the portal has of a file."""

    number: int
    state: str
    received: tuple[tuple[int, int], ...] = ()
    code: str | None = None
    fingerprint: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it has to be sent any more."""
        return self.state not in {"announced", "partial"}


@dataclass(frozen=True)
class FrameResult:
    """What became of a frame."""

    file: int
    offset: int
    result: str
    code: str | None = None


@dataclass
class Api:
    """One portal and one code; renews its token when it has run out. Safe to use from several threads."""

    url: str
    code: str = field(repr=False)
    transport: httpx2.BaseTransport | None = None
    # YYYYMMDD, where the invitation asks for it.
    birth_date: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self._token = ""
        self._renewing = threading.Lock()
        # HTTP/1.1 on purpose: under loss, every connection has a congestion window of its own.
        self._client = httpx2.Client(
            base_url=self.url.rstrip("/") + "/api/",
            http1=True,
            http2=False,
            timeout=httpx2.Timeout(TIMEOUT_SECONDS, read=ANSWER_SECONDS),
            limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            transport=self.transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def open(self) -> Opened:
        """Exchange the code for a token; raises ApiError."""
        answer = self._send(
            "POST", "invitations/open", json={"code": self.code, "birth_date": self.birth_date}
        )
        self._token = answer["token"]
        institution = answer["institution"]
        return Opened(
            Institution(
                institution["name"],
                institution["phone"],
                institution["privacy_policy"]["version"],
                institution["privacy_policy"]["text"],
                institution["sharing_consent_text"],
            ),
            answer["limits"]["max_bytes"],
            answer["limits"]["max_studies"],
            _expected(answer.get("expected") or {}),
        )

    def create_submission(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """Create a submission or find the one of the same client key; return its id and state."""
        answer = self._call("POST", "submissions", json=body)
        return answer["id"], answer["state"]

    def announce(self, submission_id: str, files: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """Announce files, at most a thousand at once; return the encodings in which frames are taken."""
        answer = self._call("PUT", f"submissions/{submission_id}/files", json={"files": list(files)})
        return frozenset(answer.get("encodings", ()))

    def file_states(self, submission_id: str) -> list[FileStatus]:
        """Return what the portal has of every announced file."""
        found: list[FileStatus] = []
        after: int | None = -1
        while after is not None:
            page = self._call("GET", f"submissions/{submission_id}/files?after={after}&limit=5000")
            for file in page["files"]:
                received = tuple((offset, length) for offset, length in file.get("received") or ())
                found.append(
                    FileStatus(file["number"], file["state"], received, file.get("code"), file["fingerprint"])
                )
            after = page.get("next")
        return found

    def send_pack(self, submission_id: str, pack: bytes) -> list[FrameResult]:
        """Send a pack and return an answer per frame."""
        answer = self._call(
            "POST",
            f"submissions/{submission_id}/packs",
            content=pack,
            headers={"Content-Type": MEDIA_TYPE},
            # A line that says nothing any more is noticed by this alone.
            timeout=httpx2.Timeout(TIMEOUT_SECONDS, read=PACK_ANSWER_SECONDS),
        )
        return [
            FrameResult(frame["file"], frame["offset"], frame["result"], frame.get("code"))
            for frame in answer["frames"]
        ]

    def finish(self, submission_id: str, file_count: int, unreadable: Sequence[int]) -> Receipt:
        """Hand the submission over and return its receipt."""
        body = {"file_count": file_count, "unreadable": list(unreadable)}
        return _receipt(self._call("POST", f"submissions/{submission_id}/finish", json=body))

    def receipt(self, submission_id: str) -> Receipt:
        """Return the receipt of a submission that was handed over."""
        return _receipt(self._call("GET", f"submissions/{submission_id}")["receipt"])

    def _call(self, method: str, path: str, **request: Any) -> Any:
        used = self._token
        try:
            return self._send(method, path, **request)
        except ApiError as error:
            if error.status != 401 or not used:
                raise
            with self._renewing:
                if self._token == used:
                    self.open()
            return self._send(method, path, **request)

    def _send(self, method: str, path: str, headers: Mapping[str, str] | None = None, **request: Any) -> Any:
        all_headers = {"Accept": "application/json", **(headers or {})}
        if self._token:
            all_headers["Authorization"] = f"Bearer {self._token}"
        try:
            response = self._client.request(method, path, headers=all_headers, **request)
            return _answer(response)
        except httpx2.TransportError as error:
            raise ApiError("network", 0, "The portal cannot be reached.") from error


def _answer(response: httpx2.Response) -> Any:
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = None
    if response.is_success:
        if body is None:
            # The connection broke in the middle of the answer, or this is not our portal.
            raise ApiError("network", 0, "The answer cannot be read. Is this the address of the portal?")
        return body
    problem = body if isinstance(body, dict) else {}
    code = problem.get("code", f"http.{response.status_code}")
    raise ApiError(code, response.status_code, problem.get("title", ""), problem.get("params"))


def _expected(answer: Mapping[str, str]) -> Expected:
    names = ("patient_name", "birth_date", "sex", "asked_for")
    return Expected(*(answer.get(name, "") for name in names))


def _receipt(answer: Mapping[str, Any]) -> Receipt:
    return Receipt(
        answer["reference"],
        answer["submitted_at"],
        answer["instances"],
        answer["duplicates"],
        answer["documents"],
        answer["attachments"],
        tuple(RefusedFile(file["number"], file["code"], file["sentence"]) for file in answer["refused"]),
    )
