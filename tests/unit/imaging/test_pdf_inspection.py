"""A PDF that is locked, damaged or could do something by itself is flagged with its reason."""

import io
import time
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from importal.demo.sample_documents import pdf
from importal.dicom.document_flaws import DocumentFlaw
from importal.dicom.documents import DocumentKind, recognise
from importal.dicom.encapsulation import DocumentRefused
from importal.dicom.pdf_inspection import inspect_pdf
from tests.corpus import corpus_path
from tests.unit.imaging.making import made, read

CORPUS = {
    "FormTestFromOo.pdf": None,
    "attachment.pdf": "document.attachment",
    "crazyones.pdf": None,
    "imagemagick-CCITTFaxDecode.pdf": None,
    "jpeg.pdf": None,
    "libreoffice-writer-password.pdf": "document.encrypted",
    "multilang.pdf": None,
    "r4-aes-user-password.pdf": "document.encrypted",
    # Its password for reading is empty: every reader opens it.
    "r6-user-password.pdf": None,
    "report-cut.pdf": "document.broken",
    "report-leading-junk.pdf": None,
    "report-password-befund.pdf": "document.encrypted",
    "report.pdf": None,
    "with-attached-exe-placeholder.pdf": "document.attachment",
    "with-javascript.pdf": "document.script",
}


def refusal_of(document: bytes) -> str | None:
    try:
        content = made(document, DocumentKind.PDF)
    except DocumentRefused as refused:
        return refused.code
    data = read(content)
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == document
    return None


def names(**entries: object) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})


def action(kind: str, **entries: object) -> DictionaryObject:
    return names(S=NameObject(f"/{kind}"), **entries)


def built(root: DictionaryObject | None = None, page: DictionaryObject | None = None) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Report", ["line"])))
    writer.root_object.update(root or {})
    writer.pages[0].update(page or {})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def annotated(**entries: object) -> bytes:
    return built(page=names(Annots=ArrayObject([names(Type=NameObject("/Annot"), **entries)])))


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_each_pdf_of_the_corpus_is_embedded_unchanged_or_flagged(name):
    document = corpus_path("documents", "pdf", name).read_bytes()
    assert recognise(document, name) is DocumentKind.PDF
    assert refusal_of(document) == CORPUS[name]


def test_every_pdf_of_the_corpus_is_looked_at():
    found = {path.name for path in corpus_path("documents", "pdf").iterdir()}
    # The one that is left is plain text under the name of a PDF.
    assert found - set(CORPUS) == {"not-a-pdf.pdf"}


def test_the_report_on_a_disc_is_embedded_unchanged():
    document = corpus_path("cd", "pacs-export-pet-seg", "REPORT", "REPORT.PDF").read_bytes()
    assert refusal_of(document) is None


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        (built(names(OpenAction=action("JavaScript", JS=TextStringObject("app.alert(1)")))), "script"),
        (built(names(AcroForm=names(Fields=ArrayObject([names(AA=names(K=action("JavaScript")))])))),
         "script"),
        (annotated(A=action("Launch", F=TextStringObject("cmd.exe"))), "launch"),
        (built(names(OpenAction=action("URI", URI=TextStringObject("http://a.example")))), "launch"),
        (built(page=names(AA=names(O=action("GoToR", F=TextStringObject("other.pdf"))))), "launch"),
        (annotated(A=action("SubmitForm", F=TextStringObject("http://a.example"))), "active_form"),
        (built(names(AcroForm=names(Fields=ArrayObject(), XFA=TextStringObject("<xdp/>")))), "active_form"),
        (annotated(Subtype=NameObject("/FileAttachment")), "attachment"),
        (built(names(AF=ArrayObject([names(EF=names())]))), "attachment"),
        (annotated(Subtype=NameObject("/RichMedia")), "active_media"),
        (annotated(A=action("GoTo", Next=action("Named", Next=action("JavaScript")))), "script"),
    ],
)  # fmt: skip
def test_what_a_pdf_could_do_by_itself_is_named(document, flaw):
    assert refusal_of(document) == f"document.{flaw}"


@pytest.mark.parametrize(
    "document",
    [
        built(names(OpenAction=action("GoTo", D=ArrayObject([NumberObject(0), NameObject("/Fit")])))),
        built(names(OpenAction=ArrayObject([NumberObject(0), NameObject("/Fit")]))),
        annotated(Subtype=NameObject("/Link"), A=action("URI", URI=TextStringObject("http://a.example"))),
        annotated(Subtype=NameObject("/Link"), A=action("Named", N=NameObject("/NextPage"))),
        built(names(AcroForm=names(Fields=ArrayObject()))),
    ],
)
def test_a_link_that_a_reader_has_to_click_is_nothing_to_warn_of(document):
    assert refusal_of(document) is None


def test_all_that_was_found_is_told_and_the_gravest_comes_first():
    document = annotated(
        Subtype=NameObject("/FileAttachment"), A=action("JavaScript", JS=TextStringObject("1"))
    )
    found = inspect_pdf(document)
    assert found.actions == {DocumentFlaw.SCRIPT, DocumentFlaw.ATTACHMENT}
    assert found.flaw is DocumentFlaw.SCRIPT


def test_a_pdf_without_pages_is_flagged():
    writer = pypdf.PdfWriter()
    out = io.BytesIO()
    writer.write(out)
    assert refusal_of(out.getvalue()) in {"document.broken", "document.no_pages"}


def test_a_pdf_of_three_thousand_pages_is_checked_to_its_end():
    writer = pypdf.PdfWriter()
    for _ in range(3000):
        writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    document = out.getvalue()
    begun = time.monotonic()
    assert (inspect_pdf(document).pages, refusal_of(document)) == (3000, None)
    assert time.monotonic() - begun < 20
    writer.pages[2999].update(names(AA=names(O=action("JavaScript", JS=TextStringObject("1")))))
    out = io.BytesIO()
    writer.write(out)
    assert refusal_of(out.getvalue()) == "document.script"


def test_more_objects_than_are_looked_at_are_not_let_through(monkeypatch):
    monkeypatch.setattr("importal.dicom.pdf_inspection._MOST_OBJECTS", 5)
    assert refusal_of(pdf("Report", ["line"])) == "document.too_large"


def test_a_pdf_with_a_thousand_bookmarks_is_walked_to_its_end():
    """Bookmarks hang together like a chain: how far one is from the first says nothing."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Report", ["line"])))
    for number in range(1000):
        writer.add_outline_item(title=f"Chapter {number}", page_number=0)
    out = io.BytesIO()
    writer.write(out)
    assert refusal_of(out.getvalue()) is None


def test_a_script_that_only_the_parent_of_a_form_field_has_is_found():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Report", ["line"])))
    parent = writer._add_object(names(AA=names(K=action("JavaScript", JS=TextStringObject("1")))))
    field = names(Type=NameObject("/Annot"), Subtype=NameObject("/Widget"), Parent=parent)
    writer.pages[0].update(names(Annots=ArrayObject([field])))
    out = io.BytesIO()
    writer.write(out)
    assert refusal_of(out.getvalue()) == "document.script"


def test_a_linearised_pdf_passes_as_it_is():
    """Made by qpdf; its first page and its table of objects stand in unusual places."""
    document = (Path(__file__).parents[2] / "cases" / "documents" / "linearised.pdf").read_bytes()
    assert b"/Linearized" in document
    assert refusal_of(document) is None


def objects(*bodies: bytes) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    tail = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + head + table + tail


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
LOOP = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\n0000000000 65535 f \n"
    b"trailer<</Root 1 0 R/Prev 42/Size 1>>\n"
)


@pytest.mark.parametrize(
    "document",
    [
        objects(CATALOGUE, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"),
        objects(CATALOGUE, b"<</Type/Pages/Kids[]/Count 1000000000>>"),
        objects(b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 50_000 + b">>", b"<</Type/Pages/Kids[]/Count 0>>"),
        LOOP + b"startxref\n42\n%%EOF",
        b"%PDF-1.4\n" + bytes(range(256)) * 4_000,
        b"%PDF-1.4\n" + b"1 0 obj\n<<>>\nendobj\n" * 20_000,
    ],
)
def test_a_pdf_that_leads_in_circles_is_refused_in_time(document):
    begun = time.monotonic()
    assert refusal_of(document) == "document.broken"
    assert time.monotonic() - begun < 20


def test_three_bytes_by_chance_are_no_script():
    assert refusal_of(b"%PDF-1.4\n" + b"\x80/JS\x81\x82" * 100) == "document.broken"


def test_a_pdf_that_only_forbids_printing_is_readable_and_passes_as_it_is():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("Report", ["line"])))
    writer.encrypt("", "owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    assert refusal_of(out.getvalue()) is None


def test_a_pdf_under_the_name_of_a_picture_is_a_pdf():
    document = pdf("Report", ["line"])
    assert recognise(document, "scan.jpg") is DocumentKind.PDF


@pytest.mark.parametrize("junk", [b"\r\n", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 900])
def test_what_stands_before_a_pdf_stays_there(junk):
    document = junk + pdf("Report", ["line"])
    assert recognise(document, "report.pdf") is DocumentKind.PDF
    assert refusal_of(document) is None
