"""A PostgreSQL cluster of the tests' own: on loopback, in a temporary folder, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers import require_peer


def _binaries() -> Path | None:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Yield the URL of an empty cluster's database ``postgres``."""
    binaries = _binaries()
    if binaries is None:
        require_peer("postgresql", present=False)
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="importal-postgresql-"))
    # The server refuses to run as root, where containers and build machines usually are.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(folder, user)
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run(command, user=user, check=True, cwd=folder, capture_output=True, timeout=120)

    data = folder / "data"
    run(
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-A",
        "trust",
        "-U",
        "importal",
        "-E",
        "UTF8",
        "--no-locale",
    )
    # No test kills the cluster itself, so that nothing hangs on its writing to the disk at once.
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200"
        " -c fsync=off -c full_page_writes=off"
    )
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://importal@127.0.0.1:{port}/postgres"
    finally:
        run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
