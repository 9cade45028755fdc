"""No drawing process is started here: pictures are not what these tests are about."""

import pytest


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave every series without a picture."""
    target = "importal.inspection.thumbnails.rendering.render_thumbnails"
    monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))
