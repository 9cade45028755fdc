"""De-identify: nobody can be recognised from the attributes, and the object stays one (PS3.15 Annex E)."""

import csv
import io
import re
import subprocess
import warnings

import pydicom
import pytest
from pydicom.datadict import DicomDictionary
from tests.corpus import corpus_path
from tests.unit.dicom import samples

from importal import dicom
from importal.dicom import DeidentificationOption, HoldReason, confidentiality, word_list
from importal.dicom.confidentiality import (
    BASIC_PROFILE_CODE,
    GAPS,
    OPTION_CODES,
    TABLE,
    USUAL_OPTIONS,
    rows_of,
)
from importal.dicom.profile import tag_of

SYNTAXES = ("explicit", "implicit", "big", "deflated")
PSEUDONYMS = dicom.Pseudonyms(b"a key for those who are nobody..")
# The VRs of the attributes that get a sentinel.
TEXTS = frozenset("LO SH PN ST LT UT UC UR AE".split())
EMPTY = frozenset[DeidentificationOption]()


def profile(options=USUAL_OPTIONS):
    return dicom.DeidentificationProfile(PSEUDONYMS, "IMPORTAL", frozenset(options))


def done(elements, options=USUAL_OPTIONS, syntax="explicit", **form):
    content = samples.part10(samples.as_list(elements), syntax, **form)
    return dicom.deidentify(content, profile(options))


def read(result):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set = pydicom.dcmread(io.BytesIO(b"".join(result.chunks)))
        for element in data_set.iterall():
            if element.VR not in {"OB", "OW", "UN", "SQ"}:
                str(element.value)
        return data_set


def sentinels(options):
    """Return one value of its own for every text attribute of the table and of the gaps, and the values."""
    elements, values = [], []
    tags = [row.tag for row in TABLE.values() if "K" not in map(row.options.get, options)] + [
        tag_of(keyword) for keyword in GAPS
    ]
    for tag in sorted(tags):
        vr = pydicom.datadict.dictionary_VR(tag) if tag in DicomDictionary else "LO"
        if tag >> 16 < 8 or vr not in TEXTS:
            continue
        values.append(f"ZQ{len(values):05d}XY")
        elements.append((tag, vr, values[-1]))
    return elements, values


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("form", [{}, {"defined": False}, {"unknown": True}])
@pytest.mark.parametrize("options", [EMPTY, USUAL_OPTIONS])
def test_no_value_of_any_listed_attribute_survives_at_any_depth(depth, syntax, form, options):
    elements, values = sentinels(options)
    nested = samples.image()
    if depth == 0:
        nested |= {tag: (vr, value) for tag, vr, value in elements}
        for tag in (0x00080016, 0x00080018, 0x0020000D, 0x0020000E):
            nested[tag] = samples.image()[tag]
    for _ in range(depth):
        elements = [(0x00081199, "SQ", [elements])]
    if depth:
        nested[0x00081199] = ("SQ", elements[0][2])
    result = done(nested, options, syntax, layout=samples.layout_of(syntax, **form))
    output = b"".join(result.chunks)
    if syntax == "deflated":
        output = str(read(result)).encode()
    assert [value for value in values if value.encode() in output] == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_object_says_what_was_done_to_it(syntax):
    data_set = read(done(samples.image(), syntax=syntax))
    codes = {
        item.CodeValue: item.CodingSchemeDesignator for item in data_set.DeidentificationMethodCodeSequence
    }
    assert data_set.PatientIdentityRemoved == "YES"
    assert data_set.DeidentificationMethod.startswith("Importal, PS3.15 2026c")
    assert codes == dict.fromkeys(["113100", *(OPTION_CODES[option][0] for option in USUAL_OPTIONS)], "DCM")
    assert data_set.LongitudinalTemporalInformationModified == "MODIFIED"
    purpose = data_set.ContributingEquipmentSequence[-1].PurposeOfReferenceCodeSequence[0]
    assert (purpose.CodeValue, purpose.CodeMeaning) == ("109104", "De-identifying Equipment")


def test_without_options_dates_are_gone_and_the_object_says_so():
    data_set = read(done(samples.image(), EMPTY))
    assert data_set.StudyDate == ""
    assert data_set.LongitudinalTemporalInformationModified == "REMOVED"


def test_preamble_and_file_meta_are_new():
    content = samples.part10(
        samples.as_list(samples.image()),
        preamble=b"SECRET" * 21 + b"xx",
        meta=[(0x00020016, "AE", "SECRETAE")],
    )
    result = dicom.deidentify(content, profile())
    head = bytes(b"".join(result.chunks)[:400])
    assert b"SECRET" not in head
    assert head[:128] == bytes(128)
    assert read(result).file_meta.MediaStorageSOPInstanceUID == result.facts.sop_instance_uid


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_repetition_gives_the_same_bytes_and_the_pixels_are_untouched(syntax):
    first, second = done(samples.image(), syntax=syntax), done(samples.image(), syntax=syntax)
    assert b"".join(first.chunks) == b"".join(second.chunks)
    assert read(first).PixelData == samples.PIXELS
    content = samples.part10(samples.as_list(samples.image()), syntax)
    neutralised = dicom.neutralise(content, dicom.Profile(PSEUDONYMS, "IMPORTAL"))
    assert first.bulk_sha256 == neutralised.bulk_sha256


def test_uids_are_replaced_alike_everywhere_and_those_of_the_standard_stay():
    reference = [(0x00081150, "UI", samples.CT), (0x00081155, "UI", "1.2.3.4.5")]
    data_set = read(done(samples.image() | {0x00081199: ("SQ", [reference])}))
    assert data_set.SOPInstanceUID.startswith("2.25.")
    assert len(data_set.SOPInstanceUID) <= 64
    assert data_set.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == data_set.SOPInstanceUID
    assert data_set.ReferencedSOPSequence[0].ReferencedSOPClassUID == samples.CT
    assert dicom.replaced_uid(PSEUDONYMS, USUAL_OPTIONS, "1.2.3") == data_set.StudyInstanceUID


def test_uids_stay_where_the_hospital_retains_them():
    data_set = read(done(samples.image(), {DeidentificationOption.RETAIN_UIDS}))
    assert (data_set.SOPInstanceUID, data_set.StudyInstanceUID) == ("1.2.3.4.5", "1.2.3")


def test_the_dates_of_a_person_move_together_and_those_of_another_differently():
    def days(**changes):
        data_set = read(done(samples.image() | {0x00080022: ("DA", "20250105")} | changes))
        study, acquired = (
            pydicom.valuerep.DA(value) for value in (data_set.StudyDate, data_set.AcquisitionDate)
        )
        assert (acquired - study).days == 3
        return pydicom.valuerep.DA("20250102") - study

    assert days() == days()
    other = samples.image() | {0x00080022: ("DA", "20250105"), 0x00100020: ("LO", "ANOTHER-1")}
    moved = pydicom.valuerep.DA("20250102") - pydicom.valuerep.DA(read(done(other)).StudyDate)
    assert moved != days()


def test_an_age_above_89_becomes_90():
    data_set = read(done(samples.image() | {0x00101010: ("AS", "097Y")}))
    assert data_set.PatientAge == "090Y"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.7")}, HoldReason.SECONDARY_CAPTURE),
        ({0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.6.1")}, HoldReason.ULTRASOUND),
        ({0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.104.2")}, HoldReason.DOCUMENT),
        ({0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.77.1.4.1")}, HoldReason.PHOTOGRAPH),
        ({0x00280301: ("CS", "YES")}, HoldReason.BURNED_IN_ANNOTATION),
        ({0x00280301: ("CS", "MAYBE")}, HoldReason.BURNED_IN_ANNOTATION),
        ({0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.1")}, HoldReason.BURNED_IN_ANNOTATION),
        ({0x00280302: ("CS", "YES")}, HoldReason.RECOGNISABLE_FEATURES),
        ({0x00080064: ("CS", "WSD")}, HoldReason.SECONDARY_CAPTURE),
        ({0x00080008: ("CS", "DERIVED\\SECONDARY\\SCREEN SAVE")}, HoldReason.SCREEN),
        ({0x00280002: ("US", b"\3\0")}, HoldReason.SCREEN),
        ({0x60000010: ("US", b"\1\0")}, HoldReason.OVERLAY_IN_PIXELS),
        ({0x00480101: ("OB", b"of Sample, by pen")}, HoldReason.OPAQUE_VALUE),
        ({0x00282000: ("OB", b"a colour profile by SAMPLE")}, HoldReason.OPAQUE_VALUE),
    ],
)
def test_what_may_still_name_somebody_is_held(changes, reason):
    if 0x00480101 in changes:
        changes = {0x00281201: ("OW", b"of Sample, by pen.")}
    assert reason in done(samples.image() | changes).held_for


@pytest.mark.parametrize("value", ["NO", ""])
def test_a_plain_image_is_not_held(value):
    assert done(samples.image() | {0x00280301: ("CS", value)}).held_for == ()


def test_the_name_of_the_patient_goes_even_where_it_is_a_word_of_the_list():
    image = samples.image() | {0x00100010: ("PN", "Brain^Person"), 0x00081030: ("LO", "MRI BRAIN")}
    assert read(done(image)).StudyDescription == "MRI"


def test_the_name_goes_from_code_strings_in_which_people_write_and_leaves_those_that_say_how_to_read():
    image = samples.image() | {
        0x00080005: ("CS", "ISO_IR 100"),
        0x00100010: ("PN", "Palette^Oddname"),
        0x00100020: ("LO", "100"),
        0x00180015: ("CS", "KNEE ODDNAME"),
        0x00280004: ("CS", "PALETTE COLOR"),
    }
    data_set = read(done(image))
    assert data_set.BodyPartExamined == "KNEE"
    assert (data_set.SpecificCharacterSet, data_set.PhotometricInterpretation) == (
        "ISO_IR 100",
        "PALETTE COLOR",
    )


def test_a_text_that_nobody_knows_goes_and_a_known_one_stays():
    image = samples.image() | {
        0x00081030: ("LO", "CT Chest, Nobody 0171-555"),
        0x0008103E: ("LO", "AX T1 +C"),
    }
    data_set = read(done(image))
    assert data_set.StudyDescription == "CT Chest"
    assert data_set.SeriesDescription == "AX T1 +C"
    assert "SeriesDescription" not in read(done(image, EMPTY))


def test_a_report_without_its_option_says_only_that_there_was_something():
    item = [(0x0040A040, "CS", "TEXT"), (0x0040A160, "UT", "Sample Person has it")]
    report = samples.image() | {0x0040A730: ("SQ", [item])}
    (removed,) = read(done(report, EMPTY)).ContentSequence
    assert removed.TextValue == "REMOVED"
    (cleaned,) = read(done(report)).ContentSequence
    assert cleaned.TextValue == "has it" or "Sample" not in cleaned.TextValue


def test_what_an_iod_requires_is_there_and_what_it_does_not_is_gone():
    def kept(sop_class, tag):
        return confidentiality.fate_of(tag, 0, sop_class, EMPTY)

    series_date, enhanced = tag_of("ContentDate"), "1.2.840.10008.5.1.4.1.1.4.1"
    assert kept(enhanced, series_date) is confidentiality.Fate.DUMMY
    assert kept(samples.CT, series_date) is confidentiality.Fate.EMPTY
    assert kept(samples.CT, tag_of("SeriesDate")) is confidentiality.Fate.REMOVE
    assert kept("1.2.3", tag_of("SeriesDate")) is confidentiality.Fate.DUMMY


@pytest.mark.parametrize(
    "entry",
    [
        {"tag": "00100010", "keyword": "PatientNames", "vr": "PN"},
        {"tag": "00100010", "keyword": "PatientName", "vr": "LO"},
        {"tag": "00100010", "keyword": "", "vr": ""},
        {"tag": "0010FFF1", "keyword": "SomethingNew", "vr": "LO"},
    ],
)
def test_a_row_that_the_dictionary_contradicts_stops_the_import(entry):
    with pytest.raises(LookupError):
        rows_of([{**entry, "basic": "X", "options": {}}])


def test_a_younger_attribute_may_only_be_removed():
    with pytest.raises(LookupError):
        rows_of([{"tag": "0010FFF1", "keyword": "", "vr": "", "basic": "Z", "options": {}}])


def test_the_table_is_whole():
    assert len(TABLE) >= 652
    assert confidentiality.EDITION == "2026c"


def test_with_the_patch_the_bytes_as_received_come_back_and_without_nothing_does():
    content = samples.part10(samples.as_list(samples.image()))
    result = dicom.deidentify(content, profile(), with_reverse_patch=True)
    assert dicom.restore(b"".join(result.chunks), result.reverse_patch) == content
    assert dicom.deidentify(content, profile()).reverse_patch == b""


def test_a_record_in_a_traceback_shows_nobody():
    result = done(samples.image())
    assert not {"Sample", "FOREIGN", "ACC-4711"} & set(re.findall(r"[\w-]+", repr(result)))


@pytest.mark.parametrize("text", ["12.05.19", "call 555-12-34", "03/04/2020", "MRN 0815"])
def test_numbers_that_may_be_a_date_or_a_telephone_do_not_stand(text):
    assert not re.search(r"\d", word_list.cleaned(text))


def corpus():
    with corpus_path("MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [corpus_path(row["path"]) for row in rows if row["is_dicom"] != "no"]


def identity(content):
    """Return what names the person in an original: name components, Patient ID, Accession Number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data_set = pydicom.dcmread(io.BytesIO(content), force=True, stop_before_pixels=True)
        texts = [str(data_set.get(keyword, "")) for keyword in ("PatientID", "AccessionNumber")]
        names = re.split(r"[\^=]", str(data_set.get("PatientName", "")))
    return {text for text in (*texts, *names) if len(text) >= 5}


def test_over_the_corpus_nothing_crashes_nobody_survives_and_every_output_is_read():
    survivors = []
    for path in corpus():
        content = path.read_bytes()
        try:
            result = dicom.deidentify(content, profile())
        except dicom.Refused:
            continue
        told = str(without_own_words(read(result)))
        if HoldReason.DOCUMENT not in result.held_for:
            survivors += [(path.name, value) for value in identity(content) if stands(value, told)]
    assert survivors == []


def without_own_words(data_set):
    """Take out what the engine itself writes, after a look that it is this: somebody is called Patient."""
    codes = {(item.CodeValue, item.CodeMeaning) for item in data_set.DeidentificationMethodCodeSequence}
    assert codes == {BASIC_PROFILE_CODE, *(OPTION_CODES[option] for option in USUAL_OPTIONS)}
    assert all(len(item) == 3 for item in data_set.DeidentificationMethodCodeSequence)
    del data_set.DeidentificationMethodCodeSequence
    return data_set


def stands(value, told):
    values = "\n".join(line.partition(": ")[2] for line in told.splitlines())
    return re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", values) is not None


def errors_of(path):
    found = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    text = (found.stdout + found.stderr).decode("utf-8", "replace")
    return {re.sub(r"<[^>]*>|=[^-]*$", "", line) for line in text.splitlines() if line.startswith("Error")}


def test_dciodvfy_finds_no_error_that_it_did_not_find_before(tmp_path):
    new = {}
    for number, path in enumerate(corpus()[::9]):
        try:
            result = dicom.deidentify(path.read_bytes(), profile())
        except dicom.Refused:
            continue
        target = tmp_path / f"{number}.dcm"
        target.write_bytes(b"".join(result.chunks))
        before = errors_of(path)
        more = errors_of(target) - before
        # What the tool could not read before it cannot compare.
        if more and not result.repairs and not any("Information Object Not found" in line for line in before):
            new[path.name] = more
    assert new == {}
