"""A process of our own with limits, for decoders of native code: a crash or a hang there costs one file.

The process sets its limits itself, first of all, with `limit_this_process`; the parent watches the clock.
"""

import contextlib
import os
import resource
import subprocess
import sys
from typing import Any


def start(module: str, *arguments: float, own_group: bool = False) -> subprocess.Popen[Any]:
    """Start `python -m module`, its input and output on pipes; in a process group of its own if so asked."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(  # noqa: S603 -- our own interpreter and module
        [sys.executable, "-m", module, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # decoders print what they find in files
        env=environment,
        start_new_session=own_group,
    )


def limit_this_process(memory_bytes: int) -> None:
    """Bound the address space, and leave no memory behind on the disk when it dies."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu(seconds: float) -> None:
    """Give this process so many seconds of work from now on; over them the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
