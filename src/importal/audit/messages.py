"""Audit messages, written in the same transaction as what they speak of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import JSON, BigInteger, Connection, Index, Integer, event, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from importal.database import Base, Moment

ActorKind = Literal["staff", "sender", "system", "operator"]


@dataclass(frozen=True)
class Actor:
    """Who acts: an account, an invitation, the machine, or the operator on the command line."""

    kind: ActorKind
    id: str


class Subject(NamedTuple):
    """What is acted upon: a kind such as ``study`` and the id of its row."""

    kind: str
    id: str


class AuditMessage(Base):
    """One event. Parameters hold codes, counts and ids, never patient data."""

    __tablename__ = "audit_messages"
    __table_args__ = (Index(None, "subject_kind", "subject_id"), {"sqlite_autoincrement": True})

    # A running number tells the order of messages of one moment.
    # SQLite counts only in a column whose type is exactly INTEGER, and reuses no number with AUTOINCREMENT.
    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    params: Mapped[dict[str, int | str]] = mapped_column(JSON)


# The database itself refuses to change or remove a message, whoever asks.
_SQLITE_GUARD = (
    "CREATE TRIGGER audit_messages_no_{verb} BEFORE {verb} ON audit_messages "
    "BEGIN SELECT RAISE(ABORT, 'audit messages are only ever added'); END"
)
_POSTGRESQL_FUNCTION = (
    "CREATE FUNCTION audit_messages_guard() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'audit messages are only ever added'; END $$"
)
_POSTGRESQL_TRIGGER = (
    "CREATE TRIGGER audit_messages_guard BEFORE UPDATE OR DELETE ON audit_messages "
    "FOR EACH ROW EXECUTE FUNCTION audit_messages_guard()"
)


def guard_statements(dialect: str) -> list[str]:
    """Return the statements that make the table append-only on an engine."""
    if dialect == "postgresql":
        return [_POSTGRESQL_FUNCTION, _POSTGRESQL_TRIGGER]
    return [_SQLITE_GUARD.format(verb=verb) for verb in ("UPDATE", "DELETE")]


def _guard(_table: Any, connection: Connection, **_options: Any) -> None:
    for statement in guard_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


event.listen(AuditMessage.__table__, "after_create", _guard)


def record(
    session: Session,
    at: datetime,
    actor: Actor,
    action: str,
    subject: Subject,
    params: Mapping[str, int | str] | None = None,
) -> None:
    """Add one message to the trail, in the caller's transaction."""
    session.add(
        AuditMessage(
            at=at,
            actor_kind=actor.kind,
            actor_id=actor.id,
            action=action,
            subject_kind=subject.kind,
            subject_id=subject.id,
            params=dict(params or {}),
        )
    )


def history(session: Session, subjects: Sequence[Subject]) -> list[AuditMessage]:
    """Return the messages about these subjects, oldest first."""
    wanted = tuple_(AuditMessage.subject_kind, AuditMessage.subject_id).in_(
        [tuple(item) for item in subjects]
    )
    in_order = select(AuditMessage).where(wanted).order_by(AuditMessage.at, AuditMessage.number)
    return list(session.scalars(in_order))
