"""The browser itself dies in the middle: opened again, it sends what had not arrived, and nothing else."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, Request

from tests.browser.conftest import ARGUMENTS
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, SenderPage
from tests.browser.test_interruptions import assert_everything_arrived_once, begin
from tests.corpus import corpus_path
from tests.peers import program


@contextmanager
def chromium_of_its_own(browser: Browser, profile: Path, sent: list[int]) -> Iterator[Page]:
    """Yield a page of a browser that keeps a profile and may be killed; note the sizes of its packs."""
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=program("chromium"), args=ARGUMENTS, locale="en-GB"
    )
    page = context.pages[0]
    page.set_default_timeout(20_000)

    def note(request: Request) -> None:
        if request.url.endswith("/packs"):
            sent.append(len(request.post_data_buffer or b""))

    # What a page sends from a file is only told where it is routed.
    page.route("**/packs", lambda route: route.continue_())
    page.on("request", note)
    try:
        yield page
    finally:
        try:
            context.close()
        except Error:
            # It was killed.
            assert main_process(profile) is None


def main_process(profile: Path) -> int | None:
    """Return the browser's first process: the one with this profile that is of no further type."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in line and not any(x.startswith(b"--type=") for x in line):
            return int(entry.parent.name)
    return None


def test_a_browser_that_is_killed_and_opened_again_sends_only_what_had_not_arrived(
    browser: Browser, hospital: Hospital, tmp_path: Path
):
    disc = corpus_path("cd", "pacs-export-pet-seg")
    total = sum(path.stat().st_size for path in disc.rglob("*") if path.is_file())
    profile, code = tmp_path / "profile", hospital.invite()
    before: list[int] = []
    after: list[int] = []
    with chromium_of_its_own(browser, profile, before) as page:
        sender = SenderPage(page, hospital.url)
        sender.open_link(code)
        begin(sender, disc, 3)
        process = main_process(profile)
        assert process is not None
        os.kill(process, signal.SIGKILL)
    with chromium_of_its_own(browser, profile, after) as page:
        sender = SenderPage(page, hospital.url)
        sender.open_link(code)
        sender.choose(FOLDER, disc)
        sender.consent()
        reference = sender.send()
        assert_everything_arrived_once(sender, hospital, reference)
    assert before[0] > 0
    assert 0 < sum(after) < total - before[0], "what had arrived is not sent again"
