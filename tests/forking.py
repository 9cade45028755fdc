"""Real commands as processes of their own, forked from one that has loaded everything already.

Loading takes seconds, and tests start many. What is started is the program's own ``main`` in a process that
can be killed like any other; only the loading is shared. That the program starts by itself is seen where the
demo is walked.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

LOADED = ["importal.cli", "importal.web", "importal.worker", __name__]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(LOADED)


@dataclass
class Forked:
    """A forked process, with the verbs of a Popen."""

    process: BaseProcess

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended; raises TimeoutExpired."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("forked", timeout or 0)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal unless it has ended."""
        if self.process.exitcode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)


def fork(
    environment: dict[str, str],
    arguments: Sequence[str],
    *,
    log: Path,
    typed: Path | None = None,
    first: Callable[[], None] | None = None,
) -> Forked:
    """Run a command of the program; what it prints is appended to `log`, what it reads comes from `typed`.

    `first`, a function of a module, runs in the new process before the command.
    """
    work = (environment, str(log), os.devnull if typed is None else str(typed), tuple(arguments), first)
    process = CONTEXT.Process(target=_run, args=work, daemon=True)
    process.start()
    return Forked(process)


def _run(
    environment: dict[str, str],
    log: str,
    typed: str,
    arguments: tuple[str, ...],
    first: Callable[[], None] | None,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (1, 2):
        os.dup2(output, standard)
    if first is not None:
        first()
    from importal import cli

    sys.argv = ["importal", *arguments]
    with Path(typed).open(encoding="utf-8") as sys.stdin:
        cli.main()
