"""The receiving hospital: its name and voice, the texts it asks consent to, and its limits."""

from importal.institutions.tables import Institution, create, get, only

__all__ = ["Institution", "create", "get", "only"]
