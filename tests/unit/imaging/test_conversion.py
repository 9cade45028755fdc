"""Documents are converted in a process of its own: what takes too much or crashes costs itself alone."""

import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from importal.demo.sample_documents import pdf
from importal.dicom import conversion
from importal.dicom.document_flaws import DocumentRefused
from importal.dicom.documents import DocumentKind, accepted, deliverable, recognise
from importal.dicom.makers import Makers
from tests.corpus import corpus_path
from tests.unit.imaging.making import CONTEXT, KEY, LOCAL, encoded, gradient, made

KEPT = {
    "office/arztbrief.docx", "office/comments-rich-para.docx",
    "office/having-images.docx", "office/test.docx",
    "other-medical-formats/NA.PAR", "other-medical-formats/analyze.hdr",
    "other-medical-formats/example_nifti2.nii.gz", "other-medical-formats/test.mgz",
    "other-medical-formats/tiny.mnc", "other-medical-formats/tinypet.v", "text/note.rtf",
}  # fmt: skip
NOT_ACCEPTED = {
    "pictures/with-script.svg", "programs/link.lnk", "programs/script.js", "programs/setup.exe",
    "programs/start.bat", "programs/viewer.msi", "text/empty.txt",
    "text/entity-bomb.xml", "text/page.html", "video/stub.mp4",
}  # fmt: skip
FLAWED = {
    "heic/corrupted.heic": "document.broken",
    "heic/truncated.heic": "document.broken",
    "pdf/attachment.pdf": "document.attachment",
    "pdf/libreoffice-writer-password.pdf": "document.encrypted",
    "pdf/r4-aes-user-password.pdf": "document.encrypted",
    "pdf/report-cut.pdf": "document.broken",
    "pdf/report-password-befund.pdf": "document.encrypted",
    "pdf/with-attached-exe-placeholder.pdf": "document.attachment",
    "pdf/with-javascript.pdf": "document.script",
    "pictures/900-megapixel.png": "document.too_large",
    "pictures/cut.jpg": "document.broken",
}


def convert(document: bytes, kind: DocumentKind) -> tuple[bytes, ...]:
    return conversion.convert(
        document, kind, title="Report", context=CONTEXT, localisation=LOCAL, uid_key=KEY
    )


def ended_process(ended_by: int, said: bytes) -> types.SimpleNamespace:
    return types.SimpleNamespace(make=lambda *_given: (ended_by, said))


def refusal_of(document: bytes, kind: DocumentKind) -> str:
    with pytest.raises(DocumentRefused) as refused:
        convert(document, kind)
    return refused.value.code


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (pdf("Report", ["line"]), DocumentKind.PDF),
        (encoded(gradient(), "PNG"), DocumentKind.PNG),
        (b"text with a \n newline", DocumentKind.TEXT),
    ],
)
def test_the_other_process_makes_the_same_bytes(document, kind):
    assert convert(document, kind) == (made(document, kind),)


def test_every_file_of_the_corpus_is_delivered_or_kept_with_its_reason():
    root = corpus_path("documents")
    kept, not_accepted, flawed = set(), set(), {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name, document = str(path.relative_to(root)), path.read_bytes()
        kind = recognise(document[:65_536], name)
        if not accepted(kind):
            not_accepted.add(name)
        elif not deliverable(kind):
            kept.add(name)
        else:
            try:
                made(document, kind)
            except DocumentRefused as refused:
                flawed[name] = refused.code
    assert (kept, not_accepted, flawed) == (KEPT, NOT_ACCEPTED, FLAWED)


def test_a_kind_that_dicom_has_no_place_for_is_kept():
    assert refusal_of(b"{\\rtf1 Test}", DocumentKind.OFFICE) == "document.kept"
    assert refusal_of(b"n+1", DocumentKind.DATA) == "document.kept"


def test_what_takes_more_memory_than_it_may_is_too_large(monkeypatch):
    monkeypatch.setattr(conversion, "LIMITS", conversion.Limits(memory_bytes=600 * 1024**2))
    big = encoded(Image.fromarray(np.zeros((9_000, 9_000, 3), dtype=np.uint8)), "PNG")
    assert refusal_of(big, DocumentKind.PNG) == "document.too_large"


def test_what_takes_more_time_than_it_may_is_too_large(monkeypatch):
    monkeypatch.setattr(conversion, "LIMITS", conversion.Limits(cpu_seconds=2))
    begun = time.monotonic()
    assert refusal_of(b"some words on a line\n" * 22_000, DocumentKind.TEXT) == "document.too_large"
    assert time.monotonic() - begun < 30


def test_a_machine_without_time_says_nothing_about_the_document(monkeypatch):
    monkeypatch.setattr(conversion, "LIMITS", conversion.Limits(seconds=0.05))
    with pytest.raises(TimeoutError):
        convert(b"some words on a line\n" * 20_000, DocumentKind.TEXT)


@pytest.mark.parametrize(
    ("ended_by", "code"),
    [
        (signal.SIGSEGV, "document.broken"),
        (signal.SIGABRT, "document.broken"),
        (signal.SIGXCPU, "document.too_large"),
    ],
)
def test_a_decoder_that_crashes_is_an_answer(monkeypatch, ended_by, code):
    monkeypatch.setattr(conversion, "_MAKERS", ended_process(ended_by, b""))
    assert refusal_of(b"%PDF-1.4", DocumentKind.PDF) == code


@pytest.mark.parametrize("said", [b"", b"no json\n", b'{"flaw": "", "lengths": [9]}\nshort'])
def test_an_answer_that_is_none_is_a_defect_of_ours(monkeypatch, said):
    monkeypatch.setattr(conversion, "_MAKERS", ended_process(0, said))
    with pytest.raises(conversion.ConversionFailed):
        convert(b"%PDF-1.4", DocumentKind.PDF)


@pytest.fixture
def makers() -> Iterator[Makers]:
    """Converting processes of this test alone."""
    own = Makers("importal.dicom.conversion")
    yield own
    own.end()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def await_child_of(pid: int) -> int:
    until = time.monotonic() + 60
    while not (children := children_of(pid)):
        assert time.monotonic() < until
        time.sleep(0.01)
    return children[0]


def test_a_crash_costs_one_document_and_the_next_is_made_by_the_same_process(monkeypatch, makers):
    monkeypatch.setattr(conversion, "_MAKERS", makers)
    first = convert(pdf("Report", ["line"]), DocumentKind.PDF)
    (process,) = makers._idle
    with ThreadPoolExecutor() as pool:
        refused = pool.submit(refusal_of, b"some words on a line\n" * 20_000, DocumentKind.TEXT)
        os.kill(await_child_of(process.pid), signal.SIGSEGV)
        assert refused.result() == "document.broken"
    assert convert(pdf("Report", ["line"]), DocumentKind.PDF) == first
    assert makers._idle == [process]


def test_a_converting_process_that_dies_is_a_defect_of_ours_and_is_replaced(monkeypatch, makers):
    monkeypatch.setattr(conversion, "_MAKERS", makers)
    first = convert(pdf("Report", ["line"]), DocumentKind.PDF)
    (process,) = makers._idle
    with ThreadPoolExecutor() as pool:
        made_of = pool.submit(convert, b"some words on a line\n" * 20_000, DocumentKind.TEXT)
        child = await_child_of(process.pid)
        process.kill()
        with pytest.raises(conversion.ConversionFailed):
            made_of.result()
    assert not Path(f"/proc/{child}/root").exists()
    assert convert(pdf("Report", ["line"]), DocumentKind.PDF) == first


def test_converting_processes_end_with_the_one_that_asked(makers):
    makers.make(b'{"length": 0}\n', b"", 60)
    (process,) = makers._idle
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("order", [b"{}\nSECRET", b'{"length": 6}\nSECRET'])
def test_nothing_of_a_document_is_told_on_the_way(order):
    """The command line and the error output of the process show nothing to whoever lists processes."""
    done = subprocess.run(
        [sys.executable, "-m", "importal.dicom.conversion"],
        input=order, capture_output=True, timeout=60, check=False, env=os.environ,
    )  # fmt: skip
    assert b"SECRET" not in done.stderr + done.stdout


def test_an_order_that_cannot_be_read_ends_the_converting_process():
    done = subprocess.run(
        [sys.executable, "-m", "importal.dicom.conversion"],
        input=b"{}\nSECRET", capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0


def test_the_largest_picture_that_is_decoded_stays_within_the_memory():
    """100 megapixels in colour."""
    picture = Image.new("RGB", (10_000, 10_000), (200, 30, 30))
    (content,) = convert(encoded(picture, "PNG", compress_level=1), DocumentKind.PNG)
    assert len(content) > 300_000_000


def test_an_oversized_document_is_not_even_opened(monkeypatch):
    monkeypatch.setattr("importal.dicom.encapsulation.MOST_BYTES", 10)
    with pytest.raises(DocumentRefused) as refused:
        made(pdf("Report", ["line"]), DocumentKind.PDF)
    assert refused.value.code == "document.too_large"


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if deliverable(kind)])
@pytest.mark.parametrize("document", [b"", b"\0", b"%PDF-", b"II*\0\x08\0\0\0\xff\xff", b"<"])
def test_nothing_at_all_is_refused_under_every_name(kind, document):
    if kind is DocumentKind.TEXT:
        return  # any bytes that read as text are one
    with pytest.raises(DocumentRefused):
        made(document, kind)
