"""Documents are looked at before a person is: the desk reads why one stays here, and never loses one."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from importal import studies
from importal.demo.sample_documents import pdf
from importal.dicom import conversion
from importal.dicom.documents import DocumentKind
from importal.inspection import inspect_submission, papers
from importal.site import Site
from importal.studies import Document, Study
from tests.corpus import corpus_path
from tests.database.road import make_person, make_series, send


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no drawing process."""
    target = "importal.inspection.thumbnails.rendering.render_thumbnails"
    monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))


def shown(site: Site, *documents: tuple[bytes, DocumentKind], others: bool = False) -> list[tuple[bool, str]]:
    """Send images and documents; return what the desk reads of each: goes it to the archive, why not."""
    person = make_person(site)
    sent = send(site, person, make_series(1) + (make_series(1, "1.9.9") if others else []))
    for content, kind in documents:
        sent.add_document(content, kind)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        study_id = session.scalars(select(Study.id).where(Study.study_instance_uid == "1.2.3")).one()
        found = studies.study_detail(person, session, site, study_id).documents
    return [(item.deliverable, item.note) for item in found]


def paper(name: str) -> tuple[bytes, DocumentKind]:
    return corpus_path("documents", "pdf", name).read_bytes(), DocumentKind.PDF


def test_the_desk_reads_why_a_document_does_not_go_to_the_archive(site: Site) -> None:
    assert shown(
        site,
        (pdf("Report", ["line"]), DocumentKind.PDF),
        paper("report-password-befund.pdf"),
        paper("with-javascript.pdf"),
        paper("attachment.pdf"),
        (b"{\\rtf1 Test}", DocumentKind.OFFICE),
        (b"n+1", DocumentKind.DATA),
    ) == [
        (True, ""),
        (False, "document.encrypted"),
        (False, "document.script"),
        (False, "document.attachment"),
        (False, "document.kept"),
        (False, "document.kept"),
    ]


def test_a_document_of_nobody_knows_which_study_says_so_and_is_still_looked_at(site: Site) -> None:
    harmless = (pdf("Report", ["line"]), DocumentKind.PDF)
    assert shown(site, harmless, paper("with-javascript.pdf"), others=True) == [
        (False, "document.unassigned"),
        (False, "document.script"),
    ]


def test_what_the_machine_had_no_time_for_is_left_to_the_delivery(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "LIMITS", replace(conversion.LIMITS, seconds=0.01))
    long = b"some words on a line\n" * 20_000
    assert shown(site, (long, DocumentKind.TEXT)) == [(True, "")]


def test_a_flood_of_documents_does_not_keep_the_inspection_for_hours(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "TOTAL_SECONDS", -1.0)
    assert shown(site, paper("with-javascript.pdf")) == [(True, "")]


def test_a_defect_of_ours_costs_one_document_and_not_the_study(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trips(*_document: object, **_context: object) -> tuple[bytes, ...]:
        raise conversion.ConversionFailed

    monkeypatch.setattr(conversion, "convert", trips)
    assert shown(site, paper("report.pdf")) == [(False, "document.broken")]
    with site.database.reading() as session:
        assert session.scalars(select(Study.state)).one() == "inspected"
        assert len(session.scalars(select(Document)).all()) == 1
