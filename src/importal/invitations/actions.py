"""Inviting, and opening the door with a code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from importal import audit, institutions
from importal.dicom import USUAL_OPTIONS
from importal.errors import UNAUTHORISED, ImportalError
from importal.http_api import forget_attempts, shut_until
from importal.ids import new_code, new_id, new_token, normalise_code
from importal.invitations.deidentification import BASIC, Options, options_as_column, options_from_column
from importal.invitations.errors import EXPIRED, REVOKED, UNKNOWN
from importal.invitations.expectation import WRONG_BIRTH_DATES, Expectation, require_sensible, seal
from importal.invitations.tables import Invitation, SenderKind, SenderSession, SendingSession
from importal.site import Site

# Long enough for a slow line and a night in between; an upload goes on with the code after that.
SESSION_LASTS = timedelta(hours=24)
# A transfer that began while the code was valid may end within this time.
GRACE = timedelta(hours=24)


@dataclass(frozen=True)
class NewInvitation:
    """What the inviting person asks for."""

    institution_id: str
    sender_kind: SenderKind
    valid_for: timedelta
    label: str = ""
    # Whether what comes is made anonymous, and with which options; None: as the institution has decided.
    deidentified: bool | None = None
    options: Options | None = None
    expectation: Expectation = field(default=Expectation(), repr=False)
    # Whether the sender has to know the expected patient's birth date beside the code.
    asks_birth_date: bool = False


def invite(session: Session, site: Site, wanted: NewInvitation, actor: audit.Actor) -> tuple[Invitation, str]:
    """Make an invitation; return it and its code in clear.

    Raises:
        ImportalError: ``invitation.expects_nobody``, ``invitation.birth_date_unknown``.
    """
    code, now, row_id = new_code(), site.clock(), new_id()
    options = _chosen(session, wanted)
    require_sensible(
        wanted.expectation, asks_birth_date=wanted.asks_birth_date, is_anonymous=options is not None
    )
    invitation = Invitation(
        id=row_id,
        institution_id=wanted.institution_id,
        code_index=_index(site, code),
        code_sealed=site.keys.sealer("invitations").seal_text(code, f"{row_id}/code"),
        label_sealed=site.keys.sealer("invitations").seal_text(wanted.label, f"{row_id}/label"),
        expectation_sealed=seal(site, row_id, wanted.expectation),
        asks_birth_date=wanted.asks_birth_date,
        sender_kind=wanted.sender_kind,
        created_at=now,
        created_by=actor.id,
        expires_at=now + wanted.valid_for,
        deidentification=options_as_column(options),
    )
    session.add(invitation)
    session.flush()
    audit.record(
        session,
        now,
        actor,
        "invitation.created",
        audit.Subject("invitation", row_id),
        _params(wanted, options),
    )
    return invitation, code


def _chosen(session: Session, wanted: NewInvitation) -> Options | None:
    """Return the options of a new invitation: those asked for, else the institution's, else usual ones."""
    own = options_from_column(institutions.get(session, wanted.institution_id).deidentification)
    if wanted.deidentified is None:
        return own
    if not wanted.deidentified:
        return None
    if wanted.options is not None:
        return wanted.options
    return own if own is not None else USUAL_OPTIONS


def _params(wanted: NewInvitation, options: Options | None) -> dict[str, int | str]:
    params: dict[str, int | str] = {"sender_kind": wanted.sender_kind, "days": wanted.valid_for.days}
    if options is not None:
        params["deidentified"] = ", ".join(sorted(options)) or BASIC
    if wanted.expectation.names_somebody:
        params["expects_patient"] = 1
    if wanted.asks_birth_date:
        params["asks_birth_date"] = 1
    return params


def revoke(session: Session, site: Site, invitation: Invitation, actor: audit.Actor) -> None:
    """Withdraw an invitation; its code opens nothing from now on."""
    if invitation.revoked_at is None:
        invitation.revoked_at = site.clock()
        audit.record(
            session, site.clock(), actor, "invitation.revoked", audit.Subject("invitation", invitation.id)
        )


def reopen(session: Session, site: Site, invitation: Invitation, actor: audit.Actor) -> None:
    """Open a code again that wrong birth dates have shut; one that is not shut stays as it is.

    Whoever does it has made sure of the caller: five more dates can be tried from now on.
    """
    if shut_until(session, site, WRONG_BIRTH_DATES, [invitation.id]):
        forget_attempts(session, site, WRONG_BIRTH_DATES, invitation.id)
        subject = audit.Subject("invitation", invitation.id)
        audit.record(session, site.clock(), actor, "invitation.reopened", subject)


def get(session: Session, invitation_id: str) -> Invitation:
    """Return an invitation that is known to exist."""
    return session.get_one(Invitation, invitation_id)


def code_of(site: Site, invitation: Invitation) -> str:
    """Return the code in clear, for staff."""
    return site.keys.sealer("invitations").open_text(invitation.code_sealed, f"{invitation.id}/code")


def label_of(site: Site, invitation: Invitation) -> str:
    """Return the note that staff gave the invitation."""
    return site.keys.sealer("invitations").open_text(invitation.label_sealed, f"{invitation.id}/label")


def link_for(site: Site, code: str) -> str:
    """Return the sender's link. The code stands in the fragment, which browsers never send to a server."""
    return f"{site.settings.public_url.rstrip('/')}/#code={code}"


def find_by_code(session: Session, site: Site, typed: str) -> Invitation:
    """Return the valid invitation of a typed code.

    Raises:
        ImportalError: unknown, expired or revoked.
    """
    index = _index(site, normalise_code(typed))
    invitation = session.scalar(select(Invitation).where(Invitation.code_index == index))
    if invitation is None:
        raise ImportalError(UNKNOWN)
    if invitation.revoked_at is not None:
        raise ImportalError(REVOKED)
    if site.clock() >= invitation.expires_at:
        raise ImportalError(EXPIRED)
    return invitation


def open_session(session: Session, site: Site, invitation: Invitation) -> str:
    """Open a session for the sender; return its secret, which is stored nowhere."""
    token, now = new_token(), site.clock()
    session.add(
        SendingSession(
            token_digest=_digest(site, token),
            invitation_id=invitation.id,
            created_at=now,
            expires_at=min(now + SESSION_LASTS, invitation.expires_at + GRACE),
        )
    )
    audit.record(
        session,
        now,
        audit.Actor("sender", invitation.id),
        "invitation.opened",
        audit.Subject("invitation", invitation.id),
    )
    return token


def note_wrong_birth_date(session: Session, site: Site, invitation: Invitation) -> None:
    """Record that somebody had the code, but not the birth date; which one was tried is kept nowhere."""
    actor, subject = audit.Actor("sender", invitation.id), audit.Subject("invitation", invitation.id)
    audit.record(session, site.clock(), actor, "invitation.birth_date_wrong", subject)


def sender_session(session: Session, site: Site, token: str) -> SenderSession:
    """Return who holds this secret.

    Raises:
        ImportalError: ``unauthorised`` when nobody does, or the session or the invitation has ended.
    """
    row = session.execute(
        select(SendingSession, Invitation)
        .join(Invitation, Invitation.id == SendingSession.invitation_id)
        .where(SendingSession.token_digest == _digest(site, token))
    ).one_or_none()
    if row is None or site.clock() >= row[0].expires_at:
        raise ImportalError(UNAUTHORISED)
    invitation = row[1]
    if invitation.revoked_at is not None:
        raise ImportalError(REVOKED)
    return SenderSession(
        invitation.id,
        invitation.institution_id,
        SenderKind(invitation.sender_kind),
        options_from_column(invitation.deidentification),
    )


def end_old_sessions(session: Session, now: datetime) -> None:
    """Delete sessions that can no longer be used."""
    session.execute(delete(SendingSession).where(SendingSession.expires_at < now))


def _index(site: Site, code: str) -> str:
    return site.keys.blind("upload-code", code)


def _digest(site: Site, token: str) -> str:
    return site.keys.blind("sending-session", token)
