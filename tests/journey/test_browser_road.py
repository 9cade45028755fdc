"""Two discs go from a folder in a real browser to a real archive, by a person's clicks alone."""

import csv
from io import BytesIO

import pydicom
import pytest

from tests.corpus import corpus_path
from tests.journey.browser import browser_page, file_by_hand, send_disc, sign_in
from tests.journey.portal import Portal
from tests.journey.proof import LocalPatient, instances_in
from tests.journey.test_road import LOCAL, assert_whole_road
from tests.orthanc import Orthanc

ELDER = LocalPatient("L-4712", "山口^一郎", "19700101", "M", "A-0816")


def expected_instances(disc: str) -> int:
    with corpus_path("cd", "EXPECT.tsv").open(encoding="utf-8") as table:
        rows = {row["disc"]: row for row in csv.DictReader(table, delimiter="\t")}
    return int(rows[disc]["dicom_instances"])


def take_road(portal: Portal, orthanc: Orthanc, name: str, local: LocalPatient) -> None:
    disc, count = corpus_path("cd", name), expected_instances(name)
    before = set(orthanc.instances())
    with browser_page() as page:
        reference = send_disc(page, portal, portal.invite(), disc, count)
        sign_in(page, portal)
        file_by_hand(page, reference, local)
    arrived = set(orthanc.instances()) - before
    images = {dataset.SOPInstanceUID for _path, dataset in instances_in(disc)}
    assert len(images) == count
    assert images <= arrived
    files = orthanc.files()
    encapsulated = [pydicom.dcmread(BytesIO(files[uid])) for uid in arrived - images]
    assert all(dataset.SOPClassUID.name == "Encapsulated PDF Storage" for dataset in encapsulated)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_japanese_disc_and_a_pet_with_reports_arrive_whole_local_and_clean(
    portal: Portal, orthanc: Orthanc
):
    take_road(portal, orthanc, "hitachi-pdi-ja", ELDER)
    assert_whole_road(portal, orthanc, corpus_path("cd", "hitachi-pdi-ja"), ELDER)
    take_road(portal, orthanc, "pacs-export-pet-seg", LOCAL)
    assert_whole_road(portal, orthanc, corpus_path("cd", "pacs-export-pet-seg"), LOCAL)
