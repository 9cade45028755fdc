"""What a person can ask of a delivery."""

from sqlalchemy.orm import Session

from importal import audit, studies
from importal.accounts import ActingPerson
from importal.errors import NOT_FOUND, ImportalError
from importal.site import Site


def retry(acting_person: ActingPerson, session: Session, site: Site, study_id: str) -> None:
    """Begin a new round: all attempts are granted again, the first of them now.

    Raises:
        ImportalError: ``not_found``; ``study.state`` when nothing waits for it.
    """
    study = studies.lock(session, study_id)
    if study is None or study.institution_id != acting_person.institution_id:
        raise ImportalError(NOT_FOUND)
    if not studies.possible(study, studies.standing(session, study)).retry_delivery:
        raise ImportalError(studies.STUDY_STATE, {"state": study.state})
    study.delivery_round += 1
    subject = audit.Subject("study", study.id)
    audit.record(session, site.clock(), acting_person.actor, "study.delivery_retried", subject)
    site.jobs.enqueue(session, studies.ADVANCE, study.id)
