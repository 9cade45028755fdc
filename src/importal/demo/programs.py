"""The programs of the demo: on ports of their own, watched while they run, and ended together."""

import contextlib
import fcntl
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

USUAL_PORT = 8080
END_SECONDS = 30.0


class DemoStopped(Exception):
    """The demo cannot go on. The text is a sentence for a person; `exit_code` is the command's."""

    def __init__(self, sentence: str, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@dataclass
class Programs:
    """Child processes by the name that a person reads."""

    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        # The last one first: the portal before the archive that it talks to.
        for process in reversed(self.running.values()):
            _end(process)

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start one more, out of reach of Ctrl-C: they end in good order, not all at once."""
        self.running[name] = subprocess.Popen(  # noqa: S603 - only our own programs
            command, env=dict(environment), start_new_session=True
        )

    def require_all(self) -> None:
        """Raise `DemoStopped` naming the first that has ended by itself."""
        for name, process in self.running.items():
            status = process.poll()
            if status is not None:
                how = f"signal {-status}" if status < 0 else f"exit code {status}"
                raise DemoStopped(f"{name} has ended by itself ({how}), so the demo stops everything.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    process.kill()
    process.wait()


@contextlib.contextmanager
def alone_with(lock: Path) -> Iterator[None]:
    """Refuse to run twice with one folder: two archives and two portals would share the data."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoStopped(
                f"A demo already runs with the folder {lock.parent}. "
                "Stop that one first, or choose another folder: importal demo --folder FOLDER",
                2,
            ) from None
        yield


def end_by_signal() -> None:
    """Let the first Ctrl-C or SIGTERM end the demo in good order, whatever it is doing."""

    def end(_number: int, _frame: object) -> None:
        # Once is enough: a second one would break the good order.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def port_for(wanted: int | None) -> int:
    """Return the wanted port, or the usual one or the next free one.

    Raises:
        DemoStopped: when the wanted port is taken.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise DemoStopped(
                f"Port {wanted} is taken by another program. "
                "Choose another one with --port (make demo PORT=...), or leave it out to get a free one.",
                2,
            )
        return wanted
    if is_free(USUAL_PORT):
        return USUAL_PORT
    near = (port for port in range(USUAL_PORT + 1, USUAL_PORT + 100) if is_free(port))
    chosen = next(near, None) or free_port()
    print(
        f"Port {USUAL_PORT} is taken by another program, so the portal listens on port {chosen}.", flush=True
    )
    return chosen


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    try:
        # As a server binds: an address that only waits for its last packets counts as free.
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
