"""The second phase of a target: ``python -m tools.fuzz.mass TARGET RUNS``.

The first phase looks for inputs that reach new code, and pays for looking: it counts every edge. This one
mutates what was found there, at the full speed of the code. Run by ``tools.fuzz``; the same number of runs
tries the same inputs again as long as the first phase found the same.
"""

import random
import signal
import sys

from tools.fuzz.account import FOLDER, Run
from tools.fuzz.mutation import mutate
from tools.fuzz.seeds import MOST_BYTES

LONGEST_SECONDS = 60
# Few inputs in a row come from one file: what the engine remembers of a series must not help by chance alone.
IN_A_ROW = 4


def main() -> None:
    """Run; an input that hangs ends the process, and with it the whole run."""
    target, runs = sys.argv[1], int(sys.argv[2])
    files = sorted((FOLDER / "corpus" / target).iterdir())
    chance = random.Random(runs)
    run = Run(target, runs, "-mass")
    data = b""
    for number in range(runs):
        if number % IN_A_ROW == 0:
            data = chance.choice(files).read_bytes()
        signal.alarm(LONGEST_SECONDS)
        run.one_input(mutate(data, chance, MOST_BYTES))
    signal.alarm(0)


if __name__ == "__main__":
    main()
