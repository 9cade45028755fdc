"""The pages of the plain form, each with its address; after every step the browser is sent on (PRG)."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from importal import institutions, invitations, submissions, transfers
from importal.errors import UNAUTHORISED, ImportalError
from importal.http_api import SiteDep, client_address
from importal.ids import new_token
from importal.institutions import Institution
from importal.invitations import SenderSession
from importal.plain_form import check_page, pages
from importal.plain_form.answers import hand_over, read_answers
from importal.plain_form.door import COOKIE, Fields, Filling, Posted, require_own_page, set_cookie, token_of
from importal.plain_form.errors import FORM_BUSY
from importal.plain_form.found import find
from importal.plain_form.frame import HEADERS, form, page
from importal.plain_form.receiving import length_of, receive
from importal.plain_form.wording import LANGUAGE, sentence, text
from importal.site import Site
from importal.status import uploads_of
from importal.submissions import ConsentGiven, Contact, Submission, Wanted
from importal.transfers import Intake, intake_of

# Unpacking goes on when the page is shown already; most archives are done by then.
WAIT_SECONDS = 20.0
# A body that is refused is read on for so long: a browser that is cut off shows no page at all.
LINGER_SECONDS = 5.0
# How much larger than the files that it carries a form may be.
SLACK_BYTES = 1024 * 1024


class _Lingering(HTMLResponse):
    """A page that is sent while the body still comes, and that waits a little for the browser to notice."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body), "more_body": True})
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b""})


class _PlainRoute(APIRoute):
    """Answers what goes wrong with a page: what happened, what to do, and a way on."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle: Callable[[Request], Coroutine[Any, Any, Response]] = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except ImportalError as refused:
                said = sentence(refused.code, **refused.params)
                response = _trouble(request, said, refused.row.status)
            except HTTPException as refused:
                response = _trouble(request, text("error.unknown"), refused.status_code)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return answer


router = APIRouter(prefix="/form", route_class=_PlainRoute, include_in_schema=False)


def _trouble(request: Request, said: str, status: int) -> Response:
    shown = pages.trouble(request, said, status)
    return _Lingering(shown.body, status, HEADERS) if request.method == "POST" else shown


def _go(place: str) -> RedirectResponse:
    return RedirectResponse(place, 303)


async def _arriving(request: Request) -> Counter[str]:
    """Return how many bodies are being read for each submission in this process."""
    state = request.app.state
    if not hasattr(state, "plain_forms"):
        state.plain_forms = Counter()
    found: Counter[str] = state.plain_forms
    return found


Arriving = Annotated["Counter[str]", Depends(_arriving)]


def _draft(site: Site, sender: SenderSession) -> Submission | None:
    with site.database.reading() as session:
        return submissions.open_draft(session, sender.invitation_id)


def _institution(site: Site, sender: SenderSession) -> Institution:
    with site.database.reading() as session:
        return institutions.get(session, sender.institution_id)


def _token(site: Site, request: Request) -> str:
    return token_of(site, request.cookies.get(COOKIE, ""))


@router.get("")
def first() -> Response:
    """Lead to the first page, below the path that the cookie is for."""
    return RedirectResponse("form/start", 307)


@router.get("/")
@router.get("/start")
def show_start(request: Request, site: SiteDep) -> Response:
    """Ask for the code."""
    return _start(request, site)


def _start(
    request: Request, site: Site, given: Fields | None = None, code: str | None = None, **params: object
) -> Response:
    seed = new_token()
    asks = code in {"invitation.birth_date_needed", "invitation.birth_date_wrong"} or (
        given is not None and "year" in given
    )
    said = None if code in {None, "invitation.birth_date_needed"} else sentence(str(code), **params)
    shown = pages.start(request, token_of(site, seed), given, said, asks_birth_date=asks)
    set_cookie(site, shown, seed)
    return shown


@router.post("/start")
def enter(request: Request, site: SiteDep, given: Posted) -> Response:
    """Take the code, and the birth date where it is asked for."""
    code = given.get("code", 100)
    if not code:
        return _start(request, site, given, "form.code_missing")
    birth_date = ""
    if "year" in given:
        day, month, year = (given.get(name, 4) for name in ("day", "month", "year"))
        if not all(part.isascii() and part.isdigit() for part in (day, month, year)) or len(year) != 4:
            return _start(request, site, given, "form.birth_date_malformed")
        birth_date = f"{year}{int(month):02d}{int(day):02d}"
    try:
        invitation, secret = invitations.open_with_code(site, client_address(request), code, birth_date)
    except ImportalError as refused:
        return _start(request, site, given, refused.code, **refused.params)
    with site.database.reading() as session:
        draft = submissions.open_draft(session, invitation.id)
    answer = _go("check" if draft is not None else "agree")
    set_cookie(site, answer, secret)
    return answer


@router.get("/agree")
def show_consent(request: Request, site: SiteDep, sender: Filling) -> Response:
    """Ask for the consents: without them nothing is taken."""
    if _draft(site, sender) is not None:
        return _go("files")
    with site.database.reading() as session:
        handed_over = submissions.count_handed_over(session, sender.invitation_id)
        expected = invitations.expectation_of(site, invitations.get(session, sender.invitation_id))
    return pages.consent(
        request,
        _institution(site, sender),
        _token(site, request),
        intent=pages.Intent(expected.asked_for, handed_over > 0, sender.deidentification is not None),
    )


@router.post("/agree")
def agree(request: Request, site: SiteDep, sender: Filling, given: Posted) -> Response:
    """Begin a submission on the consents."""
    consent = ConsentGiven(given.get("version", 100), "privacy" in given, "sharing" in given, LANGUAGE)
    own = site.keys.blind("plain-form-submission", request.cookies[COOKIE])[:32]

    def begin(session: Any) -> Submission:
        count = submissions.count_handed_over(session, sender.invitation_id)
        wanted = Wanted(f"form-{own}-{count}", consent, Contact(), {})
        return submissions.open_draft(session, sender.invitation_id) or submissions.create(
            session, site, sender, wanted
        )

    try:
        site.database.run(begin)
    except ImportalError as refused:
        if refused.code not in {"consent.missing", "consent.outdated"}:
            raise
        institution = _institution(site, sender)
        return pages.consent(request, institution, _token(site, request), error=sentence(refused.code))
    return _go("files")


@router.get("/files")
def show_files(request: Request, site: SiteDep, sender: Filling) -> Response:
    """Ask for the files."""
    draft = _draft(site, sender)
    if draft is None:
        return _go("agree")
    institution = _institution(site, sender)
    with site.database.reading() as session:
        has_some = bool(transfers.arrived(session, draft.id))
    most = institution.max_bytes or site.settings.default_max_bytes
    return pages.files(request, institution, _token(site, request), most, has_some=has_some)


@router.post("/files")
async def take_files(
    request: Request,
    site: SiteDep,
    sender: Filling,
    arriving: Arriving,
    places: Annotated[Intake, Depends(intake_of)],
) -> Response:
    """Take the files, then look at them; what does not fit is refused before it is read."""
    require_own_page(request)
    draft = await run_in_threadpool(_draft, site, sender)
    if draft is None:
        return _go("agree")
    institution = await run_in_threadpool(_institution, site, sender)
    most = institution.max_bytes or site.settings.default_max_bytes
    if length_of(request) > most + SLACK_BYTES:
        raise ImportalError(transfers.LIMIT_BYTES, {"max_bytes": most})
    if not arriving[draft.id]:
        await run_in_threadpool(_forget_broken, site, sender, draft.id)
    arriving[draft.id] += 1
    try:
        count = await receive(request, site, sender, draft.id, places)
    finally:
        arriving[draft.id] -= 1
    if not count:
        shown = partial(pages.files, request, institution, _token(site, request), most)
        return shown(has_some=False, error=text("files.missing"))
    return _go("check")


def _forget_broken(site: Site, sender: SenderSession, submission_id: str) -> None:
    with site.database.reading() as session:
        broken = transfers.unsettled(session, submission_id, only_forms=True)
    transfers.leave_out(site, sender, submission_id, broken)


async def _settled(request: Request, site: Site, sender: SenderSession, submission_id: str) -> bool:
    """Unpack what waits for it; False where that takes longer than a person should look at an empty page."""
    tasks: dict[str, asyncio.Task[None]] = request.app.state.__dict__.setdefault("plain_form_tasks", {})
    task = tasks.get(submission_id)
    if task is None:
        places = await intake_of(request)
        work = partial(transfers.settle_waiting, site, sender, submission_id)
        task = tasks[submission_id] = asyncio.create_task(places.settle(work))
        task.add_done_callback(lambda _done: tasks.pop(submission_id, None))
    done, _ = await asyncio.wait({task}, timeout=WAIT_SECONDS)
    if done:
        await task
    return bool(done)


@router.get("/check")
async def show_check(request: Request, site: SiteDep, sender: Filling) -> Response:
    """Show what has arrived."""
    return await _check(request, site, sender)


@router.post("/check")
async def check(
    request: Request, site: SiteDep, sender: Filling, given: Posted, arriving: Arriving
) -> Response:
    """Hand over what was chosen; what was not is deleted."""
    draft = await run_in_threadpool(_draft, site, sender)
    if draft is None:
        return _go("sent")
    if arriving[draft.id]:
        raise ImportalError(FORM_BUSY)
    found = await run_in_threadpool(find, site, sender, draft.id)
    if not found.persons:
        return _go("check")
    answers = read_answers(found, given)
    if answers.errors:
        return await _check(request, site, sender, given, answers.errors)
    places = await intake_of(request)
    await places.settle(partial(hand_over, site, sender, draft.id, answers))
    return _go("sent")


async def _check(
    request: Request,
    site: Site,
    sender: SenderSession,
    given: Fields | None = None,
    errors: list[tuple[str, str]] | None = None,
) -> Response:
    draft = await run_in_threadpool(_draft, site, sender)
    if draft is None:
        return _go("agree")
    institution = await run_in_threadpool(_institution, site, sender)
    if not await _settled(request, site, sender, draft.id):
        return pages.waiting(request, institution)
    found = await run_in_threadpool(find, site, sender, draft.id)
    if not (found.persons or found.documents or found.refused or found.harmless):
        return _go("files")
    with site.database.reading() as session:
        comments = submissions.comments_of(session, site, draft.id)
        contact = submissions.contact_of(site, draft)
    inside = check_page.content(found, institution.phone, comments, contact, given)
    sending = form("check", _token(site, request), inside) if found.persons else inside[0]
    return page(
        request,
        text("check.heading"),
        pages.counted(found),
        sending,
        institution=institution,
        errors=errors or (),
        status=422 if errors else 200,
    )


@router.get("/sent")
def sent(request: Request, site: SiteDep, sender: Filling) -> Response:
    """Tell what was handed over, and what became of it."""
    with site.database.reading() as session:
        uploads = uploads_of(sender, session)
        submission = submissions.get(session, uploads[0].id) if uploads else None
        is_countable = submission is not None and submission.state == submissions.State.SUBMITTED
        receipt = transfers.receipt(session, submission) if submission and is_countable else None
    if not uploads:
        raise ImportalError(UNAUTHORISED)
    return pages.sent(request, _institution(site, sender), uploads, receipt)
