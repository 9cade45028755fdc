"""What is written anew because an element breaks a rule keeps the bytes of all values, and takes no time."""

import time

import pytest
from tests.unit.dicom import samples

from importal import dicom

ODD = b"\x08\x00\x70\x00LO\x05\x00MAKER"


def broken(elements):
    """Return a file with an element of odd length in it, which the strict way does not take."""
    layout = samples.layout_of("explicit")
    first = [each for each in samples.as_list(elements) if each[0] < 0x00080070]
    rest = [each for each in samples.as_list(elements) if each[0] > 0x00080070]
    body = samples.data_set(first, layout) + ODD + samples.data_set(rest, layout)
    return bytes(128) + b"DICM" + samples.file_meta("explicit") + body


@pytest.mark.parametrize(
    "charset", ["ISO_IR 100", "ISO_IR 192", "GB18030", "ISO 2022 IR 6\\ISO 2022 IR 87", "ODD"]
)
def test_values_keep_their_bytes_whatever_the_character_set_says(charset, profile):
    elements = samples.image()
    elements[0x00080005] = ("CS", charset)
    elements[0x00081030] = ("LO", b"caf\xe9 \x81\x5c\xff \x1b$Z")
    elements[0x00081140] = (
        "SQ",
        [[(0x00081150, "UI", "1.2.x"), (0x00200020, "CS", "lower case and far too long for it")]],
    )
    neutralised = dicom.neutralise(broken(elements), profile)
    assert dicom.Repair.ELEMENTS_REENCODED in neutralised.repairs
    stored = b"".join(neutralised.chunks)
    assert b"MAKER " in stored
    for tag, (vr, value) in elements.items():
        if tag in (0x00081030, 0x00081140, 0x7FE00010, 0x00100010):
            assert samples.element(tag, vr, value, samples.layout_of("explicit")) in stored


def nested(depth):
    items = [(0x00080060, "CS", "CT")]
    for _ in range(depth):
        items = [
            (0x0040A730, "SQ", samples.Items([items], defined=False, unknown=False)),
            (0x00280100, "US", b"\x08\0\0\0\0\0\0"),
        ]
    return items


@pytest.mark.parametrize("depth", [5, 20, 60, 80])
def test_a_broken_value_deep_inside_is_mended_or_refused_at_once(depth, profile):
    elements = samples.image()
    elements[0x00080005] = ("CS", "GB18030")
    elements[0x0040A730] = ("SQ", samples.Items([nested(depth)], defined=False, unknown=False))
    begun = time.process_time()
    try:
        neutralised = dicom.neutralise(broken(elements), profile)
    except dicom.Refused as refused:
        assert refused.reason in (dicom.RefusalReason.TOO_DEEP, dicom.RefusalReason.UNREADABLE)
    else:
        assert dicom.restore(b"".join(neutralised.chunks), neutralised.reverse_patch) == broken(elements)
    assert time.process_time() - begun < 1.0
