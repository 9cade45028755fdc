"""Whom the invitation of a study expects, and whether its patient is the one."""

from sqlalchemy.orm import Session

from importal import invitations, submissions
from importal.site import Site
from importal.studies.identity import Judgement, Person, judge
from importal.studies.tables import Study


def judgement_of(study: Study, expectation: invitations.Expectation) -> Judgement | None:
    """Return whether the patient is the expected one; None where nobody is expected or named."""
    if study.is_deidentified or not expectation.names_somebody:
        return None
    expected = Person(expectation.patient_name, expectation.birth_date, expectation.sex)
    return judge(expected, Person(study.patient_name, study.birth_date, study.sex))


def expectation_of(session: Session, site: Site, submission_id: str) -> invitations.Expectation:
    """Return whom the invitation of a submission expects."""
    invitation = invitations.get(session, submissions.get(session, submission_id).invitation_id)
    return invitations.expectation_of(site, invitation)
