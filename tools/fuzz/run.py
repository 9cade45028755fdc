"""Fuzz one target with atheris up to a number of inputs: ``python -m tools.fuzz.run TARGET RUNS``.

A finding is kept and counted, and the run goes on; the summary is renewed as it goes. Run by ``tools.fuzz``.
"""

import random
import sys

import atheris

with atheris.instrument_imports(
    include=["importal.dicom", "importal.transfers.packs", "importal.transfers.coding"]
):
    from tools.fuzz.account import FOLDER, Run

from tools.fuzz.mutation import mutate
from tools.fuzz.seeds import MOST_BYTES, seeds

BLIND_SHARE = 0.3


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
