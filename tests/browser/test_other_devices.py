"""Devices that cannot open folders, as many phones: said first, with what works there instead."""

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.discs import fresh_disc
from tests.browser.hospital import Hospital
from tests.browser.pages import FILES, SenderPage


def test_a_phone_that_cannot_open_folders_says_so_first_and_sends_files_all_the_same(
    open_page: Open, hospital: Hospital, tmp_path
):
    page = open_page(viewport={"width": 320, "height": 700}, has_touch=True, is_mobile=True)
    page.add_init_script("delete HTMLInputElement.prototype.webkitdirectory")
    sender = SenderPage(page, hospital.url)
    code = hospital.invite()
    sender.open_link(code)
    notice = page.locator(".drop .notice")
    expect(notice).to_contain_text("continue on a computer")
    # The code itself is on the letter: an address with it would be read over the shoulder.
    expect(notice).to_contain_text(hospital.url)
    assert code not in notice.inner_text()
    expect(page.get_by_role("button", name="CD, DVD or folder")).to_have_count(0)
    files = page.get_by_role("button", name="Files or photos")
    assert notice.bounding_box()["y"] < files.bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    folder = fresh_disc(tmp_path).folder
    sender.choose(FILES, [path for path in folder.rglob("*") if path.is_file()])
    sender.consent()
    sender.send()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
