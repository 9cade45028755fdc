"""Commands that run processes: the portal, a worker, the demo."""

import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from importal import logs, settings
from importal.components import build, prepare
from importal.parent import end_with_parent, environment_of_child

log = logs.get("cli")
# A worker that dies at once is not restarted in a tight loop.
RESTART_PAUSE_SECONDS = 1.0
# How many new objects there are before it is looked which of them are garbage.
_OBJECTS_UNTIL_COLLECTED = 20_000


def serve(
    *,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also run a worker here.")] = True,
) -> None:
    """Start the portal: the web server and, unless told otherwise, one worker beside it."""
    from importal.web import create_app

    loaded = settings.load()
    logs.configure(loaded.log_level)
    end_with_parent()
    # As Ctrl-C does: the worker beside it is ended as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Before anything else is started: a second portal would otherwise work beside the first, unseen.
    listening = _listen(loaded.host, loaded.port)
    components = build(loaded)
    prepare(components)
    app = create_app(components)
    supervisor = WorkerSupervisor() if with_worker else None
    if supervisor is not None:
        supervisor.start()
    log.info("web.started", host=loaded.host, port=loaded.port)
    _leave_loaded_alone()
    try:
        uvicorn.Server(
            uvicorn.Config(
                app,
                http="httptools",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=True,
                forwarded_allow_ips=loaded.trusted_proxies,
                timeout_keep_alive=75,
                h11_max_incomplete_event_size=None,
            )
        ).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # Ctrl-C is how it is meant to end
    finally:
        if supervisor is not None:
            supervisor.stop()


def _leave_loaded_alone() -> None:
    """Let the collector of garbage pass over what stays for the life of the process.

    It would look at half a million objects of loaded modules each time that some requests have made as many
    new ones, which takes a tenth of the processor under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port, or say in a sentence why not."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said = f"Port {port} of {host} is taken by another program. Set IMPORTAL_PORT to a free one."
        else:
            said = f"The portal cannot listen on {host}, port {port}. Check IMPORTAL_HOST and IMPORTAL_PORT."
        print(said, file=sys.stderr)
        raise typer.Exit(1) from None


def worker() -> None:
    """Run one worker. Start as many as there are slots; one more is a standby."""
    from importal.worker import run

    loaded = settings.load()
    logs.configure(loaded.log_level)
    components = build(loaded)
    prepare(components)
    run(components)


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data and sample discs.")] = Path(
        "demo-data"
    ),
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the portal; 8080 or the next free one if left out."),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Run the whole road without a person, then stop.")
    ] = False,
) -> None:
    """Set up a demo hospital with a stand-in PACS and sample discs, and run it until Ctrl-C."""
    from importal.demo.run import run_demo

    raise typer.Exit(run_demo(folder, port, check=check))


class WorkerSupervisor:
    """Keeps one worker process running beside the web server, in the same process group."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="worker-supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the worker to end and wait a moment for it."""
        self._stopping.set()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._thread.join(5)

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "importal", "worker"],
                env={**os.environ, **environment_of_child()},
            )
            status = self._process.wait()
            if not self._stopping.is_set():
                log.error("web.worker_ended", status=status)
                time.sleep(RESTART_PAUSE_SECONDS)
