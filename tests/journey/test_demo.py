"""The demo says that it runs only when its own programs do, and says so when one of them ends."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import pytest
import typer

from importal import cli_run
from importal.demo import run
from importal.demo.programs import USUAL_PORT, DemoStopped, Programs, alone_with, is_free
from importal.demo.run import DemoState, RunningHospital, await_portal
from tests.journey.portal import wait_until

PATIENCE_SECONDS = 60


class Stranger(BaseHTTPRequestHandler):
    """Somebody else's web server, which finds everything well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def stranger(port: int = 0) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", port), Stranger)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Demo:
    """A demo that runs, and all that it has printed."""

    process: "subprocess.Popen[str]"
    printed: Path

    def says(self) -> str:
        return self.printed.read_text()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()


def start(folder: Path, *arguments: str) -> Demo:
    printed = folder.with_suffix(f".{len(list(folder.parent.glob('*.txt')))}.txt")
    command = [sys.executable, "-u", "-m", "importal", "demo", "--folder", str(folder), *arguments]
    with printed.open("w") as file:
        return Demo(subprocess.Popen(command, stdout=file, stderr=file), printed)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Demo]:
    demo = start(folder, *arguments)
    try:
        wait_until("the demo runs", lambda: "Importal is running" in demo.says(), PATIENCE_SECONDS)
        yield demo
    finally:
        demo.end()


def children_of(process_id: int) -> dict[str, int]:
    """Return the ids of the child processes by the word that tells them apart."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(re.sub(r".*\) ", "", (entry / "stat").read_text()).split()[1])
            line = (entry / "cmdline").read_text()
        except OSError:
            continue
        if parent == process_id:
            found["pacs" if "importal.demo.pacs" in line else "portal"] = int(entry.name)
    return found


def is_alive(process_id: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False


def test_a_port_that_was_asked_for_and_is_taken_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "end_by_signal", lambda: None)
    with stranger() as port:
        assert run.run_demo(tmp_path, port, check=False) == 2
    said = capsys.readouterr()
    assert "Importal is running" not in said.out
    assert f"Port {port} is taken by another program" in said.err
    assert "--port" in said.err


def test_no_second_demo_shares_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "end_by_signal", lambda: None)
    with alone_with(tmp_path / "demo.lock"):
        assert run.run_demo(tmp_path, None, check=False) == 2
    with alone_with(tmp_path / "demo.lock"):
        pass


def test_a_taken_port_is_replaced_by_a_free_one_and_a_program_that_ends_is_named(tmp_path: Path) -> None:
    with usual_port_taken(), running(tmp_path / "data") as demo:
        assert "Port 8080 is taken by another program" in demo.says()
        link = re.search(r"Sender's page\s+(http://127.0.0.1:(\d+))/", demo.says())
        assert link is not None
        assert link[2] != "8080"
        assert httpx2.get(f"{link[1]}/healthz").json()["status"] == "ok"
        children = children_of(demo.process.pid)
        assert set(children) == {"pacs", "portal"}
        os.kill(children["pacs"], signal.SIGKILL)
        assert demo.process.wait(PATIENCE_SECONDS) == 1
        assert "The stand-in PACS has ended by itself (signal 9)" in demo.says()
        assert "Traceback" not in demo.says()
    assert not any(is_alive(child) for child in children.values())


@contextmanager
def usual_port_taken() -> Iterator[None]:
    if is_free(USUAL_PORT):
        with stranger(USUAL_PORT):
            yield
    else:
        # Somebody else's program is there already: as good as ours.
        yield


def test_a_program_ends_when_the_one_that_started_it_was_killed() -> None:
    waits = "import time; from importal.parent import end_with_parent; end_with_parent(); time.sleep(60)"
    starts = (
        "import os, signal, subprocess, sys; from importal.parent import environment_of_child as extra\n"
        f"child = subprocess.Popen([sys.executable, '-c', {waits!r}], env={{**os.environ, **extra()}})\n"
        "print(child.pid, flush=True)\n"
        "signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", starts], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    wait_until("the program ends", lambda: not is_alive(child), 30)


def test_the_answer_of_a_server_that_is_not_ours_is_no_sign_that_the_portal_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "START_SECONDS", 0.5)
    with stranger() as port, Programs() as programs:
        programs.start("The portal", [sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
        state = DemoState(1, 2, code="ABCD-EFGH-JKMN")
        hospital = RunningHospital(f"http://127.0.0.1:{port}", state, [], programs)
        with pytest.raises(DemoStopped, match="did not answer"):
            await_portal(hospital)


def test_a_program_that_ends_while_the_portal_is_awaited_is_named() -> None:
    with stranger() as port, Programs() as programs:
        programs.start("The portal", [sys.executable, "-c", "raise SystemExit(3)"], os.environ)
        hospital = RunningHospital(f"http://127.0.0.1:{port}", DemoState(1, 2), [], programs)
        with pytest.raises(DemoStopped, match=r"The portal has ended by itself \(exit code 3\)"):
            await_portal(hospital)


def test_a_portal_whose_port_is_taken_says_so_before_it_starts_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMPORTAL_DATA_DIR", str(tmp_path / "data"))
    usual = signal.getsignal(signal.SIGTERM)
    try:
        with stranger() as port, pytest.raises(typer.Exit) as ended:
            monkeypatch.setenv("IMPORTAL_PORT", str(port))
            cli_run.serve()
    finally:
        signal.signal(signal.SIGTERM, usual)
    assert ended.value.exit_code == 1
    said = capsys.readouterr().err
    assert f"Port {port} of 127.0.0.1 is taken by another program" in said
    assert "IMPORTAL_PORT" in said
    assert not (tmp_path / "data").exists()
