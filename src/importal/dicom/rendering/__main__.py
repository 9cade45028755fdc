"""The drawing process: JSON lines in (`source`, `target`, `frame`), one JSON line out each (`drawn`).

Arguments: address space in bytes, CPU seconds per file.
"""

import json
import os
import sys
from pathlib import Path

from importal.dicom.limited_process import limit_cpu, limit_this_process
from importal.dicom.rendering.drawing import draw


def main() -> None:
    """Answer until the input ends."""
    memory_bytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    limit_this_process(memory_bytes)
    # What native code prints must not look like an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        limit_cpu(seconds)
        is_drawn = _drawn(Path(order["source"]), Path(order["target"]), order["frame"])
        answers.write(json.dumps({"drawn": is_drawn}) + "\n")
        answers.flush()


def _drawn(source: Path, target: Path, frame: int | None) -> bool:
    try:
        picture = draw(source, frame)
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
