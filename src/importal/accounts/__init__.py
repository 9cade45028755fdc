"""Accounts of the desk: sign-in with a password, sessions, and who is acting."""

from importal.accounts.actions import create_account, find_account, set_password
from importal.accounts.routes import SignedIn, router
from importal.accounts.tables import Account, ActingPerson, DeskSession

__all__ = [
    "Account",
    "ActingPerson",
    "DeskSession",
    "SignedIn",
    "create_account",
    "find_account",
    "router",
    "set_password",
]
