"""Whom an invitation expects, and what is asked for; and the birth date as a second factor beside the code.

Kept sealed. Whoever holds the code learns it, for the page compares the images on the sender's own computer,
before anything is sent; a hospital that does not want that asks for the birth date first.
"""

import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta

from importal.errors import ImportalError
from importal.http_api import RateRule
from importal.invitations.errors import (
    BIRTH_DATE_NEEDED,
    BIRTH_DATE_UNKNOWN,
    EXPECTS_NOBODY,
)
from importal.invitations.tables import Invitation
from importal.site import Site

# A birth date is one of some thirty thousand days, of which a stranger may know half.
WRONG_BIRTH_DATES = RateRule("birth-date", 5, timedelta(days=1))


@dataclass(frozen=True)
class Expectation:
    """Whom the hospital expects, as PN, DA and CS (PS3.5 section 6.2), and what for; all may be empty."""

    patient_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = ""
    # In the hospital's words, such as "MRI of the knee since 2025".
    asked_for: str = field(default="", repr=False)

    @property
    def names_somebody(self) -> bool:
        """Whether images can be compared with it."""
        return bool(self.patient_name.strip("^= ") or self.birth_date)


def require_sensible(expectation: Expectation, *, asks_birth_date: bool, is_anonymous: bool) -> None:
    """Raise where an invitation would promise what it cannot hold.

    Raises:
        ImportalError: ``invitation.expects_nobody`` for an anonymous one that names a patient;
            ``invitation.birth_date_unknown`` for one that asks for a birth date which is none.
    """
    if is_anonymous and (expectation.names_somebody or asks_birth_date):
        raise ImportalError(EXPECTS_NOBODY)
    if (expectation.birth_date or asks_birth_date) and not _is_day(expectation.birth_date):
        raise ImportalError(BIRTH_DATE_UNKNOWN)


def seal(site: Site, invitation_id: str, expectation: Expectation) -> bytes | None:
    """Return what the row keeps; None where nothing is expected."""
    if expectation == Expectation():
        return None
    plain = json.dumps(asdict(expectation), ensure_ascii=False)
    return site.keys.sealer("invitations").seal_text(plain, f"{invitation_id}/expectation")


def expectation_of(site: Site, invitation: Invitation) -> Expectation:
    """Return whom an invitation expects; an empty one where it does not say."""
    if invitation.expectation_sealed is None:
        return Expectation()
    plain = site.keys.sealer("invitations").open_text(
        invitation.expectation_sealed, f"{invitation.id}/expectation"
    )
    return Expectation(**json.loads(plain))


def is_birth_date_right(site: Site, invitation: Invitation, given: str) -> bool:
    """Whether the birth date is right; any is, where the invitation asks for none.

    Raises:
        ImportalError: ``invitation.birth_date_needed`` where it is asked for and none was given.
    """
    if not invitation.asks_birth_date:
        return True
    if not given:
        raise ImportalError(BIRTH_DATE_NEEDED)
    expected = expectation_of(site, invitation).birth_date
    return hmac.compare_digest(given.encode(), expected.encode())


def _is_day(value: str) -> bool:
    if len(value) != 8 or not (value.isascii() and value.isdigit()):
        return False
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:])) <= date.max
    except ValueError:
        return False
