"""The sender's way back: what became of the upload, and withdrawing it."""

from fastapi import APIRouter

from importal.http_api import SiteDep
from importal.invitations import Sending
from importal.status import actions, schemas
from importal.status.uploads import uploads_of

router = APIRouter(prefix="/api/status", tags=["sender"])


@router.get("")
def status(sender: Sending, site: SiteDep) -> schemas.StatusAnswer:
    """Tell what became of the uploads of this invitation."""
    with site.database.reading() as session:
        return schemas.StatusAnswer(uploads=uploads_of(sender, session))


@router.post("/{submission_id}/withdrawal")
def withdraw(submission_id: str, sender: Sending, site: SiteDep) -> schemas.StatusAnswer:
    """Take an upload back; what has not touched the archive is deleted."""
    site.database.run(lambda session: actions.withdraw(session, site, sender, submission_id))
    with site.database.reading() as session:
        return schemas.StatusAnswer(uploads=uploads_of(sender, session))
