"""Delivering a reconciled study: C-STORE of what the archive lacks, until nothing is left (PS3.4 Annex B).

Every effect outside is repeatable: same SOP Instance UIDs, same bytes, and the archive is asked first what
it holds. No transaction is open while the network is used.
"""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import logs
from importal.delivery import attempts, errors, outgoing
from importal.delivery.attempts import Begun
from importal.delivery.destinations import Declined, Destination, OutgoingInstance, StoreOutcome, Unreachable
from importal.delivery.outcomes import OutcomeBook, record_present
from importal.errors import Retry
from importal.site import Site
from importal.studies import HELD, InstanceDelivery

log = logs.get("delivery")

LONGEST_PAUSE_SECONDS = 3600.0


class _Stopped(Exception):
    """The attempt ends here; ``is_final``: a person has to look."""

    def __init__(self, code: str, *, is_final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


def deliver(site: Site, destination: Destination | None, study_id: str) -> None:
    """Make one attempt to send what is left of a reconciled study; harmless in every other state.

    Raises:
        Retry: it was not all delivered, and another attempt follows by itself.
    """
    name = destination.name if destination is not None else ""
    begun = site.database.run(lambda session: attempts.begin(session, site, study_id, name))
    if begun is None:
        return
    code, is_final = errors.NO_DESTINATION.code, True
    if destination is not None:
        code, is_final = _attempt(site, destination, begun)
    again = site.database.run(lambda session: attempts.end(session, site, begun, code, is_final=is_final))
    if again:
        log.warning("delivery.attempt_failed", study_id=study_id, code=code or errors.INCOMPLETE.code)
        raise Retry(code or errors.INCOMPLETE.code, pause_seconds(site, begun.failures_before))


def _attempt(site: Site, destination: Destination, begun: Begun) -> tuple[str, bool]:
    """Return the code of what stopped the attempt, if anything, and whether a person has to look."""
    try:
        _send_what_is_left(site, destination, begun)
    except _Stopped as stopped:
        return stopped.code, stopped.is_final
    return "", False


def pause_seconds(site: Site, failures: int) -> float:
    """Return how long to wait after so many failures: doubled each time, spread by a quarter, bounded."""
    spread = 0.75 + secrets.randbelow(501) / 1000
    return min(site.settings.retry_seconds * 2.0**failures, LONGEST_PAUSE_SECONDS) * spread


def held_by_other(destination: Destination, study_instance_uid: str, patient_id: str) -> bool | None:
    """Whether the archive holds the study under another Patient ID; None when it does not hold it at all.

    Raises:
        Unreachable, Declined: as the archive answers; nothing may be sent without an answer.
    """
    holder = destination.patient_of_study(study_instance_uid)
    return None if holder is None else holder.strip(" \0") != patient_id


def _send_what_is_left(site: Site, destination: Destination, begun: Begun) -> None:
    study = begun.study
    site.database.run(lambda session: outgoing.plan(session, study.id))
    book = OutcomeBook(site, study.id, begun.attempt_id)
    with site.database.reading() as session:
        localisation = outgoing.localisation_of(session, site, study, begun.identity)
    workshop = outgoing.Workshop(site, study, localisation, book)
    workshop.plan_documents()
    try:
        _settle_present(site, destination, begun)
    except Unreachable as error:
        raise _Stopped(errors.UNREACHABLE.code) from error
    except Declined as error:
        raise _Stopped(errors.QUERY_DECLINED.code) from error
    with site.database.reading() as session:
        left = workshop.outgoing(session, _rows_left(session, study.id))
    if left:
        _mark_sending(site, begun, is_sending=True)
        _store(site, destination, begun, left, book)


def _settle_present(site: Site, destination: Destination, begun: Begun) -> None:
    """Ask what the archive holds: under another patient nothing is sent, under ours only what is missing."""
    study = begun.study
    other = held_by_other(destination, study.study_instance_uid, begun.identity.patient_id)
    if other is None:
        return
    if other:
        raise _Stopped(errors.OTHER_PATIENT.code, is_final=True)
    with site.database.reading() as session:
        # What the archive failed to prove once is sent again, whatever it lists.
        left = [
            row.sop_instance_uid
            for row in _rows_left(session, study.id)
            if row.comment_code != errors.MISSING.code
        ]
    present = destination.count_present(study.study_instance_uid, left) if left else set()
    if present:
        site.database.run(lambda session: record_present(session, site, study.id, present))


def _store(
    site: Site,
    destination: Destination,
    begun: Begun,
    left: list[OutgoingInstance],
    book: OutcomeBook,
) -> None:
    answered: list[str] = []

    def on_outcome(outcome: StoreOutcome) -> None:
        answered.append(outcome.sop_instance_uid)
        book.note(outcome)

    try:
        destination.store(left, on_outcome)
    except Unreachable as error:
        book.write()
        if not answered:
            _mark_sending(site, begun, is_sending=False)
        raise _Stopped(errors.UNREACHABLE.code) from error
    book.write()


def _mark_sending(site: Site, begun: Begun, *, is_sending: bool) -> None:
    still_open = site.database.run(
        lambda session: attempts.mark_sending(session, begun, is_sending=is_sending)
    )
    if not still_open:
        raise _Stopped(errors.INTERRUPTED.code)


def _rows_left(session: Session, study_id: str) -> list[InstanceDelivery]:
    left = (InstanceDelivery.study_id == study_id) & InstanceDelivery.outcome.not_in(HELD)
    return list(session.scalars(select(InstanceDelivery).where(left).order_by(InstanceDelivery.id)))
