"""The sample discs are what patients bring, the same for the same seed."""

import hashlib
from pathlib import Path

import pydicom
import pytest

from importal.demo.discs import SampleDisc, local_orders, make_discs
from importal.dicom.document_inspection import inspect_pdf, inspect_picture


@pytest.fixture(scope="module")
def discs(tmp_path_factory) -> tuple[SampleDisc, ...]:
    return make_discs(tmp_path_factory.mktemp("discs"))


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def test_the_same_seed_makes_the_same_discs(discs, tmp_path):
    again = make_discs(tmp_path)
    assert [digest(one.folder) for one in again] == [digest(one.folder) for one in discs]


def test_the_directory_names_every_image_and_the_litter_is_none(discs):
    for disc in discs:
        directory = pydicom.dcmread(disc.folder / "DICOMDIR")
        images = [row for row in directory.DirectoryRecordSequence if row.DirectoryRecordType == "IMAGE"]
        people = {
            row.PatientID for row in directory.DirectoryRecordSequence if row.DirectoryRecordType == "PATIENT"
        }
        assert (len(images), len(people)) == (disc.instances, disc.patients)
        for row in images:
            assert pydicom.dcmread(disc.folder.joinpath(*row.ReferencedFileID)).pixel_array.std() > 20


def test_one_disc_has_an_umlaut_and_one_two_patients(discs):
    one, two = discs
    assert (one.patients, two.patients) == (1, 2)
    first = next(path for path in sorted(one.folder.rglob("IM*")) if path.is_file())
    assert "ü" in str(pydicom.dcmread(first).PatientName)


def test_the_papers_open(discs):
    papers = [path for disc in discs for path in disc.folder.rglob("*") if path.suffix.lower() == ".pdf"]
    photos = [path for disc in discs for path in disc.folder.rglob("*.jpg")]
    assert (len(papers), len(photos)) == (2, 1)
    assert all(inspect_pdf(path.read_bytes()).pages == 1 for path in papers)
    assert inspect_picture(photos[0].read_bytes()).usable


def test_the_local_archive_knows_the_same_people_under_other_numbers(discs):
    on_discs = {
        (str(header.PatientName), header.PatientBirthDate)
        for disc in discs
        for path in disc.folder.rglob("IM*")
        for header in [pydicom.dcmread(path, stop_before_pixels=True)]
    }
    orders = local_orders()
    assert {(order.patient_name, order.patient_birth_date) for order in orders} == on_discs
    assert not {order.patient_id for order in orders} & {"0004711", "P-20931"}
