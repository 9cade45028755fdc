"""The database: one engine, one way to open a transaction, one base of all tables.

SQLite (write-ahead log, full sync) by default, PostgreSQL by setting a URL; the same code runs on both.
"""

from importal.database.engine import create_engine, create_jobs_engine
from importal.database.tables import Base, Moment, in_utc
from importal.database.transaction import Database

__all__ = ["Base", "Database", "Moment", "create_engine", "create_jobs_engine", "in_utc"]
