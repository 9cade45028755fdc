"""What became of an upload: seen with the code, and taken back while nothing of it is in the archive."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.discs import fresh_disc
from tests.browser.hospital import Hospital
from tests.browser.pages import ARRIVAL_MILLISECONDS, FOLDER, SenderPage
from tests.browser.test_desk_rows import study_of

HEADING = "What became of your images"


def test_the_sender_follows_an_upload_with_the_code_until_it_is_in_the_archive(
    page: Page, hospital: Hospital, tmp_path: Path
):
    code = hospital.invite()
    sender = SenderPage(page, hospital.url)
    sender.open_link(code)
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    sender.consent()
    reference = sender.send()
    page.get_by_role("button", name="See what became of them").click()
    expect(page.get_by_role("heading", level=1, name=HEADING)).to_be_focused()
    upload = hospital.await_upload(reference)

    page.reload()
    page.get_by_role("button", name="See what became of them").click()
    expect(page.get_by_text(f"Reference number {reference}")).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="CT scan, 18 September 2024")
    expect(row).to_contain_text("24 images, 1 document")
    expect(row).to_contain_text("Being checked")
    hospital.file_under_suggestion(study_of(upload))
    # Without a hand: the page asks again by itself.
    expect(row).to_contain_text("In the archive", timeout=ARRIVAL_MILLISECONDS)
    expect(page.get_by_text("What is in the archive cannot be taken back here.")).to_be_visible()
    expect(page.get_by_role("button", name="Take this upload back")).to_have_count(0)


def test_an_upload_is_taken_back_after_a_question_and_the_record_says_what_was_deleted(
    page: Page, hospital: Hospital, tmp_path: Path
):
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite())
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    sender.consent()
    reference = sender.send()
    upload = hospital.await_upload(reference)
    page.get_by_role("button", name="See what became of them").click()
    page.get_by_role("button", name="Take this upload back").click()
    question = page.get_by_role("dialog", name="Take these images back?")
    expect(question).to_contain_text("This cannot be undone")
    question.get_by_role("button", name="No, leave them there").click()
    expect(page.get_by_role("button", name="Take this upload back")).to_be_focused()

    page.keyboard.press("Enter")
    question.get_by_role("button", name="Yes, take them back and delete them").click()
    record = page.get_by_role("heading", level=3, name=re.compile("^Taken back on"))
    expect(record).to_be_visible()
    expect(page.get_by_text("1 examination: 24 images, 1 document")).to_be_visible()
    expect(page.get_by_text("All of it was deleted here.")).to_be_visible(timeout=ARRIVAL_MILLISECONDS)
    assert hospital.study(study_of(upload))["state"] == "purged"
    kept = (hospital.data / "objects" / "submissions" / upload["submission_id"]).rglob("*")
    assert [path for path in kept if path.is_file()] == []

    page.get_by_role("button", name="Send more images").click()
    expect(sender.heading).to_contain_text("Send your images to")
