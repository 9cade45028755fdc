"""On a slow line the page sends fewer bytes than the images have, and loads what makes them only then."""

import io
import math
import random
from array import array
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page, Request

from tests.browser.pages import FOLDER, SenderPage
from tests.database.transfers.sending import make_instance

IMAGES, EDGE = 24, 384
BYTES_PER_SECOND = 1_500_000


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """Slices of 12 bits in 16, soft and with a little noise, as scanners make them."""
    folder, chance = tmp_path / "disc", random.Random(11)
    folder.mkdir()
    row = [int(1200 + 700 * math.sin(column / 40)) for column in range(EDGE)]
    for number in range(IMAGES):
        pixels = array("H")
        for line in range(EDGE):
            rise = int(300 * math.cos((line + number) / 30))
            pixels.extend(value + rise + chance.getrandbits(3) for value in row)
        image = pydicom.dcmread(io.BytesIO(make_instance(number + 1, study=4242)))
        image.Rows = image.Columns = EDGE
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
        image.PixelData = pixels.tobytes()
        image.save_as(folder / f"IM{number:03}.dcm", enforce_file_format=True)
    return folder


def test_a_slow_line_carries_coded_frames(page: Page, sender: SenderPage, disc: Path):
    packs: list[Request] = []
    loaded: list[str] = []

    def note(request: Request) -> None:
        loaded.append(request.url)
        if request.url.endswith("/packs"):
            packs.append(request)

    page.context.on("request", note)
    sender.choose(FOLDER, disc)
    sender.consent()
    assert not [url for url in loaded if "/coder" in url or "/worker" in url or url.endswith(".wasm")]
    line = page.context.new_cdp_session(page)
    conditions = {"offline": False, "latency": 20, "downloadThroughput": -1}
    line.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": BYTES_PER_SECOND})
    sender.send()
    assert sender.received() == (IMAGES, 0)
    sent = sum(int(request.all_headers().get("content-length", 0)) for request in packs)
    assert 0 < sent < 0.8 * sum(file.stat().st_size for file in disc.iterdir())
    assert any("/coder" in url for url in loaded)
    assert any("charlswasm" in url for url in loaded)
