"""Neutralise says in the object that it changed it (CID 7005, Modifying Equipment), once, without a time."""

import io

import pydicom
import pytest
from tests.unit.dicom import samples

from importal import dicom

EARLIER = [(0x00080070, "LO", "Maker"), (0x0040A170, "SQ", [[(0x00080100, "SH", "MEDIM")]])]


def equipment(stored):
    (sequence,) = (each for each in dicom.read_contents(stored).elements if each.tag == 0x0018A001)
    return [{element.keyword: element for element in item} for item in sequence.items]


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize("items", [None, [], [EARLIER], [EARLIER, EARLIER]])
def test_one_item_is_added_behind_those_that_are_there(items, unknown, defined, syntax, profile):
    elements = samples.image()
    if items is not None:
        elements[0x0018A001] = ("SQ", items)
    layout = samples.layout_of(syntax, defined=defined, unknown=unknown)
    original = samples.part10(samples.as_list(elements), syntax, layout=layout)
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    assert dicom.restore(stored, neutralised.reverse_patch) == original
    *earlier, added = equipment(stored)
    assert len(earlier) == len(items or [])
    assert all(item["Manufacturer"].text() == "Maker" for item in earlier)
    assert added["Manufacturer"].text() == "Importal"
    assert "ContributionDateTime" not in added
    (purpose,) = added["PurposeOfReferenceCodeSequence"].items
    assert [element.text() for element in purpose] == ["109103", "DCM", "Modifying Equipment"]
    if not (syntax == "big" and unknown):  # the other parser reads UN in the byte order of the file
        seen = pydicom.dcmread(io.BytesIO(stored)).ContributingEquipmentSequence
        assert seen[-1].PurposeOfReferenceCodeSequence[0].CodeValue == "109103"
    assert not dicom.neutralise(stored, profile).repairs


def test_what_only_bears_the_tag_stays_and_identifiers_in_earlier_items_go(profile):
    pretender = samples.image() | {0x0018A001: ("LO", "no sequence")}
    stored = b"".join(dicom.neutralise(samples.part10(samples.as_list(pretender)), profile).chunks)
    assert b"no sequence" in stored
    nested = samples.image() | {0x0018A001: ("SQ", [[(0x00100020, "LO", "FOREIGN-0815")]])}
    stored = b"".join(dicom.neutralise(samples.part10(samples.as_list(nested)), profile).chunks)
    assert b"FOREIGN-0815" not in stored
    assert len(pydicom.dcmread(io.BytesIO(stored)).ContributingEquipmentSequence) == 2
