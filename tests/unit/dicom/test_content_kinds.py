"""What is more than a picture is known by its SOP class."""

import csv
from collections import Counter

import pytest
from pydicom.uid import UID_dictionary
from tests.corpus import corpus_path
from tests.unit.dicom.sentinels import KINDS

from importal import dicom
from importal.dicom import ContentKind

OF_KIND = {
    "sr": ContentKind.STRUCTURED_REPORT,
    "ko": ContentKind.KEY_OBJECT_SELECTION,
    "pr": ContentKind.PRESENTATION_STATE,
    "rt": ContentKind.RADIOTHERAPY,
    "seg": ContentKind.SEGMENTATION,
    "pdf": ContentKind.ENCAPSULATED_PDF,
    "cda": ContentKind.ENCAPSULATED_CDA,
    "ct": None,
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_object_is_told_from_its_sop_class(kind):
    assert dicom.content_kind(KINDS[kind][0]) is OF_KIND[kind]
    assert dicom.content_kind("1.2.3") is dicom.content_kind("") is None


def test_every_storage_class_of_the_standard_whose_name_says_what_it_is_has_its_kind():
    words = {
        " SR": ContentKind.STRUCTURED_REPORT,
        "Presentation State": ContentKind.PRESENTATION_STATE,
        "RT ": ContentKind.RADIOTHERAPY,
        "Segmentation": ContentKind.SEGMENTATION,
        "Encapsulated PDF": ContentKind.ENCAPSULATED_PDF,
        "Encapsulated CDA": ContentKind.ENCAPSULATED_CDA,
        "Encapsulated STL": ContentKind.ENCAPSULATED_MODEL,
    }
    seen = Counter()
    for uid, (name, kind, *_) in UID_dictionary.items():
        is_storage = kind == "SOP Class" and name.endswith("Storage")
        if not is_storage or not uid.startswith("1.2.840.10008.5.1.4.1.1."):
            continue
        for word, expected in words.items():
            if word in f" {name}":
                assert dicom.content_kind(uid) is expected, name
                seen[word] += 1
    assert set(seen) == set(words)


def test_the_kinds_of_the_corpus(profile):
    with corpus_path("MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["path"].startswith("dicom/")]
    by_modality = {"SR": ContentKind.STRUCTURED_REPORT, "RTPLAN": ContentKind.RADIOTHERAPY}
    by_modality |= {"SEG": ContentKind.SEGMENTATION, "PR": ContentKind.PRESENTATION_STATE}
    for row in rows:
        if row["modality"] in by_modality and row["is_dicom"] == "yes":
            assert dicom.content_kind(row["sop_class"]) is by_modality[row["modality"]], row["path"]
