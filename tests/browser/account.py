"""Bookkeeping of an upload in the browser: what the page announced, what it left out, what came of it."""

import json
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from playwright.sync_api import Page, Request

from tests.browser.pages import SenderPage


@dataclass
class Announced:
    """The files that a page announced to the server, by path."""

    paths: dict[str, str] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        """Read along what the page announces from now on."""
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "PUT" and request.url.endswith("/files"):
            for file in json.loads(request.post_data or "{}")["files"]:
                self.paths[file["path"]] = file["role"]


def left_out(sender: SenderPage) -> dict[str, str]:
    """Return path → sentence of every file that the page does not send."""
    for summary in sender.verify.locator("details.harmless > summary, details.rest > summary").all():
        summary.click()
    return dict(
        sender.verify.evaluate(
            """panel => {
              const found = [];
              let sentence = '';
              for (const part of panel.querySelectorAll('.notice > p, .harmless > p, .paths li')) {
                const text = part.textContent.trim();
                if (part.matches('p')) sentence = text;
                else if (!part.closest('[aria-labelledby="damaged-heading"]')) found.push([text, sentence]);
              }
              return found;
            }"""
        )
    )


@dataclass(frozen=True)
class Outcome:
    """What the receipt says."""

    instances: int
    documents: int
    duplicates: int
    refused: dict[str, str]

    @property
    def files(self) -> int:
        """How many files the receipt accounts for."""
        return self.instances + self.documents + self.duplicates + len(self.refused)


def outcome(sender: SenderPage) -> Outcome:
    """Read the receipt on the page."""
    instances, documents = sender.received()
    text = sender.page.locator("main").inner_text()
    found = re.search(r"([\d,]+) images? (?:was|were) on the disc twice", text)
    duplicates = int(found.group(1).replace(",", "")) if found else 0
    refused = dict(
        line.split(": ", 1) for line in sender.page.locator(".notice.warning .paths li").all_inner_texts()
    )
    return Outcome(instances, documents, duplicates, refused)


def beginnings(path: str) -> set[str]:
    """Return the path and everything that it lies in: an archive is spoken of by its entries."""
    return {path, *(str(parent) for parent in PurePosixPath(path).parents)}
