"""A person at a real browser: what they click as senders and at the desk."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.journey.portal import PASSWORD, Portal
from tests.journey.proof import LocalPatient
from tests.peers import program, require_peer

ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE_MS = 120_000


@contextmanager
def browser_page() -> Iterator[Page]:
    """Yield a page of Chromium."""
    require_peer("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, ignore_https_errors=True)
        page.set_default_timeout(PATIENCE_MS)
        try:
            yield page
        finally:
            browser.close()


def send_disc(page: Page, portal: Portal, code: str, disc: Path, images: int) -> str:
    """Open the link, choose a disc, check, consent and upload; return the reference number."""
    page.goto("about:blank")
    page.goto(f"{portal.url}/#code={code}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="CD, DVD or folder").click()
    chooser.value.set_files(disc)
    expect(page.get_by_text(re.compile(rf"You have chosen: {images} images"))).to_be_visible(
        timeout=PATIENCE_MS
    )
    page.get_by_role("checkbox", name=re.compile("privacy policy")).check()
    page.get_by_role("checkbox", name=re.compile("shared with the hospital")).check()
    page.get_by_role("button", name=re.compile("Start upload")).click()
    expect(page.get_by_text("Your reference number", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    found = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", page.get_by_role("main").inner_text())
    assert found is not None
    return found.group()


def sign_in(page: Page, portal: Portal) -> None:
    """Sign in at the desk."""
    page.goto(f"{portal.url}/desk")
    page.get_by_label("User name").fill("desk")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def file_by_hand(page: Page, reference: str, local: LocalPatient) -> None:
    """Open the upload of this reference, type the local patient and order, and file the images."""
    row = page.get_by_role("row").filter(has_text=reference)
    expect(row).to_contain_text("Waiting", timeout=PATIENCE_MS)
    row.get_by_role("link").first.click()
    page.get_by_role("button", name="By hand").click()
    family, _, given = local.name.partition("^")
    page.get_by_label("Patient ID", exact=True).fill(local.patient_id)
    page.get_by_label("Issuer of Patient ID").fill(local.issuer)
    page.get_by_label("Family name").fill(family)
    page.get_by_label("Given names").fill(given)
    born = local.birth_date
    page.get_by_label("Birth date").fill(f"{born[:4]}-{born[4:6]}-{born[6:]}")
    page.get_by_label("Sex").select_option(local.sex)
    page.get_by_role("textbox", name="Accession Number").fill(local.accession_number)
    page.get_by_label(re.compile("this is the same person")).check()
    page.get_by_role("button", name=re.compile("^File")).click()
    expect(page.get_by_text("The PACS has every image and keeps it.")).to_be_visible(timeout=PATIENCE_MS)
