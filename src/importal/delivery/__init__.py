"""Delivery: a reconciled study goes to the archive, which then has to prove that it holds it (PS3.4 B, C, J).

Attempts and outcomes are on record before and after each thing that is done outside, so that any process may
die at any moment and the next one goes on.
"""

from importal.delivery.actions import retry
from importal.delivery.proof import await_commitment, commitment_reported
from importal.delivery.routes import router
from importal.delivery.step import deliver

__all__ = ["await_commitment", "commitment_reported", "deliver", "retry", "router"]
