"""What `importal send` says in numbers is said as people say it."""

import pytest

from importal import cli_send, client


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1, "1 byte"),
        (950, "950 bytes"),
        (34_300, "34 kB"),
        (999_400, "999 kB"),
        (999_500, "1.0 MB"),
        (650_000_000, "650.0 MB"),
        (4_700_000_000, "4.7 GB"),
    ],
)
def test_sizes_come_in_the_unit_that_suits_them(size: int, said: str):
    assert cli_send._size(size) == said


def test_one_study_is_no_plural():
    assert cli_send._count(1, "study", "studies") == "1 study"
    assert cli_send._count(0, "image") == "0 images"
    assert cli_send._count(1200, "study", "studies") == "1,200 studies"


def test_what_coding_saved_is_told_when_it_is_worth_telling():
    said = cli_send._saved(client.Progress(carried_bytes=650_000_000, sent_bytes=210_000_000))
    assert said == "650.0 MB were sent as 210.0 MB, without loss: they were compressed for the way."
    assert cli_send._saved(client.Progress(carried_bytes=100_000, sent_bytes=99_000)) == ""
    assert cli_send._saved(client.Progress(carried_bytes=1000, sent_bytes=1300)) == ""
    assert cli_send._saved(client.Progress()) == ""
