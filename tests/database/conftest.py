"""A site on real tables, once per engine: SQLite and PostgreSQL."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from importal import logs, schema
from importal.accounts import passwords
from importal.database import Database, create_engine
from importal.sealing import Keys
from importal.settings import Settings
from importal.site import Site
from importal.storage import MemoryStorage
from tests.peers import require_peer
from tests.postgres import running_postgresql


@dataclass
class RecordedJobs:
    """The fake of the job queue: remembers what was enqueued in transactions that were committed."""

    enqueued: list[tuple[str, str]] = field(default_factory=list)

    def enqueue(self, session: Session, job: str, row_id: str, *, delay_seconds: float = 0) -> None:
        del delay_seconds
        sqlalchemy.event.listen(
            session, "after_commit", lambda _session: self.enqueued.append((job, row_id)), once=True
        )


@dataclass
class TestClock:
    """A clock that a test moves."""

    __test__ = False
    moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@pytest.fixture(scope="session", autouse=True)
def _logs_of_the_product() -> None:
    """The library's own way to print an exception takes seconds, and quotes values."""
    logs.configure("error")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """What the product takes for a password fills 64 MiB and takes most of a test's time."""
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def postgresql_engine() -> Iterator[sqlalchemy.Engine]:
    require_peer("postgresql")
    with running_postgresql() as url:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        schema.metadata().create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them, to be copied: that is faster than making them."""
    path = tmp_path_factory.mktemp("empty") / "importal.sqlite3"
    engine = create_engine(f"sqlite:///{path}")
    schema.metadata().create_all(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_engine(empty_sqlite: Path, tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    path = tmp_path / "importal.sqlite3"
    shutil.copyfile(empty_sqlite, path)
    engine = create_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> sqlalchemy.Engine:
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_engine")
    engine = request.getfixturevalue("postgresql_engine")
    # TRUNCATE takes twenty times as long for a few rows; but rows of the audit trail cannot be deleted.
    children_first = [table.name for table in reversed(schema.metadata().sorted_tables)]
    verbs = ("TRUNCATE" if name == "audit_messages" else "DELETE FROM" for name in children_first)
    with engine.begin() as connection:
        connection.exec_driver_sql(";".join(map(" ".join, zip(verbs, children_first, strict=True))))
    return engine


@pytest.fixture
def site(engine: sqlalchemy.Engine, tmp_path: Path) -> Site:
    return Site(
        settings=Settings(data_dir=tmp_path, retry_seconds=0.01),
        database=Database(engine),
        storage=MemoryStorage(),
        keys=Keys(b"a secret of thirty-two bytes!!!!"),
        jobs=RecordedJobs(),
        clock=TestClock(),
    )


@pytest.fixture
def sqlite_site(sqlite_engine: sqlalchemy.Engine, tmp_path: Path) -> Site:
    """A site on SQLite alone, for what no engine can change and for long runs."""
    return Site(
        settings=Settings(data_dir=tmp_path, retry_seconds=0.01),
        database=Database(sqlite_engine),
        storage=MemoryStorage(),
        keys=Keys(b"a secret of thirty-two bytes!!!!"),
        jobs=RecordedJobs(),
        clock=TestClock(),
    )
