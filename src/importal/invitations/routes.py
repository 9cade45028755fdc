"""Opening the door with a code, and the desk's invitations."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from importal import institutions
from importal.accounts import SignedIn
from importal.errors import NOT_FOUND, UNAUTHORISED, ImportalError
from importal.http_api import SiteDep, client_address
from importal.invitations import actions, queries, schemas
from importal.invitations.expectation import Expectation, expectation_of
from importal.invitations.opening import open_with_code
from importal.invitations.tables import Invitation, SenderKind, SenderSession
from importal.site import Site

router = APIRouter(prefix="/api/invitations", tags=["sender"])
desk_router = APIRouter(prefix="/api/desk/invitations", tags=["desk"])

_bearer = HTTPBearer(auto_error=False)


def _sending(
    site: SiteDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> SenderSession:
    if credentials is None:
        raise ImportalError(UNAUTHORISED)
    with site.database.reading() as session:
        return actions.sender_session(session, site, credentials.credentials)


Sending = Annotated[SenderSession, Depends(_sending)]


@router.post("/open")
def open_invitation(body: schemas.OpenRequest, request: Request, site: SiteDep) -> schemas.OpenedInvitation:
    """Exchange an upload code for a session and everything the page needs to begin."""
    invitation, token = open_with_code(site, client_address(request), body.code, body.birth_date)
    with site.database.reading() as session:
        return _opened(session, site, invitation, token)


def _opened(session: Session, site: Site, invitation: Invitation, token: str) -> schemas.OpenedInvitation:
    institution = institutions.get(session, invitation.institution_id)
    return schemas.OpenedInvitation(
        token=token,
        institution=schemas.InstitutionShown(
            name=institution.name,
            phone=institution.phone,
            email=institution.email,
            hours=institution.hours,
            manual_url=institution.manual_url,
            privacy_policy=schemas.PrivacyPolicy(
                version=institution.privacy_policy_version, text=institution.privacy_policy_text
            ),
            sharing_consent_text=institution.sharing_consent_text,
            texts_language=institution.texts_language,
        ),
        sender_kind=SenderKind(invitation.sender_kind).value,
        limits=schemas.Limits(
            max_bytes=institution.max_bytes or site.settings.default_max_bytes,
            max_studies=institution.max_studies or site.settings.default_max_studies,
        ),
        expires_at=invitation.expires_at,
        deidentified=invitation.deidentification is not None,
        expected=schemas.ExpectationShown.model_validate(expectation_of(site, invitation)),
    )


@desk_router.get("")
def list_invitations(person: SignedIn, site: SiteDep) -> schemas.InvitationList:
    """List the invitations of the institution, newest first."""
    with site.database.reading() as session:
        rows = queries.list_invitations(person, session, site)
        by_default = institutions.get(session, person.institution_id).deidentification is not None
    shown = [schemas.InvitationShown.model_validate(row) for row in rows]
    return schemas.InvitationList(invitations=shown, deidentified_by_default=by_default)


@desk_router.post("", status_code=201)
def invite(body: schemas.InviteRequest, person: SignedIn, site: SiteDep) -> schemas.InvitationShown:
    """Make an invitation and return its code and link."""
    wanted = actions.NewInvitation(
        person.institution_id,
        SenderKind(body.sender_kind),
        timedelta(days=body.valid_days),
        body.label,
        body.deidentified,
        expectation=Expectation(**body.expected.model_dump()),
        asks_birth_date=body.asks_birth_date,
    )
    with site.database.transaction() as session:
        invitation, _code = actions.invite(session, site, wanted, person.actor)
        return schemas.InvitationShown.model_validate(queries.as_row(site, invitation))


@desk_router.delete("/{invitation_id}", status_code=204)
def revoke(invitation_id: str, person: SignedIn, site: SiteDep) -> None:
    """Withdraw an invitation."""
    with site.database.transaction() as session:
        actions.revoke(session, site, _of_institution(session, person, invitation_id), person.actor)


@desk_router.post("/{invitation_id}/reopening", status_code=204)
def reopen(invitation_id: str, person: SignedIn, site: SiteDep) -> None:
    """Open a code again that wrong birth dates have shut."""
    with site.database.transaction() as session:
        actions.reopen(session, site, _of_institution(session, person, invitation_id), person.actor)


def _of_institution(session: Session, person: SignedIn, invitation_id: str) -> Invitation:
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.institution_id != person.institution_id:
        raise ImportalError(NOT_FOUND)
    return invitation
