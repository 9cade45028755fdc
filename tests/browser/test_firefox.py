"""A second engine: the sender's whole way in Firefox, from the typed code to what became of the images."""

from pathlib import Path

from tests.browser.discs import fresh_disc
from tests.browser.firefox import running_firefox
from tests.browser.hospital import Hospital

HAS_ARRIVED = "document.querySelector('h1').innerText.includes('Your images have arrived')"
IS_SHUT = (
    "[...document.querySelectorAll('button')].find((one) => /Start upload/.test(one.innerText)).disabled"
)


def files_of(disc: Path) -> list[Path]:
    """Return all files: a folder itself cannot be handed to Firefox from outside."""
    return sorted(path for path in disc.rglob("*") if path.is_file())


def test_in_firefox_the_files_of_a_disc_are_chosen_checked_and_sent_and_their_state_is_shown(
    hospital: Hospital, tmp_path: Path
):
    disc = fresh_disc(tmp_path / "discs")
    with running_firefox(tmp_path / "firefox") as page:
        page.open(hospital.url)
        page.type("#upload-code", hospital.invite().lower())
        page.click("button", "Continue")
        page.await_text("where are your images?")
        page.set_files("input[webkitdirectory]", files_of(disc.folder))
        page.await_text(f"You have chosen: {disc.instances} images")
        page.await_text("CT scan, 18 September 2024")
        page.await_text("12 March 1947")
        assert page.evaluate(IS_SHUT)

        page.click("label", "I have read the privacy policy")
        page.click("label", "I agree that the selected images")
        page.click("button", "Start upload")
        page.await_true("the receipt is shown", HAS_ARRIVED)
        reference = page.evaluate("document.querySelector('.reference').innerText")
        cells = page.evaluate("document.querySelector('tr.total').innerText")
        assert cells.split()[-2:] == [str(disc.instances), str(disc.documents)]

        hospital.await_upload(reference)
        page.click("button", "See what became of them")
        page.await_text(f"Reference number {reference}")
        page.await_text(f"{disc.instances} images, {disc.documents} document")
        assert page.complaints == []
