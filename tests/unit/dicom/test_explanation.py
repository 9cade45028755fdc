"""Explain tells the truth: every difference between what came and what is stored, each with its reason."""

import io

import pydicom
import pytest
from tests.corpus import corpus_path
from tests.unit.dicom import samples
from tests.unit.dicom.test_localise import rich_image

from importal import dicom
from importal.dicom import Change, Reason

SYNTAXES = ("explicit", "implicit", "big", "deflated")


def image():
    elements = rich_image()
    elements[0x00081030] = ("LO", "about FOREIGN-0815")
    elements[0x00101002] = ("SQ", [[(0x00100020, "LO", "OTHER-1")], []])
    elements[0x00290010] = ("LO", "A MAKER")
    elements[0x00291001] = ("OB", b"<id>FOREIGN-0815</id>\0")
    elements[0x00081140] = ("SQ", [[], [(0x00081155, "UI", "1.2.9"), (0x00080050, "SH", "ACC-4711")]])
    return elements


def by_path(explanation):
    found = {each.path: each for each in explanation.elements}
    assert len(found) == len(explanation.elements)
    return found


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_neutralise_is_explained_at_every_depth_and_in_every_layout(syntax, unknown, defined, profile):
    layout = samples.layout_of(syntax, defined=defined, unknown=unknown)
    original = samples.part10(samples.as_list(image()), syntax, layout=layout, preamble=b"x" * 128)
    found = {
        path: (each.change, each.reason) for path, each in by_path(dicom.explain(original, profile)).items()
    }
    assert found == {
        "preamble": (Change.REPLACED, Reason.FILE_META),
        "(0002,0016)": (Change.ADDED, Reason.FILE_META),
        "(0008,0050)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0008,1030)": (Change.REPLACED, Reason.VALUE_IN_TEXT),
        "(0008,1140)[2]>(0008,0050)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0010,0020)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0010,0021)": (Change.ADDED, Reason.PORTAL_ISSUER),
        "(0010,0022)": (Change.KEPT, Reason.KEPT_BY_RULE),
        "(0010,1002)": (Change.REMOVED, Reason.FOREIGN_IDENTIFIER),
        "(0018,A001)": (Change.ADDED, Reason.RECORD_OF_CHANGE),
        "(0020,0010)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0029,1001)": (Change.KEPT, Reason.VALUE_LEFT),
        "(0040,0253)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,0275)[1]>(0040,0009)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,0275)[1]>(0040,1001)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,2016)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,A370)[1]>(0008,0050)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,A370)[1]>(0040,1001)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,A370)[1]>(0040,2016)": (Change.REPLACED, Reason.PSEUDONYM),
        "(0040,A370)[2]>(0008,0050)": (Change.REPLACED, Reason.PSEUDONYM),
    }


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_localise_is_explained(syntax, profile, local):
    elements = image()
    elements[0x00400275] = ("SQ", [[(0x00321064, "SQ", []), (0x00400007, "LO", "Knee")]])
    neutralised = dicom.neutralise(samples.part10(samples.as_list(elements), syntax), profile)
    found = by_path(dicom.explain(b"".join(neutralised.chunks), local, with_values=True))
    assert found["(0040,0275)[1]>(0032,1064)"].reason is Reason.LOCAL_ORDER
    assert found["(0040,0275)[1]>(0040,0007)"].reason is Reason.LOCAL_ORDER
    assert found["(0010,0010)"].reason is Reason.LOCAL_PATIENT
    assert (found["(0010,0010)"].before, found["(0010,0010)"].after) == ("Sample^Person", "Local^Person")
    assert found["(0008,0050)"].reason is Reason.LOCAL_ORDER
    assert (found["(0040,A370)[2]>(0008,0050)"].change, found["(0010,0022)"].change) == (
        Change.EMPTIED,
        Change.REMOVED,
    )
    assert found["(0400,0561)"].reason is Reason.RECORD_OF_CHANGE
    assert Reason.OTHER not in {each.reason for each in found.values()}


def test_a_second_coercion_is_explained_as_a_further_item(profile, local):
    neutralised = dicom.neutralise(samples.part10(samples.as_list(samples.image())), profile)
    once = b"".join(dicom.localise(b"".join(neutralised.chunks), local).chunks)
    found = by_path(dicom.explain(once, local))
    assert found["(0400,0561)[2]"].change is Change.ADDED
    assert found["(0018,A001)[3]"].reason is Reason.RECORD_OF_CHANGE


def test_a_change_of_the_character_set_is_explained(profile, local):
    elements = samples.image()
    elements[0x00081030] = ("LO", "Schädel".encode("latin-1"))
    stored = b"".join(dicom.neutralise(samples.part10(samples.as_list(elements)), profile).chunks)
    local = local.__class__(**{**vars(local), "patient_name": "Παπαδοπούλου^Ελένη"})
    explanation = dicom.explain(stored, local, with_values=True)
    found = by_path(explanation)
    assert explanation.reencoded
    assert found["(0008,0005)"].reason is Reason.CHARACTER_SET
    assert (found["(0008,1030)"].reason, found["(0008,1030)"].after) == (Reason.CHARACTER_SET, "Schädel")


def test_values_are_told_on_request_only_and_never_by_repr(profile):
    original = samples.part10(samples.as_list(image()))
    silent, telling = dicom.explain(original, profile), dicom.explain(original, profile, with_values=True)
    assert all(each.before is None and each.after is None for each in silent.elements)
    assert by_path(telling)["(0010,0020)"].before == "FOREIGN-0815"
    assert "FOREIGN-0815" not in repr(telling)
    assert "FOREIGN-0815" not in repr(dicom.read_contents(original))


def test_a_mended_object_is_explained_with_its_repairs(profile):
    bare = samples.data_set(samples.as_list(samples.image()), samples.Layout())
    explanation = dicom.explain(bare, profile)
    assert dicom.Repair.PREAMBLE_ADDED in explanation.repairs
    assert by_path(explanation)["(0010,0020)"].change is Change.REPLACED


def test_every_change_of_a_real_object_has_a_reason(profile, local):
    explained = 0
    for path in sorted(corpus_path("dicom").rglob("*")):
        if not path.is_file() or path.stat().st_size > 300_000:
            continue
        original = path.read_bytes()
        try:
            arrived = dicom.explain(original, profile)
        except dicom.Refused:
            continue
        stored = b"".join(dicom.neutralise(original, profile).chunks)
        for explanation in (arrived, dicom.explain(stored, local)):
            assert Reason.OTHER not in {each.reason for each in explanation.elements}, path.name
        explained += 1
    assert explained > 100


def test_what_the_engine_declines_is_declined_with_its_reason(profile, local):
    for directions in (profile, local):
        with pytest.raises(dicom.Refused):
            dicom.explain(b"no image", directions)


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_contents_are_those_that_another_parser_reads(syntax, unknown, defined):
    unknown = unknown and syntax != "big"  # the other parser does not read these
    layout = samples.layout_of(syntax, defined=defined, unknown=unknown)
    original = samples.part10(samples.as_list(image()), syntax, layout=layout)
    contents = dicom.read_contents(original)
    assert ours(contents.elements) == theirs(pydicom.dcmread(io.BytesIO(original)))
    assert bytes(contents.bulk.raw) == samples.PIXELS
    assert by_tag(contents.elements)[0x00280010].text() == ("16" if syntax != "big" else "4096")


def by_tag(elements):
    return {each.tag: each for each in elements}


def ours(elements):
    return [
        (each.tag, [ours(item) for item in each.items] if each.items is not None else each.text())
        for each in elements
        if each.items is not None or each.vr in ("SH", "LO", "PN", "UI", "CS", "DA")
    ]


def theirs(data):
    return [
        (int(each.tag), [theirs(item) for item in each.value] if each.VR == "SQ" else str(each.value))
        for each in data
        if each.VR in ("SQ", "SH", "LO", "PN", "UI", "CS", "DA")
    ]
