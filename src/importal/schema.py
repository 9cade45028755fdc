"""All tables together, and bringing a database up to them (Alembic revisions in ``migrations/``)."""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

from importal import (
    accounts,
    audit,
    delivery,
    http_api,
    inspection,
    institutions,
    invitations,
    reconciliation,
    retention,
    studies,
    submissions,
    transfers,
    vault,
)
from importal.database import Base

# Naming a slice here loads its tables; the order is that of the layers.
SLICES = (
    http_api,
    audit,
    institutions,
    accounts,
    invitations,
    submissions,
    vault,
    transfers,
    studies,
    inspection,
    reconciliation,
    delivery,
    retention,
)

# Any number will do; it only has to be ours (ASCII "IMPU").
UPGRADE_LOCK = 0x494D5055


def metadata() -> MetaData:
    """Return the tables of all slices."""
    return Base.metadata


def configuration(connection: sqlalchemy.Connection | None = None) -> Config:
    """Return Alembic's configuration; it uses the given connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: sqlalchemy.Engine) -> None:
    """Bring the database up to the newest revision; harmless when it is already there."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # SQLite's transaction is exclusive already; here web and workers may start together.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
        command.upgrade(configuration(connection), "head")
