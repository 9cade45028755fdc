"""An anonymous study on its way: somebody looks at what may name the person, then it gets a research ID."""

import re
from pathlib import Path
from typing import Any

import pydicom
import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect
from pydicom.uid import SecondaryCaptureImageStorage

from tests.browser.discs import fresh_disc, images_of
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, DeskPage, SenderPage
from tests.browser.test_desk_rows import await_in_the_archive, study_of

FAMILY_NAME = "Größmüller"


@pytest.fixture
def upload(page: Page, hospital: Hospital, tmp_path: Path) -> dict[str, Any]:
    """An anonymous upload: 24 slices, a secondary capture and a report."""
    disc = fresh_disc(tmp_path / "discs")
    capture = pydicom.dcmread(images_of(disc.folder)[0])
    capture.SOPClassUID = capture.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    capture.SOPInstanceUID = capture.file_meta.MediaStorageSOPInstanceUID = f"{capture.SeriesInstanceUID}.1"
    capture.SeriesInstanceUID = f"{capture.SeriesInstanceUID}.2"
    capture.save_as(disc.folder / "CAPTURE.DCM")
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(deidentified=True))
    sender.choose(FOLDER, disc.folder)
    sender.consent()
    return hospital.await_upload(sender.send())


def held(desk: DeskPage, name: str) -> Locator:
    return desk.page.get_by_role("region", name="Look before it leaves").get_by_role(
        "listitem", name=re.compile(name)
    )


def test_an_anonymous_study_is_looked_at_and_filed_under_a_research_id(
    desk: DeskPage, hospital: Hospital, upload: dict[str, Any]
):
    study_id = study_of(upload)
    desk.open_inbox()
    line = desk.line(upload["reference"])
    expect(line).to_contain_text("anonymous study")
    expect(line).not_to_contain_text(FAMILY_NAME)

    desk.open_study(study_id)
    expect(desk.page.get_by_text("Anonymous study; this number stands in place of the name")).to_be_visible()
    expect(desk.page.get_by_role("heading", name="Match with the right patient")).to_have_count(0)
    picture = held(desk, "Picture 1")
    expect(picture).to_contain_text("A secondary capture often shows the name")
    image = picture.locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 256

    desk.page.get_by_role("textbox", name="Research ID").fill("STUDY-0042")
    file_button = desk.page.get_by_role("button", name="File 25 images under STUDY-0042")
    file_button.click(force=True)  # it says why it does not act yet
    expect(desk.page.get_by_role("alert")).to_have_text(
        "First decide on everything that has to be looked at."
    )
    assert hospital.study(study_id)["state"] == "inspected"

    picture.get_by_role("button", name="It names nobody: release").click()
    expect(held(desk, "Picture 1: released")).to_be_visible()
    document = held(desk, "Document 1")
    document.get_by_label("Why leave it out?").select_option(label="It says who it is")
    document.get_by_role("button", name="Leave out").click()
    expect(held(desk, "Document 1: left out")).to_be_visible()
    file_button.click()

    await_in_the_archive(desk, hospital, study_id)
    kept = [pydicom.dcmread(path) for path in hospital.archive.rglob("*.dcm")]
    ours = [one for one in kept if one.PatientID == "STUDY-0042"]
    assert len(ours) == 25
    assert {str(one.PatientName) for one in ours} == {"STUDY-0042"}
    assert {one.PatientIdentityRemoved for one in ours} == {"YES"}
    assert not any(FAMILY_NAME in str(one) for one in ours)


def test_an_answer_that_is_older_than_a_decision_does_not_take_it_back_on_the_page(
    desk: DeskPage, upload: dict[str, Any]
):
    study_id = study_of(upload)
    desk.open_study(study_id)
    held_back: list[tuple[Route, APIResponse]] = []
    desk.page.route(
        f"**/api/desk/studies/{study_id}", lambda route: held_back.append((route, route.fetch())), times=1
    )
    expect(held(desk, "Picture 1: waits")).to_be_visible()
    desk.page.wait_for_event("request", lambda request: request.url.endswith(study_id), timeout=60_000)
    held(desk, "Picture 1").get_by_role("button", name="It names nobody: release").click()
    expect(held(desk, "Picture 1: released")).to_be_visible()
    ((route, older),) = held_back
    with desk.page.expect_response(lambda answer: answer.url.endswith(study_id)):
        route.fulfill(response=older)
    desk.page.wait_for_timeout(300)
    expect(held(desk, "Picture 1: released")).to_be_visible(timeout=1)
