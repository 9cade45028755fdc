"""Every state of both pages: no violation that axe knows, no sideways scrolling, and keys alone suffice."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open
from tests.browser.hospital import Hospital
from tests.browser.pages import FOLDER, PRIVACY, DeskPage, SenderPage
from tests.browser.sender_states import (
    SENDER_STATES,
    State,
    check_two_patients_with_documents_to_assign,
)
from tests.corpus import REPOSITORY

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
NARROWEST = 320
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The only ones of them that a colour scheme can break: nothing but colours depends on it.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
LOOKS = [
    (1280, "light", RULES),
    (1280, "dark", COLOUR_RULES),
    (390, "dark", COLOUR_RULES),
    (390, "light", RULES),
]


@pytest.fixture(scope="session")
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page, axe: str, rules: Sequence[str] = RULES) -> list[str]:
    """Return what axe finds, one line per rule, with the first element that breaks it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)",
        list(rules),
    )
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:150]} {one['nodes'][0]['failureSummary']}" for one in found
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels the page can be scrolled sideways."""
    scrolled: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return scrolled


def examine(page: Page, axe: str) -> None:
    """Look at the page as it stands, in every look."""
    problems = []
    for width, scheme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        problems += [f"{width} px, {scheme}: {problem}" for problem in violations(page, axe, rules)]
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    if sideways(page) > 0:
        problems.append(f"{NARROWEST} px: {sideways(page)} px too wide")
    assert problems == []


def test_the_examination_itself_finds_what_is_wrong(page: Page, hospital: Hospital, axe: str):
    page.goto(hospital.url)
    expect(page.locator("h1")).to_be_visible()
    page.evaluate(
        """() => {
          document.querySelector('h1').innerHTML = '<img src="x.png"><span id="pale">text</span>';
          document.getElementById('pale').style.color = '#bbbbbb';
          document.querySelector('main').style.minWidth = '2000px';
        }"""
    )
    found = {line.split(":")[0] for line in violations(page, axe)}
    assert {"image-alt", "color-contrast"} <= found
    assert {line.split(":")[0] for line in violations(page, axe, COLOUR_RULES)} == {"color-contrast"}
    assert sideways(page) > 0


@pytest.mark.parametrize("state", SENDER_STATES, ids=lambda state: state.__name__)
def test_the_senders_page_has_no_violation_in_any_look(
    page: Page, hospital: Hospital, axe: str, state: State
):
    state(page, hospital)
    examine(page, axe)


def send_two_patients(page: Page, hospital: Hospital) -> dict[str, Any]:
    """Send a disc with two patients and its documents; return the upload as the desk sees it."""
    check_two_patients_with_documents_to_assign(page, hospital)
    sender = SenderPage(page, hospital.url)
    sender.unassigned.get_by_text("Photo 1.jpg").click()
    sender.unassigned.get_by_label("Add selected files (2) to study").select_option(index=1)
    sender.consent()
    return hospital.await_upload(sender.send())


@pytest.fixture(scope="module")
def received(browser: Browser, hospital: Hospital) -> dict[str, Any]:
    """An upload with two studies that waits at the desk; the states below leave it as it is."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    upload = send_two_patients(context.new_page(), hospital)
    context.close()
    return upload


def log_in(desk: DeskPage, _upload: dict[str, Any]) -> None:
    desk.page.context.clear_cookies()
    desk.page.goto(f"{desk.url}/desk")
    expect(desk.page.get_by_label("Password")).to_be_visible()


def log_in_refused(desk: DeskPage, upload: dict[str, Any]) -> None:
    log_in(desk, upload)
    desk.page.get_by_role("button", name="Log in").click()
    expect(desk.page.get_by_role("alert")).to_be_visible()


def inbox(desk: DeskPage, upload: dict[str, Any]) -> None:
    desk.open_inbox()
    expect(desk.line(upload["reference"]).first).to_be_visible()


def keys_dialog(desk: DeskPage, upload: dict[str, Any]) -> None:
    inbox(desk, upload)
    desk.page.get_by_role("button", name="Keys").click()
    expect(desk.page.get_by_role("dialog")).to_be_visible()


def study(desk: DeskPage, upload: dict[str, Any]) -> None:
    desk.open_study(upload["studies"][0]["id"])
    expect(desk.page.get_by_role("radio").first).to_be_visible()


def matching(desk: DeskPage, upload: dict[str, Any]) -> None:
    study(desk, upload)
    desk.page.get_by_role("radio").first.check()
    expect(desk.page.get_by_role("heading", name="3. Check and file")).to_be_visible()


def matching_by_hand(desk: DeskPage, upload: dict[str, Any]) -> None:
    study(desk, upload)
    desk.page.get_by_role("button", name="By hand").click()
    desk.page.get_by_label("Patient ID", exact=True).fill("H1")
    desk.page.get_by_label("Family name").fill("Otherwise")
    expect(desk.page.get_by_role("heading", name="3. Check and file")).to_be_visible()


def matching_by_search(desk: DeskPage, upload: dict[str, Any]) -> None:
    study(desk, upload)
    desk.page.get_by_role("button", name="Search", exact=True).click()
    desk.page.get_by_role("button", name="Search in the PACS").click()
    expect(desk.page.get_by_role("alert")).to_be_visible()


def rejecting(desk: DeskPage, upload: dict[str, Any]) -> None:
    study(desk, upload)
    desk.page.get_by_text("Reject this study …").click()
    desk.page.get_by_role("button", name=re.compile("^Reject .* nothing is delivered")).click()
    expect(desk.page.get_by_role("alert")).to_be_visible()


def invitations(desk: DeskPage, _upload: dict[str, Any]) -> None:
    desk.page.goto(f"{desk.url}/desk#/invitations")
    expect(desk.page.get_by_role("heading", name="New invitation")).to_be_visible()


def letter_of_an_invitation(desk: DeskPage, upload: dict[str, Any]) -> None:
    invitations(desk, upload)
    desk.page.get_by_label("Label (optional)").fill("Knee before operation")
    desk.page.get_by_role("button", name="Create invitation").click()
    expect(desk.page.get_by_role("heading", name="Send us your images over the internet")).to_be_visible()


DESK_STATES = [
    log_in, log_in_refused, inbox, keys_dialog, study, matching, matching_by_hand, matching_by_search,
    rejecting, invitations, letter_of_an_invitation,
]  # fmt: skip


@pytest.mark.parametrize("state", DESK_STATES, ids=lambda state: state.__name__)
def test_the_desk_has_no_violation_in_any_look(
    desk: DeskPage, received: dict[str, Any], axe: str, state: Callable[[DeskPage, dict[str, Any]], None]
):
    state(desk, received)
    examine(desk.page, axe)


def test_a_rejected_and_a_delivered_study_have_no_violation_in_any_look(
    desk: DeskPage, hospital: Hospital, page: Page, axe: str
):
    check_two_patients_with_documents_to_assign(page, hospital)
    sender = SenderPage(page, hospital.url)
    sender.unassigned.get_by_role("button", name="Select all", exact=True).click()
    sender.unassigned.get_by_role("button", name="Remove 2 selected files").click()
    sender.consent()
    first, second = hospital.await_upload(sender.send())["studies"]
    body = {"reason": "not_requested", "note": "Nobody asked for it."}
    assert hospital.clerk.post(f"/api/desk/studies/{first['id']}/rejection", json=body).status_code == 200
    desk.open_study(first["id"])
    expect(desk.page.get_by_role("heading", name="This study has been rejected")).to_be_visible()
    examine(desk.page, axe)
    hospital.file_under_suggestion(second["id"])
    desk.page.set_viewport_size({"width": 1280, "height": 900})
    desk.open_study(second["id"])
    expect(desk.page.get_by_text("The PACS has every image and keeps it.")).to_be_visible(timeout=60_000)
    examine(desk.page, axe)


def press_until_focused(page: Page, key: str, wanted: Any, most: int = 80) -> None:
    """Press a key until the wanted element has the focus; a person would do the same."""
    for _ in range(most):
        if wanted.count() and wanted.first.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{wanted} was not reached with {key}")


def test_a_sender_goes_from_the_code_to_the_receipt_with_keys_alone(page: Page, hospital: Hospital):
    # The browser has to know beforehand that somebody listens; a key is pressed faster than it is told.
    page.on("filechooser", lambda _chooser: None)
    page.goto(hospital.url)
    press_until_focused(page, "Tab", page.get_by_label("Upload code"))
    page.keyboard.type(hospital.invite())
    page.keyboard.press("Enter")
    sender = SenderPage(page, hospital.url)
    expect(sender.heading).to_be_focused()
    press_until_focused(page, "Tab", page.get_by_role("button", name=FOLDER))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(hospital.two_patients.folder)
    sender.await_looked_at()
    for box in page.get_by_role("group", name=re.compile("2 different people")).get_by_role("checkbox").all():
        press_until_focused(page, "Tab", box)
        page.keyboard.press("Space")
    press_until_focused(page, "Tab", sender.unassigned.get_by_role("button", name="Select all"))
    page.keyboard.press("Enter")
    press_until_focused(page, "Tab", sender.unassigned.get_by_label(re.compile("Add selected files")))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(sender.unassigned).to_have_count(0)
    for box in (page.get_by_label(PRIVACY), sender.sharing):
        press_until_focused(page, "Tab", box)
        page.keyboard.press("Space")
    press_until_focused(page, "Tab", sender.start_button)
    page.keyboard.press("Enter")
    sender.await_receipt()
    expect(sender.heading).to_be_focused()
    assert sender.received() == (34, 2)


def test_a_clerk_decides_with_keys_alone(open_page: Open, hospital: Hospital):
    received = send_two_patients(open_page(), hospital)
    page = open_page()
    page.goto(f"{hospital.url}/desk")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("desk")
    page.keyboard.press("Tab")
    page.keyboard.type(hospital.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search by name or reference")).to_be_focused()
    page.keyboard.type(received["reference"])
    expect(page.get_by_role("row")).to_have_count(3)
    press_until_focused(page, "Tab", page.locator("a[data-study]"))
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Match with the right patient")).to_be_visible()
    expect(page.get_by_role("radio").first).to_be_visible()
    page.keyboard.press("1")
    order = page.get_by_role("radio", name=re.compile("No order"))
    press_until_focused(page, "Tab", page.get_by_role("group", name="Order").get_by_role("radio"))
    for _ in range(6):
        if order.is_checked():
            break
        page.keyboard.press("ArrowDown")
    expect(order).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name=re.compile("^File .* without an order"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Filed under")).to_be_visible()
