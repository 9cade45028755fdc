"""A real portal for journeys: web and worker as processes of their own, which a test may kill."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from importal import accounts, components, institutions
from importal.settings import Settings
from tests.forking import Forked, fork
from tests.orthanc import HTTP
from tests.postgres import free_port

PATIENCE_SECONDS = 120
PASSWORD = "a long enough password"


def wait_until(what: str, is_true: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the first true answer; fail with a sentence when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = is_true()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s in vain until {what}")


@dataclass
class Portal:
    """One installation in a folder of its own."""

    folder: Path
    environment: dict[str, str]
    port: int
    processes: dict[str, Forked] = field(default_factory=dict)
    clients: list[httpx2.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.log"))

    def run(self, *arguments: str, text: str | None = None) -> str:
        """Run a command of the program to its end and return what it printed."""
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            typed, printed = Path(scratch, "typed"), Path(scratch, "printed")
            typed.write_text(text or "", encoding="utf-8")
            status = fork(self.environment, arguments, log=printed, typed=typed).wait(PATIENCE_SECONDS)
            said = printed.read_text(encoding="utf-8")
        assert status == 0, said
        return said

    def start(self, name: str, *arguments: str) -> None:
        self.processes[name] = fork(self.environment, arguments, log=self.folder / f"{name}.log")

    def start_web(self) -> None:
        self.start("web", "serve", "--no-worker")
        wait_until("the web server answers", self._is_alive)

    def start_worker(self) -> None:
        self.start("worker", "worker")

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.processes.clear()

    def is_running(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def invite(self, *arguments: str) -> str:
        """Make an invitation as an operator does; return its code."""
        found = re.search(r"Upload code\s+(\S+)", self.run("invite", *arguments))
        assert found is not None
        return found.group(1)

    def desk(self) -> httpx2.Client:
        """Return a signed-in client of the desk."""
        client = httpx2.Client(base_url=self.url, headers={"X-Importal-Desk": "1"}, timeout=30)
        self.clients.append(client)
        answer = client.post("/api/desk/session", json={"username": "desk", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    def _is_alive(self) -> bool:
        assert self.is_running("web"), (self.folder / "web.log").read_text()
        try:
            return HTTP.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False


def settings_of(environment: dict[str, str]) -> Settings:
    """Return the settings that a process with this environment has."""
    names = Settings.model_fields
    values = {name: environment[key] for name in names if (key := f"IMPORTAL_{name.upper()}") in environment}
    destination = values.pop("destination", None)
    return Settings(**values, destination=None if destination is None else json.loads(destination))


def _set_up(environment: dict[str, str]) -> None:
    """Create the institution and the account; in this process, for starting Python takes its time."""
    built = components.build(settings_of(environment))
    components.prepare(built, with_jobs=False)
    with built.site.database.transaction() as session:
        home = institutions.create(
            session, "City Hospital", phone="+49 30 0000", email="images@hospital.example"
        )
        accounts.create_account(session, built.site, home.id, "desk", PASSWORD, "Desk")
    built.site.database.dispose()


@contextmanager
def running_portal(
    folder: Path, *, kind: type[Portal] = Portal, with_worker: bool = True, **settings: str
) -> Iterator[Portal]:
    """Yield a portal with an institution and a desk account; web and worker are running."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("IMPORTAL_")}
    environment |= {
        "IMPORTAL_DATA_DIR": str(folder / "data"),
        "IMPORTAL_PORT": str(port),
        "IMPORTAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "IMPORTAL_RETRY_SECONDS": "1",
        "PYTHONWARNINGS": "ignore",
        **settings,
    }
    portal = kind(folder, environment, port)
    _set_up(environment)
    try:
        portal.start_web()
        if with_worker:
            portal.start_worker()
        yield portal
    finally:
        portal.stop()
