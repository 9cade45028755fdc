"""Alembic's entry: revisions run on the connection that the caller holds, in its transaction."""

from typing import Any, Literal

from alembic import context

from importal import schema
from importal.database import Moment


def _render(kind: str, item: Any, _autogenerate: Any) -> str | Literal[False]:
    # A revision must mean the same for ever, so it names no type of ours.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


def _compare(
    _context: Any, _inspected: Any, column: Any, _inspected_type: Any, _metadata_type: Any
) -> bool | None:
    # The dialects see the same DateTime under our Moment.
    return False if isinstance(column.type, Moment) else None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata(),
    render_as_batch=True,
    render_item=_render,
    compare_type=_compare,
    # The job engine keeps its tables in the same SQLite file: they are not ours to compare.
    include_name=lambda name, kind, _parents: kind != "table" or name in schema.metadata().tables,
)
context.run_migrations()
