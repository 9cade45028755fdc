"""What a sender and a clerk do in the browser, in their words: labels and buttons, never inner parts."""

import re
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

FOLDER, FILES, ZIP = "CD, DVD or folder", "Files or photos", "ZIP file"
ABDOMEN = re.compile("CT scan, 18 September 2024")
HEAD = re.compile("2 October 2024")
KNEE = re.compile("3 October 2024")
PRIVACY = "I have read the privacy policy and agree to it."
ARRIVAL_MILLISECONDS = 90_000


class SenderPage:
    """The sender's page, once a code has opened it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open_link(self, code: str) -> None:
        """Follow the link of the invitation."""
        self.page.goto(f"{self.url}/#code={code}")
        expect(self.heading).to_contain_text("Send your images to")

    def enter(self, code: str) -> None:
        """Type the code on the first page."""
        self.page.goto(self.url)
        self.page.get_by_label("Upload code").fill(code)
        self.page.get_by_role("button", name="Continue").click()

    @property
    def heading(self) -> Locator:
        return self.page.locator("h1")

    @property
    def verify(self) -> Locator:
        """The second panel."""
        return self.page.get_by_role("region", name="Verify and upload")

    @property
    def errors(self) -> Locator:
        """The error summary at the top of the page."""
        return self.page.get_by_role("alert").filter(has_text="There is a problem")

    @property
    def unassigned(self) -> Locator:
        """The panel of documents that belong to no study yet."""
        return self.page.get_by_role(
            "region", name="Please add the following files to a study or remove them"
        )

    @property
    def state(self) -> Locator:
        """What is said beside the progress while sending."""
        return self.page.locator("p.state")

    @property
    def start_button(self) -> Locator:
        return self.page.get_by_role("button", name="Start upload")

    def choose(self, way: str, what: Path | Sequence[Path]) -> None:
        """Choose with the button of that name, and wait until everything was looked at."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=way).click()
        chooser.value.set_files(what)
        self.await_looked_at()

    def await_looked_at(self) -> None:
        """Wait until all chosen files have been looked at."""
        expect(self.page.locator("progress#scanning")).to_have_count(0, timeout=ARRIVAL_MILLISECONDS)
        expect(self.verify).to_be_visible()

    def study(self, name: str | re.Pattern[str]) -> Locator:
        """The panel of a study, by its heading."""
        return self.page.get_by_role("article", name=name)

    def fact(self, panel: Locator, name: str) -> Locator:
        """The value beside the name of a fact, for instance Study date."""
        row = panel.locator("dl.facts > div").filter(
            has=self.page.locator("dt", has_text=re.compile(f"^{re.escape(name)}$"))
        )
        return row.locator("dd").first

    def consent(self) -> None:
        """Tick both boxes."""
        self.page.get_by_label(PRIVACY).check()
        self.sharing.check()

    @property
    def sharing(self) -> Locator:
        return self.page.get_by_label(re.compile("I agree that the selected images"))

    def send(self) -> str:
        """Start the upload and wait for the receipt; return its reference number."""
        self.start_button.click()
        return self.await_receipt()

    def await_receipt(self) -> str:
        """Wait until the images have arrived; return the reference number."""
        expect(self.heading).to_contain_text("Your images have arrived", timeout=ARRIVAL_MILLISECONDS)
        return self.page.locator(".reference").inner_text()

    def received(self) -> tuple[int, int]:
        """How many images and documents the receipt counts in all."""
        cells = self.page.locator("tr.total td")
        images, documents = (int(text.replace(",", "")) for text in cells.all_inner_texts())
        return images, documents


class DeskPage:
    """The desk in the browser."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def log_in(self, username: str, password: str) -> None:
        """Log in at the first page of the desk."""
        self.page.goto(f"{self.url}/desk")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def open_inbox(self) -> None:
        """Go to the inbox with the session that the browser already has."""
        self.page.goto(f"{self.url}/desk")
        expect(self.page.get_by_role("heading", name="Inbox")).to_be_visible()

    def open_study(self, study_id: str) -> None:
        """Open a study by its address."""
        self.page.goto(f"{self.url}/desk#/studies/{study_id}")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def line(self, reference: str) -> Locator:
        """The line of an upload in the inbox."""
        return self.page.get_by_role("row").filter(has_text=reference)
