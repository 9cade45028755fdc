"""Putting a job into the queue, in the transaction of the state that it follows from."""

from typing import Protocol

import sqlalchemy
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy.orm import Session

from importal.database import create_jobs_engine

QUEUE = "importal"
# The engine's default version is a hash of the code, which strands queued work after an upgrade.
APPLICATION_VERSION = "importal-1"
APPLICATION_NAME = "importal"


class Jobs(Protocol):
    """What a slice may do with jobs."""

    def enqueue(self, session: Session, job: str, row_id: str, *, delay_seconds: float = 0) -> None:
        """Add a job that runs after this transaction is committed, or never if it is not."""


class JobQueue:
    """Enqueues through DBOS on the application's own engine."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION_NAME,
            lazy=True,
        )

    def enqueue(self, session: Session, job: str, row_id: str, *, delay_seconds: float = 0) -> None:
        self._client.enqueue_in_transaction(session, _options(job, row_id, delay_seconds), row_id, 0)

    def enqueue_again(
        self, job: str, row_id: str, attempt: int, delay_seconds: float, *, workflow_id: str
    ) -> None:
        """Enqueue the next attempt of a job; a second call with the same workflow id changes nothing."""
        options = _options(job, row_id, delay_seconds)
        options["workflow_id"] = workflow_id
        self._client.enqueue(options, row_id, attempt)


def _options(job: str, row_id: str, delay_seconds: float) -> EnqueueOptions:
    options = EnqueueOptions(
        workflow_name=job, queue_name=QUEUE, app_version=APPLICATION_VERSION, queue_partition_key=row_id
    )
    if delay_seconds > 0:
        options["delay_seconds"] = delay_seconds
    return options


def engine_config(engine: sqlalchemy.Engine, executor_id: str) -> DBOSConfig:
    """Return the engine's configuration for one worker."""
    return DBOSConfig(
        name=APPLICATION_NAME,
        application_version=APPLICATION_VERSION,
        executor_id=executor_id,
        system_database_engine=engine,
        serializer=DBOSPortableJSONSerializer(),
        log_level="CRITICAL",
        console_log_level="CRITICAL",
    )


def install_jobs(url: str) -> None:
    """Create or migrate the engine's own tables in the database of this URL; harmless when they are there."""
    engine = create_jobs_engine(url)
    try:
        DBOS(config=engine_config(engine, "installer"))
        # It knows no job: one that it took from the queue would belong to nobody afterwards.
        DBOS.listen_queues([])
        DBOS.launch()
    finally:
        DBOS.destroy()
        engine.dispose()
