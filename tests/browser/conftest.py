"""One hospital, one browser; every test has a page and an invitation of its own."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from importal.demo.sample_documents import pdf
from tests.browser.hospital import Hospital, running_hospital
from tests.browser.pages import DeskPage, SenderPage
from tests.peers import program, require_peer

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MILLISECONDS = 20_000

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with running_hospital(tmp_path_factory.mktemp("hospital")) as hospital:
        yield hospital


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    require_peer("chromium")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        yield chromium
        chromium.close()


_ADDRESSES = count(1)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open pages in contexts of their own; what a page throws or its security policy blocks is a failure."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(**options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        options.setdefault("locale", "en-GB")
        # Everybody sends from home: guesses are counted per address.
        number = next(_ADDRESSES)
        headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"}
        context = browser.new_context(extra_http_headers=headers, **options)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: "Content Security Policy" in said.text and complaints.append(said.text)
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page()


@pytest.fixture
def sender(page: Page, hospital: Hospital) -> SenderPage:
    """The sender's page, opened with a fresh invitation."""
    sender = SenderPage(page, hospital.url)
    sender.open_link(hospital.invite())
    return sender


@pytest.fixture
def desk(open_page: Open, hospital: Hospital) -> DeskPage:
    """The desk with the clerk logged in."""
    page = open_page()
    page.context.add_cookies(
        [{"name": "importal_desk", "value": hospital.clerk.cookies["importal_desk"], "url": hospital.url}]
    )
    return DeskPage(page, hospital.url)


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A document of the sender."""
    path = tmp_path / "Letter.pdf"
    path.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    return path


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    """Three documents that lie beside the disc."""
    folder = tmp_path / "papers"
    folder.mkdir()
    paths = [folder / name for name in ("Letter A.pdf", "Letter B.pdf", "Letter C.pdf")]
    for path in paths:
        path.write_bytes(pdf(path.stem, ["Thank you for the referral."]))
    return paths
