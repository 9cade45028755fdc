"""Pseudonyms: one format, keyed, scoped to a person."""

import pytest
from tests.unit.dicom import samples

from importal import dicom
from importal.dicom.profile import tag_of
from importal.dicom.pseudonyms import normalised_family_name

ID, ISSUER, NAME, BIRTH = 0x00100020, 0x00100021, 0x00100010, 0x00100030


def facts(profile, **changes):
    elements = samples.image()
    for tag, value in changes.items():
        number = tag_of(tag)
        vr = {NAME: "PN", BIRTH: "DA"}.get(number, "LO")
        elements[number] = (vr, value)
    neutralised = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
    return neutralised, {item.kind.value: item.pseudonym for item in neutralised.replacements}


def test_all_have_sixteen_signs_that_can_be_read_aloud(profile):
    _, found = facts(profile)
    for pseudonym in found.values():
        assert len(pseudonym) == 16
        assert pseudonym.startswith("IM")
        assert not set(pseudonym[2:]) & set("ILOU")
        assert profile.pseudonyms.is_pseudonym(pseudonym)
    assert len(set(found.values())) == len(found)


def test_the_same_number_of_two_people_or_two_issuers_gives_two_pseudonyms(profile):
    base = facts(profile)[0].facts.patient_pseudonym
    others = {
        facts(profile, **change)[0].facts.patient_pseudonym
        for change in (
            {"IssuerOfPatientID": "CLINIC-A"},
            {"PatientName": "Other^Person"},
            {"PatientBirthDate": "19500608"},
            {"PatientID": "FOREIGN-0816"},
        )
    }
    assert len(others | {base}) == 5
    assert facts(profile, PatientName="SAMPLE^Other")[0].facts.patient_pseudonym == base


def test_another_key_or_version_gives_other_pseudonyms(profile):
    keyed = dicom.Profile(dicom.Pseudonyms(b"another key"), "IMPORTAL")
    versioned = dicom.Profile(dicom.Pseudonyms(profile.pseudonyms.key, key_version=2), "IMPORTAL")
    assert len({facts(given)[0].facts.patient_pseudonym for given in (profile, keyed, versioned)}) == 3
    assert "key" not in repr(profile.pseudonyms).replace("key_version", "")


@pytest.mark.parametrize("value", ["", "   ", None])
def test_a_missing_patient_id_is_derived_from_the_study(value, profile):
    elements = samples.image()
    elements[ID] = ("LO", value or "")
    if value is None:
        del elements[ID], elements[0x00200010]
    first = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
    elements[NAME] = ("PN", "Sample^P")
    second = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
    assert first.facts.patient_pseudonym == second.facts.patient_pseudonym
    shown = dicom.read_display(b"".join(first.chunks))
    assert shown.patient_id == first.facts.patient_pseudonym
    assert len(shown.study_id) == 16


def test_an_empty_accession_number_stays_empty_and_a_missing_one_stays_missing(profile):
    elements = samples.image()
    elements[0x00080050] = ("SH", "")
    empty = b"".join(dicom.neutralise(samples.part10(samples.as_list(elements)), profile).chunks)
    assert b"\x08\x00\x50\x00SH\x00\x00" in empty
    del elements[0x00080050]
    missing = b"".join(dicom.neutralise(samples.part10(samples.as_list(elements)), profile).chunks)
    assert b"\x08\x00\x50\x00" not in missing


def test_family_names_are_compared_without_case_accents_and_other_spellings_of_the_sign():
    assert normalised_family_name("Müller^Jörg") == normalised_family_name("MÜLLER^J") == "muller"
    assert normalised_family_name("O'Neil Smith^A") == normalised_family_name("ONEIL-SMITH^B")
    assert normalised_family_name("=山田^太郎") == "山田"


def test_the_blind_index_forgives_case_and_blanks_and_separates_kinds_and_keys():
    index = dicom.blind_index(b"key", "patient_id", "AB-12")
    assert index == dicom.blind_index(b"key", "patient_id", " ab-12 ")
    assert len(index) == 32
    assert index != dicom.blind_index(b"key", "accession_number", "AB-12")
    assert index != dicom.blind_index(b"yek", "patient_id", "AB-12")


def test_the_preamble_is_zeroed_unless_the_file_is_a_tiff_too(profile):
    elements = samples.as_list(samples.image())
    for preamble, kept in ((b"MZ".ljust(128, b"\1"), False), (b"II*\0".ljust(128, b"\1"), True)):
        stored = b"".join(dicom.neutralise(samples.part10(elements, preamble=preamble), profile).chunks)
        assert (stored[:128] == preamble) is kept
        assert kept or stored[:128] == bytes(128)


def test_group_lengths_follow_and_stay_right(profile):
    elements = samples.image()
    patient = {tag: value for tag, value in elements.items() if tag >> 16 == 0x0010}
    length = len(samples.data_set(samples.as_list(patient), samples.Layout()))
    elements[0x00100000] = ("UL", length.to_bytes(4, "little"))
    stored = b"".join(dicom.neutralise(samples.part10(samples.as_list(elements)), profile).chunks)
    at = stored.index(b"\x10\x00\x00\x00UL\x04\x00") + 12
    end = at + int.from_bytes(stored[at - 4 : at], "little")
    assert stored[end : end + 4] == b"\x18\x00\x01\xa0"


def test_a_digest_known_to_the_receiver_is_checked_on_restore(profile):
    import hashlib

    original = samples.part10(samples.as_list(samples.image()))
    right = dicom.neutralise(original, profile, original_sha256=hashlib.sha256(original).digest())
    stored = b"".join(right.chunks)
    assert dicom.restore(stored, right.reverse_patch) == original
    wrong = dicom.neutralise(original, profile, original_sha256=bytes(32))
    with pytest.raises(dicom.RestoreError):
        dicom.restore(stored, wrong.reverse_patch)


@pytest.mark.parametrize("top", ["ISO_IR 100", "ISO_IR 192", "GB18030"])
def test_one_number_in_two_character_sets_is_one_identifier(top, profile):
    python = {"ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8", "GB18030": "gb18030"}
    elements = samples.image() | {0x00080005: ("CS", top), ID: ("LO", "Ä-0815".encode(python[top]))}
    items = [[(0x00080005, "CS", term), (ID, "LO", "Ä-0815".encode(name))] for term, name in python.items()]
    inherited = [(0x00081110, "SQ", [[(ID, "LO", "Ä-0815".encode("latin-1"))]])]
    elements[0x0040A730] = ("SQ", [*items, [(0x00080005, "CS", "ISO_IR 100"), *inherited]])
    neutralised = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
    patients = [each for each in neutralised.replacements if each.kind is dicom.IdentifierKind.PATIENT_ID]
    assert [each.original for each in patients] == ["Ä-0815"]
    stored = b"".join(neutralised.chunks)
    assert stored.count(neutralised.facts.patient_pseudonym.encode()) == 5
