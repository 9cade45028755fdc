"""The server dies, the page is reloaded, the line is cut: the upload goes on and nothing is lost."""

import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, SenderPage
from tests.corpus import corpus_path

IMAGES = 301
KEEPS_TRYING = "We keep trying and go on by ourselves."


@pytest.fixture
def disc() -> Path:
    """A disc that takes a while: the PET of the corpus."""
    return corpus_path("cd", "pacs-export-pet-seg")


class SlowLine:
    """Lets packs pass one by one; counts those that were answered."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.passed = 0
        self.open = False
        self.may_pass = 0
        self._waiting: list[Route] = []
        page.route("**/packs", self._hold)

    def _hold(self, route: Route) -> None:
        if self.open or self.may_pass > 0:
            self.may_pass -= 1
            self.passed += 1
            route.continue_()
        else:
            self._waiting.append(route)

    def release(self) -> None:
        """Let everything pass from now on."""
        self.open = True
        for route in self._waiting:
            route.continue_()
        self._waiting.clear()

    def drop(self) -> None:
        """Break the connections of what is on its way."""
        for route in self._waiting:
            route.abort("connectionreset")
        self._waiting.clear()


@pytest.fixture
def bytes_sent(page: Page) -> list[int]:
    """Sizes of the packs that the page sent."""
    sizes: list[int] = []

    def note(request: Request) -> None:
        if request.url.endswith("/packs"):
            sizes.append(len(request.post_data_buffer or b""))

    page.on("request", note)
    return sizes


def begin(sender: SenderPage, disc: Path, packs: int) -> SlowLine:
    """Start the upload of the disc on a line that lets some packs pass and then stands still."""
    sender.choose(FOLDER, disc)
    sender.consent()
    line = SlowLine(sender.page)
    line.may_pass = packs
    with sender.page.expect_response("**/packs"):
        sender.start_button.click()
    expect(sender.page.get_by_text("have arrived safely")).not_to_contain_text("0 bytes of")
    return line


def assert_everything_arrived_once(sender: SenderPage, hospital: Hospital, reference: str) -> None:
    assert sender.received()[0] == IMAGES
    expect(sender.page.locator("main")).not_to_contain_text("were on the disc twice")
    expect(sender.page.locator("main")).not_to_contain_text("could not be used")
    (study,) = hospital.await_upload(reference)["studies"]
    assert study["instances"] == IMAGES


def test_a_server_that_dies_during_the_upload_is_waited_for_and_everything_arrives_once(
    sender: SenderPage, hospital: Hospital, disc: Path
):
    line = begin(sender, disc, 2)
    hospital.portal.kill("web")
    try:
        line.release()
        expect(sender.state).to_contain_text(KEEPS_TRYING)
    finally:
        hospital.portal.start_web()
    reference = sender.await_receipt()
    assert_everything_arrived_once(sender, hospital, reference)


def test_connections_that_break_in_the_middle_are_tried_again(
    sender: SenderPage, hospital: Hospital, disc: Path
):
    line = begin(sender, disc, 1)
    for _ in count():
        line.drop()
        if KEEPS_TRYING in sender.state.inner_text():
            break
        sender.page.wait_for_timeout(100)
    line.release()
    assert_everything_arrived_once(sender, hospital, sender.await_receipt())


def test_a_reloaded_page_goes_on_with_the_same_code_and_sends_nothing_twice(
    sender: SenderPage, hospital: Hospital, disc: Path, bytes_sent: list[int]
):
    line = begin(sender, disc, 3)
    sender.page.on("dialog", lambda dialog: dialog.accept())
    sender.page.reload()
    line.release()
    before = sum(bytes_sent)
    resume = sender.page.get_by_role("region", name="Your last upload was interrupted")
    expect(resume).to_contain_text("To continue, please choose the same disc or the same files again.")
    arrived = re.search(r"([\d,]+) of ([\d,]+) files have arrived safely", resume.inner_text())
    assert arrived is not None
    assert 0 < int(arrived.group(1)) < int(arrived.group(2))
    sender.choose(FOLDER, disc)
    sender.consent()
    reference = sender.send()
    assert_everything_arrived_once(sender, hospital, reference)
    total = sum(path.stat().st_size for path in disc.rglob("*") if path.is_file())
    assert sum(bytes_sent) - before < total - bytes_sent[0], "what had arrived is not sent again"


def test_an_interrupted_upload_may_be_begun_anew(sender: SenderPage, hospital: Hospital, disc: Path):
    line = begin(sender, disc, 1)
    sender.page.on("dialog", lambda dialog: dialog.accept())
    sender.page.reload()
    line.release()
    sender.page.get_by_role("button", name="Do not continue, start from the beginning").click()
    expect(sender.page.get_by_role("region", name="Your last upload was interrupted")).to_have_count(0)
    sender.choose(FOLDER, hospital.one_patient.folder)
    sender.consent()
    sender.send()
    assert sender.received() == (hospital.one_patient.instances, hospital.one_patient.documents)


def test_a_line_that_is_cut_and_comes_back_lets_the_upload_go_on_by_itself(
    sender: SenderPage, hospital: Hospital, disc: Path
):
    line = begin(sender, disc, 2)
    sender.page.context.set_offline(True)
    line.release()
    expect(sender.state).to_contain_text(KEEPS_TRYING)
    sender.page.context.set_offline(False)
    assert_everything_arrived_once(sender, hospital, sender.await_receipt())


def test_an_upload_may_be_paused_and_continued(sender: SenderPage, hospital: Hospital, disc: Path):
    line = begin(sender, disc, 1)
    sender.page.get_by_role("button", name="Pause").click()
    line.release()
    expect(sender.state).to_have_text("Paused. Press “Continue sending” when you are ready.")
    sender.page.get_by_role("button", name="Continue sending").click()
    assert_everything_arrived_once(sender, hospital, sender.await_receipt())


def test_a_cancelled_upload_asks_first_deletes_what_arrived_and_keeps_the_choice(
    sender: SenderPage, hospital: Hospital, disc: Path
):
    line = begin(sender, disc, 1)
    sender.page.get_by_role("button", name="Cancel upload").click()
    sender.page.get_by_role("button", name="No, keep sending").click()
    sender.page.get_by_role("button", name="Cancel upload").click()
    sender.page.get_by_role("button", name="Yes, cancel").click()
    line.release()
    expect(sender.heading).to_contain_text("Send your images to")
    expect(sender.start_button).to_be_enabled()
    assert_everything_arrived_once(sender, hospital, sender.send())


def test_leaving_is_warned_of_while_sending_and_only_then(sender: SenderPage, hospital: Hospital, disc: Path):
    warnings: list[str] = []

    def stay(dialog) -> None:
        warnings.append(dialog.type)
        dialog.dismiss()

    sender.page.on("dialog", stay)
    line = begin(sender, disc, 1)
    sender.page.close(run_before_unload=True)
    sender.page.wait_for_timeout(500)
    assert warnings == ["beforeunload"]
    line.release()
    sender.await_receipt()
    sender.page.reload()
    assert warnings == ["beforeunload"]
