"""The desk's button that tries a stopped delivery again."""

from fastapi import APIRouter

from importal import studies
from importal.accounts import SignedIn
from importal.delivery import actions
from importal.http_api import SiteDep
from importal.studies import StudyDetail

router = APIRouter(prefix="/api/desk", tags=["desk"])


@router.post("/studies/{study_id}/delivery-retry")
def retry_delivery(study_id: str, person: SignedIn, site: SiteDep) -> StudyDetail:
    """Try the delivery again, or ask the archive again for its proof."""
    with site.database.transaction() as session:
        actions.retry(person, session, site, study_id)
    with site.database.reading() as session:
        return studies.study_detail(person, session, site, study_id)
