"""Sample discs as the tests in the browser choose them."""

import re
from itertools import count
from pathlib import Path

from importal.demo.discs import SampleDisc, make_disc_of_one_patient
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, SenderPage

_SEEDS = count(1000)


def fresh_disc(folder: Path) -> SampleDisc:
    """Make a disc with one patient whose study no archive has seen before."""
    return make_disc_of_one_patient(folder, next(_SEEDS))


def images_of(disc: Path) -> list[Path]:
    """Return the images of a sample disc."""
    return sorted(
        path
        for path in disc.rglob("*")
        if path.is_file() and path.read_bytes()[128:132] == b"DICM" and path.name != "DICOMDIR"
    )


def choose_two_patients(sender: SenderPage, hospital: Hospital) -> None:
    """Choose the disc with two patients, both ticked; its letter and photo belong to no study yet."""
    sender.choose(FOLDER, hospital.two_patients.folder)
    for box in (
        sender.page.get_by_role("group", name=re.compile("2 different people")).get_by_role("checkbox").all()
    ):
        box.check()
