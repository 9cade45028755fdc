"""Accounts and their sessions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from importal.audit import Actor
from importal.database import Base, Moment


class Account(Base):
    """A member of staff."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class DeskSession(Base):
    """A signed-in browser; the cookie's secret is kept as a digest only."""

    __tablename__ = "desk_sessions"

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime] = mapped_column(Moment)


@dataclass(frozen=True)
class ActingPerson:
    """The member of staff on whose behalf a verb or a query runs."""

    account_id: str
    username: str
    display_name: str
    institution_id: str

    @property
    def actor(self) -> Actor:
        """The person as the audit trail names them."""
        return Actor("staff", self.account_id)
