"""Revisions of the tables, applied in order by ``schema.upgrade``."""
