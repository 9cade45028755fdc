"""Documents are told by content, refused with a code, and never bring the process down."""

import io
import resource
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importal.dicom.document_inspection import inspect_pdf, inspect_picture
from importal.dicom.documents import DocumentKind, accepted, deliverable, media_type, recognise
from tests.corpus import corpus_path


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"%PDF-1.7\n", "report", DocumentKind.PDF),
        (b"\r\njunk\r\n%PDF-1.4\n", "report.pdf", DocumentKind.PDF),
        (b"\xff\xd8\xff\xe0", "looks-like.png", DocumentKind.JPEG),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "photo", DocumentKind.HEIC),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "film.mp4", DocumentKind.MEDIA),
        (b"RIFF\0\0\0\0WEBPVP8 ", "x", DocumentKind.WEBP),
        (b"MZ\x90\0\x03\0", "report.pdf", DocumentKind.PROGRAM),
        (b"\x7fELF\x02", "viewer", DocumentKind.PROGRAM),
        (b"#!/bin/sh\necho", "notes.txt", DocumentKind.PROGRAM),
        (b"[AutoRun]\r\nopen=x", "AUTORUN.INF", DocumentKind.PROGRAM),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "setup.msi", DocumentKind.PROGRAM),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "letter.doc", DocumentKind.OFFICE),
        (zipped("[Content_Types].xml", "word/document.xml"), "letter.zip", DocumentKind.OFFICE),
        (zipped("META-INF/MANIFEST.MF"), "viewer", DocumentKind.PROGRAM),
        (zipped("a.dcm"), "letter.docx", DocumentKind.ARCHIVE),
        (b"Sehr geehrte Frau M\xfcller", "letter.txt", DocumentKind.TEXT),
        ("Größe".encode("utf-16"), "x", DocumentKind.TEXT),
        (b"<!DOCTYPE html><script>", "report.txt", DocumentKind.WEB_PAGE),
        (b"<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'>", "x.xml", DocumentKind.CDA),
        (b"<?xml version='1.0'?><a/>", "x.xml", DocumentKind.XML),
        (b"\x1f\x8b\x08", "x", DocumentKind.ARCHIVE),
        (b"\0\x01\x02\x03\xfe" * 50, "x", DocumentKind.UNKNOWN),
        (b"", "empty.txt", DocumentKind.UNKNOWN),
    ],
)
def test_the_content_decides_and_the_name_only_breaks_ties(head, name, kind):
    assert recognise(head, name) == kind


@given(st.binary(max_size=600), st.text(max_size=20))
def test_any_bytes_under_any_name_have_a_kind(head, name):
    kind = recognise(head, name)
    assert not deliverable(kind) or accepted(kind)
    assert "/" in media_type(kind)


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_looking_into_any_bytes_never_raises(content):
    inspect_pdf(b"%PDF-1.4\n" + content)
    inspect_picture(b"\xff\xd8\xff" + content)
    inspect_picture(b"\x89PNG\r\n\x1a\n" + content)


def test_nothing_that_a_browser_could_run_is_handed_out_as_such():
    for kind in (DocumentKind.WEB_PAGE, DocumentKind.PROGRAM, DocumentKind.UNKNOWN):
        assert media_type(kind) == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "encrypted", "broken", "active"),
    [
        ("report.pdf", False, False, False),
        ("report-leading-junk.pdf", False, False, False),
        ("report-cut.pdf", False, True, False),
        ("not-a-pdf.pdf", False, True, False),
        ("report-password-befund.pdf", True, False, False),
        ("r4-aes-user-password.pdf", True, False, False),
        ("with-attached-exe-placeholder.pdf", False, False, True),
    ],
)
def test_a_pdf_that_is_locked_cut_or_active_is_seen(name, encrypted, broken, active):
    found = inspect_pdf(corpus_path("documents", "pdf", name).read_bytes())
    assert (found.encrypted, found.broken, found.active) == (encrypted, broken, active)


def test_a_script_is_seen_even_in_a_pdf_that_cannot_be_read():
    assert inspect_pdf(corpus_path("documents", "pdf", "with-javascript.pdf").read_bytes()).active


def test_a_picture_of_900_megapixels_is_refused_in_little_memory():
    path = corpus_path("documents", "pictures", "900-megapixel.png")
    code = (
        "import sys; from importal.dicom.document_inspection import inspect_picture;"
        "print(inspect_picture(open(sys.argv[1], 'rb').read()).too_large)"
    )
    limit = 1 << 30
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip
    assert done.stdout.strip() == "True", done.stderr
