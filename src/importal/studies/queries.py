"""What the desk reads: the inbox and one study. The filter by institution is inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from importal import invitations, submissions
from importal.accounts import ActingPerson
from importal.errors import NOT_FOUND, ImportalError
from importal.site import Site
from importal.studies import names, schemas
from importal.studies.deliveries import Commitment, DeliveryAttempt
from importal.studies.expected import expectation_of, judgement_of
from importal.studies.states import StudyState
from importal.studies.tables import Document, Instance, Series, Study, Tally

LABEL = "Uploaded"
# One number stands for few people; a trivial one, such as "1" as Study ID, may stand for many.
MOST_PSEUDONYMS = 5000
LONGEST_INSPECTION = timedelta(hours=1)


@dataclass(frozen=True)
class InboxFilter:
    """What the desk wants to see; ``view`` is "waiting" (for a person) or "all"."""

    view: str = "waiting"
    state: str = ""
    text: str = ""
    limit: int = 50
    cursor: str = ""
    # Only studies in which one of these stands for a number; None asks for nothing of the kind.
    pseudonyms: frozenset[str] | None = None


def get_study(acting_person: ActingPerson, session: Session, study_id: str) -> Study:
    """Return a study of the person's institution.

    Raises:
        ImportalError: ``not_found``, also for a study of another institution.
    """
    study = session.get(Study, study_id)
    if study is None or study.institution_id != acting_person.institution_id:
        raise ImportalError(NOT_FOUND)
    return study


def get_series(acting_person: ActingPerson, session: Session, series_id: str) -> Series:
    """Return a series of the person's institution, or raise ``not_found``."""
    series = session.get(Series, series_id)
    if series is None:
        raise ImportalError(NOT_FOUND)
    get_study(acting_person, session, series.study_id)
    return series


def get_document(acting_person: ActingPerson, session: Session, document_id: str) -> Document:
    """Return a document of the person's institution, or raise ``not_found``."""
    document = session.get(Document, document_id)
    if document is None:
        raise ImportalError(NOT_FOUND)
    get_study(acting_person, session, document.study_id)
    return document


def inbox(
    acting_person: ActingPerson, session: Session, site: Site, wanted: InboxFilter
) -> schemas.InboxPage:
    """Return uploads with a study that fits, newest first; each with its studies that fit."""
    fits = and_(Study.institution_id == acting_person.institution_id, *_conditions(wanted, site.clock()))
    page = (
        select(func.max(Study.submitted_at).label("at"), Study.submission_id)
        .where(fits)
        .group_by(Study.submission_id)
        .order_by(func.max(Study.submitted_at).desc(), Study.submission_id.desc())
        .limit(wanted.limit + 1)
    )
    if wanted.cursor:
        at, submission_id = _read_cursor(wanted.cursor)
        latest = func.max(Study.submitted_at)
        page = page.having(or_(latest < at, and_(latest == at, Study.submission_id < submission_id)))
    found = session.execute(page).all()
    shown = [row.submission_id for row in found[: wanted.limit]]
    more = len(found) > wanted.limit
    rows = session.scalars(
        select(Study).where(fits, Study.submission_id.in_(shown)).order_by(Study.study_date, Study.id)
    ).all()
    return schemas.InboxPage(
        uploads=[
            _upload(session, site, submission_id, [row for row in rows if row.submission_id == submission_id])
            for submission_id in shown
        ],
        next_cursor=_cursor(found[wanted.limit - 1].at, shown[-1]) if more else None,
    )


def row_of(study: Study, expectation: invitations.Expectation) -> schemas.StudyRow:
    """Return a study as a line of a list, compared with whom its invitation expects."""
    judgement = judgement_of(study, expectation)
    return schemas.StudyRow(
        id=study.id,
        state=study.state,
        quarantine_reason=study.quarantine_reason or None,
        patient_name=study.patient_name,
        birth_date=study.birth_date,
        sex=study.sex,
        study_date=study.study_date,
        description=study.description,
        modalities=study.modalities,
        instances=study.instance_count,
        documents=study.document_count,
        waiting_since=study.state_since,
        is_deidentified=study.is_deidentified,
        verdict=None if judgement is None else judgement.verdict.value,
    )


def source_of(session: Session, site: Site, submission_id: str) -> schemas.UploadSource:
    """Return where the studies of a submission came from."""
    submission = submissions.get(session, submission_id)
    invitation = invitations.get(session, submission.invitation_id)
    contact = submissions.contact_of(site, submission)
    return schemas.UploadSource(
        reference=submission.reference,
        sender_kind=invitation.sender_kind,
        code=invitations.code_of(site, invitation),
        submitted_at=submission.submitted_at or submission.created_at,
        contact=schemas.ContactShown(email=contact.email, phone=contact.phone),
    )


def series_of(session: Session, study_id: str) -> list[schemas.SeriesShown]:
    """Return the series of a study in the order of their numbers."""
    counted = (
        select(Instance.series_id, func.count().label("number"))
        .where(Instance.study_id == study_id)
        .group_by(Instance.series_id)
    )
    counts = {row.series_id: row.number for row in session.execute(counted)}
    rows = session.scalars(select(Series).where(Series.study_id == study_id)).all()
    return [
        schemas.SeriesShown(
            id=row.id,
            number=row.number,
            modality=row.modality,
            description=row.description,
            body_part=row.body_part,
            instances=counts.get(row.id, 0),
            thumbnail=f"api/desk/series/{row.id}/thumbnail" if row.thumbnail_key else None,
        )
        for row in sorted(rows, key=_series_order)
    ]


def _series_order(series: Series) -> tuple[int, str]:
    number = series.number.strip()
    return (int(number) if number.isascii() and number.isdigit() else 1 << 40, series.series_instance_uid)


def _conditions(wanted: InboxFilter, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        conditions.append(Study.state == wanted.state)
    elif wanted.view == "waiting":
        conditions.append(_waits_for_a_person(now))
    if wanted.pseudonyms is not None:
        ours = sorted(wanted.pseudonyms)[:MOST_PSEUDONYMS]
        columns = (Study.patient_pseudonym, Study.accession_pseudonym, Study.study_id)
        conditions.append(or_(*(column.in_(ours) for column in columns)))
    for word in names.words(wanted.text):
        folds = {names.plain_fold(word), names.expanded_fold(word), names.latin_fold(word)}
        conditions.append(or_(*(Study.search_text.contains(fold, autoescape=True) for fold in folds)))
    return conditions


def _waits_for_a_person(now: datetime) -> ColumnElement[bool]:
    stopped = exists().where(
        DeliveryAttempt.study_id == Study.id,
        DeliveryAttempt.round == Study.delivery_round,
        DeliveryAttempt.is_final,
    )
    unproved = exists().where(
        Commitment.study_id == Study.id,
        Commitment.round == Study.delivery_round,
        Commitment.outcome == "failed",
    )
    return or_(
        Study.state.in_([StudyState.INSPECTED.value, StudyState.QUARANTINED.value]),
        # The machine should have been done with it long ago.
        and_(Study.state == StudyState.RECEIVED.value, Study.state_since < now - LONGEST_INSPECTION),
        and_(Study.state == StudyState.RECONCILED.value, stopped),
        and_(Study.state == StudyState.DELIVERED.value, unproved),
    )


def _upload(
    session: Session, site: Site, submission_id: str, fitting: Sequence[Study]
) -> schemas.UploadShown:
    tally = session.get(Tally, submission_id)
    every = session.execute(
        select(func.count(), func.sum(Study.instance_count)).where(Study.submission_id == submission_id)
    ).one()
    source = source_of(session, site, submission_id)
    expectation = expectation_of(session, site, submission_id)
    return schemas.UploadShown(
        **source.model_dump(),
        submission_id=submission_id,
        label=LABEL,
        counts=schemas.UploadCounts(
            studies=every[0],
            instances=tally.instances if tally else every[1] or 0,
            documents=tally.documents if tally else 0,
            refused=tally.refused if tally else 0,
        ),
        studies=[row_of(study, expectation) for study in fitting],
    )


def _cursor(at: datetime, submission_id: str) -> str:
    return f"{at.isoformat().replace('+00:00', 'Z')}~{submission_id}"


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    at, _, submission_id = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)), submission_id
    except (ValueError, OverflowError) as error:
        raise ImportalError(NOT_FOUND) from error
