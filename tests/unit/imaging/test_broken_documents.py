"""Whatever was done to a document on its way, it becomes a readable object or is refused with a reason."""

import io
import random

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importal.demo.sample_documents import pdf
from importal.dicom.document_flaws import DocumentRefused
from importal.dicom.documents import DocumentKind
from tests.unit.imaging.making import made, read
from tests.unit.imaging.test_clinical_documents import TEXT_STL, binary_stl, cda
from tests.unit.imaging.test_picture_frames import cases

SEEDS: dict[str, tuple[bytes, DocumentKind]] = {
    **{name: case for name, case in cases().items() if len(case[0]) < 60_000},
    "PDF": (pdf("Report", ["line"]), DocumentKind.PDF),
    "CDA": (cda(), DocumentKind.CDA),
    "binary STL": (binary_stl(), DocumentKind.STL),
    "text STL": (TEXT_STL, DocumentKind.STL),
}
ROUNDS = 40


def damaged(document: bytes, chance: random.Random) -> bytes:
    content = bytearray(document)
    for _ in range(chance.choice([1, 2, 5, 20])):
        place = chance.randrange(len(content))
        if chance.random() < 0.4:
            content[place] = chance.randrange(256)
        elif chance.random() < 0.5:
            del content[place : place + chance.randrange(1, 30)]
        else:
            content[place:place] = chance.randbytes(chance.randrange(1, 30))
    return bytes(content)


@pytest.mark.parametrize("name", list(SEEDS))
def test_a_document_that_was_damaged_is_an_object_or_refused(name: str) -> None:
    document, kind = SEEDS[name]
    chance = random.Random(name)
    for _ in range(ROUNDS):
        try:
            content = made(damaged(document, chance), kind)
        except (DocumentRefused, MemoryError):
            continue
        assert read(content).SOPInstanceUID


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_any_text_is_laid_out_or_refused(text: str, encoding: str) -> None:
    try:
        content = made(text.encode(encoding, "replace"), DocumentKind.TEXT, text)
    except DocumentRefused as refused:
        assert refused.code in {"document.no_font", "document.unknown_encoding"}
    else:
        assert pydicom.dcmread(io.BytesIO(content)).EncapsulatedDocument.startswith(b"%PDF-")


def test_an_encoding_that_nobody_knows_is_no_crash() -> None:
    with pytest.raises(DocumentRefused):
        made(cda().replace(b"utf-8", b"jtf-8"), DocumentKind.CDA)
