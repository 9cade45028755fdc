"""Another person's disc with the same layout is another disc: nothing of it counts as already there."""

import hashlib
import json
from pathlib import Path

import pytest

from importal import client, submissions
from importal.client import recognition as of_client
from importal.site import Site
from importal.submissions import actions
from importal.transfers import recognition
from tests.database.transfers.sending import Sender, make_instance, print_of
from tests.database.transfers.test_python_sender import Line, send

CASES = json.loads((Path(__file__).parents[2] / "cases" / "files.json").read_text(encoding="utf-8"))


def disc_of(folder: Path, name: str, study: int, images: int = 3) -> Path:
    """Make a disc with the paths and sizes that every disc of this maker has."""
    (folder / name / "DICOM").mkdir(parents=True)
    for number in range(images):
        image = make_instance(number + 1, study=study, PatientID=f"ID-{study}", PatientName=f"Person^{study}")
        (folder / name / "DICOM" / f"IM{number:04}").write_bytes(image)
    return folder / name


def test_another_persons_disc_of_the_same_layout_is_sent_and_counted_by_itself(site: Site, tmp_path: Path):
    first, second = disc_of(tmp_path, "first", 1), disc_of(tmp_path, "second", 2)
    assert sizes(first) == sizes(second)
    sender = Sender(site)
    line = Line(sender.http._transport)
    _transfer, receipt = send(sender, line, first)
    sent = line.packs
    _transfer, other = send(sender, line, second)
    assert other.reference != receipt.reference
    assert line.packs > sent
    assert other.instances == 3


def test_another_persons_disc_does_not_complete_an_unfinished_upload(site: Site, tmp_path: Path):
    first, second = disc_of(tmp_path, "first", 1), disc_of(tmp_path, "second", 2)
    sender = Sender(site)
    line = Line(sender.http._transport)
    with sender.http, client.Api("http://127.0.0.1:8080", sender.code, line) as api:
        stopped = client.Transfer(api, client.select(client.gather(first)).files)
        submission_id, _is_draft = stopped._find_submission(client.Wanted(api.open()))
        stopped._announce(submission_id)
    send(sender, line, second)
    sender.id = submission_id
    assert {file["state"] for file in sender.states().values()} == {"announced"}


def test_the_same_disc_after_its_submission_was_closed_is_sent_anew(site: Site, tmp_path: Path):
    disc = disc_of(tmp_path, "disc", 1)
    sender = Sender(site)
    _transfer, receipt = send(sender, Line(sender.http._transport), disc)
    with site.database.transaction() as session:
        (submission,) = session.query(submissions.Submission).all()
        actions.close(session, site, submission, actions.MACHINE)
    _transfer, again = send(sender, Line(sender.http._transport), disc)
    assert again.reference != receipt.reference


def test_another_file_under_a_known_number_is_a_conflict(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    other = make_instance(1, study=2)
    assert len(other) == len(sender.files[0])
    assert sender.announce({0: other}).json()["code"] == "files.conflict"


def test_a_file_that_was_exchanged_since_it_was_announced_is_set_aside(site: Site):
    sender = Sender(site).begin({0: make_instance(1), 1: make_instance(2)})
    sender.files[1] = make_instance(1, study=2)
    results = sender.send_whole(0, 1)
    assert results == [("confirmed", None), ("confirmed", "file.changed")]
    assert [file["state"] for file in sender.states().values()] == ["stored", "refused"]


@pytest.mark.parametrize("cut", [1000, 4096])
def test_parts_of_two_files_do_not_make_one(site: Site, cut: int):
    pixels = bytes(20000)
    ours, theirs = make_instance(1, pixels=pixels), make_instance(1, study=2, pixels=pixels)
    sender = Sender(site).begin({0: ours})
    sender.send((0, 0, theirs[:cut]))
    assert sender.send((0, cut, ours[cut:]))[0][1] == "file.changed"


def test_what_was_announced_is_recognised_by_its_fingerprint(site: Site):
    data = make_instance(1)
    sender = Sender(site).begin({0: data})
    assert sender.states()[0]["fingerprint"] == print_of("disc/file-0", data)


@pytest.mark.parametrize("case", CASES["files"], ids=lambda case: case["name"])
def test_all_implementations_make_the_same_fingerprint(case: dict):
    data = bytes.fromhex(case["bytes"]) * case.get("times", 1)
    beginning = hashlib.sha256(data[: case["beginning"]]).hexdigest()
    for made in (recognition, of_client):
        assert made.fingerprint(case["path"], len(data), beginning) == case["fingerprint"]
    assert recognition.is_of(
        case["fingerprint"], case["path"], data[:8192], hashlib.sha256(data).hexdigest(), len(data), [data]
    )


def sizes(disc: Path) -> list[tuple[str, int]]:
    return sorted((path.relative_to(disc).as_posix(), path.stat().st_size) for path in disc.rglob("IM*"))
