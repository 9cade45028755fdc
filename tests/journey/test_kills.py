"""The transfer while everything around it breaks, in short; ``make kills`` is the long version.

A disc is sent with the real client to the real server over a line that breaks, with a disk that fails, and
at the end the power is cut: nothing may be lost, doubled or different, and nothing confirmed be sent again.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kills.faults import Faults, compiled
from tests.kills.run import KINDS
from tests.peers import require_peer

ROOT = Path(__file__).parents[2]
SEED = 20261125


def test_whatever_breaks_while_a_disc_is_sent_everything_arrives_once(database_url: str, tmp_path: Path):
    require_peer("cc")
    half = KINDS[:6] if database_url else KINDS[5:]
    wanted = {"folder": str(tmp_path), "database_url": database_url, "seed": SEED, "kinds": half}
    # In a process of its own: it forks, which this one with its threads had better not.
    done = subprocess.run(
        [sys.executable, "-m", "tests.kills.once", json.dumps(wanted)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    # The later ones have no moment when all was sent before.
    assert sum(outcome["interruptions"].values()) >= 3


WRITER = """
import os, sys, threading
folder, verbs = sys.argv[1:]
os.makedirs(folder + "/deep")
file = os.open(folder + "/deep/new", os.O_WRONLY | os.O_CREAT)
for verb in verbs.split():
    try:
        if verb == "write": os.write(file, b"12345678")
        if verb == "sync": os.fsync(file)
        if verb == "rename": os.replace(folder + "/deep/new", folder + "/deep/final")
        if verb == "folders":
            for place in (folder + "/deep", folder, os.path.dirname(folder)):
                descriptor = os.open(place, os.O_RDONLY)
                os.fsync(descriptor)
                os.close(descriptor)
        if verb == "broken": open(os.environ["FAULTS_CONTROL"], "r+b").write(b"\\1")
        if verb == "mended": open(os.environ["FAULTS_CONTROL"], "r+b").write(b"\\0")
    except OSError:
        pass
"""


@pytest.mark.parametrize(
    ("verbs", "kept"),
    [
        ("write sync rename folders", b"12345678"),
        ("write rename folders", b"1234"),
        ("write sync rename", None),
        ("write sync write rename folders", b"12345678"),
        ("write broken sync mended sync rename folders", b"1234"),
        ("write broken sync mended write sync rename folders", b"12345678" * 2),
    ],
)
def test_a_power_cut_takes_what_was_not_synced(tmp_path: Path, verbs: str, kept: bytes | None):
    require_peer("cc")
    data = tmp_path / "data"
    data.mkdir()
    faults = Faults(data, tmp_path)
    environment = {**faults.environment, "LD_PRELOAD": str(compiled(tmp_path))}
    subprocess.run(
        [sys.executable, "-c", WRITER, str(data / "objects"), verbs], env=environment, check=True, timeout=60
    )
    faults.cut_power(data)
    final = data / "objects" / "deep" / "final"
    assert (final.read_bytes() if final.exists() else None) == kept
