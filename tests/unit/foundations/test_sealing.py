"""Seals keep secrets and notice every change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.sealing import OVERHEAD_BYTES, Keys, SealBroken

KEYS = Keys(b"k" * 32)
SEALER = KEYS.sealer("vault")


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_was_sealed_is_opened_at_its_place(plain: bytes, place: str):
    sealed = SEALER.seal(plain, place)
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert SEALER.open(sealed, place) == plain


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_changed_byte_breaks_the_seal(plain: bytes, data: st.DataObject):
    sealed = bytearray(SEALER.seal(plain, "here"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        SEALER.open(bytes(sealed), "here")


def test_a_sealed_text_opens_at_no_other_place_and_with_no_other_key():
    sealed = SEALER.seal(b"secret", "study 1")
    with pytest.raises(SealBroken):
        SEALER.open(sealed, "study 2")
    with pytest.raises(SealBroken):
        KEYS.sealer("files").open(sealed, "study 1")
    with pytest.raises(SealBroken):
        Keys(b"o" * 32).sealer("vault").open(sealed, "study 1")


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_a_long_object_is_sealed_in_pieces_and_opened_in_order(pieces: list[bytes]):
    sealed = b"".join(SEALER.seal_pieces(pieces, "object"))
    assert list(SEALER.open_pieces(sealed, "object")) == pieces


def test_pieces_that_are_cut_short_or_swapped_break_the_seal():
    pieces = list(SEALER.seal_pieces([b"one", b"two"], "object"))
    for damaged in (pieces[:1], [pieces[1], pieces[0], pieces[2]], pieces[:2], [*pieces, b"more"]):
        with pytest.raises(SealBroken):
            list(SEALER.open_pieces(b"".join(damaged), "object"))


def test_the_sealed_form_shows_nothing_of_the_text_and_never_repeats():
    first, second = (SEALER.seal_text("MUSTER^ANNA", "name") for _ in range(2))
    assert first != second
    assert b"MUSTER" not in first


def test_file_names_that_are_no_valid_unicode_survive():
    name = b"\xff\xfeIM0001".decode("utf-8", "surrogateescape")
    assert SEALER.open_text(SEALER.seal_text(name, "path"), "path") == name


def test_a_blind_index_is_the_same_for_the_same_value_and_tells_purposes_apart():
    assert KEYS.blind("patient_id", "12345") == KEYS.blind("patient_id", "12345")
    assert KEYS.blind("patient_id", "12345") != KEYS.blind("accession_number", "12345")


def test_keys_do_not_show_their_secret():
    assert "kkkk" not in repr(KEYS)
