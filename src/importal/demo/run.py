"""``importal demo``: a hospital on one machine, with a stand-in archive, a desk account and sample discs.

Everything lies in one folder and is kept: starting again finds the same data, code and password.
"""

import contextlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx2

from importal import accounts, audit, components, institutions, invitations, settings
from importal.demo.discs import SampleDisc, local_orders, make_discs
from importal.demo.hospital import HOSPITAL
from importal.demo.pacs_index import ArchiveIndex
from importal.demo.programs import (
    DemoStopped,
    Programs,
    alone_with,
    end_by_signal,
    free_port,
    is_free,
    port_for,
)
from importal.demo.road import run_road
from importal.parent import environment_of_child

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


def run_demo(folder: Path, port: int | None, *, check: bool) -> int:
    """Run the demo; return the exit code of the command."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        end_by_signal()
        with alone_with(folder / ("check.lock" if check else "demo.lock")):
            return _check(folder / "check") if check else _run(folder, port_for(port))
    except KeyboardInterrupt:
        print("\nStopped. All data is kept in", folder)
        return 0
    except DemoStopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return stopped.exit_code


def _check(folder: Path) -> int:
    # A folder of its own, from nothing: the check must not touch what somebody tries out meanwhile.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with _hospital(folder, free_port()) as hospital:
        login = (hospital.state.username, hospital.state.password)
        return run_road(hospital.url, login, hospital.state.code, hospital.discs, folder)


def _run(folder: Path, port: int) -> int:
    with _hospital(folder, port) as hospital:
        _say_where_everything_is(hospital, folder)
        while True:
            hospital.programs.require_all()
            time.sleep(0.2)


@dataclass
class RunningHospital:
    """The demo while it runs."""

    url: str
    state: DemoState
    discs: Sequence[SampleDisc]
    programs: Programs


@contextlib.contextmanager
def _hospital(folder: Path, port: int) -> Iterator[RunningHospital]:
    discs = make_discs(folder / "discs")
    state = _load_state(folder)
    environment = _environment(folder, port, state)
    with Programs() as programs:
        # The stand-in archive is a program of its own, as a hospital's PACS is.
        ArchiveIndex(folder / "pacs").seed(local_orders())
        programs.start("The stand-in PACS", _archive_command(folder, state), environment)
        _set_up_hospital(folder, environment, state)
        programs.start("The portal", [sys.executable, "-m", "importal", "serve"], environment)
        hospital = RunningHospital(f"http://127.0.0.1:{port}", state, discs, programs)
        await_portal(hospital)
        yield hospital


def _load_state(folder: Path) -> DemoState:
    path = folder / "demo.json"
    if path.exists():
        state = DemoState(**json.loads(path.read_text(encoding="utf-8")))
    else:
        state = DemoState(free_port(), free_port(), password=secrets.token_urlsafe(9))
    # Another program may have taken a port meanwhile; nobody has to remember these two.
    if not is_free(state.pacs_port):
        state.pacs_port = free_port()
    if not is_free(state.commitment_port):
        state.commitment_port = free_port()
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
        **environment_of_child(),
    }


def _archive_command(folder: Path, state: DemoState) -> list[str]:
    command = [sys.executable, "-m", "importal.demo.pacs", str(folder / "pacs")]
    command += ["--port", str(state.pacs_port)]
    return [*command, "--modality", f"IMPORTAL=127.0.0.1:{state.commitment_port}"]


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


def await_portal(hospital: RunningHospital) -> None:
    """Return when it is our own portal that answers: somebody else's server does not know the code.

    Raises:
        DemoStopped: when one of the programs ended, or the portal does not answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        hospital.programs.require_all()
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{hospital.url}/readyz", timeout=5).status_code == 200 and _knows_code(hospital):
                return
        time.sleep(0.2)
    raise DemoStopped(f"The portal did not answer at {hospital.url} within {START_SECONDS:.0f} seconds.")


def _knows_code(hospital: RunningHospital) -> bool:
    body = {"code": hospital.state.code}
    answer = httpx2.post(f"{hospital.url}/api/invitations/open", json=body, timeout=5)
    return answer.status_code == 200 and "token" in answer.text


def _say_where_everything_is(hospital: RunningHospital, folder: Path) -> None:
    url, state = hospital.url, hospital.state
    print(
        f"""
Importal is running.

  Sender's page   {url}/#code={state.code}
  Desk            {url}/desk
                  user name {state.username}, password {state.password}
  Sample discs    {folder / "discs"}
  Stand-in PACS   {folder / "pacs"}

Open the sender's page, choose a folder of the sample discs and send it.
Then log in at the desk, match the study and see it arrive in the PACS folder.

Ctrl-C stops everything; starting again keeps the data.
""",
        flush=True,
    )
