"""Getting in, choosing and limits for senders, line by line of the reference product (M1 to M6)."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.discs import choose_two_patients, images_of
from tests.browser.hospital import Hospital
from tests.browser.pages import ABDOMEN, FILES, FOLDER, HEAD, KNEE, ZIP, SenderPage
from tests.journey.portal import PASSWORD


def test_m1_an_upload_code_opens_the_page_however_it_is_typed(page: Page, hospital: Hospital):
    sender = SenderPage(page, hospital.url)
    sender.enter(hospital.invite().lower().replace("-", " "))
    expect(sender.heading).to_contain_text("Send your images to City Hospital")


def test_m1_a_person_of_the_hospital_logs_in_at_the_desk(open_page: Open, hospital: Hospital):
    page = open_page()
    page.goto(f"{hospital.url}/desk")
    page.get_by_label("User name").fill("desk")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_m2_the_header_names_the_hospital_its_phone_its_email_and_the_manual(page: Page, hospital: Hospital):
    home = hospital.institution("Harbour Clinic")
    hospital.set_header(home, email="images@harbour.example", manual_url="https://harbour.example/manual")
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(institution_id=home))
    header = page.get_by_role("banner")
    expect(header).to_contain_text("Harbour Clinic")
    expect(header.get_by_role("link", name="+49 30 1111")).to_have_attribute("href", "tel:+49301111")
    expect(header.get_by_role("link", name="images@harbour.example")).to_have_attribute(
        "href", re.compile("^mailto:")
    )
    expect(header.get_by_role("link", name="Help and manual")).to_have_attribute(
        "href", "https://harbour.example/manual"
    )


def test_m2_a_hospital_without_a_manual_has_help_on_the_page_itself(sender: SenderPage):
    """Help takes nothing away: Escape leads back to the same place."""
    button = sender.page.get_by_role("banner").get_by_role("button", name="Help")
    button.click()
    dialog = sender.page.get_by_role("dialog", name="How to send your images")
    expect(dialog.get_by_role("listitem")).to_have_count(5)
    expect(dialog).to_contain_text("the upload goes on where it stopped")
    expect(dialog).to_contain_text("please call +49")
    expect(dialog.get_by_role("heading", name="How to send your images")).to_be_focused()
    sender.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_m3_the_second_panel_opens_after_something_was_added(sender: SenderPage, hospital: Hospital):
    expect(sender.page.get_by_role("heading", name="Select: where are your images?")).to_be_visible()
    expect(sender.verify).to_have_count(0)
    sender.choose(FILES, images_of(hospital.one_patient.folder)[:1])
    expect(sender.verify).to_be_visible()


@pytest.mark.parametrize("way", [FOLDER, FILES, ZIP])
def test_m4_a_folder_many_files_or_a_zip_bring_the_same_images(
    sender: SenderPage, hospital: Hospital, tmp_path: Path, way: str
):
    disc = hospital.one_patient.folder
    images = images_of(disc)
    archive = tmp_path / "disc.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in images:
            packed.write(path, path.relative_to(disc))
    sender.choose(way, {FOLDER: disc, FILES: images, ZIP: archive}[way])
    expect(sender.fact(sender.study(ABDOMEN), "DICOM images")).to_have_text(str(len(images)))
    sender.consent()
    sender.send()
    assert sender.received()[0] == len(images)


def test_m4_files_chosen_in_several_goes_add_up_and_repetitions_are_named(
    sender: SenderPage, hospital: Hospital
):
    images = images_of(hospital.one_patient.folder)
    sender.choose(FILES, images[:3])
    sender.choose(FILES, images[2:5])
    expect(sender.fact(sender.study(ABDOMEN), "DICOM images")).to_have_text("5")
    sender.page.get_by_text("1 file on the disc is not needed").click()
    expect(sender.verify).to_contain_text("These files were already in your selection:")


def test_m5_with_one_study_documents_are_linked_by_themselves_with_several_by_hand(
    sender: SenderPage, hospital: Hospital, papers: list[Path], tmp_path: Path
):
    sender.choose(FILES, papers)
    sender.choose(FILES, images_of(hospital.one_patient.folder)[:1])
    expect(sender.fact(sender.study(ABDOMEN), "Documents (non-DICOM)")).to_have_text("3")
    expect(sender.unassigned).to_have_count(0)
    sender.choose(FOLDER, hospital.two_patients.folder)
    expect(sender.page.get_by_role("group", name=re.compile("3 different people"))).to_be_visible()
    for box in (
        sender.page.get_by_role("group", name=re.compile("3 different people")).get_by_role("checkbox").all()
    ):
        box.check()
    # Whose letter it is, only the sender can know now.
    expect(sender.unassigned.get_by_role("checkbox")).to_have_count(5)


def test_m6_too_large_a_choice_says_so_with_what_to_do_and_leaving_out_a_study_clears_it(
    page: Page, hospital: Hospital, tmp_path: Path
):
    disc = tmp_path / "disc"
    shutil.copytree(hospital.two_patients.folder, disc)
    limit = hospital.institution("Small Practice", max_bytes=3_000_000)
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(institution_id=limit))
    sender.choose(FILES, images_of(disc))
    for box in page.get_by_role("group", name=re.compile("2 different people")).get_by_role("checkbox").all():
        box.check()
    sender.consent()
    expect(sender.verify).to_contain_text("Total file size exceeds the limit: you chose")
    expect(sender.verify).to_contain_text("the hospital accepts 3 MB at once")
    expect(sender.verify).to_contain_text(
        "Please leave out examinations that are not needed, or call the hospital."
    )
    expect(sender.start_button).to_be_disabled()
    sender.study(HEAD).get_by_role("button", name=re.compile("^Do not send this examination")).click()
    expect(page.get_by_text("Total file size exceeds the limit")).to_have_count(0)
    sender.send()
    assert sender.received() == (16, 0)


def test_m6_too_many_studies_say_so_with_what_to_do_and_leaving_one_out_clears_it(
    page: Page, hospital: Hospital
):
    limit = hospital.institution("One Study Practice", max_studies=1)
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(institution_id=limit))
    choose_two_patients(sender, hospital)
    expect(sender.verify).to_contain_text("You chose 2 examinations, the hospital accepts 1 at once.")
    expect(sender.verify).to_contain_text("Please leave out those that are not needed")
    sender.consent()
    expect(sender.start_button).to_be_disabled()
    sender.study(KNEE).get_by_role("button", name=re.compile("^Do not send this examination")).click()
    expect(page.get_by_text("You chose 2 examinations")).to_have_count(0)
    sender.send()
    assert sender.received() == (18, 2)
