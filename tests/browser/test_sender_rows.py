"""What an upload portal does for its senders, line by line of the reference product (S1 to S15)."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.discs import choose_two_patients, images_of
from tests.browser.hospital import Hospital
from tests.browser.pages import ABDOMEN, FILES, FOLDER, HEAD, KNEE, PRIVACY, SenderPage

ONLY_DOCUMENTS = "You can only upload non-DICOM files if you also upload at least one DICOM file"


def test_s1_the_patient_panel_shows_date_of_birth_and_patient_id_and_takes_optional_contact(
    sender: SenderPage, hospital: Hospital
):
    sender.choose(FOLDER, hospital.one_patient.folder)
    patient = sender.page.get_by_role("region", name="Größmüller")
    expect(sender.fact(patient, "Date of birth")).to_have_text("12 March 1947")
    expect(sender.fact(patient, "Patient ID")).to_have_text("0004711")
    sender.page.get_by_label("E-mail address (optional)").fill("sender@example.org")
    sender.page.get_by_label("Telephone number (optional)").fill("+49 151 000")
    sender.consent()
    reference = sender.send()
    contact = hospital.await_upload(reference)["contact"]
    assert contact == {"email": "sender@example.org", "phone": "+49 151 000"}


def test_s2_the_study_panel_shows_study_date_and_accession_number(sender: SenderPage, hospital: Hospital):
    choose_two_patients(sender, hospital)
    for study, date, number in ((HEAD, "2 October 2024", "A-55120"), (KNEE, "3 October 2024", "A-55147")):
        expect(sender.fact(sender.study(study), "Study date")).to_have_text(date)
        expect(sender.fact(sender.study(study), "Accession Number")).to_have_text(number)


def test_s3_a_comment_may_be_given_per_study_and_reaches_the_desk(sender: SenderPage, hospital: Hospital):
    choose_two_patients(sender, hospital)
    sender.unassigned.get_by_role("button", name="Select all").click()
    sender.unassigned.get_by_role("button", name="Remove 2 selected files").click()
    sender.study(HEAD).get_by_label("Comment (optional)").fill("Headache since May.\nSecond line")
    sender.study(KNEE).get_by_label("Comment (optional)").fill("Before the operation")
    sender.consent()
    upload = hospital.await_upload(sender.send())
    comments = {row["study_date"]: hospital.study(row["id"])["comment"] for row in upload["studies"]}
    assert comments == {"20241002": "Headache since May.\nSecond line", "20241003": "Before the operation"}


def test_s4_each_study_counts_its_dicom_and_its_other_files(sender: SenderPage, hospital: Hospital):
    sender.choose(FOLDER, hospital.one_patient.folder)
    study = sender.study(ABDOMEN)
    expect(sender.fact(study, "DICOM images")).to_have_text(str(hospital.one_patient.instances))
    expect(sender.fact(study, "Documents (non-DICOM)")).to_have_text(str(hospital.one_patient.documents))


def test_s5_privacy_policy_and_consent_to_sharing_are_asked_separately_and_neither_is_ticked(
    sender: SenderPage, hospital: Hospital
):
    sender.choose(FOLDER, hospital.one_patient.folder)
    privacy = sender.page.get_by_label(PRIVACY)
    expect(privacy).not_to_be_checked()
    expect(sender.sharing).not_to_be_checked()
    expect(sender.page.get_by_text("are shared with the hospital through this portal")).to_be_visible()
    policy = sender.page.get_by_role("region", name="Privacy policy")
    expect(policy).to_be_hidden()
    sender.page.get_by_text("Read the privacy policy", exact=True).click()
    expect(policy).to_contain_text("only for your examination and treatment")


def test_s6_the_upload_cannot_be_started_until_both_consents_are_given(
    sender: SenderPage, hospital: Hospital
):
    sender.choose(FOLDER, hospital.one_patient.folder)
    expect(sender.start_button).to_be_disabled()
    expect(sender.verify).to_contain_text("Please agree to the privacy policy.")
    sender.page.get_by_label(PRIVACY).check()
    expect(sender.start_button).to_be_disabled()
    sender.sharing.check()
    expect(sender.start_button).to_be_enabled()
    sender.page.get_by_label(PRIVACY).uncheck()
    expect(sender.start_button).to_be_disabled()
    sender.page.get_by_label(PRIVACY).check()
    sender.send()
    assert sender.received() == (hospital.one_patient.instances, hospital.one_patient.documents)


def test_s7_documents_alone_are_an_error_that_a_dicom_file_clears_without_starting_again(
    sender: SenderPage, hospital: Hospital, papers: list[Path]
):
    sender.choose(FILES, papers[:2])
    expect(sender.errors).to_contain_text(ONLY_DOCUMENTS)
    expect(sender.errors).to_be_focused()
    expect(sender.page).to_have_title(re.compile("^Error: "))
    expect(sender.start_button).to_be_disabled()
    sender.choose(FILES, images_of(hospital.one_patient.folder)[:1])
    expect(sender.page.get_by_text(ONLY_DOCUMENTS)).to_have_count(0)
    expect(sender.page).not_to_have_title(re.compile("^Error: "))
    expect(sender.fact(sender.study(ABDOMEN), "Documents (non-DICOM)")).to_have_text("2")
    sender.consent()
    sender.send()
    assert sender.received() == (1, 2)


def test_s8_documents_without_a_study_are_listed_and_must_all_be_added_or_removed(
    sender: SenderPage, hospital: Hospital
):
    choose_two_patients(sender, hospital)
    sender.consent()
    expect(sender.unassigned).to_be_visible()
    expect(sender.start_button).to_be_disabled()
    expect(sender.verify).to_contain_text("Some documents still wait")
    letter = sender.unassigned.get_by_role("checkbox", name=re.compile("Letter.pdf"))
    drawing = sender.unassigned.locator("li", has_text="Letter.pdf").locator("svg path")
    before = drawing.get_attribute("d")
    sender.unassigned.get_by_text("Letter.pdf").click()
    expect(letter).to_be_checked()
    assert drawing.get_attribute("d") != before, "the icon of a selected document becomes a check mark"
    sender.unassigned.get_by_role("button", name="Remove 1 selected file").click()
    expect(sender.start_button).to_be_disabled()
    sender.unassigned.get_by_text("Photo 1.jpg").click()
    sender.unassigned.get_by_label("Add selected files (1) to study").select_option(index=1)
    expect(sender.start_button).to_be_enabled()


def test_s9_the_drop_down_counts_the_selected_files_lists_the_studies_and_moves_the_files(
    sender: SenderPage, hospital: Hospital, papers: list[Path]
):
    choose_two_patients(sender, hospital)
    sender.choose(FILES, papers)
    drop_down = sender.unassigned.get_by_label(re.compile("Add selected files"))
    expect(sender.unassigned).to_contain_text("Add selected files (0) to study")
    expect(drop_down).to_be_disabled()
    for name in ("Letter A.pdf", "Letter B.pdf"):
        sender.unassigned.get_by_text(name).click()
    expect(sender.unassigned).to_contain_text("Add selected files (2) to study")
    studies = drop_down.locator("option").all_inner_texts()[1:]
    assert [bool(HEAD.search(text)) for text in studies] == [True, False]
    assert KNEE.search(studies[1])
    drop_down.select_option(label=studies[1])
    expect(sender.fact(sender.study(KNEE), "Documents (non-DICOM)")).to_have_text("2")
    expect(sender.unassigned).to_contain_text("Add selected files (0) to study")
    sender.unassigned.get_by_role("button", name="Select all").click()
    drop_down.select_option(label=studies[0])
    expect(sender.unassigned).to_have_count(0)
    expect(sender.fact(sender.study(HEAD), "Documents (non-DICOM)")).to_have_text("3")
    sender.consent()
    reference = sender.send()
    documents = {row["study_date"]: row["documents"] for row in hospital.await_upload(reference)["studies"]}
    assert documents == {"20241002": 3, "20241003": 2}


def test_s10_selected_files_are_removed_by_number_or_all_at_once(
    sender: SenderPage, hospital: Hospital, papers: list[Path]
):
    choose_two_patients(sender, hospital)
    sender.choose(FILES, papers)
    expect(sender.unassigned.get_by_role("button", name="Remove 0 selected files")).to_be_disabled()
    sender.unassigned.get_by_text("Letter C.pdf").click()
    sender.unassigned.get_by_role("button", name="Remove 1 selected file").click()
    expect(sender.unassigned.get_by_text("Letter C.pdf")).to_have_count(0)
    expect(sender.unassigned.get_by_role("checkbox")).to_have_count(4)
    sender.unassigned.get_by_role("button", name="Select all").click()
    sender.unassigned.get_by_role("button", name="Remove 4 selected files").click()
    expect(sender.unassigned).to_have_count(0)
    sender.page.get_by_role("button", name="Undo").click()
    expect(sender.unassigned.get_by_role("checkbox")).to_have_count(4)


def test_s11_one_button_selects_all_and_deselects_all(
    sender: SenderPage, hospital: Hospital, papers: list[Path]
):
    choose_two_patients(sender, hospital)
    sender.choose(FILES, papers)
    boxes = sender.unassigned.get_by_role("checkbox")
    expect(boxes).to_have_count(5)
    sender.unassigned.get_by_role("button", name="Select all", exact=True).click()
    expect(sender.unassigned.get_by_role("button", name="Remove 5 selected files")).to_be_enabled()
    sender.unassigned.get_by_role("button", name="Deselect all").click()
    expect(sender.unassigned.get_by_role("button", name="Remove 0 selected files")).to_be_disabled()
    sender.unassigned.get_by_role("button", name="Select all", exact=True).click()
    boxes.first.uncheck(force=True)
    expect(sender.unassigned.get_by_role("button", name="Select all", exact=True)).to_be_visible()
    boxes.first.check(force=True)
    sender.unassigned.get_by_label("Add selected files (5) to study").select_option(index=2)
    expect(sender.unassigned).to_have_count(0)


def test_s12_the_study_panel_lists_its_documents_and_both_counts(
    sender: SenderPage, hospital: Hospital, papers: list[Path]
):
    sender.choose(FOLDER, hospital.one_patient.folder)
    sender.choose(FILES, papers[:1])
    study = sender.study(ABDOMEN)
    linked = study.get_by_role("list", name=re.compile("Documents of CT scan")).get_by_role("listitem")
    expect(linked).to_have_count(2)
    expect(linked).to_contain_text(["REPORT.PDF", "Letter A.pdf"])
    expect(sender.fact(study, "Documents (non-DICOM)")).to_have_text("2")
    study.get_by_role("button", name="Take out Letter A.pdf").click()
    expect(linked).to_have_count(1)
    expect(sender.fact(study, "Documents (non-DICOM)")).to_have_text("1")
    expect(sender.fact(study, "DICOM images")).to_have_text("24")


def test_s13_while_sending_the_page_says_not_to_close_the_browser(sender: SenderPage, hospital: Hospital):
    sender.choose(FOLDER, hospital.one_patient.folder)
    sender.consent()
    sender.page.route("**/packs", lambda _route: None)  # the line is slow: nothing comes back for now
    sender.start_button.click()
    expect(sender.page.get_by_text("Do not close your browser during upload.")).to_be_visible()
    expect(sender.page.get_by_role("progressbar")).to_be_visible()
    expect(sender.heading).to_be_focused()


def test_s14_patient_ids_and_accession_numbers_are_replaced_during_the_upload(
    sender: SenderPage, hospital: Hospital
):
    sender.choose(FOLDER, hospital.one_patient.folder)
    expect(sender.verify).to_contain_text("They are replaced during the upload")
    sender.consent()
    (row,) = hospital.await_upload(sender.send())["studies"]
    shown = hospital.study(row["id"])
    assert re.fullmatch("IM[0-9A-Z]{14}", shown["patient_pseudonym"])
    assert re.fullmatch("IM[0-9A-Z]{14}", shown["accession_pseudonym"])
    assert "2024-88123" not in str(shown)
    stored = [path.read_bytes() for path in hospital.data.rglob("*") if path.is_file()]
    assert not any(b"2024-88123" in content for content in stored)


def test_s15_reset_returns_to_the_main_page_and_can_be_undone(sender: SenderPage, hospital: Hospital):
    sender.choose(FOLDER, hospital.one_patient.folder)
    reset = sender.page.get_by_role("button", name=re.compile("^Reset"))
    reset.click()
    sender.page.get_by_role("button", name="No, keep it").click()
    expect(sender.study(ABDOMEN)).to_be_visible()
    reset.click()
    sender.page.get_by_role("button", name="Yes, reset").click()
    expect(sender.verify).to_have_count(0)
    expect(sender.heading).to_be_focused()
    sender.page.get_by_role("button", name="Undo").click()
    expect(sender.study(ABDOMEN)).to_be_visible()


def test_s15_a_new_upload_can_be_started_from_the_receipt(sender: SenderPage, hospital: Hospital):
    images = images_of(hospital.one_patient.folder)
    references = set()
    for some in (images[:2], images[2:5]):
        sender.choose(FILES, some)
        sender.consent()
        references.add(sender.send())
        assert sender.received() == (len(some), 0)
        sender.page.get_by_role("button", name="Start a new upload").click()
        expect(sender.heading).to_contain_text("Send your images to")
        expect(sender.verify).to_have_count(0)
    assert len(references) == 2
