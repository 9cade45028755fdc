"""Pseudonyms and reverse patches. Originals are sealed; they are found by keyed digests only."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from importal.database import Base, Moment


class VaultPseudonym(Base):
    """One identifier of one person elsewhere. The primary key turns a collision into an error."""

    __tablename__ = "vault_pseudonyms"
    __table_args__ = (
        UniqueConstraint("identity_index", "key_version"),
        Index(None, "kind", "value_index"),
    )

    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    # Which version of the key made it: after a renewal one identity has a pseudonym under each.
    key_version: Mapped[int]
    kind: Mapped[str]
    # Names kind, scope and exact value together: the same pseudonym with another one is a collision.
    identity_index: Mapped[str]
    # Names the normalised value alone, so that staff find it as it stands on paper.
    value_index: Mapped[str]
    original_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    first_seen_at: Mapped[datetime] = mapped_column(Moment)


class VaultPatch(Base):
    """What turns a stored object back into the bytes as received; large ones lie sealed in the storage."""

    __tablename__ = "vault_patches"

    owner_id: Mapped[str] = mapped_column(primary_key=True)
    group_id: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    storage_key: Mapped[str | None]
    kept_at: Mapped[datetime] = mapped_column(Moment)
