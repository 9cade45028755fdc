"""Another disc, another tab, a medium that goes away: what is handed over is what the sender sees."""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.hospital import Hospital
from tests.browser.pages import FILES, FOLDER, SenderPage
from tests.browser.test_accessibility import AXE, examine
from tests.browser.test_interruptions import KEEPS_TRYING, SlowLine
from tests.database.transfers.sending import make_instance

IMAGES = 12
INTERRUPTED = "Your last upload was interrupted"


def disc_of(folder: Path, person: int, images: int = IMAGES) -> Path:
    """Make a disc with the paths and sizes that every disc of this maker has."""
    disc = folder / f"person-{person}" / "DISC"
    (disc / "DICOM").mkdir(parents=True)
    study = os.getpid() * 10 + person
    for number in range(images):
        pixels = bytes([person, number]) * 500_000
        name, patient_id = f"Person^{person}", f"ID-{person}"
        image = make_instance(
            100 + number, study=study, pixels=pixels, PatientID=patient_id, PatientName=name
        )
        (disc / "DICOM" / f"IM{number:04}").write_bytes(image)
    return disc


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    return disc_of(tmp_path, 1)


def begin(sender: SenderPage, what: Path, packs: int = 1) -> SlowLine:
    """Start the upload on a line that lets some packs pass and then stands still."""
    sender.choose(FOLDER, what)
    sender.consent()
    line = SlowLine(sender.page)
    line.may_pass = packs
    with sender.page.expect_response("**/packs"):
        sender.start_button.click()
    return line


def test_another_persons_disc_of_the_same_layout_is_never_taken_as_arrived(
    sender: SenderPage, hospital: Hospital, disc: Path, tmp_path: Path
):
    line = begin(sender, disc)
    sender.page.on("dialog", lambda dialog: dialog.accept())
    sender.page.reload()
    line.release()
    expect(sender.page.get_by_role("region", name=INTERRUPTED)).to_be_visible()
    sender.choose(FOLDER, disc_of(tmp_path, 2, 7))
    sender.consent()
    reference = sender.send()
    assert sender.received()[0] == 7
    (study,) = hospital.await_upload(reference)["studies"]
    assert study["instances"] == 7


def test_two_tabs_with_different_discs_end_in_two_uploads(
    sender: SenderPage, hospital: Hospital, disc: Path, tmp_path: Path
):
    other = SenderPage(sender.page.context.new_page(), hospital.url)
    other.page.goto(sender.page.url)
    sender.page.bring_to_front()
    line = begin(sender, disc)
    other.page.bring_to_front()
    other.choose(FOLDER, disc_of(tmp_path, 2, 7))
    other.consent()
    second = other.send()
    assert other.received()[0] == 7
    sender.page.bring_to_front()
    line.release()
    first = sender.await_receipt()
    assert sender.received()[0] == IMAGES
    assert first != second


def test_a_part_of_an_interrupted_upload_is_asked_about_and_never_joined(
    sender: SenderPage, hospital: Hospital, disc: Path
):
    line = begin(sender, disc)
    sender.page.on("dialog", lambda dialog: dialog.accept())
    sender.page.reload()
    line.release()
    part = disc.parent / "part" / "DISC"
    (part / "DICOM").mkdir(parents=True)
    for number in range(4):
        shutil.copy(disc / "DICOM" / f"IM{number:04}", part / "DICOM")
    sender.choose(FOLDER, part)
    sender.consent()
    sender.start_button.click()
    expect(sender.heading).to_have_text("Your interrupted upload holds other files too")
    examine(sender.page, AXE.read_text(encoding="utf-8"))
    sender.page.get_by_role("button", name="Go back and choose again").click()
    expect(sender.start_button).to_be_enabled()
    sender.start_button.click()
    sender.page.get_by_role("button", name="Send only what I have chosen now").click()
    sender.await_receipt()
    assert sender.received()[0] == 4


def test_a_medium_that_was_taken_out_is_asked_for_and_the_upload_goes_on_when_it_is_back(
    sender: SenderPage, hospital: Hospital, disc: Path
):
    line = begin(sender, disc)
    away = disc.with_name("AWAY")
    disc.rename(away)
    line.release()
    expect(sender.heading).to_have_text("Some files can no longer be read")
    expect(sender.page.get_by_text(re.compile(r"\d+ files are no longer there"))).to_be_visible()
    expect(sender.page.get_by_text("DISC/DICOM/IM0011")).to_be_visible()
    expect(sender.page.get_by_role("button", name="Hand over without these")).to_be_visible()
    examine(sender.page, AXE.read_text(encoding="utf-8"))
    again = sender.page.get_by_role("button", name="The disc is back: continue")
    again.click()
    expect(again).to_be_visible()
    away.rename(disc)
    again.press("Enter")
    sender.await_receipt()
    assert sender.received()[0] == IMAGES
    expect(sender.page.locator("main")).not_to_contain_text("could not be used")


def test_files_that_changed_are_named_and_may_be_left_out(sender: SenderPage, hospital: Hospital, disc: Path):
    line = begin(sender, disc)
    changed = disc / "DICOM" / "IM0011"
    changed.write_bytes(changed.read_bytes() + b"more")
    os.utime(changed, (1, 1))
    line.release()
    expect(sender.page.get_by_text("1 file has changed since you checked it.")).to_be_visible()
    expect(sender.page.get_by_role("button", name="Choose the disc again")).to_be_visible()
    expect(sender.page.get_by_role("button", name="The disc is back")).to_have_count(0)
    sender.page.get_by_role("button", name="Hand over without this file").click()
    sender.await_receipt()
    assert sender.received()[0] == IMAGES - 1
    expect(sender.page.locator("main")).to_contain_text("1 file could not be used")


def test_an_upload_that_begins_without_a_network_begins_by_itself_when_it_is_back(
    sender: SenderPage, disc: Path
):
    sender.choose(FOLDER, disc)
    sender.consent()
    sender.page.context.set_offline(True)
    sender.start_button.click()
    expect(sender.state).to_contain_text(KEEPS_TRYING)
    sender.page.context.set_offline(False)
    sender.await_receipt()
    assert sender.received()[0] == IMAGES


def test_a_reset_while_files_are_looked_at_cannot_be_undone_into_half_a_study(sender: SenderPage, disc: Path):
    hold_reading(sender.page)
    with sender.page.expect_file_chooser() as chooser:
        sender.page.get_by_role("button", name=FOLDER).click()
    chooser.value.set_files(disc)
    expect(sender.page.locator("progress#scanning")).to_be_visible()
    sender.page.get_by_role("button", name="Reset: remove everything").click()
    sender.page.get_by_role("button", name="Yes, reset").click()
    expect(sender.page.get_by_role("button", name="Undo")).to_have_count(0)
    sender.page.evaluate("window.goOn()")
    sender.choose(FOLDER, disc)
    expect(sender.page.get_by_text(re.compile(f"You have chosen: {IMAGES} images"))).to_be_visible()


def test_a_link_that_is_pasted_into_the_open_page_opens_the_invitation(page: Page, hospital: Hospital):
    page.goto(hospital.url)
    page.evaluate("code => { location.hash = `code=${code}`; }", hospital.invite())
    expect(page.get_by_role("button", name=FOLDER)).to_be_visible()


def hold_reading(page: Page) -> None:
    """Let the reading of files wait until the page's `goOn` is called."""
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          const gate = new Promise((resolve) => { window.goOn = resolve; });
          Blob.prototype.arrayBuffer = async function () { await gate; return read.call(this); };
        }"""
    )


def test_a_reset_is_undone_and_more_can_be_added_afterwards(sender: SenderPage, disc: Path, letter: Path):
    sender.choose(FOLDER, disc)
    sender.page.get_by_role("button", name="Reset: remove everything").click()
    sender.page.get_by_role("button", name="Yes, reset").click()
    sender.page.get_by_role("button", name="Undo").click()
    sender.choose(FILES, letter)
    expect(sender.page.get_by_text(f"You have chosen: {IMAGES} images")).to_contain_text("1 document,")


def test_the_receipt_outlives_a_reload_and_the_same_disc_is_not_sent_again(sender: SenderPage, disc: Path):
    sender.choose(FOLDER, disc)
    sender.consent()
    reference = sender.send()
    row = sender.page.locator("tbody tr").first.inner_text()
    sender.page.reload()
    assert sender.await_receipt() == reference
    assert sender.page.locator("tbody tr").first.inner_text() == row
    kept = sender.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "Person" not in kept
    sender.page.get_by_role("button", name="Start a new upload").click()
    expect(sender.heading).to_contain_text("Send your images to")
    sender.choose(FOLDER, disc)
    sender.consent()
    assert sender.send() == reference
    expect(sender.page.locator("main")).to_contain_text("Nothing was sent a second time.")


def test_leaving_with_files_that_were_not_sent_is_asked_about(sender: SenderPage, disc: Path):
    asked: list[str] = []

    def stay(dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    sender.page.on("dialog", stay)
    sender.choose(FOLDER, disc)
    sender.page.close(run_before_unload=True)
    expect(sender.start_button).to_be_visible()
    sender.page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
