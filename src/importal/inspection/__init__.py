"""Inspection: what a submission brought becomes studies, each checked before a person sees it.

Counts in equal counts out; an object that is not what arrived, or a study that names two persons, is
quarantined with its reason.
"""

from importal.inspection.step import inspect_submission

__all__ = ["inspect_submission"]
