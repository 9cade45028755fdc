"""Where the corpus of real, broken and hostile inputs lies."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def corpus_path(*parts: str) -> Path:
    """Return a path inside the corpus; a missing corpus fails in CI and skips elsewhere."""
    root = Path(os.environ.get("IMPORTAL_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
    path = root.joinpath(*parts)
    if not path.exists():
        message = "the corpus is missing: set IMPORTAL_CORPUS to its folder"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
