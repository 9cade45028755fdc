"""The other tools: installed apart in .bench/venv, found on this machine, or told as absent."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".bench")
PYTHON = FOLDER / "venv" / "bin" / "python"
SCRIPT = Path(__file__).with_name("peers.py")
PACKAGES = ("pydicom==3.0.2", "dicognito==0.19.0", "dicom-anonymizer==2.1.0", "deid==0.4.13")
LIBRARIES = ("pydicom", "dicognito", "dicom-anonymizer", "deid")
PROGRAMS = {"dcmodify": "dcmtk", "gdcmanon": "libgdcm-tools"}


@dataclass(frozen=True)
class Tools:
    """The tools that can be measured, and those that cannot, with the package that has them."""

    names: tuple[str, ...]
    absent: tuple[str, ...]

    def versions(self) -> str:
        """Return what is measured and what is absent, in one line."""
        measured = [*PACKAGES] if LIBRARIES[0] in self.names else []
        for name in PROGRAMS:
            if name in self.names:
                said = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
                measured.append(" ".join((said.stdout + said.stderr).split()[:4]))
        return ", ".join([*measured, *(f"{name} absent" for name in self.absent)])

    def measure(self, tool: str, files: list[Path], folder: Path) -> tuple[float | None, tuple[int, int]]:
        """Return seconds of processor time per object (None: it fails), peak bytes and those before."""
        sources, targets = folder / "some", folder / "theirs"
        for place in (sources, targets):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
        for path in files:
            (sources / path.name).hardlink_to(path)
        python = str(PYTHON) if tool in LIBRARIES else sys.executable
        command = [python, "-W", "ignore", str(SCRIPT), tool, str(sources), str(targets)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        shutil.rmtree(targets)
        try:
            told = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            return None, (0, 0)
        peak, loaded = told["peak_bytes"]
        return told["seconds"], (peak, loaded)


def install() -> Tools:
    """Make the environment of the Python tools when it is not there, and look for the programs."""
    absent = [f"{name} ({package})" for name, package in PROGRAMS.items() if shutil.which(name) is None]
    found = [name for name in PROGRAMS if shutil.which(name)]
    if not PYTHON.exists() and not _make_environment():
        return Tools(tuple(found), (*LIBRARIES, *absent))
    return Tools((*LIBRARIES, *found), tuple(absent))


def _make_environment() -> bool:
    made = subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=False)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    if made.returncode == 0 and subprocess.run(command, check=False).returncode == 0:
        return True
    shutil.rmtree(FOLDER / "venv", ignore_errors=True)
    return False
