"""Proof that the archive holds a delivered study: Storage Commitment (PS3.4 Annex J), else a query.

Only when every instance is answered for is a study committed. What is missing is sent again, a bounded
number of times per round; after that a person has to look.
"""

import uuid
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from importal import logs, studies
from importal.delivery import errors
from importal.delivery.destinations import CommitmentReport, Declined, Destination, Unreachable
from importal.delivery.step import held_by_other, pause_seconds
from importal.errors import Retry
from importal.site import Site
from importal.studies import Commitment, InstanceDelivery, LocalIdentity, Study, StudyEvent, StudyState

log = logs.get("delivery")

# How often a study that was sent in full is sent again because the archive does not answer for all of it.
MOST_RESENDS = 2
# An archive that cannot be asked for so long is a matter for a person.
LONGEST_SILENCE = timedelta(hours=12)


def await_commitment(site: Site, destination: Destination | None, study_id: str) -> None:
    """Ask the archive for proof of a delivered study; harmless in every other state.

    Raises:
        Retry: there is no answer yet.
    """
    if destination is None:
        # It was delivered, so there was an archive: the question waits until there is one again.
        with site.database.reading() as session:
            study = session.get(Study, study_id)
        if study is not None and study.state == StudyState.DELIVERED:
            raise Retry(errors.NO_DESTINATION.code)
        return
    proof = site.database.run(lambda session: _open_proof(session, site, study_id))
    if proof is None:
        return
    if proof.method == "n-action" and not _asked_and_answered(site, destination, proof):
        return
    if proof.method == "n-action":
        proof = site.database.run(lambda session: _open_proof(session, site, study_id))
    if proof is not None:
        _query(site, destination, proof)


def commitment_reported(site: Site, report: CommitmentReport) -> None:
    """Take the archive's answer to a Storage Commitment request; a repetition changes nothing."""
    site.database.run(lambda session: _take_report(session, site, report))


def _open_proof(session: Session, site: Site, study_id: str) -> Commitment | None:
    study = studies.lock(session, study_id)
    if study is None or study.state != StudyState.DELIVERED:
        return None
    since = select(Commitment).where(
        Commitment.study_id == study_id, Commitment.created_at >= study.state_since
    )
    of_this_delivery = session.scalars(since.order_by(Commitment.created_at)).all()
    for proof in of_this_delivery:
        if proof.ended_at is None:
            return proof
    if any(proof.outcome == "failed" and proof.round == study.delivery_round for proof in of_this_delivery):
        return None  # waits for a person, who begins a new round
    destination = site.settings.destination
    by_action = destination is not None and destination.commitment == "n-action" and not of_this_delivery
    proof = Commitment(
        transaction_uid=f"2.25.{uuid.uuid4().int}",
        study_id=study_id,
        round=study.delivery_round,
        method="n-action" if by_action else "query",
        created_at=site.clock(),
        outcome="",
        error_code="",
    )
    session.add(proof)
    return proof


def _asked_and_answered(site: Site, destination: Destination, proof: Commitment) -> bool:
    """Ask by N-ACTION once; return True when the archive's report will not come and a query has to do."""
    if proof.sent_at is None:
        with site.database.reading() as session:
            rows = session.scalars(
                select(InstanceDelivery).where(InstanceDelivery.study_id == proof.study_id)
            )
            pairs = [(row.sop_class_uid, row.sop_instance_uid) for row in rows]
        try:
            destination.request_commitment(proof.transaction_uid, pairs)
        except Unreachable as error:
            if site.clock() - proof.created_at > LONGEST_SILENCE:
                _fail(site, proof, errors.UNREACHABLE.code)
                return False
            raise Retry(errors.UNREACHABLE.code, pause_seconds(site, 0)) from error
        except Declined:
            site.database.run(lambda session: _end(session, site, proof.transaction_uid, "declined"))
            return True
        proof = site.database.run(lambda session: _mark_sent(session, site, proof.transaction_uid))
    if proof.ended_at is not None:
        return False
    assert proof.sent_at is not None
    waited = (site.clock() - proof.sent_at).total_seconds()
    if waited < site.settings.commitment_wait_seconds:
        raise Retry("delivery.commitment_awaited", site.settings.commitment_wait_seconds - waited)
    site.database.run(lambda session: _end(session, site, proof.transaction_uid, "unanswered"))
    return True


def _query(site: Site, destination: Destination, proof: Commitment) -> None:
    with site.database.reading() as session:
        study = session.get_one(Study, proof.study_id)
        identity = session.get_one(LocalIdentity, proof.study_id)
        uids = list(
            session.scalars(
                select(InstanceDelivery.sop_instance_uid).where(InstanceDelivery.study_id == study.id)
            )
        )
    try:
        other = held_by_other(destination, study.study_instance_uid, identity.patient_id)
        present = set() if other else destination.count_present(study.study_instance_uid, uids)
    except Unreachable as error:
        if site.clock() - proof.created_at > LONGEST_SILENCE:
            _fail(site, proof, errors.UNREACHABLE.code)
            return
        raise Retry(errors.UNREACHABLE.code, pause_seconds(site, 0)) from error
    except Declined:
        _fail(site, proof, errors.QUERY_DECLINED.code)
        return
    if other:
        _fail(site, proof, errors.OTHER_PATIENT.code)
        return
    missing = set(uids) - present
    if not missing:
        site.database.run(lambda session: _commit(session, site, proof.transaction_uid, uids))
        return
    # Archives list what they were sent a little later: absence counts only after a while.
    if site.clock() - proof.created_at < timedelta(seconds=site.settings.commitment_wait_seconds):
        raise Retry(errors.MISSING.code, pause_seconds(site, 0))
    site.database.run(lambda session: _send_again(session, site, proof.transaction_uid, missing))


def _fail(site: Site, proof: Commitment, code: str) -> None:
    log.warning("delivery.proof_failed", study_id=proof.study_id, code=code)
    site.database.run(lambda session: _end(session, site, proof.transaction_uid, "failed", code))


def _end(session: Session, site: Site, transaction_uid: str, outcome: str, code: str = "") -> None:
    proof = session.get_one(Commitment, transaction_uid)
    if proof.ended_at is None:
        proof.ended_at, proof.outcome, proof.error_code = site.clock(), outcome, code


def _mark_sent(session: Session, site: Site, transaction_uid: str) -> Commitment:
    proof = session.get_one(Commitment, transaction_uid)
    proof.sent_at = proof.sent_at or site.clock()
    return proof


def _take_report(session: Session, site: Site, report: CommitmentReport) -> None:
    proof = session.get(Commitment, report.transaction_uid)
    if proof is None:
        log.warning("delivery.report_unexpected", count=len(report.committed))
        return
    failed = {failure.sop_instance_uid for failure in report.failed}
    rows = select(InstanceDelivery.sop_instance_uid).where(InstanceDelivery.study_id == proof.study_id)
    ours = set(session.scalars(rows))
    if ours <= set(report.committed) - failed:
        _commit(session, site, report.transaction_uid, sorted(ours))
    elif failed & ours:
        _send_again(session, site, report.transaction_uid, failed & ours)
    # A report that leaves instances out decides nothing; the query will.


def _commit(session: Session, site: Site, transaction_uid: str, uids: list[str]) -> None:
    proof = session.get_one(Commitment, transaction_uid)
    study = studies.lock(session, proof.study_id)
    if study is None or study.state != StudyState.DELIVERED:
        return
    now = site.clock()
    session.execute(
        update(InstanceDelivery).where(InstanceDelivery.study_id == study.id).values(committed_at=now)
    )
    for other in session.scalars(
        select(Commitment).where(Commitment.study_id == study.id, Commitment.ended_at.is_(None))
    ):
        _end(session, site, other.transaction_uid, "unanswered")
    proof.ended_at, proof.outcome, proof.error_code = now, "confirmed", ""
    params: dict[str, int | str] = {"instances": len(uids), "method": proof.method}
    studies.move_to(session, site, study, StudyEvent.COMMITTED, studies.SYSTEM, params)


def _send_again(session: Session, site: Site, transaction_uid: str, missing: set[str]) -> None:
    """Send what the archive does not answer for once more, or stop when that was tried often enough."""
    proof = session.get_one(Commitment, transaction_uid)
    study = studies.lock(session, proof.study_id)
    if study is None or study.state != StudyState.DELIVERED or proof.ended_at is not None:
        return
    resent = session.scalar(
        select(func.count())
        .select_from(Commitment)
        .where(Commitment.study_id == study.id, Commitment.round == study.delivery_round)
        .where(Commitment.outcome == "resent")
    )
    if (resent or 0) >= MOST_RESENDS:
        _end(session, site, transaction_uid, "failed", errors.MISSING.code)
        return
    _end(session, site, transaction_uid, "resent", errors.MISSING.code)
    for uid in missing:
        session.execute(
            update(InstanceDelivery)
            .where(InstanceDelivery.study_id == study.id, InstanceDelivery.sop_instance_uid == uid)
            .values(outcome="", comment_code=errors.MISSING.code, outcome_at=None)
        )
    params: dict[str, int | str] = {"missing": len(missing)}
    studies.move_to(session, site, study, StudyEvent.FOUND_INCOMPLETE, studies.SYSTEM, params)
