"""Real peers of the tests: missing with CI=true they are a failure, elsewhere the test is skipped."""

import os
import shutil
from pathlib import Path

import pytest

PROGRAMS = {
    "orthanc": "Orthanc",
    "chromium": "chromium",
    "firefox": "firefox-esr",
    "dcmtk": "storescp",
    "postgresql": "psql",
    "nginx": "nginx",
    "caddy": "caddy",
}


def program(name: str) -> Path | None:
    """Return the program of a peer; administrators' folders count as well."""
    found = shutil.which(
        PROGRAMS.get(name, name), path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    )
    return Path(found) if found else None


def require_peer(name: str, *, present: bool | None = None) -> None:
    """Go on only when the peer is on this machine (``present`` overrules the look for its program)."""
    if present if present is not None else program(name) is not None:
        return
    message = f"the peer {name} is missing on this machine"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
