"""Passwords are kept as RFC 9106 recommends."""

import re

from importal.accounts import passwords

PARAMETERS = re.compile(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$")


def test_a_password_is_kept_with_as_much_memory_and_time_as_the_standard_asks_for():
    found = PARAMETERS.match(passwords.kept("a long enough password"))
    assert found is not None
    memory, rounds, _lanes = map(int, found.groups())
    assert memory >= 64 * 1024
    assert rounds >= 3


def test_a_password_fits_itself_alone_and_is_salted():
    first, second = passwords.kept("a long enough password"), passwords.kept("a long enough password")
    assert first != second
    assert passwords.fits(first, "a long enough password")
    assert not passwords.fits(first, "another password")
    assert not passwords.fits(passwords.decoy(), "a long enough password")
