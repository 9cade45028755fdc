"""Rules that ruff already knows stay switched on: each is shown an input that it must refuse."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("path", "code", "rule"),
    [
        ("src/importal/studies/actions.py", '"""A."""\n\nprint("x")\n', "T201"),
        ("src/importal/studies/actions.py", "import json\n", "D100"),
        (
            "src/importal/studies/actions.py",
            '"""A."""\n\n\ndef a(b, c, d, e, f, g, h):\n    pass\n',
            "PLR0913",
        ),
        ("src/importal/studies/actions.py", '"""A."""\n\n\ndef a() -> None:\n' + "    b()\n" * 41, "PLR0915"),
        (
            "src/importal/studies/actions.py",
            '"""A."""\n\ntry:\n    a()\nexcept Exception:\n    pass\n',
            "BLE001",
        ),
        ("src/importal/studies/actions.py", '"""A."""\n\nassert eval("1")\n', "S307"),
        (
            "src/importal/studies/actions.py",
            '"""A."""\n\nimport datetime\n\ndatetime.datetime.now()\n',
            "DTZ005",
        ),
    ],
)
def test_ruff_refuses(path, code, rule):
    program = Path(sys.executable).with_name("ruff")
    checked = subprocess.run(
        [program, "check", "--no-cache", "--output-format", "json", "--stdin-filename", path, "-"],
        cwd=REPOSITORY,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert rule in {finding["code"] for finding in json.loads(checked.stdout)}
