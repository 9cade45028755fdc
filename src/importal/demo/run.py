"""``importal demo``: a hospital on one machine, with a stand-in archive, a desk account and sample discs.

Everything lies in one folder and is kept: starting again finds the same data, code and password.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx2

from importal import accounts, audit, components, institutions, invitations, settings
from importal.demo.discs import local_orders, make_discs
from importal.demo.hospital import HOSPITAL
from importal.demo.pacs_index import ArchiveIndex
from importal.demo.road import run_road

START_SECONDS = 90.0
LONG = timedelta(days=365)


@dataclass
class DemoState:
    """What has to be the same after a restart."""

    pacs_port: int
    commitment_port: int
    username: str = "desk"
    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)


def run_demo(folder: Path, port: int, *, check: bool) -> int:
    """Run the demo; return the exit code of the command."""
    folder = folder.resolve()
    if check:
        # A folder of its own, from nothing: the check must not touch what somebody tries out meanwhile.
        folder, port = folder / "check", _free_port()
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    discs = make_discs(folder / "discs")
    state = _load_state(folder)
    environment = _environment(folder, port, state)
    with _running(folder, environment, state):
        _set_up_hospital(folder, environment, state)
        with _portal(environment):
            _await_portal(port)
            if check:
                login = (state.username, state.password)
                return run_road(f"http://127.0.0.1:{port}", login, state.code, discs, folder)
            _say_where_everything_is(port, state, folder)
            _wait_for_the_end()
    print("\nStopped. All data is kept in", folder)
    return 0


def _load_state(folder: Path) -> DemoState:
    path = folder / "demo.json"
    if path.exists():
        return DemoState(**json.loads(path.read_text(encoding="utf-8")))
    state = DemoState(_free_port(), _free_port(), password=secrets.token_urlsafe(9))
    _keep_state(folder, state)
    return state


def _keep_state(folder: Path, state: DemoState) -> None:
    path = folder / "demo.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(state)), encoding="utf-8")


def _environment(folder: Path, port: int, state: DemoState) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("IMPORTAL_")}
    destination = {
        "name": "Demo PACS",
        "called_ae_title": "PACS",
        "host": "127.0.0.1",
        "port": state.pacs_port,
        "commitment": "n-action",
    }
    return inherited | {
        "IMPORTAL_DATA_DIR": str(folder / "data"),
        "IMPORTAL_PORT": str(port),
        "IMPORTAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "IMPORTAL_DESTINATION": json.dumps(destination),
        "IMPORTAL_COMMITMENT_PORT": str(state.commitment_port),
        "IMPORTAL_RETRY_SECONDS": "2",
        "IMPORTAL_LOG_LEVEL": "warning",
    }


@contextlib.contextmanager
def _running(folder: Path, environment: Mapping[str, str], state: DemoState) -> Iterator[None]:
    """Run the stand-in archive in a process of its own, as a hospital's PACS is."""
    ArchiveIndex(folder / "pacs").seed(local_orders())
    command = [
        sys.executable,
        "-m",
        "importal.demo.pacs",
        str(folder / "pacs"),
        "--port",
        str(state.pacs_port),
    ]
    command += ["--modality", f"IMPORTAL=127.0.0.1:{state.commitment_port}"]
    with _process(command, environment):
        yield


@contextlib.contextmanager
def _portal(environment: Mapping[str, str]) -> Iterator[None]:
    with _process([sys.executable, "-m", "importal", "serve"], environment):
        yield


@contextlib.contextmanager
def _process(command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=dict(environment))  # noqa: S603 - only our own programs
    try:
        yield
    finally:
        # Ctrl-C reaches the whole process group: it may have ended by itself already.
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


def _set_up_hospital(folder: Path, environment: Mapping[str, str], state: DemoState) -> None:
    """Create the institution, the account and the invitation unless an earlier start did."""
    os.environ.update({key: value for key, value in environment.items() if key.startswith("IMPORTAL_")})
    built = components.build(settings.load())
    components.prepare(built, with_jobs=False)
    site = built.site
    operator = audit.Actor("operator", "demo")
    with site.database.transaction() as session:
        home = institutions.only(session) or institutions.create(
            session, HOSPITAL.name, phone=HOSPITAL.phone, email=HOSPITAL.email, hours=HOSPITAL.hours
        )
        if accounts.find_account(session, state.username) is None:
            accounts.create_account(session, site, home.id, state.username, state.password, "Radiology desk")
        if not state.code:
            wanted = invitations.NewInvitation(home.id, invitations.SenderKind.PATIENT, LONG, "Demo")
            _invitation, state.code = invitations.invite(session, site, wanted, operator)
    _keep_state(folder, state)
    site.database.dispose()


def _await_portal(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                return
        time.sleep(0.2)
    raise TimeoutError("the portal did not start")


def _say_where_everything_is(port: int, state: DemoState, folder: Path) -> None:
    url = f"http://127.0.0.1:{port}"
    print(
        f"""
Importal is running.

  Sender's page   {url}/#code={state.code}
  Desk            {url}/desk
                  user name {state.username}, password {state.password}
  Sample discs    {folder / "discs"}
  Stand-in PACS   {folder / "pacs"}

Open the sender's page, choose a folder of the sample discs and send it.
Then sign in at the desk, match the study and see it arrive in the PACS folder.

Ctrl-C stops everything; starting again keeps the data.
""",
        flush=True,
    )


def _wait_for_the_end() -> None:
    ended = {"by": 0}

    def end(number: int, _frame: object) -> None:
        ended["by"] = number

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    while not ended["by"]:
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
