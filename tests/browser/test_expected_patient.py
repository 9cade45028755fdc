"""The right person's disc: compared before anything is sent, asked about, and told to the desk."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from importal.invitations import Expectation
from tests.browser.discs import fresh_disc
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, DeskPage, SenderPage
from tests.browser.test_accessibility import axe, examine
from tests.browser.test_desk_rows import study_of

__all__ = ["axe"]

ELDER = Expectation("GROESSMUELLER^JUERGEN", "19470312", "M", "CT of the abdomen since 2024")
KNEE = Expectation("Moreau^Camille", "19890705", "F")
ANOTHER_DAY = Expectation("GROESSMUELLER^JUERGEN", "19470313", "M")
QUESTION = "Are these images of the right person?"


def test_the_expected_persons_images_are_sent_without_a_question(
    page: Page, hospital: Hospital, desk: DeskPage, tmp_path: Path
):
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(expected=ELDER))
    expect(page.get_by_text("The hospital asks for: CT of the abdomen since 2024")).to_be_visible()
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    expect(sender.verify.get_by_text("This is the person whom the hospital expects.")).to_be_visible()
    expect(page.get_by_role("group", name=QUESTION)).to_have_count(0)
    sender.consent()
    upload = hospital.await_upload(sender.send())

    desk.open_study(study_of(upload))
    expect(desk.page.get_by_text("The sender's page found that it matches.")).to_be_visible()
    expect(desk.page.get_by_text("✓ Expected patient")).to_be_visible()


def test_another_persons_disc_is_asked_about_and_the_answer_reaches_the_desk(
    page: Page, hospital: Hospital, desk: DeskPage, tmp_path: Path
):
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(expected=KNEE))
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    question = page.get_by_role("group", name=QUESTION)
    expect(question).to_contain_text("These images seem to be of another person")
    expect(question.get_by_role("checkbox")).not_to_be_checked()
    sender.consent()
    expect(sender.start_button).to_be_disabled()
    expect(page.get_by_text("Please tick whose images you want to send.")).to_be_visible()

    question.get_by_role("checkbox").check()
    upload = hospital.await_upload(sender.send())
    desk.open_inbox()
    expect(desk.line(upload["reference"])).to_contain_text("Not the expected patient")
    desk.open_study(study_of(upload))
    expect(desk.page.get_by_text("× Not the expected patient: Name, Birth date, Sex")).to_be_visible()
    expect(
        desk.page.get_by_text("The sender was asked, and says that it is the right person.")
    ).to_be_visible()
    desk.page.get_by_role("button", name="Search", exact=True).click()
    desk.page.get_by_role("button", name="Take name and birth date of the expected patient").click()
    expect(desk.page.get_by_label("Birth date").first).to_have_value("1989-07-05")


def test_where_one_thing_differs_the_sender_reads_both_on_a_phone_too(
    page: Page, hospital: Hospital, tmp_path: Path
):
    page.set_viewport_size({"width": 390, "height": 844})
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(expected=ANOTHER_DAY))
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    question = page.get_by_role("group", name=QUESTION)
    expect(question).to_contain_text("The date of birth is not the same.")
    expect(question).to_contain_text("The hospital expects: 13 March 1947. These images say: 12 March 1947.")
    expect(question.get_by_role("checkbox")).not_to_be_checked()


def test_of_several_persons_only_the_expected_one_is_ticked(page: Page, hospital: Hospital):
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite(expected=KNEE))
    sender.choose(FOLDER, hospital.two_patients.folder)
    group = page.get_by_role("group", name=re.compile("2 different people"))
    expect(group.get_by_role("checkbox", name=re.compile("Moreau"))).to_be_checked()
    expect(group.get_by_role("checkbox", name=re.compile("Lindqvist"))).not_to_be_checked()


def test_a_code_that_asks_for_the_birth_date_opens_with_it_alone(page: Page, hospital: Hospital):
    code = hospital.invite(expected=KNEE, asks_birth_date=True)
    page.goto(f"{hospital.url}/#code={code}")
    expect(page.get_by_role("heading", level=1, name="When was the patient born?")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    page.keyboard.type("7")
    page.keyboard.press("Tab")
    page.keyboard.type("1998")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This date of birth does not belong to the upload code")
    expect(page.get_by_label("Day")).to_have_value("5")
    page.get_by_label("Year").fill("1989")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_contain_text("Send your images to")


def test_the_desk_opens_a_code_again_that_wrong_dates_shut(hospital: Hospital, desk: DeskPage, axe: str):
    code = hospital.invite(expected=KNEE, asks_birth_date=True)

    def opened(birth_date: str) -> int:
        body = {"code": code, "birth_date": birth_date}
        return hospital.clerk.post("/api/invitations/open", json=body).status_code

    assert [opened(f"198901{day:02}") for day in range(1, 6)] == [403] * 5
    assert opened("19890705") == 429
    desk.page.goto(f"{desk.url}/desk#/invitations")
    button = desk.page.get_by_role("button", name=re.compile("Open the code again"))
    expect(desk.page.get_by_text("Somebody entered five wrong dates of birth.")).to_be_visible()
    examine(desk.page, axe)
    button.focus()
    desk.page.keyboard.press("Enter")
    expect(button).to_have_count(0)
    assert opened("19890705") == 200
