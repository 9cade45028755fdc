"""An original identifier that stands in a text leaves it, wherever that text is; everything else stays."""

import csv
import io
import re

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import corpus_path
from tests.unit.dicom import samples

from importal import dicom
from importal.dicom import part10, value_search
from importal.dicom.codec import DEFLATED_UIDS, codec_of
from importal.dicom.value_search import telling
from importal.dicom.walk import HeaderWalk

PROFILE = dicom.Profile(dicom.Pseudonyms(b"a key of thirty-two bytes, to wit"), "IMPORTAL")
TEXT_VRS = frozenset(("PN", "LO", "SH", "ST", "LT", "UT", "UC", "UR"))
CODES = ("(0008,0100)", "(0008,0102)", "(0008,0103)", "(0008,0119)", "(0008,0120)")
SYNTAXES = ("explicit", "implicit", "big", "deflated")


def neutralised(elements, syntax="explicit", **layout):
    original = samples.part10(
        samples.as_list(elements), syntax, layout=samples.layout_of(syntax, **layout) if layout else None
    )
    result = dicom.neutralise(original, PROFILE)
    stored = b"".join(result.chunks)
    assert dicom.restore(stored, result.reverse_patch) == original
    return result, pydicom.dcmread(io.BytesIO(stored)), stored


def pseudonyms(result):
    return {replacement.kind.value: replacement.pseudonym for replacement in result.replacements}


@pytest.mark.parametrize(
    ("syntax", "unknown"), [*((syntax, False) for syntax in SYNTAXES), ("explicit", True), ("deflated", True)]
)
def test_numbers_in_text_become_their_pseudonyms_at_every_depth(syntax, unknown):
    elements = samples.image()
    elements[0x00100010] = ("PN", "FOREIGN-0815^Jo")
    elements[0x00081030] = ("LO", "Head, ACC-4711")
    elements[0x00101000] = ("LO", "OTHER-77\\WARD-5")
    item = [(0x0040A160, "UT", "see FOREIGN-0815/ACC-4711 and OTHER-77.")]
    elements[0x0040A730] = ("SQ", [[(0x0040A730, "SQ", [item])], item])
    elements[0x00090010] = ("LO", "GEMS_IDEN_01")
    elements[0x00091004] = ("SH", "WARD-5")
    elements[0x7FE10010] = ("LO", "GEMS_IDEN_01")
    elements[0xFFFCFFFC] = ("OB", bytes(8))
    result, data, stored = neutralised(elements, syntax, defined=unknown, unknown=unknown)
    names = pseudonyms(result)
    patient, accession = names["patient_id"], names["accession_number"]
    assert data.PatientName == f"{patient}^Jo"
    assert data.StudyDescription == f"Head, {accession}"
    told = f"see {patient}/{accession} and {patient}."
    assert data.ContentSequence[1].TextValue == told
    assert data.ContentSequence[0].ContentSequence[0].TextValue == told
    assert str(data[0x00091004].value) == patient
    assert result.replaced_text == ("(0008,1030)", "(0009,1004)", "(0010,0010)", "(0040,A160)")
    assert result.hits == ()
    assert data.PixelData == samples.PIXELS
    assert syntax == "deflated" or b"4711" not in stored


def test_a_text_behind_the_pixels_is_replaced_and_restored():
    elements = samples.image()
    elements[0x7FE10010] = ("LO", "A MAKER")
    elements[0x7FE11001] = ("LO", "of FOREIGN-0815")
    result, data, _ = neutralised(elements)
    assert data[0x7FE11001].value == f"of {result.facts.patient_pseudonym}"
    original = samples.part10(samples.as_list(elements))
    stream = dicom.neutralise_stream([original], PROFILE)
    with pytest.raises(dicom.Refused) as refused:
        list(stream.chunks)
    assert refused.value.reason is dicom.RefusalReason.NEEDS_WHOLE_OBJECT


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("MUSTER", "MUSTER^Jo"),  # no digit: a name is a name
        ("A12", "A12^Jo"),  # too short to tell anything
        ("19500607", "19500607^Jo"),  # a date
        ("07.06.1950", "07.06.1950^Jo"),
        ("1.2.840.77.1", "1.2.840.77.1^Jo"),  # a UID
        ("00000", "00000^Jo"),  # a placeholder
        ("FOREIGN-0815", "XFOREIGN-0815^Jo"),  # no token of its own
        ("FOREIGN-0815", "FOREIGN-08155^Jo"),
    ],
)
def test_what_is_not_telling_stays_in_a_name(identifier, name):
    elements = samples.image()
    elements[0x00100020] = ("LO", identifier)
    elements[0x00100010] = ("PN", name)
    result, data, _ = neutralised(elements)
    assert data.PatientName == name
    assert result.replaced_text == ()


@pytest.mark.parametrize(
    ("vr", "tag", "value"),
    [("UI", 0x00081155, "1.2.48151.3"), ("CS", 0x00080008, "48151"), ("IS", 0x00200013, "48151")],
)
def test_uids_codes_and_numbers_are_never_changed(vr, tag, value):
    elements = samples.image()
    elements[0x00080050] = ("SH", "48151")
    elements[tag] = (vr, value)
    elements[0x00102160] = ("SH", "48151")
    result, data, _ = neutralised(elements)
    assert str(data[tag].value) == value
    assert data.EthnicGroup == pseudonyms(result)["accession_number"]


@pytest.mark.parametrize(
    ("tag", "vr", "value", "expected"),
    [
        (0x00081010, "SH", "AT 48151-X", "{}"),  # 21 characters do not fit SH: the pseudonym alone
        (0x00081010, "SH", "48151", "{}"),
        (0x00081030, "LO", "x" * 57 + " 48151", "{}"),
        (0x00081030, "LO", "x" * 47 + " 48151", "x" * 47 + " {}"),
        (0x00100010, "PN", "A48-1^48151" + "=" + "y" * 60, "A48-1^{}=" + "y" * 60),
        (0x00100010, "PN", "48151^" + "y" * 58, "{}"),
    ],
)
def test_what_does_not_fit_gives_way_to_the_pseudonym_and_a_pseudonym_is_never_cut(tag, vr, value, expected):
    elements = samples.image()
    elements[0x00080050] = ("SH", "48151")
    elements[tag] = (vr, value)
    result, data, _ = neutralised(elements)
    assert str(data[tag].value) == expected.format(pseudonyms(result)["accession_number"])


def test_a_code_that_equals_an_identifier_stays_a_code():
    elements = samples.image()
    elements[0x00400253] = ("SH", "RC301")
    code = [(0x00080100, "SH", "RC301"), (0x00080102, "SH", "99LOCAL"), (0x00080104, "LO", "Thorax RC301")]
    elements[0x00081032] = ("SQ", [code])
    result, data, _ = neutralised(elements)
    step = pseudonyms(result)["performed_procedure_step_id"]
    assert data.ProcedureCodeSequence[0].CodeValue == "RC301"
    assert data.ProcedureCodeSequence[0].CodeMeaning == f"Thorax {step}"
    assert result.hits == ("(0008,0100)",)


def test_each_of_several_values_is_treated_by_itself():
    elements = samples.image()
    elements[0x00081010] = ("SH", "WARD 3 FAR AWAY")
    elements[0x00180010] = ("LO", "48151")
    elements[0x00081060] = ("PN", "Jo\\nurse 48151\\Ho")
    elements[0x00080050] = ("SH", "48151")
    result, data, _ = neutralised(elements)
    accession = pseudonyms(result)["accession_number"]
    assert list(data.NameOfPhysiciansReadingStudy) == ["Jo", f"nurse {accession}", "Ho"]
    assert data.ContrastBolusAgent == accession
    assert data.StationName == "WARD 3 FAR AWAY"


@pytest.mark.parametrize(
    ("terms", "text", "python"),
    [
        ("GB18030", "王^小东 患者A4815 \u3400", "gb18030"),
        ("GBK", "珹^A4815", "gbk"),
        ("ISO_IR 192", "山田^太郎A4815".replace("郎A", "郎 A"), "utf-8"),
        ("ISO_IR 100", "Müller^A4815", "latin-1"),
        ("ISO_IR 13", "ﾔﾏﾀﾞ^A4815", "shift_jis"),
    ],
)
def test_a_token_is_replaced_in_every_character_set(terms, text, python):
    elements = samples.image()
    elements[0x00080005] = ("CS", terms)
    elements[0x00100020] = ("LO", "A4815")
    elements[0x00104000] = ("LT", text.encode(python))
    result, data, stored = neutralised(elements)
    expected = text.replace("A4815", result.facts.patient_pseudonym)
    assert expected.encode(python) in stored
    assert result.replaced_text == ("(0010,4000)",)
    assert not result.hits
    assert data.PatientID == result.facts.patient_pseudonym


def test_the_second_byte_of_a_character_is_no_letter():
    gbk = "\u4e02".encode("gbk")  # 0x81 0x40; its neighbours end in letters
    letter_behind = b"\x81A"
    assert len(gbk) == len(letter_behind)
    elements = samples.image()
    elements[0x00080005] = ("CS", "GBK")
    elements[0x00100020] = ("LO", "A4815")
    elements[0x00104000] = ("LT", b"\x81A4815, " + letter_behind + b"A4815.")
    result, _, stored = neutralised(elements)
    pseudonym = result.facts.patient_pseudonym.encode()
    assert b"\x81A4815, " + letter_behind + pseudonym + b"." in stored


def test_bytes_of_a_double_byte_set_are_not_taken_for_letters():
    elements = samples.image()
    elements[0x00080005] = ("CS", "\\ISO 2022 IR 87")
    elements[0x00100020] = ("LO", "123456")
    kanji = b"\x1b$B123456\x1b(B"
    elements[0x00104000] = ("LT", kanji + b"123456 " + kanji)
    result, _, stored = neutralised(elements)
    assert kanji + result.facts.patient_pseudonym.encode() + b" " + kanji in stored


def test_an_item_with_its_own_character_set_is_read_in_that_set():
    elements = samples.image()
    elements[0x00100020] = ("LO", "A4815")
    item = [(0x00080005, "CS", "GBK"), (0x0040A160, "UT", b"\x81A4815 ")]
    elements[0x0040A730] = ("SQ", [item, [(0x0040A160, "UT", b"\x81 A4815 ")]])
    result, data, _ = neutralised(elements)
    assert data.ContentSequence[0].TextValue == "\u4e04"[:0] + b"\x81A4815".decode("gbk")
    assert result.facts.patient_pseudonym in data.ContentSequence[1].TextValue


def test_a_private_text_without_vr_is_replaced_where_its_creator_is_known():
    elements = samples.image()
    elements[0x00090010] = ("LO", "GEMS_IDEN_01")
    elements[0x00091002] = ("SH", "ACC-4711")
    elements[0x00110010] = ("LO", "NOBODY KNOWS")
    elements[0x00111002] = ("SH", "ACC-4711")
    result, data, _ = neutralised(elements, "implicit")
    assert data[0x00091002].value == pseudonyms(result)["accession_number"]
    assert result.replaced_text == ("(0009,1002)",)
    assert result.hits == ("(0011,1002)",)


def test_a_private_creator_is_never_changed():
    elements = samples.image()
    elements[0x00110010] = ("LO", "ACC-4711")
    result, data, _ = neutralised(elements)
    assert data[0x00110010].value == "ACC-4711"
    assert result.hits == ("(0011,0010)",)


def test_the_patient_id_comes_first_where_two_identifiers_are_equal():
    elements = samples.image()
    elements[0x00080050] = elements[0x00100020] = ("SH", "SAME-123")
    elements[0x00104000] = ("LT", "SAME-123")
    result, data, _ = neutralised(elements)
    assert data.PatientComments == result.facts.patient_pseudonym
    assert data.AccessionNumber != data.PatientComments


IDENTIFIER = st.from_regex(r"[A-Z]{1,3}[-. ]?[0-9]{4,7}[A-Z]?|[0-9]{5,8}", fullmatch=True).filter(
    lambda value: telling(value.encode())
)
AROUND = st.text(st.sampled_from(" ,-_/#^=.:ä;("), max_size=4)
TEXTS = ((0x00104000, "LT"), (0x00081030, "LO"), (0x00081010, "SH"), (0x00081070, "PN"), (0x0040A160, "UT"))


@settings(max_examples=150, deadline=None)
@given(st.lists(IDENTIFIER, min_size=3, max_size=3, unique=True), AROUND, AROUND, st.sampled_from(SYNTAXES))
def test_no_telling_identifier_remains_in_any_text(values, before, after, syntax):
    patient, accession, other = values
    elements = samples.image()
    elements[0x00100020], elements[0x00080050] = ("LO", patient), ("SH", accession)
    elements[0x00101000] = ("LO", other)
    told = "".join(before + value + after + " " for value in values).encode("latin-1")
    for tag, vr in TEXTS:
        elements[tag] = (vr, told)
    elements[0x00400275] = ("SQ", [[(0x00400007, "LO", told), (0x00321060, "LO", told)]])
    result, _, stored = neutralised(elements, syntax)
    assert not remaining(result, stored, values)
    again = dicom.neutralise(stored, PROFILE)
    assert not again.repairs


def remaining(result, stored, values):
    data = pydicom.dcmread(io.BytesIO(stored))
    return [
        (element.tag, value)
        for element in data.iterall()
        for value in values
        if element.VR in TEXT_VRS and holds(str(element.value), value)
    ]


def holds(text, value):
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])", text) is not None


def test_no_telling_identifier_of_the_corpus_remains_in_a_text():
    with corpus_path("MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["is_dicom"] == "yes"]
    replaced = 0
    for row in rows[::2]:
        try:
            result = dicom.neutralise(corpus_path(row["path"]).read_bytes(), PROFILE)
        except dicom.Refused:
            continue
        replaced += bool(result.replaced_text)
        texts = [found for found in everything(result) if found not in CODES]
        assert not texts, (row["path"], texts)
    assert replaced > 150


def everything(result):
    """The tags of the stored texts in which a telling original still stands."""
    values = [replacement.original for replacement in result.replacements]
    values = [value for value in values if telling(value.encode("utf-8", "replace"))]
    syntax = result.facts.transfer_syntax_uid
    if not values or syntax in DEFLATED_UIDS:
        return
    stored = b"".join(result.chunks)
    walk = HeaderWalk(stored, frozenset(), everything=True)
    walk.run(part10.read_file_meta(stored).end, len(stored), codec_of(syntax))
    for found in walk.found:
        if found.vr.decode("latin-1") in TEXT_VRS:
            told = stored[found.value : found.end].decode("latin-1")
            if any(holds(told, value) for value in values):
                yield value_search.text(found.tag)
