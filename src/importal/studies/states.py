"""The road of a study: the table of states, and the only line that assigns one."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import audit
from importal.errors import ImportalError
from importal.site import Site
from importal.studies.errors import STUDY_STATE
from importal.studies.tables import Study

ADVANCE = "advance_study"
SYSTEM = audit.Actor("system", "worker")


class StudyState(StrEnum):
    """Where a study stands; a failure is a property of an attempt, never a state."""

    RECEIVED = "received"
    INSPECTED = "inspected"
    QUARANTINED = "quarantined"
    RECONCILED = "reconciled"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    COMMITTED = "committed"
    PURGED = "purged"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class StudyEvent(StrEnum):
    """What may happen to a study; the audit trail names it ``study.<event>``."""

    INSPECTED = "inspected"
    QUARANTINED = "quarantined"
    RECONCILED = "reconciled"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    FOUND_INCOMPLETE = "found_incomplete"
    COMMITTED = "committed"
    PURGED = "purged"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class QuarantineReason(StrEnum):
    """Why the machine keeps a study away from the desk's work."""

    MIXED_PATIENTS = "mixed_patients"
    CONFLICTING_INSTANCES = "conflicting_instances"
    DAMAGED_IN_STORE = "damaged_in_store"
    UNREADABLE = "unreadable"


_BEFORE_DELIVERED: Mapping[StudyEvent, StudyState] = {
    StudyEvent.WITHDRAWN: StudyState.WITHDRAWN,
    StudyEvent.EXPIRED: StudyState.EXPIRED,
}

TABLE: Mapping[StudyState, Mapping[StudyEvent, StudyState]] = {
    StudyState.RECEIVED: {
        StudyEvent.INSPECTED: StudyState.INSPECTED,
        StudyEvent.QUARANTINED: StudyState.QUARANTINED,
        **_BEFORE_DELIVERED,
    },
    StudyState.INSPECTED: {
        StudyEvent.RECONCILED: StudyState.RECONCILED,
        StudyEvent.REJECTED: StudyState.REJECTED,
        **_BEFORE_DELIVERED,
    },
    StudyState.QUARANTINED: {StudyEvent.REJECTED: StudyState.REJECTED, **_BEFORE_DELIVERED},
    # Reconciled again or rejected: only while nothing of it can have reached the archive.
    StudyState.RECONCILED: {
        StudyEvent.RECONCILED: StudyState.RECONCILED,
        StudyEvent.REJECTED: StudyState.REJECTED,
        StudyEvent.DELIVERED: StudyState.DELIVERED,
        **_BEFORE_DELIVERED,
    },
    StudyState.DELIVERED: {
        StudyEvent.COMMITTED: StudyState.COMMITTED,
        StudyEvent.FOUND_INCOMPLETE: StudyState.RECONCILED,
    },
    StudyState.COMMITTED: {StudyEvent.PURGED: StudyState.PURGED},
    StudyState.REJECTED: {StudyEvent.PURGED: StudyState.PURGED},
    StudyState.WITHDRAWN: {StudyEvent.PURGED: StudyState.PURGED},
    StudyState.EXPIRED: {StudyEvent.PURGED: StudyState.PURGED},
    StudyState.PURGED: {},
}


def lock(session: Session, study_id: str) -> Study | None:
    """Return a study that nobody else can change until this transaction ends, or None."""
    return session.scalar(
        select(Study).where(Study.id == study_id).with_for_update().execution_options(populate_existing=True)
    )


def lock_with_repetitions(session: Session, study_id: str) -> list[Study]:
    """Return the rows of a study that was sent more than once, by anybody, that nobody else can change now.

    All in one order, so that two transactions never wait for each other crosswise.
    """
    uid = select(Study.study_instance_uid).where(Study.id == study_id).scalar_subquery()
    alike = select(Study).where(Study.study_instance_uid == uid).order_by(Study.id)
    return list(session.scalars(alike.with_for_update().execution_options(populate_existing=True)))


def may(study: Study, event: StudyEvent) -> bool:
    """Whether the table lets this happen to the study now."""
    return event in TABLE[StudyState(study.state)]


def move_to(
    session: Session,
    site: Site,
    study: Study,
    event: StudyEvent,
    actor: audit.Actor,
    params: Mapping[str, int | str] | None = None,
) -> None:
    """Move a locked study along the table, say so in the audit trail and enqueue what follows.

    Raises:
        ImportalError: ``study.state`` when the table does not know this step.
    """
    after = TABLE[StudyState(study.state)].get(event)
    if after is None:
        raise ImportalError(STUDY_STATE, {"state": study.state})
    now = site.clock()
    study.state = after
    study.state_since = now
    subject = audit.Subject("study", study.id)
    audit.record(session, now, actor, f"study.{event}", subject, params)
    session.flush()
    site.jobs.enqueue(session, ADVANCE, study.id)
