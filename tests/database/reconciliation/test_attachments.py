"""What stays at the desk can be had there as it was sent, and can run nothing in a browser."""

import pytest

from importal import studies
from importal.dicom.documents import DocumentKind
from importal.inspection import inspect_submission
from importal.site import Site
from tests.corpus import corpus_path
from tests.database.reconciliation.test_desk import signed_in
from tests.database.road import make_series, send


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no drawing process."""
    target = "importal.inspection.thumbnails.rendering.render_thumbnails"
    monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))


@pytest.mark.parametrize(
    ("place", "kind", "media_type"),
    [
        ("office/arztbrief.docx", DocumentKind.OFFICE, "application/octet-stream"),
        ("text/note.rtf", DocumentKind.OFFICE, "application/octet-stream"),
        ("other-medical-formats/example_nifti2.nii.gz", DocumentKind.DATA, "application/octet-stream"),
        ("pdf/with-javascript.pdf", DocumentKind.PDF, "application/pdf"),
        ("text/cda.xml", DocumentKind.CDA, "application/xml"),
    ],
)
def test_an_attachment_is_saved_and_never_shown(
    site: Site, place: str, kind: DocumentKind, media_type: str
) -> None:
    client, person = signed_in(site)
    content = corpus_path("documents", *place.split("/")).read_bytes()
    sent = send(site, person, make_series(1))
    sent.add_document(content, kind)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        study_id = session.query(studies.Study).one().id
    (document,) = client.get(f"/api/desk/studies/{study_id}").json()["documents"]
    answer = client.get(document["url"])
    assert answer.content == content
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
