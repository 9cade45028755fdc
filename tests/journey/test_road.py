"""The whole road with real processes and a real archive: sent, matched, delivered, proved, and killed."""

import random
import shutil
import signal
import time
from io import BytesIO
from pathlib import Path

import httpx2
import pydicom
import pytest

from tests.corpus import corpus_path
from tests.forking import Forked, fork
from tests.journey.desk import await_committed, await_inspected, detail, reconcile
from tests.journey.portal import Portal, wait_until
from tests.journey.proof import (
    LocalPatient,
    assert_local,
    found_in,
    found_in_folder,
    identifiers_of,
    instances_in,
    pixel_digest,
    without_original_attributes,
)
from tests.orthanc import Orthanc

LOCAL = LocalPatient("L-4711", "LOKAL^PATIENT", "19600201", "M", "A-0815")
SEND = ("--accept-privacy-policy", "--accept-sharing", "--all-patients")


def sender(portal: Portal, folder: Path, code: str) -> Forked:
    command = ("send", str(folder), "--code", code, "--url", portal.url, *SEND)
    return fork(portal.environment, command, log=portal.folder / "send.log")


def await_sent(portal: Portal, process: Forked) -> None:
    assert process.wait(240) == 0, (portal.folder / "send.log").read_text()


def assert_whole_road(portal: Portal, orthanc: Orthanc, disc: Path, local: LocalPatient = LOCAL) -> None:
    """The archive holds each instance once, local, with the same pixels; nothing foreign is left in clear."""
    originals = {dataset.SOPInstanceUID: dataset for _path, dataset in instances_in(disc)}
    delivered = orthanc.files()
    assert set(originals) <= set(delivered)
    foreign = identifiers_of(originals.values())
    for uid, original in originals.items():
        dataset = pydicom.dcmread(BytesIO(delivered[uid]))
        assert_local(dataset, local)
        assert pixel_digest(dataset) == pixel_digest(original)
        assert texts_of(dataset) == texts_of(original)
        assert not found_in(without_original_attributes(delivered[uid]), foreign)
    assert found_in_folder(portal.folder / "data", foreign) == {}
    assert not found_in(b"".join(path.read_bytes() for path in portal.log_files), foreign)
    assert_names_are_nowhere_in_the_logs(portal, originals.values())


def texts_of(dataset: pydicom.Dataset) -> dict[str, str]:
    """Texts that nobody may change, decoded: they show that the character set survived."""
    keywords = (
        "InstitutionName StudyDescription SeriesDescription Manufacturer ProtocolName OperatorsName".split()
    )
    return {keyword: str(dataset.get(keyword, "")) for keyword in keywords}


def assert_names_are_nowhere_in_the_logs(portal: Portal, originals) -> None:
    families = {str(dataset.PatientName).split("^")[0] for dataset in originals if dataset.get("PatientName")}
    logs = b"".join(path.read_bytes() for path in portal.log_files)
    assert not found_in(logs, {family for family in families if len(family) > 3})


def test_a_disc_sent_from_the_command_line_ends_in_the_archive_under_the_local_patient(
    portal: Portal, orthanc: Orthanc
):
    disc = corpus_path("cd", "hitachi-pdi-ja")
    await_sent(portal, sender(portal, disc, portal.invite()))
    desk = portal.desk()
    (study,) = await_inspected(desk, 1)
    assert (study["state"], study["instances"]) == ("inspected", 67)
    reconcile(desk, study["id"], LOCAL)
    shown = await_committed(desk, study["id"])
    assert shown["delivery"]["delivered"] == shown["delivery"]["total"]
    assert_whole_road(portal, orthanc, disc)


@pytest.fixture
def many_instances(tmp_path: Path) -> Path:
    """A disc that takes a while: the PET of the corpus."""
    disc = tmp_path / "disc"
    shutil.copytree(corpus_path("cd", "pacs-export-pet-seg"), disc)
    return disc


def await_more(portal: Portal, sending: Forked) -> bool:
    """Wait until another object lies in the store; return False when the sender has ended before."""
    objects = portal.folder / "data" / "objects"

    def count() -> int:
        return sum(1 for path in objects.rglob("*") if path.is_file())

    before = count()
    wait_until("more has arrived", lambda: sending.poll() is not None or count() > before)
    return sending.poll() is None


def test_whatever_is_killed_and_whenever_every_instance_arrives_once(
    portal: Portal, orthanc: Orthanc, many_instances: Path
):
    seed = 20260302
    chance = random.Random(seed)
    expected = {dataset.SOPInstanceUID for _path, dataset in instances_in(many_instances)}
    code = portal.invite()

    sending = sender(portal, many_instances, code)
    kills = 0
    while kills < 4 and await_more(portal, sending):
        time.sleep(chance.random() * 0.3)
        portal.kill("web")
        kills += 1
        if kills == 2:
            # The sender's computer dies as well: the same command goes on from what was confirmed.
            sending.send_signal(signal.SIGKILL)
            sending.wait(10)
            sending = sender(portal, many_instances, code)
        portal.start_web()
    assert kills >= 2
    await_sent(portal, sending)

    desk = portal.desk()
    (study,) = await_inspected(desk, 1)
    assert study["instances"] == len(expected)
    reconcile(desk, study["id"], LOCAL)
    for _ in range(4):
        time.sleep(0.5 + chance.random() * 1.5)
        portal.kill("worker")
        portal.start_worker()
    shown = await_committed(desk, study["id"])
    arrived = orthanc.instances()
    assert expected <= set(arrived)
    assert len(arrived) == shown["delivery"]["total"]
    assert shown["delivery"]["failed"] == 0
    assert_whole_road(portal, orthanc, many_instances)


def failed_attempts(desk: httpx2.Client, study_id: str) -> list[str]:
    delivery = detail(desk, study_id)["delivery"] or {"attempts": []}
    return [attempt["error_code"] for attempt in delivery["attempts"] if attempt["error_code"]]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_archive_that_is_away_is_tried_again_until_it_is_back(
    tmp_path: Path, portal: Portal, orthanc: Orthanc
):
    disc = tmp_path / "disc"
    shutil.copytree(corpus_path("cd", "philips-ct-incomplete"), disc)
    await_sent(portal, sender(portal, disc, portal.invite()))
    desk = portal.desk()
    rows = await_inspected(desk, 2)
    orthanc.stop()
    for row in rows:
        reconcile(desk, row["id"], LOCAL)
    wait_until("an attempt failed", lambda: failed_attempts(desk, rows[0]["id"]))
    assert detail(desk, rows[0]["id"])["state"] == "reconciled"
    orthanc.start()
    for row in rows:
        await_committed(desk, row["id"])
    assert len(orthanc.instances()) == 16
