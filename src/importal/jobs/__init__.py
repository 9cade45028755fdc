"""Durable jobs on DBOS, behind five functions, so that the engine could be replaced.

A job is a name and the id of a row; it is enqueued inside the caller's transaction, so it exists
exactly when the state it follows from exists. Six rules keep the engine safe (see the decision record):
an executor id per worker slot, a slot lock, one pinned application version, JSON arguments that are row
ids alone, no waiting for people inside a job, and our own SQLite engine.
"""

from importal.jobs.queue import JobQueue, Jobs, install_jobs
from importal.jobs.slots import SlotLost, WorkerSlot, claim_slot
from importal.jobs.worker import JobTable, JobWorker

__all__ = [
    "JobQueue",
    "JobTable",
    "JobWorker",
    "Jobs",
    "SlotLost",
    "WorkerSlot",
    "claim_slot",
    "install_jobs",
]
