"""Attempts: each is on record before the first byte goes out, and ended with what came of it."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importal import audit, studies
from importal.delivery import errors
from importal.ids import new_id
from importal.site import Site
from importal.studies import DeliveryAttempt, InstanceDelivery, LocalIdentity, Study, StudyEvent, StudyState


@dataclass(frozen=True)
class Begun:
    """An attempt under way, with what was decided when it began."""

    attempt_id: str
    study: Study
    identity: LocalIdentity
    failures_before: int


def begin(session: Session, site: Site, study_id: str, destination: str) -> Begun | None:
    """Record a new attempt; return None when the study does not wait for one (any more).

    The study is locked, so from here on a person at the desk sees that it is being sent.
    """
    study = studies.lock(session, study_id)
    if study is None or study.state != StudyState.RECONCILED:
        return None
    earlier = _attempts(session, study)
    for attempt in earlier:
        if attempt.ended_at is None:
            _close(site, attempt, "interrupted", errors.INTERRUPTED.code)
    of_this_round = [attempt for attempt in earlier if attempt.round == study.delivery_round]
    failures = _failures_in_a_row(of_this_round)
    if of_this_round and (of_this_round[-1].is_final or failures >= site.settings.delivery_attempts):
        of_this_round[-1].is_final = True
        return None
    session.flush()
    number = earlier[-1].number + 1 if earlier else 1
    attempt = DeliveryAttempt(
        id=new_id(),
        study_id=study.id,
        number=number,
        round=study.delivery_round,
        destination=destination,
        started_at=site.clock(),
        is_sending=False,
        outcome="",
        error_code="",
        delivered=0,
        is_final=False,
    )
    session.add(attempt)
    identity = session.get_one(LocalIdentity, study.id)
    _audit(session, site, study.id, "delivery.attempt_started", {"number": number})
    return Begun(attempt.id, study, identity, failures)


def mark_sending(session: Session, begun: Begun, *, is_sending: bool) -> bool:
    """Note that instances may now reach the archive, or that none of this attempt did.

    Returns:
        Whether the attempt is still open. Another worker may have closed it and a person may have decided
        anew since: then nothing of it may be sent.
    """
    studies.lock(session, begun.study.id)
    attempt = session.get_one(DeliveryAttempt, begun.attempt_id)
    if attempt.ended_at is not None:
        return False
    attempt.is_sending = is_sending
    return True


def end(session: Session, site: Site, begun: Begun, error_code: str, *, is_final: bool = False) -> bool:
    """End an attempt. When nothing is left to send the study is delivered, whatever went wrong before.

    Returns:
        Whether another attempt should follow by itself.
    """
    study = studies.lock(session, begun.study.id)
    attempt = session.get_one(DeliveryAttempt, begun.attempt_id)
    if study is None or attempt.ended_at is not None:
        return False
    left = count_left(session, study.id)
    if left == 0 and not error_code:
        _close(site, attempt, "delivered", "")
        studies.move_to(
            session, site, study, StudyEvent.DELIVERED, studies.SYSTEM, {"attempts": attempt.number}
        )
        return False
    _close(site, attempt, "failed", error_code or errors.INCOMPLETE.code)
    failures = 0 if attempt.delivered else begun.failures_before + 1
    attempt.is_final = is_final or failures >= site.settings.delivery_attempts
    params: dict[str, int | str] = {"number": attempt.number, "code": attempt.error_code, "left": left}
    _audit(session, site, study.id, "delivery.attempt_failed", params)
    return not attempt.is_final


def count_left(session: Session, study_id: str) -> int:
    """Return how many instances of a study the archive is not known to hold."""
    left = (InstanceDelivery.study_id == study_id) & InstanceDelivery.outcome.not_in(studies.HELD)
    return session.scalar(select(func.count()).select_from(InstanceDelivery).where(left)) or 0


def _attempts(session: Session, study: Study) -> list[DeliveryAttempt]:
    found = select(DeliveryAttempt).where(DeliveryAttempt.study_id == study.id)
    return list(session.scalars(found.order_by(DeliveryAttempt.number)))


def _failures_in_a_row(attempts: list[DeliveryAttempt]) -> int:
    """Count the last attempts that brought nothing forward; one that delivered something starts anew."""
    failures = 0
    for attempt in reversed(attempts):
        if attempt.delivered or attempt.outcome == "delivered":
            break
        failures += 1
    return failures


def _close(site: Site, attempt: DeliveryAttempt, outcome: str, code: str) -> None:
    attempt.ended_at = site.clock()
    attempt.outcome = outcome
    attempt.error_code = code


def _audit(session: Session, site: Site, study_id: str, action: str, params: dict[str, int | str]) -> None:
    audit.record(session, site.clock(), studies.SYSTEM, action, audit.Subject("study", study_id), params)
