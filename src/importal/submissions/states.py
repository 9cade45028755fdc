"""The states of a submission: the table of what may follow what, and the only place that assigns one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from importal import audit
from importal.errors import ImportalError
from importal.site import Site
from importal.submissions.errors import CLOSED
from importal.submissions.tables import Submission


class State(StrEnum):
    """Where a submission stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


PURGE = "purge_submission"
SECOND_ROUND_SECONDS = 3600.0


@dataclass(frozen=True)
class Transition:
    """What the audit trail says, and the job that follows."""

    action: str
    job: str | None


TRANSITIONS: dict[tuple[State, State], Transition] = {
    (State.DRAFT, State.SUBMITTED): Transition("submission.submitted", "inspect_submission"),
    (State.DRAFT, State.WITHDRAWN): Transition("submission.withdrawn", PURGE),
    (State.DRAFT, State.EXPIRED): Transition("submission.expired", PURGE),
    (State.SUBMITTED, State.WITHDRAWN): Transition("submission.withdrawn", PURGE),
    (State.SUBMITTED, State.CLOSED): Transition("submission.closed", None),
}


def move_to(
    session: Session,
    site: Site,
    submission: Submission,
    state: State,
    actor: audit.Actor,
    params: Mapping[str, int | str] | None = None,
) -> None:
    """Change the state, write the audit message and enqueue what follows, in the caller's transaction.

    Raises:
        ImportalError: ``submission.closed`` when the table does not allow it.
    """
    transition = TRANSITIONS.get((State(submission.state), state))
    if transition is None:
        raise ImportalError(CLOSED)
    now = site.clock()
    submission.state = state.value
    if state is State.SUBMITTED:
        submission.submitted_at = now
    audit.record(session, now, actor, transition.action, audit.Subject("submission", submission.id), params)
    if transition.job is not None:
        site.jobs.enqueue(session, transition.job, submission.id)
        if transition.job == PURGE:
            # Bytes that were on their way at this moment may be written after the first round of deleting.
            site.jobs.enqueue(session, PURGE, submission.id, delay_seconds=SECOND_ROUND_SECONDS)
