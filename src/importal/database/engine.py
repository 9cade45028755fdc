"""Engines for SQLite and PostgreSQL, set so that a committed row survives a power cut.

SQLite before 3.51.3 can lose commits when its write-ahead log is reset (fixed in 3.51.3, 3.50.7 and
3.44.6): an older library falls back to the rollback journal, which is not affected.
"""

import importlib
import sqlite3
from types import ModuleType
from typing import Any

import sqlalchemy
from sqlalchemy import event

BUSY_MILLISECONDS = 30_000


def sqlite_library() -> ModuleType:
    """Return the SQLite driver: the bundled recent one where its wheel exists, else the interpreter's.

    Only one SQLite library may open a file within a process (POSIX locks belong to the process), so
    everything that touches the file gets its engine from this module.
    """
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite version has the WAL-reset fix."""
    return version >= (3, 51, 3) or (version[:2] == (3, 50) and version >= (3, 50, 7)) or (
        version[:2] == (3, 44) and version >= (3, 44, 6)
    )  # fmt: skip


def create_engine(url: str) -> sqlalchemy.Engine:
    """Return the engine of the business tables (``sqlite:///…`` or ``postgresql+psycopg://…``).

    On SQLite a transaction takes the write lock at its start, so that what it read still holds when it
    writes; one that was opened with the option ``read_only`` takes none.
    """
    if not url.startswith("sqlite"):
        return _create_postgresql_engine(url)
    engine = _create_sqlite_engine(url, isolation_level=None)

    def on_begin(connection: sqlalchemy.Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    event.listen(engine, "begin", on_begin)
    return engine


def create_jobs_engine(url: str) -> sqlalchemy.Engine:
    """Return an engine on the same database for the job engine, which begins SQLite transactions itself."""
    if not url.startswith("sqlite"):
        return _create_postgresql_engine(url)
    return _create_sqlite_engine(url, isolation_level="IMMEDIATE")


def _create_postgresql_engine(url: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )


def _create_sqlite_engine(url: str, isolation_level: str | None) -> sqlalchemy.Engine:
    library = sqlite_library()
    journal = "WAL" if wal_is_safe(library.sqlite_version_info) else "DELETE"
    engine = sqlalchemy.create_engine(
        url,
        module=library,
        pool_size=10,
        max_overflow=20,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False},
        hide_parameters=True,
    )

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = isolation_level
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            f"journal_mode={journal}",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", on_connect)
    return engine
