"""The processes of the kills, with the faults of the disk in them, and a sender that waits less long."""

import ctypes
import os
from pathlib import Path

from tests import forking
from tests.forking import CONTEXT, Forked
from tests.journey.portal import Portal

PATIENCE_SECONDS = 6.0


def load(library: Path) -> None:
    """Begin the process that all others are forked from, with the disk's faults in it, still asleep."""
    CONTEXT.set_forkserver_preload([*forking.LOADED, "tests.kills.run", __name__])
    before = os.environ.get("LD_PRELOAD")
    os.environ["LD_PRELOAD"] = str(library)
    try:
        first = CONTEXT.Process(target=_nothing)
        first.start()
        first.join()
    finally:
        os.environ.pop("LD_PRELOAD") if before is None else os.environ.update(LD_PRELOAD=before)


class ForkedPortal(Portal):
    """A portal whose disk can fail."""

    def start(self, name: str, *arguments: str) -> None:
        self.processes[name] = fork(self.environment, self.folder / f"{name}.log", *arguments)


def fork(environment: dict[str, str], log: Path, *arguments: str) -> Forked:
    """Run a command of the program."""
    return forking.fork(environment, arguments, log=log, first=_begin)


def _nothing() -> None: ...


def _begin() -> None:
    begin_faults = getattr(ctypes.CDLL(None), "begin_faults", None)
    if begin_faults is not None:
        begin_faults()
    from importal.client import api, transfer

    # Of the sender alone: a run that waits a minute for each answer that never comes would prove the same.
    api.TIMEOUT_SECONDS = api.ANSWER_SECONDS = api.PACK_ANSWER_SECONDS = PATIENCE_SECONDS
    transfer.LONGEST_PAUSE_SECONDS = 2.0
