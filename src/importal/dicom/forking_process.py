"""The child's end: a process that forks for each order, so that what native code does there ends with it.

In: a line of JSON with `length`, `memory_bytes` and `cpu_seconds`, then so many bytes. Out: a line of JSON
with `ended_by`, the signal that ended the fork or 0, and `length`, then what the fork wrote.

This process looks into nothing that it is given, so nothing can hurt it.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from importal.dicom.limited_process import limit_cpu, limit_this_process

Work = Callable[[dict[str, Any], bytes, BinaryIO], None]


def serve(work: Work) -> None:
    """Take orders until nobody gives any more; `work` writes what it makes of order and bytes."""
    # What native code prints must not look like an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    while line := source.readline():
        order = json.loads(line)
        content = source.read(order["length"])
        if len(content) != order["length"]:
            return
        with os.fdopen(os.memfd_create("made"), "w+b") as made:
            ended_by = _fork_for(work, order, content, made)
            length = 0 if ended_by else made.seek(0, os.SEEK_END)
            made.seek(0)
            answers.write(json.dumps({"ended_by": ended_by, "length": length}).encode() + b"\n")
            answers.write(made.read(length))
            answers.flush()


def _fork_for(work: Work, order: dict[str, Any], content: bytes, made: BinaryIO) -> int:
    """Return the signal that ended the fork, or 0."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    try:
        limit_this_process(order["memory_bytes"])
        limit_cpu(order["cpu_seconds"])
        work(order, content, made)
        made.flush()
    finally:
        # Whatever happened: never back into the loop of the parent, and no exception with a value in it.
        os._exit(0)
