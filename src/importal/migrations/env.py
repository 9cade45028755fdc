"""Alembic's entry: revisions run on the connection that the caller holds, in its transaction."""

from alembic import context

from importal import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata(),
    render_as_batch=True,
    # The job engine keeps its tables in the same SQLite file: they are not ours to compare.
    include_name=lambda name, kind, _parents: kind != "table" or name in schema.metadata().tables,
)
context.run_migrations()
