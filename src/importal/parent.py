"""Programs that belong to another one end with it, however it went: killed, or crashed."""

import os
import signal
import threading
import time
from collections.abc import Callable

# Set by whoever starts a program that must not outlive it: the starter's process id.
VARIABLE = "IMPORTAL_PARENT"


def environment_of_child() -> dict[str, str]:
    """Return what to add to the environment of a program that ends with this one."""
    return {VARIABLE: str(os.getpid())}


def end_with_parent(end: Callable[[], None] | None = None) -> None:
    """Call `end`, or send SIGTERM to this process, when the program that started it is gone."""
    parent = os.environ.get(VARIABLE)
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(1)
        if end is not None:
            end()
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
