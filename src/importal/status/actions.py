"""Taking an upload back: what no archive can hold yet is deleted, and the audit trail says that it was."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import audit, studies, submissions, transfers
from importal.errors import ImportalError
from importal.invitations import SenderSession
from importal.site import Site
from importal.status.errors import IN_ARCHIVE
from importal.studies import Study, StudyEvent, StudyState

COUNTED = ("studies", "instances", "documents")
# Withdrawn or turned away: nothing of it is anywhere but here.
_ENDED_HERE = frozenset({StudyState.REJECTED, StudyState.EXPIRED, StudyState.WITHDRAWN})


@dataclass(frozen=True)
class Taken:
    """What a sender took back, and when."""

    at: datetime
    studies: int
    instances: int
    documents: int


def withdraw(session: Session, site: Site, sender: SenderSession, submission_id: str) -> None:
    """Withdraw every study of an upload that has not touched an archive; jobs delete what is kept of it.

    A second time changes nothing. What is in the archive stays there, and of several studies the others go.
    What the audit trail says here in counts is the record of the deletion; see ``deletion_of``.

    Raises:
        ImportalError: ``not_found``; ``submission.in_archive`` where nothing of it can be taken back.
    """
    submission = submissions.for_sender(session, sender, submission_id, lock=True)
    if submission.state in {submissions.State.DRAFT, submissions.State.WITHDRAWN}:
        # A draft is discarded by its own road, which knows what is still arriving.
        submissions.discard(session, site, submission, sender.actor)
        return
    every = locked_studies(session, submission_id)
    here = [study for study in every if is_only_here(session, study)]
    left = [study for study in here if study.state != StudyState.PURGED]
    if every and not left:
        if deletion_of(session, submission.id, every) is not None:
            return
        raise ImportalError(IN_ARCHIVE)
    for study in left:
        counts: dict[str, int | str] = {"instances": study.instance_count, "documents": study.document_count}
        if studies.may(study, StudyEvent.WITHDRAWN):
            studies.move_to(session, site, study, StudyEvent.WITHDRAWN, sender.actor, counts)
        was: dict[str, int | str] = {**counts, "was": study.state}
        studies.move_to(session, site, study, StudyEvent.PURGED, sender.actor, was)
    if len(here) == len(every) and submission.state == submissions.State.SUBMITTED:
        arrived = {} if every else _arrived(session, submission)
        submissions.withdraw(session, site, submission, sender.actor, arrived)


def _arrived(session: Session, submission: submissions.Submission) -> dict[str, int | str]:
    """Count what arrived, before there are studies to be counted."""
    counted = transfers.receipt(session, submission)
    return {
        "studies": len(counted.studies),
        "instances": counted.instances,
        "documents": counted.documents,
    }


def deletion_of(session: Session, submission_id: str, every: Sequence[Study]) -> Taken | None:
    """Return what the sender took back, as the audit trail keeps it: what was turned away went as well."""
    subjects = [
        audit.Subject("submission", submission_id),
        *(audit.Subject("study", study.id) for study in every),
    ]
    told = [
        message
        for message in audit.history(session, subjects)
        if message.actor_kind == "sender" and message.action in {"study.purged", "submission.withdrawn"}
    ]
    if not told:
        return None
    counts = Counter({"studies": sum(message.action == "study.purged" for message in told)})
    for message in told:
        counts.update({name: int(message.params.get(name, 0)) for name in COUNTED})
    return Taken(max(message.at for message in told), **{name: counts[name] for name in COUNTED})


def locked_studies(session: Session, submission_id: str) -> list[Study]:
    """Return the studies of a submission, in one order, that nobody else can change now."""
    of_submission = select(Study.id).where(Study.submission_id == submission_id).order_by(Study.id)
    found = [studies.lock(session, study_id) for study_id in session.scalars(of_submission).all()]
    return [study for study in found if study is not None]


def is_only_here(session: Session, study: Study) -> bool:
    """Whether nothing of a study is, or can just be coming, in an archive."""
    if study.state in _ENDED_HERE:
        return not studies.standing(session, study).has_touched_archive
    if study.state in {StudyState.DELIVERED, StudyState.COMMITTED}:
        return False
    now = studies.standing(session, study)
    return not (now.is_underway or now.has_touched_archive or is_proved(now))


def is_proved(now: studies.Standing) -> bool:
    """Whether the archive has answered for a study, also where it held all of it before anything was sent."""
    return now.proof is not None and now.proof.outcome == "confirmed"
