"""The vault: originals are sealed, found only by who asks on the record, and never confused."""

import secrets
from dataclasses import replace

import pytest
from sqlalchemy import select

from importal import audit, dicom, transfers, vault
from importal.dicom import IdentifierKind, Replacement
from importal.errors import ImportalError
from importal.site import Site
from tests.database.transfers.sending import everything_in_clear, make_instance

CLERK = audit.Actor("staff", "clerk")
KIND = IdentifierKind.PATIENT_ID


def replacement(original: str = "ÄB-12 34", pseudonym: str = "IM00000000000001", scope: bytes = b"a" * 32):
    return Replacement(KIND, original, pseudonym, scope)


def test_what_a_pseudonym_stands_for_comes_back_and_the_look_is_audited(site: Site):
    with site.database.transaction() as session:
        vault.remember(session, site, [replacement(), replacement()])
    with site.database.transaction() as session:
        vault.remember(session, site, [replacement()])
        found = vault.original_identifiers(session, site, ["IM00000000000001", "IMX"], CLERK, "study-1")
    assert [(item.kind, item.original) for item in found] == [(KIND, "ÄB-12 34")]
    with site.database.reading() as session:
        (message,) = audit.history(session, [audit.Subject("study", "study-1")])
    assert (message.actor_id, message.action, message.params) == (
        "clerk",
        "vault.identifiers_read",
        {"count": 1},
    )


def test_an_original_is_nowhere_in_clear(site: Site):
    with site.database.transaction() as session:
        vault.remember(session, site, [replacement("SECRET-NUMBER")])
    assert b"SECRET-NUMBER" not in everything_in_clear(site)
    assert "SECRET-NUMBER" not in repr(replacement("SECRET-NUMBER"))


@pytest.mark.parametrize("other", [{"original": "5678"}, {"scope": b"b" * 32}])
def test_a_pseudonym_that_would_stand_for_two_things_is_refused(site: Site, other):
    with site.database.transaction() as session:
        vault.remember(session, site, [replacement()])
    with (
        pytest.raises(ImportalError, match=r"dicom\.pseudonym_collision"),
        site.database.transaction() as session,
    ):
        vault.remember(session, site, [replacement(**other)])
    with site.database.reading() as session:
        collided = vault.collisions(session, site, [replacement(**other)])
        among = vault.collisions(session, site, [replacement("1", "IMY"), replacement("2", "IMY")])
    assert (collided, among) == ({"IM00000000000001"}, {"IMY"})


def test_a_number_is_found_as_it_is_typed_from_paper_and_the_search_is_audited(site: Site):
    with site.database.transaction() as session:
        vault.remember(session, site, [replacement()])
    with site.database.transaction() as session:
        assert vault.find(session, site, [KIND], " äb-12 34", CLERK) == ["IM00000000000001"]
        assert vault.find(session, site, [KIND], "äb-12", CLERK) == []
        assert vault.find(session, site, [IdentifierKind.ACCESSION_NUMBER], "ÄB-12 34", CLERK) == []
    with site.database.reading() as session:
        found = audit.history(session, [audit.Subject("vault", KIND.value)])
    assert [message.params["count"] for message in found] == [1, 0]


def test_a_row_says_under_which_key_version_its_pseudonym_was_made(site: Site):
    with site.database.transaction() as session:
        vault.remember(session, site, [replacement()])
    newer = replace(site, settings=site.settings.model_copy(update={"pseudonym_key_version": 2}))
    with site.database.transaction() as session:
        # The same number of the same person under the next key: another pseudonym, and no collision.
        vault.remember(session, newer, [replacement(pseudonym="IM00000000000002")])
        assert vault.find(session, newer, [KIND], "ÄB-12 34", CLERK) == [
            "IM00000000000001",
            "IM00000000000002",
        ]
    with site.database.reading() as session:
        rows = session.scalars(select(vault.VaultPseudonym).order_by(vault.VaultPseudonym.pseudonym))
        assert [row.key_version for row in rows] == [1, 2]


def test_the_engine_makes_pseudonyms_under_the_key_version_that_is_set(site: Site):
    newer = replace(site, settings=site.settings.model_copy(update={"pseudonym_key_version": 2}))
    assert transfers.profile(site).pseudonyms.key_version == 1
    assert transfers.profile(newer).pseudonyms.key_version == 2


@pytest.mark.parametrize("length", [100, vault.PATCH_IN_ROW_BYTES + 1])
def test_a_patch_restores_the_original_whether_it_lies_in_a_row_or_in_the_storage(site: Site, length):
    original = make_instance(1, OtherPatientIDs=secrets.token_hex(32), MedicalRecordLocator="x" * 40)
    profile = dicom.Profile(dicom.Pseudonyms(b"k" * 32), "IMPORTAL")
    neutralised = dicom.neutralise(original, profile)
    site.storage.write_all([("object", neutralised.chunks)])
    patch = vault.seal_patch(site, "group", "owner", "object", neutralised.reverse_patch)
    if length > vault.PATCH_IN_ROW_BYTES:
        patch = vault.KeptPatch("owner", "group", patch.sealed, "object.patch")
        site.storage.write_all([("object.patch", [patch.sealed])])
    with site.database.transaction() as session:
        vault.keep_patches(session, site, [patch])
    with site.database.transaction() as session:
        assert vault.restore_original(session, site, "owner", "object", CLERK) == original
    with site.database.transaction() as session:
        assert vault.forget_patches(session, "group") == ([patch.storage_key] if patch.storage_key else [])
        with pytest.raises(ImportalError, match="not_found"):
            vault.restore_original(session, site, "owner", "object", CLERK)


def test_a_large_patch_goes_into_the_storage(site: Site):
    small = vault.seal_patch(site, "group", "owner", "key", b"x" * 1000)
    large = vault.seal_patch(site, "group", "owner", "key", b"x" * vault.PATCH_IN_ROW_BYTES)
    assert (small.storage_key, large.storage_key) == (None, "key.patch")


def test_a_changed_object_is_not_passed_off_as_the_original(site: Site):
    neutralised = dicom.neutralise(make_instance(1), dicom.Profile(dicom.Pseudonyms(b"k" * 32), "IMPORTAL"))
    stored = bytearray(b"".join(neutralised.chunks))
    stored[-5] ^= 1
    site.storage.write_all([("object", [bytes(stored)])])
    patch = vault.seal_patch(site, "group", "owner", "object", neutralised.reverse_patch)
    with site.database.transaction() as session:
        vault.keep_patches(session, site, [patch])
        with pytest.raises(ImportalError, match=r"vault\.original_damaged"):
            vault.restore_original(session, site, "owner", "object", CLERK)
