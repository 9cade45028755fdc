"""The parent's end of forking processes: one order at a time each, kept for the next one.

A process that was waited for in vain, or whose pipes broke, is ended together with what it forked.
"""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import threading
from typing import Any

from importal.dicom.limited_process import start

_MOST_IDLE = 2
"""More are ended after use: each holds the loaded libraries, about 100 MB."""


class Makers:
    """Forking processes by the name of their module, started when there is an order and none is free."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._idle: list[subprocess.Popen[Any]] = []
        self._lock = threading.Lock()
        atexit.register(self.end)

    def make(self, order: bytes, document: bytes, seconds: float) -> tuple[int, bytes]:
        """Hand over one order; return the signal that ended its process, or 0, and what it answered.

        Raises:
            TimeoutError: nothing came within so many seconds.
            EOFError: the process itself is gone.
        """
        process = self._take()
        watch = _Watch(process, seconds)
        try:
            answer = _ask(process, order, document)
        except (OSError, ValueError, EOFError) as error:
            late = watch.end()
            _kill(process)
            _close(process)
            if late:
                raise TimeoutError from None
            raise EOFError from error
        if watch.end():
            _close(process)
        else:
            self._put_back(process)
        return answer

    def end(self) -> None:
        """End all that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            _kill(process)
            _close(process)

    def _take(self) -> subprocess.Popen[Any]:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.poll() is None:
                    return process
                _close(process)
        return start(self._module, own_group=True)

    def _put_back(self, process: subprocess.Popen[Any]) -> None:
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append(process)
                return
        _kill(process)
        _close(process)


class _Watch:
    """Kills a process when its time is over."""

    def __init__(self, process: subprocess.Popen[Any], seconds: float) -> None:
        self._process = process
        self._late = False
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.start()

    def _strike(self) -> None:
        self._late = True
        _kill(self._process)

    def end(self) -> bool:
        """Watch no longer; return whether the time was over before."""
        self._timer.cancel()
        self._timer.join()
        return self._late


def _ask(process: subprocess.Popen[Any], order: bytes, document: bytes) -> tuple[int, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(order)
    process.stdin.write(document)
    process.stdin.flush()
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    said = json.loads(line)
    received = process.stdout.read(said["length"])
    if len(received) != said["length"]:
        raise EOFError
    return said["ended_by"], received


def _kill(process: subprocess.Popen[Any]) -> None:
    # The whole group: what it forked for the document must not go on alone.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _close(process: subprocess.Popen[Any]) -> None:
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
