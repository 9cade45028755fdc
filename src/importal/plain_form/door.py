"""Who is filling in the form: a cookie for these pages alone, and a token in each form against forgery.

Before the code is entered the cookie holds a number of its own, afterwards the session's secret. The form's
token is a keyed digest of it; the browser's own statements (Sec-Fetch-Site, Origin) have to agree as well.
"""

import hmac
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request, Response

from importal import invitations
from importal.errors import FORBIDDEN_ORIGIN, INVALID_REQUEST, UNAUTHORISED, ImportalError
from importal.http_api import SiteDep
from importal.invitations import SenderSession
from importal.site import Site

COOKIE = "importal_form"
FORGERY_FIELD = "token"
LASTS_SECONDS = 4 * 3600
MOST_FIELDS = 20_000


def set_cookie(site: Site, response: Response, value: str) -> None:
    """Let the browser keep who it is, for a few hours and for these pages."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=LASTS_SECONDS,
        httponly=True,
        samesite="strict",
        secure=site.settings.cookies_are_secure,
        path=f"{site.settings.public_path}form/",
    )


def token_of(site: Site, cookie: str) -> str:
    """Return what a form carries so that no other page can send it."""
    return site.keys.blind("plain-form", cookie)


def require_own_page(request: Request) -> None:
    """Raise ``forbidden.origin`` where the browser says that another page sent the form."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ImportalError(FORBIDDEN_ORIGIN)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ImportalError(FORBIDDEN_ORIGIN)


def require_token(site: Site, request: Request, given: str) -> None:
    """Raise ``forbidden.origin`` unless the form was made for this browser."""
    wanted = token_of(site, request.cookies.get(COOKIE, ""))
    if COOKIE not in request.cookies or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise ImportalError(FORBIDDEN_ORIGIN)


def sender_of(request: Request, site: SiteDep) -> SenderSession:
    """Return whose session it is; raises ``unauthorised``, ``invitation.revoked``."""
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        raise ImportalError(UNAUTHORISED)
    with site.database.reading() as session:
        return invitations.sender_session(session, site, cookie)


class Fields:
    """The fields of a form that was sent as a whole; every one is text."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            self._values.setdefault(name, value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, most: int = 4000) -> str:
        """Return a value without the space around it and cut to a length; "" where there is none."""
        return self._values.get(name, "").strip()[:most]


async def _fields(request: Request, site: SiteDep) -> Fields:
    require_own_page(request)
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise ImportalError(INVALID_REQUEST) from error
    fields = Fields(pairs)
    require_token(site, request, fields.get(FORGERY_FIELD))
    return fields


Posted = Annotated[Fields, Depends(_fields)]
Filling = Annotated[SenderSession, Depends(sender_of)]
