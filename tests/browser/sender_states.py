"""The states that the sender's page can be in, each reached as a person reaches it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from importal.invitations import Expectation
from tests.browser.hospital import Hospital
from tests.browser.pages import FILES, FOLDER, SenderPage

State = Callable[[Page, Hospital], None]


def opened(page: Page, hospital: Hospital) -> SenderPage:
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite())
    return sender


def code_entry(page: Page, hospital: Hospital) -> None:
    page.goto(hospital.url)


def code_error(page: Page, hospital: Hospital) -> None:
    SenderPage(page, hospital.url).enter("K7QF-2MXR-9TBD")
    expect(page.get_by_role("alert")).to_be_visible()


def birth_date_asked(page: Page, hospital: Hospital) -> None:
    code = hospital.invite(expected=Expectation(birth_date="19890705"), asks_birth_date=True)
    page.goto(f"{hospital.url}/#code={code}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_visible()


def another_person_found(page: Page, hospital: Hospital) -> None:
    sender = SenderPage(page, hospital.url)
    expected = Expectation("Moreau^Camille", "19890705", "F", "MRI of the knee since 2025")
    sender.open_link(hospital.invite(expected=expected))
    sender.choose(FOLDER, hospital.one_patient.folder)
    expect(page.get_by_role("group", name="Are these images of the right person?")).to_be_visible()


def choose(page: Page, hospital: Hospital) -> None:
    opened(page, hospital)


def choose_without_folders(page: Page, hospital: Hospital) -> None:
    page.add_init_script("delete HTMLInputElement.prototype.webkitdirectory")
    opened(page, hospital)
    expect(page.get_by_text("continue on a computer")).to_be_visible()


def help_opened(page: Page, hospital: Hospital) -> None:
    opened(page, hospital)
    page.get_by_role("banner").get_by_role("button", name="Help").click()
    expect(page.get_by_role("dialog", name="How to send your images")).to_be_visible()


def check_one_patient(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    sender.choose(FOLDER, hospital.one_patient.folder)
    page.get_by_text("files on the disc are not needed").click()
    page.get_by_text("Read the privacy policy", exact=True).click()
    page.get_by_text("1 series in this examination").click()


def check_two_patients_with_documents_to_assign(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    sender.choose(FOLDER, hospital.two_patients.folder)
    for box in page.get_by_role("group", name=re.compile("2 different people")).get_by_role("checkbox").all():
        box.check()
    sender.unassigned.get_by_text("Letter.pdf").click()


def error_summary(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    sender.choose(FILES, hospital.one_patient.folder / "REPORT.PDF")
    expect(sender.errors).to_be_visible()


def files_left_out(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    broken = hospital.portal.folder / "holiday film.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(64))
    damaged = hospital.portal.folder / "IM0009.dcm"
    damaged.write_bytes(bytes(128) + b"DICM" + bytes(8))
    sender.choose(FILES, [broken, damaged])
    sender.choose(FOLDER, hospital.one_patient.folder)
    expect(page.get_by_role("heading", name="Files that cannot be sent")).to_be_visible()
    expect(page.get_by_role("heading", name="1 file may be damaged")).to_be_visible()


def reset_question(page: Page, hospital: Hospital) -> None:
    check_one_patient(page, hospital)
    page.get_by_role("button", name=re.compile("^Reset")).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def undo_offered(page: Page, hospital: Hospital) -> None:
    reset_question(page, hospital)
    page.get_by_role("button", name="Yes, reset").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def sending(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    sender.choose(FOLDER, hospital.one_patient.folder)
    sender.consent()
    page.route("**/packs", lambda _route: None)
    sender.start_button.click()
    expect(page.get_by_role("progressbar")).to_be_visible()


def sending_stopped(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    sender.choose(FOLDER, hospital.one_patient.folder)
    sender.consent()
    problem = {"type": "about:blank", "title": "", "status": 507, "code": "storage.full", "params": {}}
    page.route("**/packs", lambda route: route.fulfill(status=507, json=problem))
    sender.start_button.click()
    expect(sender.heading).to_have_text("The upload has stopped")


def done(page: Page, hospital: Hospital) -> None:
    sender = opened(page, hospital)
    sender.choose(FOLDER, hospital.one_patient.folder)
    sender.consent()
    sender.send()


def status_with_a_question(page: Page, hospital: Hospital) -> None:
    done(page, hospital)
    page.get_by_role("button", name="See what became of them").click()
    page.get_by_role("button", name="Take this upload back").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def done_with_refused_files(page: Page, hospital: Hospital) -> None:
    files_left_out(page, hospital)
    sender = SenderPage(page, hospital.url)
    sender.consent()
    sender.send()
    expect(page.get_by_role("heading", name="1 file could not be used")).to_be_visible()


SENDER_STATES: list[State] = [
    code_entry, code_error, birth_date_asked, another_person_found, choose, choose_without_folders,
    help_opened, check_one_patient, check_two_patients_with_documents_to_assign, error_summary,
    files_left_out, reset_question, undo_offered, sending, sending_stopped, done, done_with_refused_files,
    status_with_a_question,
]  # fmt: skip
