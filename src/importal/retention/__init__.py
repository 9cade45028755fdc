"""Retention: what has served its purpose is deleted; the audit trail says that it was there.

The clock decides: studies that came to their end some days ago, drafts that were never finished.
"""

from importal.retention.step import delete_study, purge, purge_submission

__all__ = ["delete_study", "purge", "purge_submission"]
