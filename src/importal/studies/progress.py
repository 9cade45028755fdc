"""How far a delivery is, and what a person may do with a study because of it."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importal.studies import holds, schemas
from importal.studies.deliveries import HELD, Commitment, DeliveryAttempt, InstanceDelivery
from importal.studies.states import StudyEvent, StudyState, may
from importal.studies.tables import Study

MOST_REFUSED_SHOWN = 100


@dataclass(frozen=True)
class Standing:
    """The attempts of a study and its latest proof."""

    attempts: list[DeliveryAttempt]
    proof: Commitment | None
    waiting_holds: int = 0
    has_something_to_send: bool = True

    @property
    def is_underway(self) -> bool:
        """Whether an attempt is running, or was when its worker died."""
        return any(attempt.ended_at is None for attempt in self.attempts)

    @property
    def has_touched_archive(self) -> bool:
        """Whether anything of the study may lie in the archive: its identity is then fixed."""
        return any(attempt.is_sending for attempt in self.attempts)


def standing(session: Session, study: Study) -> Standing:
    """Return where the delivery of a study stands."""
    attempts = session.scalars(
        select(DeliveryAttempt).where(DeliveryAttempt.study_id == study.id).order_by(DeliveryAttempt.number)
    ).all()
    proof = session.scalar(
        select(Commitment)
        .where(Commitment.study_id == study.id)
        .order_by(Commitment.created_at.desc(), Commitment.transaction_uid)
        .limit(1)
    )
    if not study.is_deidentified:
        return Standing(list(attempts), proof)
    waiting, sendable = holds.waiting(session, study.id), holds.has_something_to_send(session, study.id)
    return Standing(list(attempts), proof, waiting, sendable)


def possible(study: Study, now: Standing) -> schemas.Possible:
    """Return what a person may do; every verb asks this again under the lock of the study."""
    untouched = not (now.is_underway or now.has_touched_archive)
    waits_to_be_sent = study.state == StudyState.RECONCILED
    stopped = bool(now.attempts) and not now.is_underway
    decidable = not waits_to_be_sent or (stopped and untouched)
    proof_failed = now.proof is not None and now.proof.outcome == "failed"
    return schemas.Possible(
        reconcile=may(study, StudyEvent.RECONCILED)
        and decidable
        and not now.waiting_holds
        and now.has_something_to_send,
        decide_holds=study.is_deidentified and study.state == StudyState.INSPECTED,
        reject=may(study, StudyEvent.REJECTED) and decidable,
        retry_delivery=(waits_to_be_sent and stopped)
        or (study.state == StudyState.DELIVERED and proof_failed),
    )


def shown(session: Session, study: Study, now: Standing) -> schemas.DeliveryShown | None:
    """Return the progress for the desk; None before the first attempt."""
    if not now.attempts:
        return None
    of_study = InstanceDelivery.study_id == study.id
    counted = select(InstanceDelivery.outcome, func.count().label("number")).where(of_study)
    counts = {row.outcome: row.number for row in session.execute(counted.group_by(InstanceDelivery.outcome))}
    refused = session.scalars(
        select(InstanceDelivery)
        .where(of_study, InstanceDelivery.outcome == "refused")
        .order_by(InstanceDelivery.sop_instance_uid)
        .limit(MOST_REFUSED_SHOWN)
    )
    return schemas.DeliveryShown(
        destination=now.attempts[-1].destination,
        delivered=sum(counts.get(kind, 0) for kind in HELD),
        total=sum(counts.values()) or study.instance_count,
        failed=counts.get("refused", 0),
        warnings=counts.get("warning", 0),
        reencoded=session.scalar(
            select(func.count())
            .select_from(InstanceDelivery)
            .where(of_study, InstanceDelivery.is_reencoded, InstanceDelivery.outcome.in_(HELD))
        )
        or 0,
        refused=[
            schemas.RefusedInstance(
                sop_instance_uid=row.sop_instance_uid, code=row.comment_code, status=row.status
            )
            for row in refused
        ],
        commitment=_commitment(study, now),
        commitment_code=(now.proof.error_code or None) if now.proof is not None else None,
        attempts=[
            schemas.AttemptShown(
                number=attempt.number,
                started_at=attempt.started_at,
                ended_at=attempt.ended_at,
                outcome=attempt.outcome or None,
                delivered=attempt.delivered,
                error_code=attempt.error_code or None,
            )
            for attempt in now.attempts
        ],
    )


def _commitment(study: Study, now: Standing) -> schemas.CommitmentStanding:
    if study.state in {StudyState.COMMITTED, StudyState.PURGED}:
        return "confirmed"
    if study.state != StudyState.DELIVERED:
        return "none"
    return "failed" if now.proof is not None and now.proof.outcome == "failed" else "pending"
