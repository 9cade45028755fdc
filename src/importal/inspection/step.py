"""Inspecting a submission: register what arrived, look at every object, and hand each study on."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import logs, studies, submissions, transfers
from importal.dicom import DisplayAttributes
from importal.inspection.examination import Examination, Examined, examine
from importal.inspection.papers import examine_documents, note_findings
from importal.inspection.registration import register
from importal.inspection.thumbnails import make_thumbnails
from importal.site import Site
from importal.studies import HoldState, Instance, Series, Study, StudyEvent, StudyState
from importal.transfers import ArrivedFile

log = logs.get("inspection")

CONFLICT = "dicom.conflict"
_TO_BE_INSPECTED = frozenset({submissions.State.SUBMITTED, submissions.State.CLOSED})


def inspect_submission(site: Site, submission_id: str) -> None:
    """Take a submission that was sent to the desk. Run again, it does only what is missing."""
    with site.database.reading() as session:
        submission = submissions.get(session, submission_id)
        if submission.state not in _TO_BE_INSPECTED:
            return
        arrived = transfers.arrived(session, submission_id)

    def take(session: Session) -> list[str]:
        # The sender may have taken it back since: then nothing of it is to be registered.
        locked = submissions.lock(session, submission_id)
        return register(session, site, locked, arrived) if locked.state in _TO_BE_INSPECTED else []

    study_ids = site.database.run(take)
    for study_id in study_ids:
        _inspect_study(site, study_id, arrived)


def _inspect_study(site: Site, study_id: str, arrived: Sequence[ArrivedFile]) -> None:
    with site.database.reading() as session:
        study = session.get_one(Study, study_id)
        if study.state != StudyState.RECEIVED:
            return
        instances = session.scalars(
            select(Instance).where(Instance.study_id == study_id).order_by(Instance.sop_instance_uid)
        ).all()
    ours = {instance.sop_instance_uid for instance in instances}
    has_conflict = any(
        file.code == CONFLICT
        and file.facts is not None
        and (file.facts.study_instance_uid == study.study_instance_uid or file.facts.sop_instance_uid in ours)
        for file in arrived
    )
    examination = examine(site, instances, has_conflict=has_conflict)
    thumbnails = make_thumbnails(site, study.submission_id, examination.examined)
    codes = examine_documents(site, study, arrived)

    def verb(session: Session) -> bool:
        is_concluded = _conclude(session, site, study_id, examination, thumbnails)
        if is_concluded:
            note_findings(session, study_id, codes)
        return is_concluded

    if not site.database.run(verb):
        for key in thumbnails.values():
            _delete_unless_shown(site, study_id, key)


def _delete_unless_shown(site: Site, study_id: str, key: str) -> None:
    """Delete a picture that was made while the study was taken back; another run may have kept it."""
    with site.database.reading() as session:
        kept = session.scalars(select(Series.thumbnail_key).where(Series.study_id == study_id)).all()
    if key not in kept:
        site.storage.delete(key)


def _conclude(
    session: Session, site: Site, study_id: str, examination: Examination, thumbnails: dict[str, str]
) -> bool:
    """Move the study on; False when somebody else did so in the meantime."""
    study = studies.lock(session, study_id)
    if study is None or study.state != StudyState.RECEIVED:
        return False
    _describe_study(session, site, study, [item.display for item in examination.examined])
    series = session.scalars(select(Series).where(Series.study_id == study_id)).all()
    by_series: dict[str, list[Examined]] = {row.id: [] for row in series}
    for item in examination.examined:
        by_series[item.instance.series_id].append(item)
    _count_frames(session, examination.examined)
    for row in series:
        _describe_series(row, by_series[row.id])
        row.thumbnail_key = thumbnails.get(row.id, "")
    study.modalities = sorted({row.modality for row in series if row.modality})
    if examination.reason is None:
        params: dict[str, int | str] = {"instances": study.instance_count, "documents": study.document_count}
        studies.move_to(session, site, study, StudyEvent.INSPECTED, studies.SYSTEM, params)
        return True
    log.warning("inspection.study_quarantined", study_id=study_id, code=examination.reason.value)
    study.quarantine_reason = examination.reason.value
    params = {"reason": examination.reason.value, "count": examination.faulty}
    studies.move_to(session, site, study, StudyEvent.QUARANTINED, studies.SYSTEM, params)
    return True


def _describe_study(
    session: Session, site: Site, study: Study, displays: Sequence[DisplayAttributes]
) -> None:
    study.patient_name = _first(displays, lambda display: display.patient_name)
    study.birth_date = _first(displays, lambda display: display.patient_birth_date)
    study.sex = _first(displays, lambda display: display.patient_sex)
    study.accession_pseudonym = _first(displays, lambda display: display.accession_number)
    study.study_id = _first(displays, lambda display: display.study_id)
    study.study_date = _first(displays, lambda display: display.study_date)
    study.study_time = _first(displays, lambda display: display.study_time)
    study.description = _first(displays, lambda display: display.study_description)
    study.institution_name = _first(displays, lambda display: display.institution_name)
    study.referring_physician_name = _first(displays, lambda display: display.referring_physician_name)
    submission = submissions.get(session, study.submission_id)
    study.search_text = studies.search_text(
        study.patient_name,
        study.birth_date,
        study.description,
        study.institution_name,
        study.patient_pseudonym,
        study.accession_pseudonym,
        submission.reference,
        submissions.contact_of(site, submission).email,
    )


def _count_frames(session: Session, examined: Sequence[Examined]) -> None:
    """Note how many frames a person has to look at."""
    for item in examined:
        if item.instance.hold == HoldState.WAITING:
            session.get_one(Instance, item.instance.id).frame_count = item.display.number_of_frames


def _describe_series(series: Series, examined: Sequence[Examined]) -> None:
    displays = [item.display for item in examined]
    series.number = _first(displays, lambda display: display.series_number)
    series.description = _first(displays, lambda display: display.series_description)
    series.body_part = _first(displays, lambda display: display.body_part_examined)


def _first(displays: Sequence[DisplayAttributes], of: Callable[[DisplayAttributes], str]) -> str:
    """Return the first value that says something."""
    return next((value for display in displays if (value := of(display).strip("^= \0"))), "")
