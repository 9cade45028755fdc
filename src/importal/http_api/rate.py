"""Counting attempts per account, code or address: one atomic row each, right on every engine."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from importal.database import Base, Moment, in_utc
from importal.errors import RATE_LIMITED, ImportalError
from importal.site import Site

LONGEST_WINDOW = timedelta(days=1)


class RateCounter(Base):
    """Attempts in the present window; the key is a keyed digest, never an address or a name."""

    __tablename__ = "rate_counters"

    key: Mapped[str] = mapped_column(primary_key=True)
    window_began_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int]


@dataclass(frozen=True)
class RateRule:
    """How many attempts a key has within a window."""

    name: str
    attempts: int
    window: timedelta


def count_attempt(site: Site, rule: RateRule, value: str) -> None:
    """Count one attempt, in a transaction of its own so that a refusal later keeps the count.

    Raises:
        ImportalError: ``rate.limited`` with the seconds to wait, when there were too many.
    """
    now = site.clock()
    key = _key(site, rule, value)

    def verb(session: Session) -> RateCounter:
        row = session.get(RateCounter, key, with_for_update=True)
        if row is None or now - row.window_began_at >= rule.window:
            _begin_window(session, key, now)
            session.expire_all()
            row = session.get_one(RateCounter, key)
        row.attempts += 1
        return row

    row = site.database.run(verb)
    if row.attempts > rule.attempts:
        wait = in_utc(row.window_began_at) + rule.window - now
        raise ImportalError(RATE_LIMITED, {"retry_after_seconds": max(1, int(wait.total_seconds()))})


def shut_until(session: Session, site: Site, rule: RateRule, values: Iterable[str]) -> dict[str, datetime]:
    """Return until when those of these values are shut that have no attempt left; nothing is counted."""
    now, by_key = site.clock(), {_key(site, rule, value): value for value in values}
    rows = session.scalars(
        select(RateCounter).where(RateCounter.key.in_(by_key), RateCounter.attempts >= rule.attempts)
    )
    ends = {by_key[row.key]: in_utc(row.window_began_at) + rule.window for row in rows}
    return {value: end for value, end in ends.items() if end > now}


def forget_attempts(session: Session, site: Site, rule: RateRule, value: str) -> None:
    """Start anew after a success."""
    session.execute(delete(RateCounter).where(RateCounter.key == _key(site, rule, value)))


def forget_old_attempts(session: Session, now: datetime) -> None:
    """Delete counters whose windows have ended long ago."""
    session.execute(delete(RateCounter).where(RateCounter.window_began_at < now - LONGEST_WINDOW))


def _key(site: Site, rule: RateRule, value: str) -> str:
    return f"{rule.name}:{site.keys.blind('rate', value)[:32]}"


def _begin_window(session: Session, key: str, now: datetime) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"window_began_at": now, "attempts": 0}
    insert = dialect.insert(RateCounter).values(key=key, **values)
    session.execute(insert.on_conflict_do_update(index_elements=[RateCounter.key], set_=values))
