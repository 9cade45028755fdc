"""Purging: the decision and its record first, in one transaction with the job that deletes.

Deleting is repeatable: objects go before the rows that name them, and a missing object is a success.
"""

from collections import Counter
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from importal import accounts, audit, http_api, invitations, logs, studies, submissions, transfers, vault
from importal.site import Site
from importal.studies import (
    Document,
    Instance,
    InstanceDelivery,
    LocalIdentity,
    Series,
    Study,
    StudyEvent,
    StudyState,
)

log = logs.get("retention")

ACTOR = audit.Actor("system", "retention")
ENDED = (StudyState.COMMITTED, StudyState.REJECTED, StudyState.WITHDRAWN, StudyState.EXPIRED)
AT_ONCE = 100
# No living writer is silent for so long.
UNFINISHED_SECONDS = 24 * 3600.0


def purge(site: Site) -> dict[str, int]:
    """Decide what is due, in small transactions; return counts of ``studies`` and ``drafts``."""
    counts: Counter[str] = Counter(studies=0, drafts=0)
    while expired := site.database.run(lambda session: submissions.expire_drafts(session, site, AT_ONCE)):
        counts["drafts"] += expired
    while purged := site.database.run(lambda session: _purge_due(session, site)):
        counts["studies"] += purged
    site.database.run(lambda session: _forget_visits(session, site))
    site.database.run(lambda session: _forget_expectations(session, site))
    site.storage.forget_unfinished("", UNFINISHED_SECONDS)
    log.info("retention.run_ended", count=counts.total())
    return dict(counts)


def delete_study(site: Site, study_id: str) -> None:
    """Delete what is kept of a purged study; harmless in every other state."""
    with site.database.reading() as session:
        study = session.get(Study, study_id)
        if study is None or study.state != StudyState.PURGED:
            return
        keys = _keys(session, study)
    for key in keys:
        site.storage.delete(key)
    site.database.run(lambda session: _forget_study(session, site, study_id, len(keys)))
    with site.database.reading() as session:
        of_submission = select(Study.state).where(Study.submission_id == study.submission_id)
        is_last = all(state == StudyState.PURGED for state in session.scalars(of_submission))
    if is_last:
        _delete_submission(site, study.submission_id)


def purge_submission(site: Site, submission_id: str) -> None:
    """Delete what had arrived of a submission that was withdrawn or never finished."""
    with site.database.reading() as session:
        submission = submissions.get(session, submission_id)
        if submission.state not in {submissions.State.WITHDRAWN, submissions.State.EXPIRED}:
            return
    _delete_submission(site, submission_id)


def _forget_visits(session: Session, site: Site) -> None:
    """Delete ended sessions and counted attempts, which strangers can add without limit."""
    now = site.clock()
    invitations.end_old_sessions(session, now)
    accounts.end_old_sessions(session, now)
    http_api.forget_old_attempts(session, now)


def _forget_expectations(session: Session, site: Site) -> None:
    """Delete whom ended invitations expected, once nothing that came by them is left to be compared."""
    before = site.clock() - timedelta(days=site.settings.retention_days)
    is_left = (
        select(Study.id)
        .join(submissions.Submission, submissions.Submission.id == Study.submission_id)
        .where(
            submissions.Submission.invitation_id == invitations.Invitation.id,
            Study.state != StudyState.PURGED.value,
        )
    )
    session.execute(
        update(invitations.Invitation)
        .where(
            invitations.Invitation.expectation_sealed.is_not(None),
            invitations.Invitation.expires_at < before,
            ~is_left.exists(),
        )
        .values(expectation_sealed=None)
        .execution_options(synchronize_session=False)
    )


def _purge_due(session: Session, site: Site) -> int:
    before = site.clock() - timedelta(days=site.settings.retention_days)
    due = session.scalars(
        select(Study.id)
        .where(Study.state.in_([state.value for state in ENDED]), Study.state_since < before)
        .order_by(Study.state_since, Study.id)
        .limit(AT_ONCE)
    ).all()
    purged = 0
    for study_id in due:
        study = studies.lock(session, study_id)
        if study is not None and studies.may(study, StudyEvent.PURGED):
            params: dict[str, int | str] = {"instances": study.instance_count, "was": study.state}
            studies.move_to(session, site, study, StudyEvent.PURGED, ACTOR, params)
            purged += 1
    return purged


def _keys(session: Session, study: Study) -> list[str]:
    """Return the keys of everything that belongs to this study alone."""
    instances = session.execute(
        select(Instance.file_id, Instance.storage_key).where(Instance.study_id == study.id)
    ).all()
    thumbnails = session.scalars(select(Series.thumbnail_key).where(Series.study_id == study.id))
    documents = set(session.scalars(select(Document.file_id).where(Document.study_id == study.id)))
    sealed = [
        file.storage_key
        for file in (transfers.arrived(session, study.submission_id) if documents else [])
        if file.id in documents and file.storage_key is not None
    ]
    patches = [
        key
        for start in range(0, len(instances), AT_ONCE)
        for key in session.scalars(
            select(vault.VaultPatch.storage_key).where(
                vault.VaultPatch.owner_id.in_([row.file_id for row in instances[start : start + AT_ONCE]]),
                vault.VaultPatch.storage_key.is_not(None),
            )
        )
        if key is not None
    ]
    return [row.storage_key for row in instances] + [key for key in thumbnails if key] + sealed + patches


def _forget_study(session: Session, site: Site, study_id: str, objects: int) -> None:
    """Delete the rows of a purged study, and what names the person; the local order stays."""
    study = studies.lock(session, study_id)
    if study is None:
        return
    _forget_words(session, study)
    had_rows = session.scalar(select(Series.id).where(Series.study_id == study_id).limit(1)) is not None
    files = select(Instance.file_id).where(Instance.study_id == study_id)
    session.execute(delete(vault.VaultPatch).where(vault.VaultPatch.owner_id.in_(files)))
    session.execute(delete(InstanceDelivery).where(InstanceDelivery.study_id == study_id))
    for table in (Instance, Document, Series):
        session.execute(delete(table).where(table.study_id == study_id))
    identity = session.get(LocalIdentity, study_id)
    if identity is not None:
        identity.patient_name = identity.birth_date = identity.sex = ""
    study.patient_name = study.birth_date = study.sex = study.search_text = ""
    study.description = study.referring_physician_name = study.rejection_note = ""
    if had_rows:
        subject = audit.Subject("study", study_id)
        audit.record(session, site.clock(), ACTOR, "study.objects_deleted", subject, {"objects": objects})


def _forget_words(session: Session, study: Study) -> None:
    """Forget what the sender said of a purged study, and how its files were called: names may stand in both.

    The rows of its files stay with their counts until the last study of the upload goes; the contact too.
    """
    words = submissions.SubmissionStudy
    of_study = (words.submission_id == study.submission_id) & (
        words.study_instance_uid == study.study_instance_uid
    )
    session.execute(delete(words).where(of_study))
    for table in (Instance, Document):
        transfers.forget_names_of(session, select(table.file_id).where(table.study_id == study.id))


def _delete_submission(site: Site, submission_id: str) -> None:
    """Delete the rest of a submission: refused files, leftovers, sealed names, comments, contact."""
    objects = transfers.delete_objects(site, submission_id)

    def forget(session: Session) -> None:
        for key in vault.forget_patches(session, submission_id):
            site.storage.delete(key)
        files = transfers.forget_files(session, submission_id)
        session.execute(
            delete(submissions.SubmissionStudy).where(
                submissions.SubmissionStudy.submission_id == submission_id
            )
        )
        submission = submissions.get(session, submission_id)
        submissions.forget_contact(site, submission)
        if submission.state == submissions.State.SUBMITTED:
            submissions.close(session, site, submission, ACTOR)
        if files:
            subject = audit.Subject("submission", submission_id)
            params: dict[str, int | str] = {"files": files, "objects": objects}
            audit.record(session, site.clock(), ACTOR, "submission.objects_deleted", subject, params)

    site.database.run(forget)
