"""``make fuzz``: every target in a process of its own, one line each; what was found lies in .fuzz/findings.

Headers are tried in two phases: first guided by coverage, then many mutations of what that found.
``RUNS=0.01 make fuzz`` runs a hundredth. A finding becomes a test when it is copied to tests/cases/fuzz as
TARGET-DIGEST.bin, and is then part of every later run.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(".fuzz")
PACKAGES = FOLDER / "packages"
_EDGES = re.compile(r"\bcov: (\d+)")
RUNS = {"neutralise": 100_000, "localise": 100_000, "restore": 400_000, "packs": 400_000, "coding": 400_000}
MASS = {"neutralise": 500_000, "localise": 500_000}


def main() -> int:
    """Run all targets, or those named; the exit code tells whether something was found."""
    install()
    share = float(os.environ.get("RUNS", "1"))
    wanted = sys.argv[1:] or list(RUNS)
    found = total = 0
    for target in wanted:
        guided = _run("run", target, RUNS[target], share)
        summaries = [guided, _run("mass", target, MASS[target], share)] if target in MASS else [guided]
        for summary in summaries:
            total += summary["inputs"]
            found += len(summary["findings"])
            print(_line(target, summary), flush=True)
    print(f"{total} inputs, {found or 'no'} findings")
    return 1 if found else 0


def _line(target: str, summary: dict[str, Any]) -> str:
    found = ", ".join(summary["findings"]) or "none"
    return (
        f"{target:<12}{summary['inputs']:>8} inputs, {summary['processor_seconds']} s of processor time, "
        f"slowest {summary['slowest_seconds']:.3f} s, memory grew by {summary['most_memory_bytes'] >> 20} MB "
        f"at most, {summary['edges'] or 'no'} edges of the code counted, findings: {found}"
    )


def install() -> None:
    """Put the fuzzer beside the environment, where the product does not see it."""
    if not (PACKAGES / "atheris").is_dir():
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        source = ["-r", "requirements/fuzz.txt", "--target", str(PACKAGES)]
        subprocess.run([*_pip(), "install", *options, *source], check=True)


def _pip() -> list[str]:
    """Return how to call pip: that of the environment, or another one that installs for it."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    return ["python3", "-m", "pip"]


def _run(phase: str, target: str, runs: int, share: float) -> dict[str, Any]:
    environment = os.environ | {"PYTHONPATH": str(PACKAGES), "PYTHONHASHSEED": "0"}
    name = FOLDER / (target if phase == "run" else f"{target}-{phase}")
    summary, said = name.with_suffix(".json"), name.with_suffix(".log")
    summary.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"tools.fuzz.{phase}", target, str(max(1, int(runs * share)))]
    with said.open("wb") as log:
        done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False)
    result: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else {}
    text = said.read_text(encoding="utf-8", errors="replace")
    result["edges"] = max((int(match[1]) for match in _EDGES.finditer(text)), default=0)
    if done.returncode or "inputs" not in result:
        print(text[-3000:], file=sys.stderr)
        raise SystemExit(f"the fuzzer of {target} broke off")
    return result


if __name__ == "__main__":
    sys.exit(main())
