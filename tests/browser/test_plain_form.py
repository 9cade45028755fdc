"""The plain form with JavaScript switched off: the whole road with a ZIP of a disc and with several files."""

import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from importal.invitations import Expectation
from tests.browser.conftest import Open
from tests.browser.discs import fresh_disc, images_of
from tests.browser.hospital import Hospital
from tests.browser.test_accessibility import AXE, examine


def enter(page: Page, hospital: Hospital, code: str) -> None:
    page.goto(f"{hospital.url}/form/start")
    page.get_by_label("Upload code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label(re.compile("I have read")).check()
    page.get_by_label(re.compile("I agree that the selected images")).check()
    page.get_by_role("button", name="Continue").click()


def choose(page: Page, *paths: Path) -> None:
    page.get_by_label("ZIP file, or images and documents").set_input_files(list(paths))
    page.get_by_role("button", name="Send these files").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check what has arrived")


def hand_over(page: Page) -> None:
    page.get_by_role("button", name="Hand over to the hospital").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your images have arrived")


def test_a_zip_of_a_disc_goes_the_whole_road_without_javascript(
    open_page: Open, hospital: Hospital, tmp_path: Path
):
    disc = fresh_disc(tmp_path).folder
    archive = tmp_path / "disc.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(disc.rglob("*")):
            packed.write(path, path.relative_to(disc))
    page = open_page(java_script_enabled=False)
    code = hospital.invite()
    page.goto(hospital.url)
    page.get_by_role("link", name="Open the simple form").click()
    enter(page, hospital, code)
    choose(page, archive)
    expect(page.locator("main")).to_contain_text(f"{len(images_of(disc))} images, 1 examination")
    page.reload()
    hand_over(page)
    expect(page.locator("main")).to_contain_text(f"{len(images_of(disc))} images")
    assert page.url == f"{hospital.url}/form/sent"


def test_several_files_of_two_people_ask_whose_without_javascript(
    open_page: Open, hospital: Hospital, letter: Path
):
    page = open_page(java_script_enabled=False, viewport={"width": 320, "height": 700})
    enter(page, hospital, hospital.invite())
    choose(page, *images_of(hospital.two_patients.folder), letter)
    people = page.get_by_label(re.compile("^Send the images of"))
    assert [box.is_checked() for box in people.all()] == [False, False]
    people.first.check()
    page.get_by_label(re.compile("Examination of")).select_option(index=1)
    page.get_by_role("button", name="Hand over to the hospital").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if page.get_by_role("heading", level=1).inner_text() != "Your images have arrived":
        page.get_by_label(re.compile("Examination of")).select_option(label="Do not send this document")
        hand_over(page)


def test_every_plain_page_is_accessible(open_page: Open, hospital: Hospital, letter: Path, tmp_path: Path):
    axe = AXE.read_text(encoding="utf-8")
    page = open_page()
    page.goto(f"{hospital.url}/form/start")
    examine(page, axe)
    page.get_by_label("Upload code").fill("K7QF-2MXR-9TBD")
    page.get_by_role("button", name="Continue").click()
    examine(page, axe)
    code = hospital.invite(expected=Expectation(patient_name="Nobody^Known", birth_date="19010101"))
    page.get_by_label("Upload code").fill(code)
    page.get_by_role("button", name="Continue").click()
    examine(page, axe)
    enter(page, hospital, code)
    examine(page, axe)
    choose(page, *images_of(hospital.two_patients.folder), letter)
    examine(page, axe)
    page.get_by_role("button", name="Hand over to the hospital").click()
    examine(page, axe)
    for box in page.get_by_label(re.compile("^Send the images of")).all():
        box.check()
    page.get_by_label(re.compile("Examination of")).select_option(index=1)
    hand_over(page)
    examine(page, axe)
