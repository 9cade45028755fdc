"""What a sender may know of what became of an upload."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importal import studies, transfers
from importal.invitations import SenderSession
from importal.status import schemas
from importal.status.actions import deletion_of, is_only_here, is_proved
from importal.studies import Instance, Study, StudyState, Tally
from importal.submissions import State, Submission

MOST_SHOWN = 50
_STANDINGS: dict[StudyState, schemas.StandingName] = {
    StudyState.RECEIVED: "received",
    StudyState.INSPECTED: "being_checked",
    StudyState.QUARANTINED: "being_checked",
    StudyState.RECONCILED: "assigned",
    StudyState.DELIVERED: "assigned",
    StudyState.COMMITTED: "archived",
    StudyState.REJECTED: "not_taken",
    StudyState.WITHDRAWN: "withdrawn",
    StudyState.EXPIRED: "withdrawn",
}


def uploads_of(sender: SenderSession, session: Session) -> list[schemas.UploadStatus]:
    """Return the uploads that were handed over with this sender's invitation, newest first."""
    found = session.scalars(
        select(Submission)
        .where(Submission.invitation_id == sender.invitation_id, Submission.submitted_at.is_not(None))
        .order_by(Submission.submitted_at.desc(), Submission.id)
        .limit(MOST_SHOWN)
    )
    return [_upload(session, submission) for submission in found]


def _upload(session: Session, submission: Submission) -> schemas.UploadStatus:
    assert submission.submitted_at is not None
    of_submission = select(Study).where(Study.submission_id == submission.id)
    every = session.scalars(of_submission.order_by(Study.study_date, Study.id)).all()
    tally = session.get(Tally, submission.id)
    is_open = submission.state == State.SUBMITTED
    left = [study for study in every if study.state != StudyState.PURGED and is_only_here(session, study)]
    return schemas.UploadStatus(
        id=submission.id,
        reference=submission.reference,
        submitted_at=submission.submitted_at,
        studies=[_study(session, study) for study in every],
        refused=tally.refused if tally else 0,
        can_be_withdrawn=is_open and (bool(left) or not every),
        deletion=_deletion(session, submission, every),
    )


def _study(session: Session, study: Study) -> schemas.StudyStatus:
    return schemas.StudyStatus(
        # Among what names nobody the dates are moved; its sender would not know them again.
        study_date="" if study.is_deidentified else study.study_date,
        modalities=study.modalities,
        instances=study.instance_count,
        documents=study.document_count,
        standing=_standing(session, study),
        reason=study.rejection_reason or None,
    )


def _standing(session: Session, study: Study) -> schemas.StandingName:
    state = StudyState(study.state)
    if state is not StudyState.PURGED:
        return _STANDINGS[state]
    now = studies.standing(session, study)
    if now.has_touched_archive or is_proved(now):
        return "archived"
    return "not_taken" if study.rejection_reason else "withdrawn"


def _deletion(session: Session, submission: Submission, every: Sequence[Study]) -> schemas.Deletion | None:
    taken = deletion_of(session, submission.id, every)
    if taken is None:
        return None
    gone = [study.id for study in every if study.state == StudyState.PURGED]
    kept = select(func.count()).where(Instance.study_id.in_(gone))
    is_done = not session.scalar(kept)
    if submission.state == State.WITHDRAWN:
        is_done = is_done and not transfers.has_files(session, submission.id)
    return schemas.Deletion(
        at=taken.at,
        studies=taken.studies,
        instances=taken.instances,
        documents=taken.documents,
        is_done=is_done,
    )
