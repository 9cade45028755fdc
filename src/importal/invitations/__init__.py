"""Invitations and their upload codes: who may send, as whom, and until when."""

from importal.invitations.actions import (
    NewInvitation,
    code_of,
    end_old_sessions,
    get,
    invite,
    link_for,
    revoke,
    sender_session,
)
from importal.invitations.deidentification import (
    deidentification_profile,
    options_as_column,
    options_from_column,
    parse_options,
    stored_uid,
)
from importal.invitations.expectation import Expectation, expectation_of
from importal.invitations.opening import open_with_code
from importal.invitations.routes import Sending, desk_router, router
from importal.invitations.tables import Invitation, SenderKind, SenderSession, SendingSession

__all__ = [
    "Expectation",
    "Invitation",
    "NewInvitation",
    "SenderKind",
    "SenderSession",
    "Sending",
    "SendingSession",
    "code_of",
    "deidentification_profile",
    "desk_router",
    "end_old_sessions",
    "expectation_of",
    "get",
    "invite",
    "link_for",
    "open_with_code",
    "options_as_column",
    "options_from_column",
    "parse_options",
    "revoke",
    "router",
    "sender_session",
    "stored_uid",
]
