"""Peers and portals of the journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.portal import Portal, running_portal
from tests.orthanc import Orthanc, running_orthanc
from tests.peers import require_peer
from tests.postgres import running_postgresql


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    require_peer("orthanc")
    with running_orthanc(tmp_path / "orthanc") as archive:
        yield archive


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
        return
    require_peer("postgresql")
    with running_postgresql() as url:
        yield url


@pytest.fixture
def portal(tmp_path: Path, orthanc: Orthanc, database_url: str) -> Iterator[Portal]:
    # On SQLite the archive proves by storage commitment, on PostgreSQL by a query: both ways are walked.
    settings = {
        "IMPORTAL_DESTINATION": orthanc.destination_setting("query" if database_url else "n-action"),
        "IMPORTAL_COMMITMENT_PORT": str(orthanc.commitment_port),
        "IMPORTAL_DATABASE_URL": database_url,
    }
    with running_portal(tmp_path / "portal", **settings) as portal:
        yield portal
