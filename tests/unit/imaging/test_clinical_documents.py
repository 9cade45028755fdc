"""CDA documents and STL models lie unchanged in objects of their class; bombs and look-alikes are refused."""

import struct
import time
import tracemalloc

import pytest

from importal.dicom.document_flaws import DocumentRefused
from importal.dicom.documents import DocumentKind, recognise
from tests.corpus import corpus_path
from tests.peers import require_peer
from tests.unit.imaging.making import complaints, made, read

BODY = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.40.0.34.99" extension="A 17"/>'
    '<code code="11502-2" codeSystem="2.16.840.1.113883.6.1" displayName="Laboratory report"/>'
    "<title>Laborbefund Größe</title><effectiveTime value='20240203101500+0100'/><component/>"
    "</ClinicalDocument>"
)
BOMB = (
    '<!DOCTYPE a [<!ENTITY x0 "aaaaaaaaaa">'
    + "".join(f'<!ENTITY x{n + 1} "{f"&x{n};" * 10}">' for n in range(12))
    + ']><ClinicalDocument xmlns="urn:hl7-org:v3">&x12;</ClinicalDocument>'
)


def cda(encoding: str = "utf-8") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>{BODY}'.encode(encoding)


def refusal_of(document: bytes, kind: DocumentKind) -> str:
    with pytest.raises(DocumentRefused) as refused:
        made(document, kind)
    return refused.value.code


def binary_stl(triangles: int = 2, header: bytes = b"solid made by a scanner") -> bytes:
    corner = struct.pack("<12fH", *range(12), 0)
    return header.ljust(80, b"\0") + struct.pack("<I", triangles) + corner * triangles


TEXT_STL = (
    b"solid bone\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\n"
    b"endfacet\nendsolid bone\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_cda_lies_unchanged_in_its_object_and_gives_it_its_title(encoding, tmp_path):
    require_peer("dciodvfy")
    document = cda(encoding)
    assert recognise(document, "befund.xml") is DocumentKind.CDA
    content = made(document, DocumentKind.CDA, "befund.xml")
    data = read(content)
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.104.2"
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == document
    assert (data.MIMETypeOfEncapsulatedDocument, data.DocumentTitle) == ("text/XML", "Laborbefund Größe")
    assert (data.HL7InstanceIdentifier, data.VerificationFlag) == ("1.2.40.0.34.99^A 17", "UNVERIFIED")
    assert (data.ContentDate, data.ContentTime) == ("20240203", "101500")
    assert data.ConceptNameCodeSequence[0].CodeValue == "11502-2"
    assert complaints(content, tmp_path) == []
    assert content == made(document, DocumentKind.CDA, "befund.xml")


def test_the_cda_of_the_corpus_becomes_an_object(tmp_path):
    document = corpus_path("documents", "text", "cda.xml").read_bytes()
    content = made(document, recognise(document, "cda.xml"))
    assert complaints(content, tmp_path) == []


def test_an_xml_bomb_is_refused_at_once_and_in_little_memory():
    tracemalloc.start()
    begun = time.monotonic()
    assert refusal_of(BOMB.encode(), DocumentKind.CDA) == "document.entities"
    assert time.monotonic() - begun < 1
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b'<!DOCTYPE ClinicalDocument SYSTEM "file:///etc/passwd">' + BODY.encode(), "document.entities"),
        (cda()[:-20], "document.broken"),
        (b"<x><ClinicalDocument/></x>", "document.broken"),
        (
            BODY.replace("<component/>", "<component>" * 300 + "</component>" * 300).encode(),
            "document.too_large",
        ),
        (BODY.replace("<component/>", "<a href='javascript:x'/>").encode(), "document.script"),
        (b"", "document.broken"),
    ],
)
def test_what_is_no_plain_cda_is_refused_with_its_reason(document, code):
    assert refusal_of(document, DocumentKind.CDA) == code


def test_xml_that_is_no_cda_is_none():
    document = corpus_path("documents", "text", "entity-bomb.xml").read_bytes()
    assert recognise(document, "entity-bomb.xml") is DocumentKind.XML


@pytest.mark.parametrize("document", [binary_stl(), binary_stl(header=b"\0" * 80), TEXT_STL])
def test_an_stl_model_lies_unchanged_in_its_object(document, tmp_path):
    require_peer("dciodvfy")
    assert recognise(document[:4096], "bone.stl") is DocumentKind.STL
    content = made(document, DocumentKind.STL, "bone.stl")
    data = read(content)
    assert (data.SOPClassUID, data.Modality) == ("1.2.840.10008.5.1.4.1.1.104.3", "M3D")
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == document
    assert (data.MIMETypeOfEncapsulatedDocument, data.MeasurementUnitsCodeSequence[0].CodeValue) == (
        "model/stl",
        "mm",
    )
    assert data.FrameOfReferenceUID not in {data.SOPInstanceUID, data.SeriesInstanceUID}
    assert complaints(content, tmp_path) == []


@pytest.mark.parametrize("document", [binary_stl()[:-1], TEXT_STL[:-20], b"x" * 200, binary_stl(0)])
def test_a_model_that_was_cut_off_is_refused(document):
    assert refusal_of(document, DocumentKind.STL) == "document.broken"
