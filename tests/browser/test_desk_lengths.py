"""Names and texts of any length stay inside the pages of the desk, on a wide and on a narrow screen."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from importal import accounts, invitations
from importal.accounts import ActingPerson
from tests.browser.crowd import UNBROKEN, seed_longest
from tests.browser.hospital import TESTER, Hospital
from tests.browser.pages import DeskPage

WIDTHS = (1280, 390)


def clerk_of(hospital: Hospital) -> ActingPerson:
    """Return the clerk as the queries know them."""
    with hospital.built.site.database.reading() as session:
        account = accounts.find_account(session, "desk")
        assert account is not None
        return ActingPerson(account.id, account.username, account.display_name, account.institution_id)


def assert_nothing_sticks_out(page: Page) -> None:
    """Nothing is wider than the window, and no text runs out of the cell or box that it stands in."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    out = page.evaluate(
        """() => [...document.querySelectorAll('header, :is(main, dialog) :is(td, dd, li, h1, h2, .panel)')]
          .filter((box) => box.clientWidth > 0 && !box.closest('.visually-hidden'))
          .filter((box) => box.scrollWidth > box.clientWidth + 1)
          .map((box) => `${box.tagName}.${box.className} ${box.textContent.trim().slice(0, 30)}`)"""
    )
    assert out == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_longest_values_stay_inside_inbox_and_study(
    desk: DeskPage, hospital: Hospital, width: int
) -> None:
    study_id = seed_longest(hospital.built.site, clerk_of(hospital))
    desk.page.set_viewport_size({"width": width, "height": 900})
    desk.open_inbox()
    expect(desk.page.get_by_text(UNBROKEN).first).to_be_visible()
    assert_nothing_sticks_out(desk.page)
    desk.open_study(study_id)
    expect(desk.page.get_by_role("heading", name="History")).to_be_visible()
    mended = desk.page.get_by_role("region", name="Mended on arrival")
    expect(mended).to_contain_text("The beginning that marks a DICOM file was missing and was added.")
    expect(mended).to_contain_text("1 image")
    desk.page.get_by_role("button", name="Show original numbers").click()
    expect(desk.page.get_by_text("L" * 64)).to_be_visible()
    assert_nothing_sticks_out(desk.page)


def test_an_upload_is_found_by_the_number_on_paper_and_the_number_stays_out_of_the_address(
    desk: DeskPage, hospital: Hospital
) -> None:
    study_id = seed_longest(hospital.built.site, clerk_of(hospital))
    desk.open_inbox()
    desk.page.get_by_text("Find by a number of the other hospital").click()
    field = desk.page.get_by_label("Patient ID, Accession Number or Study ID")
    field.fill("nobody's number")
    field.press("Enter")
    expect(desk.page.get_by_role("heading", name="0 studies with this number")).to_be_visible()
    field.fill("l" * 64)
    field.press("Enter")
    found = desk.page.locator(f"details a[href$='{study_id}']")
    expect(found).to_be_visible()
    assert "lll" not in desk.page.url
    assert_nothing_sticks_out(desk.page)
    found.click()
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text(UNBROKEN)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_longest_label_stays_inside_the_list_of_invitations(
    desk: DeskPage, hospital: Hospital, width: int
) -> None:
    site = hospital.built.site
    with site.database.transaction() as session:
        wanted = invitations.NewInvitation(
            hospital.home_id, invitations.SenderKind.PATIENT, timedelta(days=3), UNBROKEN * 2
        )
        invitations.invite(session, site, wanted, TESTER)
    desk.page.set_viewport_size({"width": width, "height": 900})
    desk.page.goto(f"{hospital.url}/desk#/invitations")
    expect(desk.page.get_by_text(UNBROKEN * 2).first).to_be_visible()
    assert_nothing_sticks_out(desk.page)
