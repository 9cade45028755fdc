"""The first page is light: what sending needs comes later, and a broken line is no dead end."""

from playwright.sync_api import Page, expect

from tests.browser.discs import fresh_disc
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, SenderPage

PARTS = "**/assets/parts-*.js"


def test_what_sending_needs_is_fetched_before_the_start_and_not_before_something_is_chosen(
    page: Page, hospital: Hospital, tmp_path
):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/parts-" in request.url else None)
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite())
    assert asked == []
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    assert asked
    # From here on the line to the pages may break: nothing more of them is needed.
    page.route("**/assets/*.js", lambda route: route.abort())
    sender.consent()
    sender.send()


def test_a_choice_without_a_line_says_so_and_goes_on_when_it_is_back(
    page: Page, hospital: Hospital, tmp_path
):
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite())
    page.route(PARTS, lambda route: route.abort())
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=FOLDER).click()
    chooser.value.set_files(fresh_disc(tmp_path).folder)
    expect(sender.errors).to_contain_text("connection")
    expect(sender.heading).to_contain_text("Send your images to")
    page.unroute(PARTS)
    page.get_by_role("button", name="Try again").click()
    sender.await_looked_at()
    expect(sender.errors).to_have_count(0)
    sender.consent()
    sender.send()
