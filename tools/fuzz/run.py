"""Fuzz one target with atheris up to a number of inputs: ``python -m tools.fuzz.run TARGET RUNS``.

A finding is kept and counted, and the run goes on; the summary is renewed as it goes. Run by ``tools.fuzz``.
"""

import hashlib
import json
import random
import resource
import sys
import time
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["importal.dicom", "importal.transfers.packs"]):
    from tools.fuzz.targets import TARGETS

from tools.fuzz.mutation import mutate
from tools.fuzz.seeds import MOST_BYTES, seeds

FOLDER = Path(".fuzz")
MOST_SECONDS = 1.0
MOST_MEMORY = 64 << 20
SUMMARY_EVERY = 5000
BLIND_SHARE = 0.3


class Run:
    """One target: runs inputs, keeps findings, tells how far it is."""

    def __init__(self, target: str, wanted: int) -> None:
        self._wanted = wanted
        self._name = target
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
        (FOLDER / f"{self._name}.json").write_text(json.dumps(summary), encoding="utf-8")


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _kind(error: Exception) -> str:
    """Name a finding by what was raised and where, so that each is kept once."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    within = next((frame.name for frame in reversed(frames) if "importal" in frame.filename), "")
    cause = f" after {error.__context__}" if error.__context__ is not None else ""
    return f"{type(error).__name__}: {error} at {place} in {within}{cause}"[:200]


def _changed(data: bytes, max_size: int, seed: int) -> bytes:
    chance = random.Random(seed)
    if not data or chance.random() < BLIND_SHARE:
        return bytes(atheris.Mutate(data, max_size))
    return mutate(data, chance, max_size)


def main() -> None:
    """Run; the fuzzer ends the process itself."""
    target, runs, *more = sys.argv[1:]
    corpus = FOLDER / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        if len(seed) <= MOST_BYTES:
            (corpus / f"seed-{number:04d}").write_bytes(seed)
    run = Run(target, int(runs))
    options = [
        f"-runs={runs}",
        f"-max_len={MOST_BYTES}",
        "-timeout=60",
        "-rss_limit_mb=3000",
        "-verbosity=1",
        *more,
    ]
    mutator = {} if target in ("packs", "restore") else {"custom_mutator": _changed}
    atheris.Setup(["fuzz", str(corpus), *options], run.one_input, **mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
