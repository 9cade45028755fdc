"""Running jobs: one engine per worker process, under the id of its slot."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sqlalchemy
from dbos import DBOS

# What the engine does at its own start, for an id that is not its own; the version is pinned.
from dbos._recovery import recover_pending_workflows

from importal import logs
from importal.errors import Retry
from importal.jobs.queue import QUEUE, JobQueue, engine_config
from importal.jobs.slots import SlotLost, WorkerSlot

log = logs.get("jobs")

# Pauses before a job that raised Retry, or died of a defect, runs again; the last one repeats.
PAUSES_SECONDS = (2.0, 10.0, 60.0, 300.0, 900.0)
POLL_SECONDS = 0.25
AT_ONCE = 4
# How long work of a worker that is gone for good lies before another one takes it up.
ADOPT_EVERY_SECONDS = 30.0
EXECUTOR = "slot-"


@dataclass
class JobTable:
    """Job name → what it does with a row id, and what runs every so many seconds."""

    jobs: dict[str, Callable[[str], None]] = field(default_factory=dict)
    periodic: dict[str, tuple[float, Callable[[], None]]] = field(default_factory=dict)


class JobWorker:
    """Launches the engine, runs until stopped, and stops at once when its slot is lost."""

    def __init__(self, engine: sqlalchemy.Engine, slot: WorkerSlot, table: JobTable) -> None:
        self._engine = engine
        self._slot = slot
        self._table = table
        self._stopping = False

    def run(self) -> None:
        """Work until :meth:`stop`; returns after running jobs have had a moment to end."""
        queue = JobQueue(self._engine)
        for name, job in self._table.jobs.items():
            DBOS.workflow(name=name, max_recovery_attempts=None)(_durable(queue, name, job))
        engine = DBOS(config=engine_config(self._engine, _executor(self._slot.number)))
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=AT_ONCE,
            partition_concurrency=1,  # one row is never worked on twice at once
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )
        log.info("jobs.worker_started", slot=self._slot.number)
        try:
            self._loop(engine)
        finally:
            DBOS.destroy(workflow_completion_timeout_sec=10, destroy_registry=True)
            self._slot.release()

    def stop(self) -> None:
        """Ask the worker to end; safe in a signal handler."""
        self._stopping = True

    def _loop(self, engine: DBOS) -> None:
        periodic = self._table.periodic | {"adopt": (ADOPT_EVERY_SECONDS, lambda: self._adopt(engine))}
        due = dict.fromkeys(periodic, 0.0)
        while not self._stopping:
            try:
                self._slot.verify()
            except SlotLost:
                log.error("jobs.slot_lost", slot=self._slot.number)
                os._exit(70)  # another worker may hold the slot already: nothing may run on
            _run_due(periodic, due)
            time.sleep(0.2)

    def _adopt(self, engine: DBOS) -> None:
        """Put back what a worker left unfinished whose place nobody has taken since.

        The engine resumes by executor id. Where fewer workers run than before, no one gets that id again.
        """
        unfinished = DBOS.list_workflows(
            status="PENDING", queue_name=QUEUE, load_input=False, load_output=False
        )
        for executor_id in {str(one.executor_id) for one in unfinished} - {_executor(self._slot.number)}:
            number = executor_id.removeprefix(EXECUTOR)
            # Held for this moment, so that no worker begins under this id meanwhile.
            place = self._slot.claim_other(int(number)) if number.isdecimal() else None
            if place is None:
                continue
            try:
                recover_pending_workflows(engine, [executor_id])
                log.warning("jobs.place_adopted", slot=place.number)
            finally:
                place.release()


def _executor(number: int) -> str:
    return f"{EXECUTOR}{number}"


def _run_due(periodic: Mapping[str, tuple[float, Callable[[], None]]], due: dict[str, float]) -> None:
    for name, (every_seconds, work) in periodic.items():
        if time.monotonic() < due[name]:
            continue
        due[name] = time.monotonic() + every_seconds
        try:
            work()
        except Exception as error:
            log.error("jobs.periodic_failed", job=name, exc_info=error)


def _durable(queue: JobQueue, name: str, job: Callable[[str], None]) -> Callable[[str, int], None]:
    """Wrap a job: a failure is logged without its text, and the job is enqueued again after a pause.

    Waiting inside the workflow would keep one of the few places busy, so the next attempt is a workflow of
    its own; its id follows from this one's, so that a crash in between cannot make two of it.
    """

    def run(row_id: str, attempt: int) -> None:
        pause = DBOS.run_step({"name": f"{name}.attempt"}, _attempt, name, job, row_id, attempt)
        if pause is not None:
            queue.enqueue_again(name, row_id, attempt + 1, pause, workflow_id=f"{DBOS.workflow_id}+")

    return run


def _attempt(name: str, job: Callable[[str], None], row_id: str, attempt: int) -> float | None:
    """Run a job once; return None when it is done, else the seconds to wait."""
    pause = PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)]
    try:
        job(row_id)
    except Retry as retry:
        log.warning("jobs.attempt_postponed", job=name, code=retry.code, attempt=attempt)
        return pause if retry.after_seconds is None else retry.after_seconds
    except Exception as error:
        log.error("jobs.attempt_failed", job=name, exc_info=error, attempt=attempt)
        return pause
    return None
