"""Reconciliation: a person matches a study with the right local patient and order (IHE IRWF).

The desk's inbox and study pages, proposals from the patient lookup, and the decision that delivery obeys.
"""

from importal.reconciliation.actions import Decision, compare, reconcile, reject
from importal.reconciliation.routes import router
from importal.reconciliation.schemas import LocalPatient, Order

__all__ = ["Decision", "LocalPatient", "Order", "compare", "reconcile", "reject", "router"]
