"""What a newcomer lacks is said in a sentence, before a program says it in a page."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"


def _machine(folder, **programs):
    """Return a PATH with the shell's own tools and nothing but the given programs."""
    for name in ("bash", "env", "id"):
        (folder / name).symlink_to(shutil.which(name))
    for name, says in programs.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
        program.chmod(0o755)
    return {**os.environ, "PATH": str(folder)}


def _run(script, environment, *arguments):
    return subprocess.run(
        [TOOLS / script, *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "programs", [{}, {"node": "echo v20.1.0"}, {"node": "echo v18.20.4", "npm": "exit 0"}], ids=str
)
def test_without_a_recent_node_the_sentence_names_it(tmp_path, programs):
    said = _run("node-version", _machine(tmp_path, **programs))
    assert said.returncode == 1
    assert "needs Node.js 20 or newer" in said.stderr


def test_with_a_recent_node_nothing_is_said(tmp_path):
    said = _run("node-version", _machine(tmp_path, node="echo v22.3.0", npm="exit 0"))
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("programs", [{}, {"python3": "exit 1"}], ids=["no Python", "an old Python"])
def test_without_a_recent_python_the_sentence_names_it(tmp_path, programs):
    said = _run("install", _machine(tmp_path, **programs), str(tmp_path / "venv"))
    assert said.returncode == 1
    assert "needs Python 3.11 or newer" in said.stderr


def test_a_python_without_venv_names_the_package(tmp_path):
    # Answers for its version, and has no ensurepip.
    python = 'case "$2" in *ensurepip*) exit 1;; esac'
    said = _run("install", _machine(tmp_path, python3=python), str(tmp_path / "venv"))
    assert said.returncode == 1
    assert "sudo apt-get install python3-venv" in said.stderr
