"""``make kills``: many seeded runs, one line each; it stops at the first that breaks the promise.

RUNS, SEED, SMALL, LARGE (bytes, with commas) and RATE (bytes per second) change its size; DATABASE is
``sqlite`` or ``postgresql``, or empty for both in turn. FULL=1 is the size of a large disc: 2,000 small files
and two of 1 GB.
"""

import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.kills.disc import FULL, Sizes
from tests.kills.faults import compiled
from tests.kills.forks import load
from tests.kills.run import KINDS, Outcome, harness
from tests.postgres import running_postgresql

AT_ONCE = 4


def main() -> int:
    """Run and print; the status says whether the promise was kept."""
    runs, first = int(os.environ.get("RUNS", "200")), int(os.environ.get("SEED", "1"))
    rate = float(os.environ.get("RATE", "20e6"))
    sizes = FULL if os.environ.get("FULL") else _sizes()
    wanted = os.environ.get("DATABASE") or "sqlite,postgresql"
    databases = wanted.split(",")
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kills-", dir="/var/tmp")))
        load(compiled(folder))
        portals = []
        for database in databases:
            url = stack.enter_context(running_postgresql()) if database == "postgresql" else ""
            portals.append(stack.enter_context(harness(folder / database, url, rate)))
        for seed in range(first, first + runs):
            at = seed % len(databases)
            kinds = random.Random(-seed).sample(KINDS, AT_ONCE)
            outcome = portals[at].run(seed, folder, sizes, kinds)
            outcomes.append(outcome)
            shutil.rmtree(folder / f"disc-{seed}")
            _print(databases[at], outcome)
    _print_sum(outcomes)
    return 0


def _sizes() -> Sizes:
    small = int(os.environ.get("SMALL", str(Sizes.small)))
    large = os.environ.get("LARGE")
    sizes = replace(Sizes(), small=small)
    return replace(sizes, large=tuple(int(size) for size in large.split(","))) if large else sizes


def _print(database: str, outcome: Outcome) -> None:
    print(
        f"seed {outcome.seed} {database}: {outcome.files} files, {outcome.bytes / 1e6:.1f} MB, "
        f"{outcome.client_starts} starts, sent {outcome.sent_bytes / 1e6:.1f} MB, of it unanswered "
        f"{outcome.unanswered_bytes / 1e6:.1f} MB, {outcome.lost_unconfirmed} objects lost to power cuts "
        f"unconfirmed, {outcome.seconds:.0f} s; {', '.join(outcome.interruptions)}",
        flush=True,
    )


def _print_sum(outcomes: list[Outcome]) -> None:
    kinds = sum((outcome.interruptions for outcome in outcomes), Counter())
    print(f"\n{len(outcomes)} runs, {sum(kinds.values())} interruptions: {dict(kinds)}")
    total = sum(outcome.bytes for outcome in outcomes)
    # What was under way and had arrived all the same is not sent again: then it is less than was under way.
    again = sum(max(0, outcome.sent_bytes - outcome.bytes - outcome.unanswered_bytes) for outcome in outcomes)
    files = sum(outcome.files for outcome in outcomes)
    print(f"{files} files, {total / 1e9:.2f} GB; 0 lost, 0 doubled, 0 different;")
    again_in_all = sum(max(0, outcome.sent_bytes - outcome.bytes) for outcome in outcomes)
    print(
        f"sent again: {again_in_all / 1e9:.2f} GB that was under way when something broke, and beyond that "
    )
    print(f"{again} bytes ({again / total:.3%}); sent again though confirmed: 0")


if __name__ == "__main__":
    sys.exit(main())
