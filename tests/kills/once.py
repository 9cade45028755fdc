"""One run for the tests, in a process of its own; prints what it showed as JSON."""

import json
import sys
from pathlib import Path

from tests.kills.disc import Sizes
from tests.kills.faults import compiled
from tests.kills.forks import load
from tests.kills.run import harness

SIZES = Sizes(small=40, small_bytes=150_000, large=(9_000_000,))

if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    folder = Path(wanted["folder"])
    load(compiled(folder))
    with harness(folder, wanted["database_url"], 15e6) as broken:
        outcome = broken.run(wanted["seed"], folder, SIZES, list(wanted["kinds"]))
    print(json.dumps(vars(outcome)))
