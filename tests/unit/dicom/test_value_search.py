"""Where an original value still stands is found, in whatever writing, and only where it is a token."""

import time

import pytest
from tests.unit.dicom import samples

from importal import dicom
from importal.dicom.value_search import positions, searchable

OPAQUE = 0x00291020


def neutralised_with(profile, **changes):
    elements = samples.image() | {0x00290010: ("LO", "A MAKER")}
    elements |= {int(tag.removeprefix("x"), 16): value for tag, value in changes.items()}
    original = samples.part10(samples.as_list(elements))
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    assert dicom.restore(stored, neutralised.reverse_patch) == original
    return neutralised, stored


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("around", ["{}", "<id>{}</id>", "a {} b", "\n{}\0"])
def test_a_value_in_opaque_bytes_is_reported_in_every_writing(encoding, around, profile):
    raw = b"\1\2" + around.format("FOREIGN-0815").encode(encoding)
    neutralised, stored = neutralised_with(profile, x00291020=("OB", raw))
    assert neutralised.hits == ("(0029,1020)",)
    assert raw in stored


@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("around", ["X{}", "{}9", "0{}0"])
def test_a_part_of_a_longer_word_is_no_hit(encoding, around, profile):
    raw = around.format("FOREIGN-0815").encode(encoding)
    assert not neutralised_with(profile, x00291020=("OB", raw))[0].hits


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192"])
def test_a_value_with_an_umlaut_is_found_in_another_character_set(charset, encoding, profile):
    value = "Ä-0815".encode("latin-1" if charset == "ISO_IR 100" else "utf-8")
    changes = {"x00080005": ("CS", charset), "x00100020": ("LO", value)}
    raw = "<id>Ä-0815</id>".encode(encoding)
    assert neutralised_with(profile, **changes, x00291020=("OB", raw))[0].hits == ("(0029,1020)",)


@pytest.mark.parametrize("cut", [b"\\", b"\0", b"\r\n", b"\t"])
def test_text_behind_a_mark_is_a_value_of_its_own(cut, profile):
    changes = {"x00100020": ("LO", b"FIRST-001" + cut + b"LEFT-OVER9"), "x00104000": ("LT", "see LEFT-OVER9")}
    neutralised, stored = neutralised_with(profile, **changes)
    assert b"LEFT-OVER9" not in stored
    assert neutralised.replaced_text == ("(0010,4000)",)


def test_values_are_trimmed_and_short_ones_are_left_out():
    assert searchable([b" A-0001\r\n", b"AB\\C-0002", b"abc"]) == {b"A-0001", b"AB\\C-0002", b"C-0002"}
    assert positions(b"A-0001 A\0-\0\0\x30", {b"A-0001"}) == [0]


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_padding_at_the_end_of_the_data_set_becomes_zeros_of_the_same_length(syntax, profile, local):
    elements = samples.image() | {0xFFFCFFFC: ("OB", b"FOREIGN-0815 and more of an earlier file")}
    original = samples.part10(samples.as_list(elements), syntax)
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    assert dicom.restore(stored, neutralised.reverse_patch) == original
    assert not neutralised.hits
    padding = dicom.read_contents(stored).elements[-1]
    assert (padding.tag, bytes(padding.raw)) == (0xFFFCFFFC, bytes(40))
    assert dicom.explain(original, profile).elements[-1].reason is dicom.Reason.PADDING
    with pytest.raises(dicom.Refused) as refused:
        list(dicom.neutralise_stream([original], profile).chunks)
    assert refused.value.reason is dicom.RefusalReason.NEEDS_WHOLE_OBJECT


def test_many_values_are_found_as_few_are():
    buffer = b" ".join(f"<{number:05d}> x{number:05d} ".encode("utf-16-le") for number in range(300))
    buffer += b" ".join(f"({number:05d}) {number:05d}x".encode() for number in range(300)) + b"00299"
    values = [f"{number:05d}".encode() for number in range(0, 300, 2)]
    one_by_one = sorted({at for value in values for at in positions(buffer, {value})})
    assert positions(buffer, values) == one_by_one
    middle = (len(buffer) // 3, len(buffer) // 2)
    outside = sorted({at for value in values for at in positions(buffer, {value}, middle)})
    assert positions(buffer, values, middle) == outside
    assert 290 < len(one_by_one) < 310


def test_the_time_of_a_search_does_not_grow_with_the_number_of_values():
    buffer = bytes(range(256)) * 400
    started = time.process_time()
    positions(buffer, {f"VALUE-{number}".encode() for number in range(20_000)})
    assert time.process_time() - started < 1
