"""Creating a submission on consent, changing its details, withdrawing it, letting it expire."""

import json
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from importal import audit, institutions
from importal.errors import NOT_FOUND, ImportalError
from importal.ids import new_code, new_id
from importal.invitations import SenderSession
from importal.site import Site
from importal.submissions.consents import keep_consent
from importal.submissions.errors import CLOSED, CONSENT_MISSING, CONSENT_OUTDATED
from importal.submissions.states import State, move_to
from importal.submissions.tables import (
    Contact,
    StudyWords,
    Submission,
    SubmissionStudy,
    Wanted,
)

SEALER = "submissions"
MACHINE = audit.Actor("system", "retention")
# The row of an active draft is touched this often at most; expiry is counted in days.
ACTIVITY_GRAIN = timedelta(minutes=5)


def create(session: Session, site: Site, sender: SenderSession, wanted: Wanted) -> Submission:
    """Create a draft, or return the one that the same client key created before.

    Raises:
        ImportalError: ``consent.missing``, or ``consent.outdated`` when the hospital's texts are newer.
    """
    known = session.scalar(
        select(Submission).where(
            Submission.invitation_id == sender.invitation_id, Submission.client_key == wanted.client_key
        )
    )
    if known is not None:
        return known
    institution = institutions.get(session, sender.institution_id)
    if not (wanted.consent.privacy_policy and wanted.consent.sharing):
        raise ImportalError(CONSENT_MISSING)
    if wanted.consent.policy_version != institution.privacy_policy_version:
        raise ImportalError(CONSENT_OUTDATED)
    now, row_id = site.clock(), new_id()
    submission = Submission(
        id=row_id,
        invitation_id=sender.invitation_id,
        institution_id=sender.institution_id,
        client_key=wanted.client_key,
        state=State.DRAFT.value,
        reference=new_code(2),
        contact_sealed=_seal_contact(site, row_id, wanted.contact),
        created_at=now,
        active_at=now,
    )
    session.add(submission)
    session.flush()
    keep_consent(session, site, submission, institution, wanted.consent)
    _set_studies(session, site, submission, wanted.studies)
    subject = audit.Subject("submission", row_id)
    audit.record(session, now, sender.actor, "submission.created", subject)
    return submission


def change_details(
    session: Session,
    site: Site,
    submission: Submission,
    contact: Contact,
    studies: Mapping[str, StudyWords],
) -> None:
    """Replace contact and comments of a draft."""
    require_draft(submission)
    submission.contact_sealed = _seal_contact(site, submission.id, contact)
    _set_studies(session, site, submission, studies)


def submit(session: Session, site: Site, submission: Submission, actor: audit.Actor) -> None:
    """End a draft: from now on it belongs to the hospital."""
    move_to(session, site, submission, State.SUBMITTED, actor)


def discard(session: Session, site: Site, submission: Submission, actor: audit.Actor) -> None:
    """Take a draft back. A second time changes nothing.

    Raises:
        ImportalError: ``submission.closed`` for one that was handed over.
    """
    if submission.state != State.WITHDRAWN:
        require_draft(submission)
        withdraw(session, site, submission, actor)


def withdraw(
    session: Session,
    site: Site,
    submission: Submission,
    actor: audit.Actor,
    params: Mapping[str, int | str] | None = None,
) -> None:
    """Take a submission back; a job deletes what had arrived. A second time changes nothing.

    The caller has made sure that nothing of it left the portal; the audit trail keeps its ``params``.
    """
    if submission.state != State.WITHDRAWN:
        move_to(session, site, submission, State.WITHDRAWN, actor, params)


def close(session: Session, site: Site, submission: Submission, actor: audit.Actor) -> None:
    """Mark a submission whose studies have all come to their end. A second time changes nothing."""
    if submission.state != State.CLOSED:
        move_to(session, site, submission, State.CLOSED, actor)


def expire_drafts(session: Session, site: Site, limit: int = 100) -> int:
    """Expire drafts without activity for the set number of days; return how many."""
    before = site.clock() - timedelta(days=site.settings.draft_days)
    found = session.scalars(
        select(Submission)
        .where(Submission.state == State.DRAFT.value, Submission.active_at < before)
        .order_by(Submission.active_at)
        .limit(limit)
        .with_for_update()
    ).all()
    for submission in found:
        move_to(session, site, submission, State.EXPIRED, MACHINE)
    return len(found)


def get(session: Session, submission_id: str) -> Submission:
    """Return a submission that is known to exist."""
    return session.get_one(Submission, submission_id)


def lock(session: Session, submission_id: str) -> Submission:
    """Return a submission that is known to exist and that nobody else can change now."""
    return session.get_one(Submission, submission_id, with_for_update=True, populate_existing=True)


def for_sender(
    session: Session, sender: SenderSession, submission_id: str, *, lock: bool = False
) -> Submission:
    """Return a submission of this sender's invitation, locked against concurrent changes if asked.

    Raises:
        ImportalError: ``not_found``, also for somebody else's.
    """
    submission = session.get(Submission, submission_id, with_for_update=lock or None)
    if submission is None or submission.invitation_id != sender.invitation_id:
        raise ImportalError(NOT_FOUND)
    return submission


def require_draft(submission: Submission) -> None:
    """Raise ``submission.closed`` unless the sender may still change it."""
    if submission.state != State.DRAFT:
        raise ImportalError(CLOSED)


def count_handed_over(session: Session, invitation_id: str) -> int:
    """Return how many submissions of an invitation were handed over."""
    handed_over = (Submission.invitation_id == invitation_id) & Submission.submitted_at.is_not(None)
    return session.scalar(select(func.count()).select_from(Submission).where(handed_over)) or 0


def open_draft(session: Session, invitation_id: str) -> Submission | None:
    """Return the newest unfinished submission of an invitation, to be resumed."""
    return session.scalar(
        select(Submission)
        .where(Submission.invitation_id == invitation_id, Submission.state == State.DRAFT.value)
        .order_by(Submission.active_at.desc(), Submission.created_at.desc())
        .limit(1)
    )


def note_activity(site: Site, submission: Submission) -> None:
    """Keep a draft from expiring while something arrives."""
    now = site.clock()
    if now - submission.active_at > ACTIVITY_GRAIN:
        submission.active_at = now


def contact_of(site: Site, submission: Submission) -> Contact:
    """Return how the sender may be reached."""
    opened = json.loads(site.keys.sealer(SEALER).open(submission.contact_sealed, f"{submission.id}/contact"))
    return Contact(opened["email"], opened["phone"])


def forget_contact(site: Site, submission: Submission) -> None:
    """Forget how the sender could be reached."""
    submission.contact_sealed = _seal_contact(site, submission.id, Contact())


def comments_of(session: Session, site: Site, submission_id: str) -> dict[str, str]:
    """Return the sender's comments by Study Instance UID."""
    rows = session.scalars(select(SubmissionStudy).where(SubmissionStudy.submission_id == submission_id))
    return {row.study_instance_uid: _open_comment(site, row) for row in rows}


def words_of(session: Session, site: Site, submission_id: str, study_instance_uid: str) -> StudyWords:
    """Return what the sender said with one study; empty where nothing was said."""
    row = session.get(SubmissionStudy, (submission_id, study_instance_uid))
    return (
        StudyWords() if row is None else StudyWords(_open_comment(site, row), row.verdict, row.is_confirmed)
    )


def _open_comment(site: Site, row: SubmissionStudy) -> str:
    place = f"{row.submission_id}/{row.study_instance_uid}/comment"
    return site.keys.sealer(SEALER).open_text(row.comment_sealed, place)


def _seal_contact(site: Site, submission_id: str, contact: Contact) -> bytes:
    plain = json.dumps({"email": contact.email, "phone": contact.phone}).encode()
    return site.keys.sealer(SEALER).seal(plain, f"{submission_id}/contact")


def _set_studies(
    session: Session, site: Site, submission: Submission, studies: Mapping[str, StudyWords]
) -> None:
    sealer = site.keys.sealer(SEALER)
    session.execute(delete(SubmissionStudy).where(SubmissionStudy.submission_id == submission.id))
    for uid, words in studies.items():
        session.add(
            SubmissionStudy(
                submission_id=submission.id,
                study_instance_uid=uid,
                comment_sealed=sealer.seal_text(words.comment, f"{submission.id}/{uid}/comment"),
                verdict=words.verdict,
                is_confirmed=words.is_confirmed,
            )
        )
