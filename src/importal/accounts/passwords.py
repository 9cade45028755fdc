"""How passwords are kept: argon2id with the parameters of RFC 9106, section 4."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from importal.ids import new_token

HASHER = PasswordHasher()
# Each verification fills 64 MiB, as argon2id should: many at once must not take the machine's memory.
_verifying = threading.BoundedSemaphore(4)


def kept(password: str) -> str:
    """Return what is stored of a password."""
    return HASHER.hash(password)


@cache
def decoy() -> str:
    """Return what is verified where there is no account, so that the answer takes as long as for one."""
    return HASHER.hash(new_token())


def fits(stored: str, password: str) -> bool:
    """Whether it is the password that was stored."""
    try:
        with _verifying:
            return HASHER.verify(stored, password)
    except VerificationError:
        return False
