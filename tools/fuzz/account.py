"""What a fuzzing process keeps account of: inputs, the slowest, the largest, and every finding once."""

import hashlib
import json
import resource
import time
import traceback
from pathlib import Path

from tools.fuzz.targets import TARGETS

FOLDER = Path(".fuzz")
MOST_SECONDS = 1.0
MOST_MEMORY = 64 << 20
SUMMARY_EVERY = 5000


class Run:
    """One target: runs inputs, keeps findings, tells how far it is."""

    def __init__(self, target: str, wanted: int, phase: str = "") -> None:
        self._wanted = wanted
        self._name = target
        self._summary = FOLDER / f"{target}{phase}.json"
        self._target = TARGETS[target]
        self._seen: set[str] = set()
        self._begun = time.process_time()
        self._inputs = 0
        self._slowest = 0.0
        self._most_memory = 0

    def one_input(self, data: bytes) -> None:
        """Run one input and look at what it took."""
        memory = _peak_memory()
        begun = time.process_time()
        try:
            self._target(data)
        except Exception as error:
            self._keep(data, _kind(error))
        seconds, grown = time.process_time() - begun, _peak_memory() - memory
        self._slowest = max(self._slowest, seconds)
        self._most_memory = max(self._most_memory, grown)
        if seconds > MOST_SECONDS:
            self._keep(data, "slow")
        if grown > MOST_MEMORY + len(data):
            self._keep(data, "memory")
        self._inputs += 1
        if self._inputs in (1, self._wanted) or not self._inputs % SUMMARY_EVERY:
            self.summarise()

    def _keep(self, data: bytes, kind: str) -> None:
        if kind in self._seen:
            return
        self._seen.add(kind)
        digest = hashlib.sha256(data).hexdigest()[:12]
        (FOLDER / "findings").mkdir(parents=True, exist_ok=True)
        (FOLDER / "findings" / f"{self._name}-{digest}").write_bytes(data)
        print(f"FOUND {self._name}-{digest}: {kind}", flush=True)

    def summarise(self) -> None:
        """Write how far the run is."""
        summary = {
            "inputs": self._inputs,
            "processor_seconds": round(time.process_time() - self._begun),
            "slowest_seconds": round(self._slowest, 3),
            "most_memory_bytes": self._most_memory,
            "findings": sorted(self._seen),
        }
        self._summary.write_text(json.dumps(summary), encoding="utf-8")


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _kind(error: Exception) -> str:
    """Name a finding by what was raised and where, so that each is kept once."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    within = next((frame.name for frame in reversed(frames) if "importal" in frame.filename), "")
    cause = f" after {error.__context__}" if error.__context__ is not None else ""
    return f"{type(error).__name__}: {error} at {place} in {within}{cause}"[:200]
