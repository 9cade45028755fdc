"""The page speaks the sender's language: the browser's at first, then the chosen one, which is remembered."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.discs import fresh_disc
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, SenderPage
from tests.browser.test_accessibility import AXE, violations

GERMAN, ENGLISH = "Sprache dieser Seite", "Language of this page"


def test_a_browser_that_asks_for_german_gets_the_page_in_german(open_page: Open, hospital: Hospital):
    page = open_page(locale="de-AT")
    page.goto(hospital.url)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_label("Upload-Code")).to_be_visible()
    assert violations(page, AXE.read_text()) == []


def test_another_language_keeps_what_was_chosen_and_is_remembered(page: Page, hospital: Hospital, tmp_path):
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite())
    sender.choose(FOLDER, fresh_disc(tmp_path).folder)
    sender.verify.get_by_label("Comment (optional)").first.fill("Vor der Operation")
    page.get_by_label(ENGLISH).select_option("de")
    verify = page.get_by_role("region", name="Prüfen und hochladen")
    expect(verify).to_contain_text(re.compile("Computertomographie"))
    expect(verify.get_by_label("Bemerkung (freiwillig)").first).to_have_value("Vor der Operation")
    assert violations(page, AXE.read_text()) == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_label(GERMAN)).to_have_value("de")
    expect(page.locator("h1")).to_contain_text("Senden Sie Ihre Bilder")


def test_a_language_that_cannot_be_loaded_leaves_the_page_as_it_is(page: Page, hospital: Hospital):
    page.goto(hospital.url)
    page.route("**/assets/first-de-*.js", lambda route: route.abort())
    page.get_by_label(ENGLISH).select_option("de")
    expect(page.get_by_role("alert")).to_contain_text("internet connection")
    expect(page.get_by_label("Upload code", exact=True)).to_be_visible()
    expect(page.get_by_label(ENGLISH)).to_have_value("en")
