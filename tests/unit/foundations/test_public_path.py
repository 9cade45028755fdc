"""A portal may lie below a path of its host; cookies stay below it."""

import pytest

from importal.settings import Settings


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://127.0.0.1:8080", "/"),
        ("https://images.example.org/", "/"),
        ("https://example.org/importal", "/importal/"),
        ("https://example.org/importal/", "/importal/"),
        ("https://example.org/a/b", "/a/b/"),
    ],
)
def test_the_path_of_the_public_address_ends_with_a_slash(address, path):
    assert Settings(public_url=address).public_path == path
