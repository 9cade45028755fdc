"""Sending prepared requests as fast as a server takes them, over some connections that stay open."""

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Request:
    """One request, or two that follow each other; what it brings counts when it is answered."""

    method: str
    path: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    files: int = 1
    bytes: int = 0
    # A request whose address comes in the answer to this one.
    then: "Request | None" = None


@dataclass
class Load:
    """What was done in which time."""

    files: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def files_per_second(self) -> float:
        """Files in a second."""
        return self.files / self.seconds

    @property
    def megabytes_per_second(self) -> float:
        """Megabytes in a second."""
        return self.bytes / 1e6 / self.seconds


def drive(port: int, requests: Sequence[Request], connections: int, most_seconds: float) -> Load:
    """Send until all is sent or the time is over, whichever comes first; raises when a server refuses."""
    load, lock = Load(), threading.Lock()
    begun = time.perf_counter()
    waiting = iter(requests)

    def take() -> Request | None:
        with lock:
            return next(waiting, None) if time.perf_counter() - begun < most_seconds else None

    def send() -> None:
        for done in _sent(port, iter(take, None)):
            with lock:
                load.files += done.files
                load.bytes += done.bytes

    with ThreadPoolExecutor(connections) as pool:
        senders = [pool.submit(send) for _ in range(connections)]
    for sender in senders:
        sender.result()
    load.seconds = time.perf_counter() - begun
    return load


def _sent(port: int, requests: Iterator[Request | None]) -> Iterator[Request]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    for request in requests:
        assert request is not None
        location = _answered(connection, request, request.path)
        if request.then is not None:
            _answered(connection, request.then, location)
        yield request
    connection.close()


def _answered(connection: http.client.HTTPConnection, request: Request, path: str) -> str:
    connection.request(request.method, path, body=request.body, headers=request.headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{request.method} {path}: {answer.status} {said[:300]!r}")
    return answer.headers.get("Location", "").removeprefix(f"http://127.0.0.1:{connection.port}")
