"""Signing in and out; making accounts."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from importal import audit
from importal.accounts import passwords
from importal.accounts.tables import Account, ActingPerson, DeskSession
from importal.ids import new_id, new_token
from importal.site import Site

# A desk that is left alone signs itself out; a working day ends for certain.
IDLE_LIMIT = timedelta(hours=2)
TOTAL_LIMIT = timedelta(hours=12)
# How exact "last used" is kept, so that reading a page is not a write each time.
USE_GRAIN = timedelta(minutes=1)


def create_account(
    session: Session, site: Site, institution_id: str, username: str, password: str, display_name: str
) -> Account:
    """Add a member of staff; the user name must be new."""
    account = Account(
        id=new_id(),
        institution_id=institution_id,
        username=folded(username),
        display_name=display_name.strip() or username.strip(),
        password_hash=passwords.kept(password),
        is_active=True,
        created_at=site.clock(),
    )
    session.add(account)
    session.flush()
    audit.record(
        session,
        site.clock(),
        audit.Actor("operator", "cli"),
        "account.created",
        audit.Subject("account", account.id),
    )
    return account


def find_account(session: Session, username: str) -> Account | None:
    """Return the account of this user name."""
    return session.scalar(select(Account).where(Account.username == folded(username)))


def folded(username: str) -> str:
    """Return a user name as it is kept and compared."""
    return username.strip().casefold()


def set_password(session: Session, site: Site, account: Account, password: str) -> None:
    """Change a password and end all sessions of the account."""
    account.password_hash = passwords.kept(password)
    session.execute(delete(DeskSession).where(DeskSession.account_id == account.id))
    audit.record(
        session,
        site.clock(),
        audit.Actor("operator", "cli"),
        "account.password_changed",
        audit.Subject("account", account.id),
    )


def password_fits(account: Account | None, password: str) -> bool:
    """Whether the password is the account's; takes its time in every case."""
    is_open = account is not None and account.is_active
    stored = account.password_hash if account is not None and is_open else passwords.decoy()
    return passwords.fits(stored, password) and is_open


def sign_in(session: Session, site: Site, account: Account) -> str:
    """Open a session; return its secret, which is stored nowhere."""
    token, now = new_token(), site.clock()
    session.add(
        DeskSession(token_digest=_digest(site, token), account_id=account.id, created_at=now, used_at=now)
    )
    audit.record(
        session, now, audit.Actor("staff", account.id), "session.opened", audit.Subject("account", account.id)
    )
    return token


def sign_out(session: Session, site: Site, token: str) -> None:
    """End the session of this secret, if it is one."""
    row = session.get(DeskSession, _digest(site, token))
    if row is None:
        return
    person = audit.Actor("staff", row.account_id)
    session.delete(row)
    audit.record(session, site.clock(), person, "session.closed", audit.Subject("account", row.account_id))


def note_refusal(session: Session, site: Site, account: Account | None) -> None:
    """Write to the trail that somebody tried to log in and could not (PS3.15 A.5.3.11).

    Also where there is no such account, so that the answer takes as long; what was typed is not kept.
    """
    subject = audit.Subject("account", "unknown" if account is None else account.id)
    audit.record(session, site.clock(), audit.Actor("system", "desk"), "session.refused", subject)


def acting_person(session: Session, site: Site, token: str) -> tuple[ActingPerson, datetime] | None:
    """Return who holds this secret and when it was last used, unless the session has ended."""
    row = session.execute(
        select(DeskSession, Account)
        .join(Account, Account.id == DeskSession.account_id)
        .where(DeskSession.token_digest == _digest(site, token))
    ).one_or_none()
    if row is None:
        return None
    desk_session, account = row
    now = site.clock()
    ended = now - desk_session.used_at > IDLE_LIMIT or now - desk_session.created_at > TOTAL_LIMIT
    if ended or not account.is_active:
        return None
    person = ActingPerson(account.id, account.username, account.display_name, account.institution_id)
    return person, desk_session.used_at


def note_use(session: Session, site: Site, token: str) -> None:
    """Remember that the session is in use."""
    row = session.get(DeskSession, _digest(site, token))
    if row is not None:
        row.used_at = site.clock()


def end_old_sessions(session: Session, now: datetime) -> None:
    """Delete sessions that can no longer be used."""
    old = (DeskSession.used_at < now - IDLE_LIMIT) | (DeskSession.created_at < now - TOTAL_LIMIT)
    session.execute(delete(DeskSession).where(old))


def _digest(site: Site, token: str) -> str:
    return site.keys.blind("desk-session", token)
