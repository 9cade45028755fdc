"""Sequences in forms that the standard does not know: identifiers are replaced, or the object is refused."""

import dataclasses

import pytest
from tests.unit.dicom import samples

from importal import dicom

HIDDEN = "HIDDEN-4711"
PATIENT = [(0x00100020, "LO", HIDDEN), (0x00100021, "LO", "CLINIC-B")]
NESTED = [[(0x00081110, "SQ", [PATIENT]), (0x00091010, "SQ", [PATIENT])]]
LAYOUTS = [
    pytest.param(
        samples.Layout(explicit, order, defined), id=f"explicit={explicit} {order} defined={defined}"
    )
    for explicit in (True, False)
    for order in "<>"
    for defined in (True, False)
]


def object_with(tag, vr, items, layout, syntax="explicit"):
    """Return a file in which the items, written in one layout, are the plain value of an element."""
    raw = samples.sequence(tag, items, layout)[12 if layout.explicit else 8 :]
    raw = raw if layout.defined else raw[:-8]  # without the delimiter: the length is that of the items
    elements = samples.image() | {
        0x00090010: ("LO", "A MAKER"),
        0x00290010: ("LO", "A MAKER"),
        tag: (vr, raw),
    }
    return samples.part10(samples.as_list(elements), syntax)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
@pytest.mark.parametrize("vr", ["UN", "OB", "OW", "UT"])
def test_identifiers_in_a_sequence_that_is_written_as_bytes_are_replaced(vr, syntax, layout, profile, local):
    original = object_with(0x00291010, vr, NESTED, layout, syntax)
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    assert HIDDEN.encode() not in stored
    assert b"CLINIC-B" not in stored
    assert not neutralised.repairs
    assert dicom.restore(stored, neutralised.reverse_patch) == original
    kinds = [
        each.original for each in neutralised.replacements if each.kind is dicom.IdentifierKind.PATIENT_ID
    ]
    assert sorted(kinds) == ["FOREIGN-0815", HIDDEN]
    assert not dicom.neutralise(stored, profile).repairs
    # the same walk on delivery, in another character set
    other = dataclasses.replace(local, patient_name="山田^太郎")
    assert dicom.neutralise(b"".join(dicom.localise(stored, other).chunks), profile).replacements


@pytest.mark.parametrize("order", "<>")
def test_an_unknown_sequence_of_undefined_length_may_have_explicit_items(order, profile):
    layout = samples.Layout(True, order, defined=False)
    body = samples.sequence(0x00291010, NESTED, layout)
    unknown = body[:4] + b"UN" + body[6:]
    elements = samples.image() | {0x00290010: ("LO", "A MAKER")}
    first = {tag: value for tag, value in elements.items() if tag < 0x00291010}
    plain = samples.Layout(True, order)
    data = samples.data_set(first, plain) + unknown
    data += samples.data_set({tag: value for tag, value in elements.items() if tag > 0x00291010}, plain)
    syntax = "big" if order == ">" else "explicit"
    original = bytes(128) + b"DICM" + samples.file_meta(syntax) + data
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    assert HIDDEN.encode() not in stored
    assert dicom.restore(stored, neutralised.reverse_patch) == original


@pytest.mark.parametrize("tag", [0x00081030, 0x00104000, 0x00280030])
def test_a_standard_text_that_holds_a_sequence_is_searched_in_implicit_objects(tag, profile):
    layout = samples.Layout(False)
    stored = b"".join(dicom.neutralise(object_with(tag, "LO", NESTED, layout, "implicit"), profile).chunks)
    assert HIDDEN.encode() not in stored


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("vr", ["LO", "ST", "US"])
def test_identifiers_behind_a_short_length_are_refused(vr, layout, profile):
    for tag in (0x00291010, 0x00081030):
        with pytest.raises(dicom.Refused) as refused:
            dicom.neutralise(object_with(tag, vr, NESTED, layout), profile)
        assert refused.value.reason is dicom.RefusalReason.IDENTIFIER_LEFT


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
@pytest.mark.parametrize("tag", [0x00080060, 0x00080050, 0x0020000D])
def test_identifiers_within_the_value_of_an_element_that_is_looked_at_are_refused(
    tag, syntax, layout, profile
):
    with pytest.raises(dicom.Refused) as refused:
        dicom.neutralise(object_with(tag, "CS", NESTED, layout, syntax), profile)
    assert refused.value.reason in {dicom.RefusalReason.IDENTIFIER_LEFT, dicom.RefusalReason.UNREADABLE}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_what_hides_in_a_short_text_but_is_no_identifier_is_shown_and_delivered(
    syntax, layout, profile, local
):
    harmless = [[(0x00100040, "CS", "F "), (0x00200011, "IS", "12"), (0x00280010, "US", b"\0\1")]]
    original = object_with(0x00081030, "LO", harmless, layout, syntax)
    stored = b"".join(dicom.neutralise(original, profile).chunks)
    shown = dicom.read_display(stored)
    assert shown.study_id
    assert shown.series_number == dicom.read_display(original).series_number
    assert dicom.localise(stored, local).length > len(stored)


def test_bytes_that_only_begin_like_an_item_stay_as_they_are(profile):
    for vr, raw in (
        ("OB", b"\xfe\xff\0\xe0 no sequence at all "),
        ("LO", b"\xff\xfe\xe0\0 nor here either...."),
    ):
        elements = samples.image() | {0x00290010: ("LO", "A MAKER"), 0x00291010: (vr, raw)}
        neutralised = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
        assert raw in b"".join(neutralised.chunks)
        assert not neutralised.repairs


@pytest.mark.parametrize("order", "<>")
def test_an_empty_unknown_sequence_of_undefined_length_breaks_no_rule(order, profile):
    layout = samples.Layout(True, order, defined=False)
    empty = samples.sequence(0x00400275, [], layout)
    first = {tag: value for tag, value in samples.image().items() if tag < 0x00400275}
    data = samples.data_set(first, samples.Layout(True, order)) + empty[:4] + b"UN" + empty[6:]
    syntax = "big" if order == ">" else "explicit"
    original = bytes(128) + b"DICM" + samples.file_meta(syntax) + data
    assert not dicom.neutralise(original, profile).repairs
