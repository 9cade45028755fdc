"""Remembering which pseudonym stands for what, and looking it up on behalf of a person."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from importal import audit, dicom
from importal.errors import ImportalError
from importal.site import Site
from importal.vault.errors import PSEUDONYM_COLLISION
from importal.vault.tables import VaultPseudonym

SEALER = "vault"
# SQLite binds 32,766 values at most; the batches of an arrival are far smaller, those of a study may not be.
AT_ONCE = 500


@dataclass(frozen=True)
class OriginalIdentifier:
    """A pseudonym and what it stands for."""

    kind: dicom.IdentifierKind
    pseudonym: str
    original: str = field(repr=False)


def collisions(session: Session, site: Site, replacements: Iterable[dicom.Replacement]) -> frozenset[str]:
    """Return the pseudonyms that already stand for something else, in the vault or among these."""
    return _compared(session, site, set(replacements))[0]


def _compared(
    session: Session, site: Site, wanted: Collection[dicom.Replacement]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the pseudonyms that stand for two things, and those that are kept already."""
    identities: dict[str, set[str]] = {}
    for replacement in wanted:
        identities.setdefault(replacement.pseudonym, set()).add(_identity(site, replacement))
    rows = list(_rows(session, identities))
    for row in rows:
        identities[row.pseudonym].add(row.identity_index)
    collided = frozenset(pseudonym for pseudonym, known in identities.items() if len(known) > 1)
    return collided, frozenset(row.pseudonym for row in rows)


def remember(session: Session, site: Site, replacements: Iterable[dicom.Replacement]) -> None:
    """Keep what these pseudonyms stand for, in the caller's transaction.

    Raises:
        ImportalError: ``dicom.pseudonym_collision``, before anything is kept.
    """
    # The images of a study all say the same.
    wanted = set(replacements)
    collided, known = _compared(session, site, wanted)
    if collided:
        raise ImportalError(PSEUDONYM_COLLISION)
    by_pseudonym = {replacement.pseudonym: replacement for replacement in wanted}
    # In one order everywhere, so that two transactions never wait for each other crosswise.
    for pseudonym in sorted(by_pseudonym.keys() - known):
        session.add(_row(site, by_pseudonym[pseudonym]))
    session.flush()


def original_identifiers(
    session: Session, site: Site, pseudonyms: Collection[str], actor: audit.Actor, study_id: str
) -> list[OriginalIdentifier]:
    """Return what these pseudonyms stand for; the look is written to the audit trail of the study."""
    found = [_opened(site, row) for row in _rows(session, pseudonyms)]
    audit.record(
        session,
        site.clock(),
        actor,
        "vault.identifiers_read",
        audit.Subject("study", study_id),
        {"count": len(found)},
    )
    return sorted(found, key=lambda identifier: (identifier.kind, identifier.pseudonym))


def find(
    session: Session, site: Site, kinds: Sequence[dicom.IdentifierKind], value: str, actor: audit.Actor
) -> list[str]:
    """Return the pseudonyms of an original number as typed from paper, whichever of these kinds it is.

    The search is audited, without the number. Pseudonyms made under older keys are found as well.
    """
    is_one_of_them = or_(
        *(
            and_(VaultPseudonym.kind == kind.value, VaultPseudonym.value_index == _value(site, kind, value))
            for kind in kinds
        )
    )
    rows = session.scalars(
        select(VaultPseudonym.pseudonym).where(is_one_of_them).order_by(VaultPseudonym.pseudonym)
    ).all()
    searched = ",".join(kind.value for kind in kinds)
    params: dict[str, int | str] = {"kind": searched, "count": len(rows)}
    audit.record(session, site.clock(), actor, "vault.searched", audit.Subject("vault", searched), params)
    return list(rows)


def _rows(session: Session, pseudonyms: Iterable[str]) -> Iterable[VaultPseudonym]:
    wanted = sorted(set(pseudonyms))
    for start in range(0, len(wanted), AT_ONCE):
        yield from session.scalars(
            select(VaultPseudonym).where(VaultPseudonym.pseudonym.in_(wanted[start : start + AT_ONCE]))
        )


def _row(site: Site, replacement: dicom.Replacement) -> VaultPseudonym:
    return VaultPseudonym(
        pseudonym=replacement.pseudonym,
        key_version=site.settings.pseudonym_key_version,
        kind=replacement.kind.value,
        identity_index=_identity(site, replacement),
        value_index=_value(site, replacement.kind, replacement.original),
        original_sealed=site.keys.sealer(SEALER).seal_text(replacement.original, replacement.pseudonym),
        first_seen_at=site.clock(),
    )


def _opened(site: Site, row: VaultPseudonym) -> OriginalIdentifier:
    original = site.keys.sealer(SEALER).open_text(row.original_sealed, row.pseudonym)
    return OriginalIdentifier(dicom.IdentifierKind(row.kind), row.pseudonym, original)


def _identity(site: Site, replacement: dicom.Replacement) -> str:
    exact = replacement.original.encode("utf-8", "surrogatepass")
    return site.keys.blind(
        "vault-identity",
        b"\0".join((replacement.kind.value.encode(), replacement.scope.hex().encode(), exact)),
    )


def _value(site: Site, kind: dicom.IdentifierKind, value: str) -> str:
    return dicom.blind_index(site.keys.derive("vault-search"), kind.value, value).hex()
