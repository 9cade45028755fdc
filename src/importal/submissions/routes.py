"""The sender's submission over HTTP: create, change the details, withdraw."""

from fastapi import APIRouter

from importal import invitations
from importal.http_api import SiteDep
from importal.invitations import Sending
from importal.submissions import actions, schemas
from importal.submissions.states import State
from importal.submissions.tables import ConsentGiven, Contact, StudyWords, Wanted

router = APIRouter(prefix="/api/submissions", tags=["sender"])


@router.post("", status_code=201)
def create(body: schemas.CreateRequest, sender: Sending, site: SiteDep) -> schemas.SubmissionShown:
    """Create a submission on the sender's consent; a repetition returns the same one."""
    consent = ConsentGiven(
        body.consent.privacy_policy_version,
        body.consent.privacy_policy,
        body.consent.sharing,
        body.consent.language,
    )
    wanted = Wanted(body.client_key, consent, _contact(body), _studies(site, sender, body))
    submission = site.database.run(lambda session: actions.create(session, site, sender, wanted))
    return schemas.SubmissionShown(id=submission.id, state=State(submission.state).value)


@router.put("/{submission_id}/details", status_code=204)
def change_details(submission_id: str, body: schemas.DetailsRequest, sender: Sending, site: SiteDep) -> None:
    """Replace contact and what is said of the studies."""
    with site.database.transaction() as session:
        submission = actions.for_sender(session, sender, submission_id, lock=True)
        actions.change_details(session, site, submission, _contact(body), _studies(site, sender, body))


@router.delete("/{submission_id}", status_code=204)
def withdraw(submission_id: str, sender: Sending, site: SiteDep) -> None:
    """Withdraw a submission that was not finished; everything that had arrived is deleted."""
    with site.database.transaction() as session:
        submission = actions.for_sender(session, sender, submission_id, lock=True)
        actions.discard(session, site, submission, sender.actor)


def _contact(body: schemas.DetailsRequest) -> Contact:
    return Contact(body.contact.email.strip(), body.contact.phone.strip())


def _studies(site: SiteDep, sender: Sending, body: schemas.DetailsRequest) -> dict[str, StudyWords]:
    return {
        invitations.stored_uid(site, sender, study.study_instance_uid): StudyWords(
            study.comment, study.verdict, study.is_confirmed
        )
        for study in body.studies
    }
