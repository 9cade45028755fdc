"""The drawing process: JSON lines in (`source`, `target`), one JSON line out each (`drawn`).

Arguments: address space in bytes, CPU seconds per file.
"""

import contextlib
import json
import os
import resource
import sys
from pathlib import Path

from importal.dicom.rendering.drawing import draw


def main() -> None:
    """Answer until the input ends."""
    memory_bytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What native code prints must not look like an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        _limit_cpu(seconds)
        answers.write(json.dumps({"drawn": _drawn(Path(order["source"]), Path(order["target"]))}) + "\n")
        answers.flush()


def _limit_cpu(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def _drawn(source: Path, target: Path) -> bool:
    try:
        picture = draw(source)
        if picture is None:
            return False
        beside = target.with_name(target.name + ".part")
        picture.save(beside, format="PNG")
        beside.replace(target)
    except Exception:  # noqa: BLE001 -- decoders raise anything; the answer is the same: no picture
        return False
    except MemoryError:
        return False
    return True


if __name__ == "__main__":
    main()
