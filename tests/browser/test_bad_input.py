"""Bad input in a real browser: each file is named with a sentence, good ones arrive, nothing falls over."""

import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account import Announced, beginnings, left_out, outcome
from tests.browser.hospital import Hospital
from tests.browser.pages import FILES, FOLDER, SenderPage
from tests.corpus import corpus_path

MEGABYTE = 1_000_000
MOST_RESIDENT = 600 * MEGABYTE
LONGEST_SILENCE_MILLISECONDS = 2_000
# Words that mean something to engineers only; a patient must not need them.
JARGON = re.compile(
    r"\b(exception|traceback|undefined|null|NaN|parse|UID|error code|\w+\.\w+_\w+|[45]\d\d)\b"
)
WATCH_THE_PAGE = """() => {
  window.longestSilence = 0;
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    window.longestSilence = Math.max(window.longestSilence, now - last);
    last = now;
  }, 10);
}"""


def archives(*kinds: str) -> list[Path]:
    """Return the hostile archives whose names begin so."""
    folder = corpus_path("archives", "hostile")
    return sorted(path for path in folder.iterdir() if path.name[0] in kinds and path.suffix != ".tsv")


def include_everything(sender: SenderPage) -> None:
    """Tick every person, and add every document to the first study."""
    group = sender.page.get_by_role("group", name=re.compile("different people"))
    if group.count():
        for box in group.get_by_role("checkbox").all():
            box.check()
    if sender.unassigned.count():
        sender.unassigned.get_by_role("button", name="Select all", exact=True).click()
        sender.unassigned.get_by_label(re.compile("Add selected files")).select_option(index=1)


def refuse_passwords(page: Page) -> None:
    """Answer each question for a password by going on without the file."""
    button = page.get_by_role("button", name="Continue without this file")
    page.add_locator_handler(page.locator("dialog[open]"), lambda _dialog: button.click(), no_wait_after=True)


def choose_and_watch(sender: SenderPage, hospital: Hospital, what: Path | Sequence[Path], way: str) -> None:
    """Choose, while the page has to answer all the time."""
    refuse_passwords(sender.page)
    sender.page.evaluate(WATCH_THE_PAGE)
    sender.choose(way, what)
    # Any action lets the handler answer what is asked.
    sender.page.locator("h1").click()
    sender.await_looked_at()
    silence = sender.page.evaluate("window.longestSilence")
    assert silence < LONGEST_SILENCE_MILLISECONDS, f"the page did not answer for {silence:.0f} ms"


def assert_sentences(sentences: Sequence[str]) -> None:
    """Every sentence is one that a patient can read."""
    for sentence in sentences:
        assert len(sentence) > 20, sentence
        assert not JARGON.search(sentence), sentence


def assert_web_is_well(hospital: Hospital) -> None:
    assert hospital.portal.is_running("web")
    assert hospital.resident_bytes_of_web() < MOST_RESIDENT


def test_a_folder_without_dicom_says_what_to_do_and_cannot_be_sent(sender: SenderPage, tmp_path: Path):
    for number in range(3):
        (tmp_path / f"SETUP{number}.EXE").write_bytes(b"MZ" + bytes(500))
    (tmp_path / "index.html").write_text("<html>viewer</html>")
    sender.choose(FOLDER, tmp_path)
    expect(sender.errors).to_contain_text("We found no medical images here.")
    expect(sender.errors).to_contain_text("Please choose the whole disc or another folder.")
    expect(sender.start_button).to_have_count(0)
    assert len(left_out(sender)) == 4


def test_documents_alone_say_what_is_missing_and_cannot_be_sent(sender: SenderPage, letter: Path):
    sender.choose(FILES, letter)
    expect(sender.errors).to_contain_text(
        "You can only upload non-DICOM files if you also upload at least one"
    )
    expect(sender.start_button).to_be_disabled()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("unknown", "We do not know this upload code. Please check it for typing mistakes"),
        ("expired", "This upload code has expired. Please ask the hospital for a new one."),
        ("revoked", "The hospital has withdrawn this upload code. Please ask for a new one."),
        ("empty", "Please enter your upload code."),
    ],
)
@pytest.mark.parametrize("way", ["typed", "link"])
def test_a_code_that_opens_nothing_is_answered_with_what_to_do(
    page: Page, hospital: Hospital, kind: str, sentence: str, way: str
):
    code = {
        "unknown": lambda: "K7QF-2MXR-9TBD",
        "expired": lambda: hospital.invite(valid_for=timedelta(seconds=-1)),
        "revoked": lambda: hospital.invite(revoked=True),
        "empty": lambda: "",
    }[kind]()
    sender = SenderPage(page, hospital.url)
    if way == "typed" or not code:
        sender.enter(code)
    else:
        page.goto(f"{hospital.url}/#code={code}")
    expect(sender.errors).to_contain_text(sentence)
    expect(sender.errors).to_be_focused()
    box = page.get_by_label("Upload code")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert box.input_value() == code, "what was typed stays"


def test_every_malformed_file_among_good_ones_arrives_or_is_named(sender: SenderPage, hospital: Hospital):
    announced = Announced()
    announced.watch(sender.page)
    disc, malformed = hospital.one_patient.folder, corpus_path("malformed")
    choose_and_watch(sender, hospital, disc, FOLDER)
    choose_and_watch(sender, hospital, malformed, FOLDER)
    include_everything(sender)
    aside = left_out(sender)
    assert sender.page.evaluate("document.documentElement.scrollHeight") < 150_000, "no name takes the page"
    sender.consent()
    sender.send()
    chosen = {
        str(path.relative_to(root.parent))
        for root in (disc, malformed)
        for path in root.rglob("*")
        if path.is_file()
    }
    assert chosen == set(announced.paths) | set(aside)
    assert not set(announced.paths) & set(aside)
    receipt = outcome(sender)
    assert receipt.files == len(announced.paths)
    good = [path for path in announced.paths if path.startswith(disc.name)]
    assert len(good) == hospital.one_patient.instances + hospital.one_patient.documents
    assert not set(good) & set(receipt.refused)
    assert_sentences([*aside.values(), *receipt.refused.values()])
    assert_web_is_well(hospital)


# What cannot be opened, or not whole, must be spoken of.
NAMED = set(
    "b01 b02 b03 b04 b05 b07 b08 b09 b10 e01 e02 e03 e04 l01 l02 l03 l04 r01 r02 r03 "
    "x01 x02 x03 x04 x05 x07 x08 x10 x13 x14 x15 x16 x19".split()
)
# Sound images that lie in odd archives: so many must be found in each.
HOLDS = {
    "b06": 1, "e02": 1, "l01": 1, "l02": 1, "l03": 1, "l05": 6 - 4, "n01": 3, "n02": 3, "n03": 2, "n04": 4,
    "n06": 8, "n07": 6, "n08": 8, "n10": 6, "n11": 1, "n12": 4, "n14": 4, "n15": 2, "n16": 5, "p01": 1,
    "x04": 1, "x06": 8, "x11": 1, "x17": 3, "x18": 2, "h01": 1, "h02": 2, "t01": 1, "t02": 1, "t05": 1,
}  # fmt: skip


def assert_all_accounted_for(chosen: Sequence[Path], announced: Announced, aside: dict[str, str]) -> None:
    sent = Counter(part for path in announced.paths for part in beginnings(path))
    left = Counter(part for path in aside for part in beginnings(path))
    assert not {path.name for path in chosen} - set(sent) - set(left)
    for path in chosen:
        number = path.name[:3]
        if number in NAMED:
            assert left[path.name], f"{path.name} is not spoken of"
        assert sent[path.name] >= HOLDS.get(number, 0), path.name


def written_names(hospital: Hospital) -> set[str]:
    return {path.name for path in hospital.portal.folder.parent.rglob("*")}


def test_every_hostile_archive_among_good_files_is_opened_or_named(sender: SenderPage, hospital: Hospital):
    send_archives(sender, hospital, [archives(*"behlnprtx")])


def test_hostile_archives_chosen_one_batch_after_the_other_are_opened_or_named(
    sender: SenderPage, hospital: Hospital
):
    send_archives(sender, hospital, [archives(*kinds) for kinds in ("behl", "npr", "tx")])


def send_archives(sender: SenderPage, hospital: Hospital, batches: Sequence[Sequence[Path]]) -> None:
    """Send a good disc and all archives; what arrives and what is said must account for everything."""
    announced = Announced()
    announced.watch(sender.page)
    choose_and_watch(sender, hospital, hospital.one_patient.folder, FOLDER)
    for batch in batches:
        choose_and_watch(sender, hospital, batch, FILES)
    include_everything(sender)
    aside = left_out(sender)
    sender.consent()
    started = time.monotonic()
    sender.send()
    assert time.monotonic() - started < 60
    assert_all_accounted_for([path for batch in batches for path in batch], announced, aside)
    receipt = outcome(sender)
    assert receipt.files == len(announced.paths)
    good = {path for path in announced.paths if path.startswith(hospital.one_patient.folder.name)}
    assert len(good) >= hospital.one_patient.instances
    assert not good & set(receipt.refused)
    assert_sentences([*aside.values(), *receipt.refused.values()])
    assert_web_is_well(hospital)
    assert not {name for name in written_names(hospital) if "corpus" in name or "slip" in name}
