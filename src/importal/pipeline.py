"""The road of a study: which step moves it on from each state. The only file that knows the order.

| A Study that is | waits for    | in                             | and becomes                            |
|-----------------|--------------|--------------------------------|----------------------------------------|
| RECEIVED        | the machine  | ``inspection``                 | INSPECTED or QUARANTINED               |
| INSPECTED       | a person     | ``reconciliation.reconcile``   | RECONCILED or REJECTED                 |
| RECONCILED      | the machine  | ``delivery.deliver``           | DELIVERED                              |
| DELIVERED       | the PACS     | ``delivery.await_commitment``  | COMMITTED                              |
| COMMITTED       | the clock    | ``retention.purge``            | PURGED                                 |
"""

from collections.abc import Callable, Mapping

from importal import delivery, inspection, retention
from importal.components import Components
from importal.jobs import JobTable
from importal.site import Site
from importal.studies import ADVANCE, Study, StudyState

PURGE_EVERY_SECONDS = 3600.0

Step = Callable[[Components, str], None]

STEPS: Mapping[StudyState, Step] = {
    StudyState.RECONCILED: lambda all_, study_id: delivery.deliver(all_.site, all_.destination, study_id),
    StudyState.DELIVERED: lambda all_, study_id: delivery.await_commitment(
        all_.site, all_.destination, study_id
    ),
    StudyState.PURGED: lambda all_, study_id: retention.delete_study(all_.site, study_id),
}


def advance(components: Components, study_id: str) -> None:
    """Do what moves this study on, if it is the machine's turn; harmless otherwise."""
    with components.site.database.reading() as session:
        study = session.get(Study, study_id)
        state = None if study is None else StudyState(study.state)
    step = STEPS.get(state) if state is not None else None
    if step is not None:
        step(components, study_id)


def job_table(components: Components) -> JobTable:
    """Return every job that is ever enqueued, and what runs by the clock."""
    site = components.site
    return JobTable(
        jobs={
            "inspect_submission": lambda row_id: inspection.inspect_submission(site, row_id),
            ADVANCE: lambda row_id: advance(components, row_id),
            "purge_submission": lambda row_id: retention.purge_submission(site, row_id),
        },
        periodic={"purge": (PURGE_EVERY_SECONDS, lambda: _purge(site))},
    )


def _purge(site: Site) -> None:
    retention.purge(site)
