"""Localise: local values in, trace kept, characters right, bulk untouched."""

import dataclasses
import io
import warnings

import pydicom
import pytest
from tests.corpus import corpus_path
from tests.unit.dicom import samples

from importal import dicom


def stored_of(original, profile):
    neutralised = dicom.neutralise(original, profile)
    return b"".join(neutralised.chunks), neutralised


def localised_of(stored, local):
    result = dicom.localise(stored, local)
    out = b"".join(result.chunks)
    assert len(out) == result.length
    return pydicom.dcmread(io.BytesIO(out)), result


def rich_image():
    elements = samples.image()
    elements[0x00400275] = ("SQ", [[(0x00400009, "SH", "SPS-1"), (0x00401001, "SH", "RP-1")]])
    request = [(0x00080050, "SH", "ACC-4711"), (0x00401001, "SH", "RP-1"), (0x00402016, "LO", "PL-1")]
    elements[0x0040A370] = ("SQ", [request, [(0x00080050, "SH", "ACC-OTHER")]])
    elements[0x00400253] = ("SH", "PPS-1")
    elements[0x00402016] = ("LO", "PL-1")
    elements[0x00100022] = ("CS", "TEXT")
    return elements


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_local_patient_and_order_stand_where_they_belong(syntax, profile, local):
    stored, neutralised = stored_of(samples.part10(samples.as_list(rich_image()), syntax), profile)
    image, result = localised_of(stored, local)
    assert (image.PatientID, image.IssuerOfPatientID) == ("LOCAL-1", "HOSPITAL")
    assert (str(image.PatientName), image.PatientSex) == ("Local^Person", "F")
    assert image.AccessionNumber == "ORDER-9"
    assert image.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "RIS"
    assert image.RequestAttributesSequence[0].RequestedProcedureID == "PROC-3"
    assert "ScheduledProcedureStepID" not in image.RequestAttributesSequence[0]
    assert [item.AccessionNumber for item in image.ReferencedRequestSequence] == ["ORDER-9", ""]
    assert image.PlacerOrderNumberImagingServiceRequest == ""
    assert "PerformedProcedureStepID" not in image
    assert "TypeOfPatientID" not in image
    assert image.InstanceOriginStatus == "IMPORTED"
    assert image.InstanceCoercionDateTime == "20260102030405.000000+0000"
    modifying, equipment = image.ContributingEquipmentSequence
    assert modifying.PurposeOfReferenceCodeSequence[0].CodeValue == "109103"
    assert equipment.PurposeOfReferenceCodeSequence[0].CodeValue == "MEDIM"
    assert equipment.InstitutionName == "General Hospital"
    assert image.SOPInstanceUID == "1.2.3.4.5"
    assert result.bulk_sha256 == neutralised.bulk_sha256
    assert image.PixelData == samples.PIXELS
    assert not result.reencoded


def test_original_attributes_hold_the_stored_values_and_whole_prior_sequences(profile, local):
    elements = rich_image()
    earlier = [(0x04000550, "SQ", [[(0x00100020, "LO", "EARLIER-1")]]), (0x04000565, "CS", "CORRECT")]
    elements[0x04000561] = ("SQ", [earlier])
    stored, neutralised = stored_of(samples.part10(samples.as_list(elements)), profile)
    before = pydicom.dcmread(io.BytesIO(stored))
    image, _ = localised_of(stored, local)
    old, new = image.OriginalAttributesSequence
    assert old == before.OriginalAttributesSequence[0]
    assert new.ReasonForTheAttributeModification == "COERCE"
    assert new.ModifyingSystem == "IMPORTAL"
    assert new.SourceOfPreviousValues == "Patient's disc"
    prior = new.ModifiedAttributesSequence[0]
    assert prior.PatientID == neutralised.facts.patient_pseudonym
    assert prior.IssuerOfPatientID == "IMPORTAL"
    assert str(prior.PatientName) == "Sample^Person"
    assert prior.ReferencedRequestSequence == before.ReferencedRequestSequence
    assert prior.RequestAttributesSequence == before.RequestAttributesSequence
    assert prior["IssuerOfAccessionNumberSequence"].is_empty
    assert "FOREIGN-0815" not in str(image)


def test_without_an_order_nothing_foreign_remains_of_it(profile, local):
    plain = dataclasses.replace(
        local, requested_procedure_id="", issuer_of_accession_number="", accession_number=""
    )
    stored, _ = stored_of(samples.part10(samples.as_list(rich_image())), profile)
    image, _ = localised_of(stored, plain)
    assert image.AccessionNumber == ""
    assert "RequestAttributesSequence" not in image
    assert "IssuerOfAccessionNumberSequence" not in image
    assert [item.AccessionNumber for item in image.ReferencedRequestSequence] == ["", ""]


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jörg"),
        ("ISO_IR 192", "山田^太郎"),
        ("\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 144", "Люк^Иван"),
        ("GB18030", "王^小东"),
    ],
)
def test_a_name_that_the_character_set_holds_is_written_in_it(charset, name, profile, local):
    elements = samples.image()
    elements[0x00080005] = ("CS", charset)
    stored, _ = stored_of(samples.part10(samples.as_list(elements)), profile)
    image, result = localised_of(stored, dataclasses.replace(local, patient_name=name))
    assert not result.reencoded
    assert str(image.PatientName) == name
    assert dicom.read_display(b"".join(result.chunks)).patient_name == name


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_a_name_that_it_cannot_hold_turns_all_text_into_utf8(syntax, profile, local):
    elements = samples.image()
    elements[0x00081030] = ("LO", "Schädel".encode("latin-1"))
    elements[0x00104000] = ("LT", "gr\xf6\xdfer".encode("latin-1"))
    greek = [(0x00080005, "CS", "ISO_IR 126"), (0x00080104, "LO", "Κρανίο".encode("iso8859_7"))]
    elements[0x00081032] = ("SQ", [greek, [(0x00080104, "LO", "Sch\xe4del".encode("latin-1"))]])
    stored, neutralised = stored_of(samples.part10(samples.as_list(elements), syntax), profile)
    name = "Yamada^Tarou=山田^太郎"
    image, result = localised_of(
        stored, dataclasses.replace(local, patient_name=name, institution_name="Zürich")
    )
    assert result.reencoded
    assert image.SpecificCharacterSet == "ISO_IR 192"
    assert str(image.PatientName) == name
    assert image.StudyDescription == "Schädel"
    assert image.PatientComments == "größer"
    assert [item.CodeMeaning for item in image.ProcedureCodeSequence] == ["Κρανίο", "Schädel"]
    prior = image.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert prior.SpecificCharacterSet == "ISO_IR 100"
    assert image.ContributingEquipmentSequence[-1].InstitutionName == "Zürich"
    assert result.bulk_sha256 == neutralised.bulk_sha256


def test_shift_jis_and_gbk_backslashes_survive(profile, local):
    # the second byte of these characters is a backslash
    for charset, codec, text in (("ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞ"), ("GBK", "gbk", "誠俓")):
        elements = samples.image()
        elements[0x00080005] = ("CS", charset)
        elements[0x00081030] = ("LO", text.encode(codec))
        stored, _ = stored_of(samples.part10(samples.as_list(elements)), profile)
        image, _ = localised_of(stored, local)
        assert text.encode(codec) in stored
        assert image["StudyDescription"].value in (text, [text])


def test_japanese_disc_keeps_its_texts_when_local_names_are_ascii(profile, local):
    folder = corpus_path("dicom", "charsets", "hitachi-iso2022")
    for path in sorted(folder.iterdir()):
        stored, neutralised = stored_of(path.read_bytes(), profile)
        image, result = localised_of(
            stored, dataclasses.replace(local, patient_name="Yamada^Tarou=山田^太郎")
        )
        assert result.bulk_sha256 == neutralised.bulk_sha256
        assert str(image.PatientName) == "Yamada^Tarou=山田^太郎"
        before = pydicom.dcmread(io.BytesIO(path.read_bytes()))
        for keyword in ("StudyDescription", "InstitutionName", "SeriesDescription", "ProtocolName"):
            assert str(image.get(keyword)) == str(before.get(keyword))


def test_every_object_of_the_charset_folder_can_be_localised_to_any_name(profile, local):
    seen = 0
    for path in sorted(corpus_path("dicom", "charsets").rglob("*")):
        if not path.is_file():
            continue
        try:
            stored, neutralised = stored_of(path.read_bytes(), profile)
        except dicom.Refused:
            continue
        for name in ("Local^Person", "Müller^Jörg=山田^太郎", "Петров^Иван"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image, result = localised_of(stored, dataclasses.replace(local, patient_name=name))
                assert str(image.PatientName) == name
            assert result.bulk_sha256 == neutralised.bulk_sha256
            assert dicom.read_display(b"".join(result.chunks)).patient_name == name
            seen += 1
    assert seen > 40


def test_localise_refuses_what_is_no_stored_object(local):
    for junk in (b"", b"\0" * 200, b"\0" * 128 + b"DICM"):
        with pytest.raises(dicom.Refused):
            dicom.localise(junk, local)


def test_an_identifier_that_pretends_to_be_a_sequence_is_replaced_whole(profile, local):
    inner = [(0x00100020, "LO", "FOREIGN-0815"), (0x00080050, "SH", "ACC-4711")]
    for tag in (0x00100020, 0x00100021, 0x00080050, 0x0018A001):
        elements = samples.image()
        elements[tag] = ("SQ", [inner, inner])
        original = samples.part10(samples.as_list(elements))
        stored, neutralised = stored_of(original, profile)
        assert dicom.restore(stored, neutralised.reverse_patch) == original
        assert b"FOREIGN-0815" not in stored
        assert b"ACC-4711" not in stored
        image, _ = localised_of(stored, local)
        assert (image.PatientID, image.AccessionNumber) == ("LOCAL-1", "ORDER-9")
        assert not dicom.neutralise(b"".join(dicom.localise(stored, local).chunks), profile).repairs


def localised_image(elements, profile, local):
    stored, _ = stored_of(samples.part10(samples.as_list(elements)), profile)
    return localised_of(stored, local)[0]


def test_an_object_that_names_the_local_patient_no_longer_claims_that_identity_was_removed(profile, local):
    elements = rich_image() | {0x00120062: ("CS", "YES"), 0x00120063: ("LO", "Site profile")}
    image = localised_image(elements, profile, local)
    assert image.PatientIdentityRemoved == "NO"
    assert image.DeidentificationMethod == "Site profile"
    prior = image.OriginalAttributesSequence[-1].ModifiedAttributesSequence[0]
    assert prior.PatientIdentityRemoved == "YES"


def test_an_object_that_goes_on_naming_nobody_may_say_so(profile, local):
    nobody = dataclasses.replace(local, names_nobody=True)
    claimed = rich_image() | {0x00120062: ("CS", "YES")}
    assert localised_image(claimed, profile, nobody).PatientIdentityRemoved == "YES"
    assert "PatientIdentityRemoved" not in localised_image(rich_image(), profile, nobody)


def test_no_claim_about_identity_is_made_where_there_was_none(profile, local):
    assert "PatientIdentityRemoved" not in localised_image(rich_image(), profile, local)


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_elements_that_were_all_absent_come_in_the_order_of_their_tags(syntax, profile, local):
    elements = samples.image()
    for tag in (0x00080050, 0x00080060, 0x00100010, 0x00100030, 0x00100040, 0x7FE00010):
        del elements[tag]
    stored, _ = stored_of(samples.part10(samples.as_list(elements), syntax), profile)
    localised = b"".join(dicom.localise(stored, local).chunks)
    tags = [element.tag for element in dicom.read_contents(localised).elements]
    assert tags == sorted(tags)
    assert {0x00080050, 0x00080051, 0x00100010, 0x00100030, 0x00400275, 0x04000561} <= set(tags)


GREEK_REQUEST = [(0x00080005, "CS", "ISO_IR 126"), (0x00080050, "SH", "ACC-4711"), (0x00401001, "SH", "RP-1")]


def greek_request(own, profile, local, procedure):
    """Localise an object of Latin-1 whose request has its own character set; return it and its request."""
    request = [(0x00080005, "CS", own), *GREEK_REQUEST[1:]]
    elements = samples.image() | {0x0040A370: ("SQ", [request])}
    stored, _ = stored_of(samples.part10(samples.as_list(elements)), profile)
    image, result = localised_of(stored, dataclasses.replace(local, requested_procedure_id=procedure))
    return image, image.ReferencedRequestSequence[0], result


def test_a_local_value_is_written_in_the_character_set_of_the_item_it_stands_in(profile, local):
    image, request, result = greek_request("ISO_IR 148", profile, local, "Ä-77")
    assert request.RequestedProcedureID == image.RequestAttributesSequence[0].RequestedProcedureID == "Ä-77"
    assert not result.reencoded
    image, request, result = greek_request("ISO_IR 192", profile, local, "Ä-77")
    assert request.RequestedProcedureID == "Ä-77"
    assert not result.reencoded


def test_an_item_whose_own_set_cannot_hold_a_local_value_turns_all_text_into_utf8(profile, local):
    image, request, result = greek_request("ISO_IR 126", profile, local, "Ä-77")
    assert request.RequestedProcedureID == "Ä-77"
    assert result.reencoded
    assert (image.SpecificCharacterSet, request.SpecificCharacterSet) == ("ISO_IR 192", "ISO_IR 192")


@pytest.mark.parametrize("own", [True, False])
def test_a_nested_patient_id_and_its_issuer_change_together_or_not_at_all(own, profile, local):
    person = [(0x00100020, "LO", "FOREIGN-0815" if own else "MOTHER-9"), (0x00100021, "LO", "CLINIC-B")]
    elements = samples.image() | {0x00081120: ("SQ", [person]), 0x00081110: ("SQ", [person[1:]])}
    stored, _ = stored_of(samples.part10(samples.as_list(elements)), profile)
    before = pydicom.dcmread(io.BytesIO(stored)).ReferencedPatientSequence[0]
    image, _ = localised_of(stored, local)
    after = image.ReferencedPatientSequence[0]
    kept = (before.PatientID, "IMPORTAL")
    assert (after.PatientID, after.IssuerOfPatientID) == (("LOCAL-1", "HOSPITAL") if own else kept)
    assert image.ReferencedStudySequence[0].IssuerOfPatientID == "IMPORTAL"
