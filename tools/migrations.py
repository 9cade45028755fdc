"""The migrations lead to exactly the tables that the code declares.

The story: a column that exists in the model and in no migration works on every developer's fresh
database and fails in the hospital that upgrades.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from tools.project import Project, Violation

PLACE = "src/importal/migrations"


def find_violations(_project: Project) -> Iterator[Violation]:
    """Yield each difference between a freshly migrated database and the declared tables."""
    from importal import schema
    from importal.database import create_engine

    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'fresh.sqlite3'}")
        try:
            schema.upgrade(engine)
            with engine.connect() as connection:
                yield from differences(connection, schema.metadata())
        finally:
            engine.dispose()


def differences(connection: Any, declared: MetaData) -> Iterator[Violation]:
    """Yield each difference between the database behind the connection and the declared tables."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
    for difference in compare_metadata(context, declared):
        yield Violation(PLACE, 0, f"migrations and tables differ: {_in_words(difference)}")
    if not declared.tables:
        yield Violation(PLACE, 0, "no table is declared: the comparison would prove nothing")


def _is_ours(_item: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:  # noqa: FBT001 -- the shape is Alembic's
    return not (kind == "table" and name == "alembic_version")


def _in_words(difference: Any) -> str:
    if isinstance(difference, list):
        return "; ".join(_in_words(part) for part in difference)
    words = [str(difference[0])]
    for part in difference[1:]:
        name = getattr(part, "name", part)
        if isinstance(name, str):
            words.append(name)
    return " ".join(words)
