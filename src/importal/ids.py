"""Opaque names for rows and secrets for people."""

import secrets
import uuid

# Crockford's base32 without the letters that are mistaken for digits or words when read aloud.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> str:
    """Return a random row identifier (32 hexadecimal digits)."""
    return uuid.uuid4().hex


def new_token() -> str:
    """Return a bearer secret of 256 bits, safe in a header."""
    return secrets.token_urlsafe(32)


def new_code(groups: int = 3) -> str:
    """Return a code that a person can type: groups of four characters, 20 bits each."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))


def normalise_code(typed: str) -> str:
    """Undo what hands and eyes do to a code: case, spaces, dashes, O for 0, I and L for 1."""
    kept = typed.upper().translate(str.maketrans("OIL", "011"))
    letters = "".join(letter for letter in kept if letter in ALPHABET)
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
