"""Real commands as processes of their own, forked from one that has loaded everything already.

Loading takes seconds, and a run starts many. What is started is the program's own ``main`` in a process that
can be killed like any other; only the loading is shared. Small machines would manage few runs otherwise.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.journey.portal import Portal

_CONTEXT = multiprocessing.get_context("forkserver")
PATIENCE_SECONDS = 6.0


def load(library: Path) -> None:
    """Begin the process that all others are forked from, with the disk's faults in it, still asleep."""
    _CONTEXT.set_forkserver_preload(["importal.cli", "importal.web", "tests.kills.run", __name__])
    before = os.environ.get("LD_PRELOAD")
    os.environ["LD_PRELOAD"] = str(library)
    try:
        first = _CONTEXT.Process(target=_nothing)
        first.start()
        first.join()
    finally:
        os.environ.pop("LD_PRELOAD") if before is None else os.environ.update(LD_PRELOAD=before)


@dataclass
class Forked:
    """A forked process, as the tests' portals handle theirs."""

    process: BaseProcess

    @property
    def pid(self) -> int | None:
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("forked", timeout or 0)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.process.pid is not None and self.process.exitcode is None:
            os.kill(self.process.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkedPortal(Portal):
    """A portal whose web server is forked."""

    def start(self, name: str, *arguments: str) -> None:
        self.processes[name] = fork(self.environment, self.folder / f"{name}.log", *arguments)


def fork(environment: dict[str, str], log: Path, *arguments: str) -> Forked:
    """Run a command of the program."""
    process = _CONTEXT.Process(target=_run, args=(environment, str(log), arguments), daemon=True)
    process.start()
    return Forked(process)


def _nothing() -> None: ...


def _run(environment: dict[str, str], log: str, arguments: tuple[str, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (1, 2):
        os.dup2(output, standard)
    begin_faults = getattr(ctypes.CDLL(None), "begin_faults", None)
    if begin_faults is not None:
        begin_faults()
    from importal import cli
    from importal.client import api, transfer

    # Of the sender alone: a run that waits a minute for each answer that never comes would prove the same.
    api.TIMEOUT_SECONDS = api.ANSWER_SECONDS = api.PACK_ANSWER_SECONDS = PATIENCE_SECONDS
    transfer.LONGEST_PAUSE_SECONDS = 2.0
    sys.argv = ["importal", *arguments]
    cli.main()
