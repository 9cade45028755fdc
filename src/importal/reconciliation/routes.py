"""The desk's routes: inbox, study, candidates, decisions, pictures and documents."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.requests import HTTPConnection

from importal import studies
from importal.accounts import SignedIn
from importal.http_api import SiteDep
from importal.reconciliation import actions, content, holds, lookup, schemas
from importal.reconciliation.patient_lookup import PatientLookup
from importal.studies import InboxPage, StudyDetail

router = APIRouter(prefix="/api/desk", tags=["desk"])


def _lookup(connection: HTTPConnection) -> PatientLookup | None:
    found: PatientLookup | None = connection.app.state.patient_lookup
    return found


def _archive(connection: HTTPConnection) -> lookup.Archive | None:
    found: lookup.Archive | None = connection.app.state.destination
    return found


LookupDep = Annotated[PatientLookup | None, Depends(_lookup)]
ArchiveDep = Annotated[lookup.Archive | None, Depends(_archive)]


# Searches are posted: a query string with somebody's name would end in the logs of proxies.
@router.post("/inbox/search")
def inbox(wanted: schemas.InboxQuery, person: SignedIn, site: SiteDep) -> InboxPage:
    """List uploads, newest first; by default those with something that waits for a person."""
    with site.database.reading() as session:
        return studies.inbox(person, session, site, wanted.as_filter())


@router.post("/inbox/number-search")
def find_by_number(wanted: schemas.NumberSearch, person: SignedIn, site: SiteDep) -> InboxPage:
    """Find uploads by a number of the other hospital, typed whole from paper; the search is audited."""
    with site.database.transaction() as session:
        return content.find_by_number(person, session, site, wanted.number)


@router.get("/studies/{study_id}")
def study(study_id: str, person: SignedIn, site: SiteDep) -> StudyDetail:
    """Show one study."""
    with site.database.reading() as session:
        return studies.study_detail(person, session, site, study_id)


@router.get("/studies/{study_id}/candidates")
def candidates(
    study_id: str, person: SignedIn, site: SiteDep, patient_lookup: LookupDep
) -> schemas.Candidates:
    """Find local patients that may be the one in the images."""
    with site.database.reading() as session:
        found = studies.get_study(person, session, study_id)
    if patient_lookup is None:
        return schemas.Candidates(candidates=[], lookup_available=False)
    return schemas.Candidates(candidates=lookup.candidates_for(patient_lookup, found), lookup_available=True)


@router.post("/patients/search")
def patients(
    wanted: schemas.PatientSearch, person: SignedIn, patient_lookup: LookupDep
) -> schemas.Candidates:
    """Find local patients by what a person knows of them."""
    del person
    if patient_lookup is None:
        return schemas.Candidates(candidates=[], lookup_available=False)
    found = lookup.find(patient_lookup, wanted.as_query())
    return schemas.Candidates(candidates=[lookup.shown(item) for item in found], lookup_available=True)


@router.get("/studies/{study_id}/original-identifiers")
def original_identifiers(study_id: str, person: SignedIn, site: SiteDep) -> schemas.OriginalIdentifiers:
    """Show what the hospital of origin called patient and order; the look is audited."""
    with site.database.transaction() as session:
        return content.original_identifiers(person, session, site, study_id)


@router.post("/studies/{study_id}/reconciliation")
def reconcile(
    study_id: str,
    body: schemas.ReconciliationRequest,
    person: SignedIn,
    site: SiteDep,
    archive: ArchiveDep,
) -> StudyDetail:
    """File a study under a local patient and order."""
    with site.database.reading() as session:
        found = studies.get_study(person, session, study_id)
    lookup.require_free(archive, found.study_instance_uid, body.local_patient.patient_id)
    decision = actions.Decision(body.local_patient, body.order, body.differences_confirmed)
    with site.database.transaction() as session:
        actions.reconcile(person, session, site, study_id, decision)
    with site.database.reading() as session:
        return studies.study_detail(person, session, site, study_id)


@router.post("/studies/{study_id}/rejection")
def reject(study_id: str, body: schemas.RejectionRequest, person: SignedIn, site: SiteDep) -> StudyDetail:
    """Turn a study away."""
    with site.database.transaction() as session:
        actions.reject(person, session, site, study_id, body.reason, body.note)
    with site.database.reading() as session:
        return studies.study_detail(person, session, site, study_id)


@router.post("/studies/{study_id}/held/{item_id}")
def decide_hold(
    study_id: str, item_id: str, body: schemas.HoldRequest, person: SignedIn, site: SiteDep
) -> StudyDetail:
    """Let a picture or document that was held go, or leave it out."""
    holds.decide(person, site, study_id, item_id, body)
    with site.database.reading() as session:
        return studies.study_detail(person, session, site, study_id)


@router.get("/held/{instance_id}/picture", response_class=Response)
def held_picture(
    instance_id: str, person: SignedIn, site: SiteDep, frame: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Return one frame of a held picture in full size."""
    shown = holds.picture(person, site, instance_id, frame)
    return Response(shown, media_type="image/png", headers={"Cache-Control": "no-store"})


@router.get("/series/{series_id}/thumbnail", response_class=Response)
def thumbnail(series_id: str, person: SignedIn, site: SiteDep) -> Response:
    """Return a small picture of a series."""
    with site.database.reading() as session:
        picture = content.thumbnail(person, session, site, series_id)
    # The picture of a series never changes; it may stay in this browser alone.
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/documents/{document_id}/content", response_class=Response)
def document_content(document_id: str, person: SignedIn, site: SiteDep) -> Response:
    """Return a document as it was sent, to be saved; it can run nothing in our name."""
    with site.database.transaction() as session:
        found = content.document(person, session, site, document_id)
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            "Content-Disposition": found.disposition,
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
