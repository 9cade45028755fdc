"""The desk's list of invitations."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal.accounts import ActingPerson
from importal.http_api import shut_until
from importal.invitations.actions import code_of, label_of, link_for
from importal.invitations.expectation import WRONG_BIRTH_DATES, Expectation, expectation_of
from importal.invitations.tables import Invitation
from importal.site import Site


@dataclass(frozen=True)
class InvitationRow:
    """One invitation as the desk sees it."""

    id: str
    label: str
    code: str
    link: str
    sender_kind: str
    created_at: datetime
    expires_at: datetime
    is_open: bool
    deidentified: bool
    expected: Expectation
    asks_birth_date: bool
    # Wrong birth dates have shut the code until then; None: they have not.
    shut_until: datetime | None = None


def list_invitations(
    acting_person: ActingPerson, session: Session, site: Site, limit: int = 100
) -> list[InvitationRow]:
    """Return the newest invitations of the person's institution."""
    found = session.scalars(
        select(Invitation)
        .where(Invitation.institution_id == acting_person.institution_id)
        .order_by(Invitation.created_at.desc())
        .limit(limit)
    ).all()
    asking = [invitation.id for invitation in found if invitation.asks_birth_date]
    shut = shut_until(session, site, WRONG_BIRTH_DATES, asking)
    return [as_row(site, invitation, shut.get(invitation.id)) for invitation in found]


def as_row(site: Site, invitation: Invitation, shut: datetime | None = None) -> InvitationRow:
    """Return an invitation with its code, label and link opened."""
    code = code_of(site, invitation)
    return InvitationRow(
        invitation.id,
        label_of(site, invitation),
        code,
        link_for(site, code),
        invitation.sender_kind,
        invitation.created_at,
        invitation.expires_at,
        invitation.revoked_at is None and site.clock() < invitation.expires_at,
        invitation.deidentification is not None,
        expectation_of(site, invitation),
        invitation.asks_birth_date,
        shut,
    )
