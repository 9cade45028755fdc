"""Accounts of the desk: sign-in with a password, sessions, and who is acting."""

from importal.accounts.actions import create_account, end_old_sessions, find_account, set_password
from importal.accounts.routes import SignedIn, router
from importal.accounts.tables import Account, ActingPerson, DeskSession

__all__ = [
    "Account",
    "ActingPerson",
    "DeskSession",
    "SignedIn",
    "create_account",
    "end_old_sessions",
    "find_account",
    "router",
    "set_password",
]
