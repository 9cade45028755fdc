"""Broken and hostile files among good ones: the good ones arrive, the others are named and kept."""

import pytest

from importal.errors import TABLE
from importal.site import Site
from tests.corpus import corpus_path
from tests.database.transfers.sending import Sender, make_instance

GOOD = 2
AT_ONCE = 40


def files_of(*folders: str) -> list[bytes]:
    paths = [path for folder in folders for path in sorted(corpus_path(folder).rglob("*")) if path.is_file()]
    return [path.read_bytes() for path in paths if path.stat().st_size < 8 * 1024 * 1024]


@pytest.mark.parametrize(
    "folders",
    [("malformed",), ("archives/hostile", "archives/yauzl"), ("documents",)],
    ids=lambda names: names[0],
)
def test_bad_files_are_named_and_good_ones_arrive(sqlite_site: Site, folders):
    bad = files_of(*folders)
    assert len(bad) > 20
    good = {number: make_instance(number + 1) for number in range(GOOD)}
    files = good | dict(enumerate(bad, start=GOOD))
    sender = Sender(sqlite_site).begin(good)
    for start in range(0, len(bad), 900):
        chunk = {GOOD + start + position: data for position, data in enumerate(bad[start : start + 900])}
        assert sender.announce(chunk).status_code == 200
    numbers = list(files)
    for start in range(0, len(numbers), AT_ONCE):
        answers = sender.send_whole(*numbers[start : start + AT_ONCE])
        assert {result for result, _code in answers} <= {"confirmed", "known"}
    receipt = sender.finish().json()
    assert receipt["announced"] == len(files)
    counted = receipt["instances"] + receipt["duplicates"] + receipt["documents"] + len(receipt["refused"])
    assert counted == len(files)
    known_codes = {row.code for row in TABLE.rows()}
    assert {file["code"] for file in receipt["refused"]} <= known_codes
    arrived = {file.number: file for file in sender.arrived()}
    assert all(arrived[number].kind == "instance" for number in range(GOOD))
    for number, file in arrived.items():
        if file.kind != "duplicate" and file.size:
            assert sender.original(file) == files[number]
