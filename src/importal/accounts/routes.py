"""Sign-in of the desk: one cookie, HttpOnly and SameSite=Strict."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from importal import institutions
from importal.accounts import actions
from importal.accounts.errors import SESSION_REFUSED
from importal.accounts.tables import ActingPerson
from importal.errors import UNAUTHORISED, ImportalError
from importal.http_api import (
    RateRule,
    SiteDep,
    client_address,
    count_attempt,
    forget_attempts,
    require_own_origin,
)
from importal.site import Site

router = APIRouter(prefix="/api/desk/session", tags=["desk"])
COOKIE = "importal_desk"
QUARTER = timedelta(minutes=15)
BY_ADDRESS = RateRule("sign-in-address", 50, QUARTER)
# A stranger who knows a user name must not be able to lock its owner out: the few guesses are those at one
# account from one address. From many addresses they end at a number that one address cannot reach.
BY_ACCOUNT_AND_ADDRESS = RateRule("sign-in-account-and-address", 10, QUARTER)
BY_ACCOUNT = RateRule("sign-in-account", 100, QUARTER)


class SignInRequest(BaseModel):
    """User name and password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=1000, repr=False)


class Home(BaseModel):
    """The hospital of the person, as its letters name it."""

    name: str
    phone: str
    email: str


class Person(BaseModel):
    """Who is signed in, and for which hospital."""

    username: str
    display_name: str
    institution: Home


def _signed_in(request: Request, site: SiteDep) -> ActingPerson:
    require_own_origin(request)
    token = request.cookies.get(COOKIE, "")
    with site.database.reading() as session:
        found = actions.acting_person(session, site, token) if token else None
    if found is None:
        raise ImportalError(UNAUTHORISED)
    person, used_at = found
    if site.clock() - used_at > actions.USE_GRAIN:
        with site.database.transaction() as session:
            actions.note_use(session, site, token)
    return person


SignedIn = Annotated[ActingPerson, Depends(_signed_in)]


@router.post("", dependencies=[Depends(require_own_origin)])
def sign_in(body: SignInRequest, request: Request, response: Response, site: SiteDep) -> Person:
    """Sign in; the session's secret goes into a cookie."""
    address = client_address(request)
    count_attempt(site, BY_ADDRESS, address)
    # Exactly as the account is looked up, or each added space would give ten more guesses.
    name = actions.folded(body.username)
    count_attempt(site, BY_ACCOUNT_AND_ADDRESS, f"{address} {name}")
    count_attempt(site, BY_ACCOUNT, name)
    with site.database.reading() as session:
        account = actions.find_account(session, body.username)
    if not actions.password_fits(account, body.password) or account is None:
        site.database.run(lambda session: actions.note_refusal(session, site, account))
        raise ImportalError(SESSION_REFUSED)
    with site.database.transaction() as session:
        actions.end_old_sessions(session, site.clock())
        # Whatever this browser held before ends here: nobody can have planted a session that goes on.
        actions.sign_out(session, site, request.cookies.get(COOKIE, ""))
        token = actions.sign_in(session, site, account)
        forget_attempts(session, site, BY_ACCOUNT_AND_ADDRESS, f"{address} {name}")
        forget_attempts(session, site, BY_ACCOUNT, name)
    settings = site.settings
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=settings.cookies_are_secure,
        path=settings.public_path,
    )
    return _shown(site, account.username, account.display_name, account.institution_id)


@router.get("")
def who_is_signed_in(person: SignedIn, site: SiteDep) -> Person:
    """Say who is signed in."""
    return _shown(site, person.username, person.display_name, person.institution_id)


def _shown(site: Site, username: str, display_name: str, institution_id: str) -> Person:
    with site.database.reading() as session:
        home = institutions.get(session, institution_id)
    shown = Home(name=home.name, phone=home.phone, email=home.email)
    return Person(username=username, display_name=display_name, institution=shown)


@router.delete("", status_code=204, dependencies=[Depends(require_own_origin)])
def sign_out(request: Request, response: Response, site: SiteDep) -> None:
    """End the session."""
    with site.database.transaction() as session:
        actions.sign_out(session, site, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path=site.settings.public_path, samesite="strict", httponly=True)
