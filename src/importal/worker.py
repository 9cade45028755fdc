"""The worker process: holds a slot, runs jobs, listens for storage commitment reports."""

import contextlib
import signal
from collections.abc import Iterator

from importal import logs, pipeline
from importal.components import Components
from importal.database import create_jobs_engine
from importal.delivery import commitment_reported
from importal.delivery.destinations.commitment import CommitmentListener
from importal.jobs import JobWorker, claim_slot
from importal.parent import end_with_parent

log = logs.get("worker")


def run(components: Components) -> None:
    """Work until SIGTERM or SIGINT."""
    settings = components.site.settings
    engine = create_jobs_engine(settings.sqlalchemy_url)
    slot = claim_slot(engine, settings.worker_slots, settings.data_dir / "workers")
    worker = JobWorker(engine, slot, pipeline.job_table(components))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    end_with_parent(worker.stop)
    with _listening(components):
        worker.run()


@contextlib.contextmanager
def _listening(components: Components) -> Iterator[None]:
    settings = components.site.settings
    if not settings.commitment_port:
        yield
        return
    listener = CommitmentListener(
        settings.ae_title,
        settings.commitment_port,
        lambda report: commitment_reported(components.site, report),
    )
    try:
        listener.start()
    except OSError as error:
        # Another worker on this machine listens already; reports reach the database through that one.
        log.warning("worker.listener_not_started", port=settings.commitment_port, exc_info=error)
        yield
        return
    try:
        yield
    finally:
        listener.stop()
