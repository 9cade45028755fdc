"""Sign-in of the desk: one cookie, HttpOnly and SameSite=Strict."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

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

router = APIRouter(prefix="/api/desk/session", tags=["desk"])
COOKIE = "importal_desk"
BY_ACCOUNT = RateRule("sign-in-account", 10, timedelta(minutes=15))
BY_ADDRESS = RateRule("sign-in-address", 50, timedelta(minutes=15))


class SignInRequest(BaseModel):
    """User name and password."""

    username: str = Field(max_length=200)
    password: str = Field(max_length=1000, repr=False)


class Person(BaseModel):
    """Who is signed in."""

    username: str
    display_name: str


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
    count_attempt(site, BY_ADDRESS, client_address(request))
    count_attempt(site, BY_ACCOUNT, body.username.casefold())
    with site.database.reading() as session:
        account = actions.find_account(session, body.username)
    if not actions.password_fits(account, body.password) or account is None:
        raise ImportalError(SESSION_REFUSED)
    with site.database.transaction() as session:
        actions.end_old_sessions(session, site.clock())
        token = actions.sign_in(session, site, account)
        forget_attempts(session, site, BY_ACCOUNT, body.username.casefold())
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=site.settings.cookies_are_secure, path="/"
    )
    return Person(username=account.username, display_name=account.display_name)


@router.get("")
def who_is_signed_in(person: SignedIn) -> Person:
    """Say who is signed in."""
    return Person(username=person.username, display_name=person.display_name)


@router.delete("", status_code=204, dependencies=[Depends(require_own_origin)])
def sign_out(request: Request, response: Response, site: SiteDep) -> None:
    """End the session."""
    with site.database.transaction() as session:
        actions.sign_out(session, site, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path="/", samesite="strict", httponly=True)
