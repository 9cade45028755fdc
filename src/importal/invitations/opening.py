"""Opening the door with a code: how often it may be tried, and the birth date beside it."""

from datetime import timedelta

from importal.errors import ImportalError
from importal.http_api import RateRule, count_attempt, forget_attempts
from importal.invitations import actions
from importal.invitations.errors import BIRTH_DATE_WRONG, LOCKED
from importal.invitations.expectation import WRONG_BIRTH_DATES, is_birth_date_right
from importal.invitations.tables import Invitation
from importal.site import Site

# 60 bits of code against this many guesses per address and hour: no one gets in by trying.
BY_ADDRESS = RateRule("open-address", 200, timedelta(hours=1))


def open_with_code(site: Site, address: str, code: str, birth_date: str) -> tuple[Invitation, str]:
    """Exchange an upload code for a session; return the invitation and the session's secret.

    ``birth_date``: YYYYMMDD, or "" where none was given.

    Raises:
        ImportalError: ``rate.limited``, ``invitation.unknown`` and its like,
            ``invitation.birth_date_needed``, ``invitation.birth_date_wrong``, ``invitation.locked``.
    """
    count_attempt(site, BY_ADDRESS, address)
    with site.database.reading() as session:
        found = actions.find_by_code(session, site, code)
    if found.asks_birth_date and birth_date:
        _count_birth_date(site, found)
    with site.database.transaction() as session:
        invitation = actions.find_by_code(session, site, code)
        if is_birth_date_right(site, invitation, birth_date):
            forget_attempts(session, site, WRONG_BIRTH_DATES, invitation.id)
            return invitation, actions.open_session(session, site, invitation)
        actions.note_wrong_birth_date(session, site, invitation)
    raise ImportalError(BIRTH_DATE_WRONG)


def _count_birth_date(site: Site, invitation: Invitation) -> None:
    try:
        count_attempt(site, WRONG_BIRTH_DATES, invitation.id)
    except ImportalError as error:
        raise ImportalError(LOCKED, error.params) from error
