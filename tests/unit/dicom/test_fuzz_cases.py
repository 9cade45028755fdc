"""What the fuzzer found once holds for ever, within limits of time and memory (`make fuzz` finds more)."""

import time
import tracemalloc
from pathlib import Path

import pytest
from tools.fuzz.targets import TARGETS

FOLDER = Path(__file__).resolve().parents[2] / "cases" / "fuzz"
CASES = sorted(FOLDER.glob("*.bin"))
MOST_SECONDS = 1.0
MOST_MEMORY = 64 << 20


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_what_the_fuzzer_found_is_rewritten_or_refused_within_the_limits(case):
    data = case.read_bytes()
    target = TARGETS[case.name.split("-")[0]]
    begun = time.process_time()
    target(data)
    assert time.process_time() - begun < MOST_SECONDS
    tracemalloc.start()
    try:
        target(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY + len(data)


def test_there_are_cases_of_what_was_found():
    assert {case.name.split("-")[0] for case in CASES} <= set(TARGETS)
    assert CASES
