"""What a submission brought becomes studies, checked and counted."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from importal import dicom, studies
from importal.demo.sample_documents import pdf
from importal.dicom.documents import DocumentKind
from importal.inspection import inspect_submission
from importal.site import Site
from importal.studies import Document, Instance, Series, Study, Tally
from tests.database.road import CT, make_object, make_person, make_series, send

PDF = pdf("Report", ["line"])


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Start no drawing process, except where a test is about pictures."""
    if "picture" not in request.node.name:
        target = "importal.inspection.thumbnails.rendering.render_thumbnails"
        monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))


def _studies(site: Site) -> list[Study]:
    with site.database.reading() as session:
        return list(session.scalars(select(Study).order_by(Study.study_instance_uid)))


def _count(site: Site, table: type) -> int:
    with site.database.reading() as session:
        return len(session.scalars(select(table)).all())


def test_two_studies_of_one_submission_reach_the_inbox(site: Site) -> None:
    sent = send(site, make_person(site), make_series(3) + make_series(2, "1.9.9", StudyDescription="MR Knie"))
    inspect_submission(site, sent.submission_id)
    first, second = _studies(site)
    assert (first.state, first.instance_count, first.description) == ("inspected", 3, "CT Thorax")
    assert (second.state, second.instance_count, second.description) == ("inspected", 2, "MR Knie")
    assert (first.patient_name, first.birth_date, first.sex) == ("Muster^Anna", "19480503", "F")
    assert {first.patient_pseudonym[:2], first.accession_pseudonym[:2]} == {"IM"}
    assert ("advance_study", first.id) in site.jobs.enqueued


def test_running_again_adds_nothing(site: Site) -> None:
    sent = send(site, make_person(site), make_series(3))
    sent.add_document(PDF, DocumentKind.PDF)
    for _ in range(3):
        inspect_submission(site, sent.submission_id)
    assert (_count(site, Study), _count(site, Series), _count(site, Instance)) == (1, 1, 3)
    assert _count(site, Document) == 1


def test_what_came_in_equals_what_became_of_it(site: Site) -> None:
    images = make_series(3)
    sent = send(site, make_person(site), images)
    sent.add_repetition(images[0], is_conflict=False)
    sent.add_refused("dicom.truncated")
    sent.add_document(PDF, DocumentKind.PDF)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        tally = session.get_one(Tally, sent.submission_id)
    assert (tally.files, tally.instances, tally.duplicates, tally.documents, tally.refused) == (6, 3, 1, 1, 1)


def test_a_file_that_nothing_became_of_stops_the_inspection(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = send(site, make_person(site), make_series(1))
    sent.add_document(PDF, DocumentKind.PDF)
    lost = "importal.inspection.registration._Registration._study_of_document"
    monkeypatch.setattr(lost, lambda _self, _file: (None, "nobody"))
    with pytest.raises(IntegrityError):
        inspect_submission(site, sent.submission_id)
    assert _studies(site) == []


@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "SOMEBODY-ELSE"},
        {"PatientBirthDate": "19480504"},
        {"PatientName": "Beispiel^Bernd"},
    ],
)
def test_a_study_that_names_two_persons_is_quarantined(site: Site, other: dict[str, str]) -> None:
    images = [*make_series(2), make_object(SOPInstanceUID="1.2.3.4.77", **other)]
    sent = send(site, make_person(site), images)
    inspect_submission(site, sent.submission_id)
    (study,) = _studies(site)
    assert (study.state, study.quarantine_reason) == ("quarantined", "mixed_patients")


def test_one_person_written_in_two_ways_is_one_person(site: Site) -> None:
    images = [*make_series(2), make_object(SOPInstanceUID="1.2.3.4.77", PatientName="MUSTER^ANNA")]
    sent = send(site, make_person(site), images)
    inspect_submission(site, sent.submission_id)
    assert _studies(site)[0].state == "inspected"


@pytest.mark.parametrize("damage", ["missing", "shorter", "other bytes"])
def test_an_object_that_is_not_what_arrived_is_quarantined(site: Site, damage: str) -> None:
    sent = send(site, make_person(site), make_series(2))
    key = sent.instance_keys[1]
    stored = site.storage.read(key)
    changed = {"shorter": stored[:-2], "other bytes": stored[:-2] + b"\xff\xff"}
    site.storage.delete(key)
    if damage in changed:
        site.storage.write_all([(key, [changed[damage]])])
    inspect_submission(site, sent.submission_id)
    assert _studies(site)[0].quarantine_reason == "damaged_in_store"


def test_two_images_under_one_uid_are_quarantined(site: Site) -> None:
    images = make_series(2)
    sent = send(site, make_person(site), images)
    sent.add_repetition(make_object(SOPInstanceUID="1.2.3.4.1", PixelData=b"\7" * 32), is_conflict=True)
    inspect_submission(site, sent.submission_id)
    assert _studies(site)[0].quarantine_reason == "conflicting_instances"


def test_a_document_is_nobodys_when_the_other_study_of_the_upload_was_refused(site: Site) -> None:
    images = make_series(1)
    sent = send(site, make_person(site), images)
    sent.add_refused("dicom.truncated", study="1.9.9")
    sent.add_document(PDF, DocumentKind.PDF)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        assert session.scalars(select(Document)).one().assigned_by == "nobody"


@pytest.mark.parametrize(
    ("announced", "others", "study", "assigned_by"),
    [
        ("1.9.9", True, "1.9.9", "sender"),
        (None, False, "1.2.3", "only_study"),
        # Meant for a study of which nothing arrived: perhaps somebody else's.
        ("5.5.5", False, "1.2.3", "nobody"),
        (None, True, "1.2.3", "nobody"),
        ("5.5.5", True, "1.2.3", "nobody"),
    ],
)
def test_a_document_goes_to_its_study_and_is_never_lost(
    site: Site, announced: str | None, others: bool, study: str, assigned_by: str
) -> None:
    sent = send(site, make_person(site), make_series(1) + (make_series(1, "1.9.9") if others else []))
    sent.add_document(PDF, DocumentKind.PDF, announced)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        document = session.scalars(select(Document)).one()
        assert session.get_one(Study, document.study_id).study_instance_uid == study
    assert document.assigned_by == assigned_by
    assert studies.is_deliverable(document) == (assigned_by != "nobody")


def test_a_picture_of_the_middle_of_a_series_is_kept(site: Site) -> None:
    sent = send(site, make_person(site), make_series(3, SOPClassUID=CT))
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        series = session.scalars(select(Series)).one()
    assert site.storage.read(series.thumbnail_key).startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_made_is_no_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(jobs: list[tuple[Path, Path]], **_limits: float) -> list[bool]:
        return [False for _ in jobs]

    monkeypatch.setattr("importal.inspection.thumbnails.rendering.render_thumbnails", broken)
    sent = send(site, make_person(site), make_series(1))
    inspect_submission(site, sent.submission_id)
    assert _studies(site)[0].state == "inspected"


def test_a_crash_after_any_write_is_made_good_by_the_next_run(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = send(site, make_person(site), make_series(2) + make_series(2, "1.9.9"))
    sent.add_document(PDF, DocumentKind.PDF, "1.9.9")
    run, crashes = site.database.run, 0
    for after in range(1, 6):
        calls = 0

        def crashing(verb, after=after):
            nonlocal calls
            calls += 1
            result = run(verb)
            if calls == after:
                raise KeyboardInterrupt
            return result

        monkeypatch.setattr(site.database, "run", crashing)
        try:
            inspect_submission(site, sent.submission_id)
        except KeyboardInterrupt:
            crashes += 1
    assert crashes >= 2
    assert [(study.state, study.instance_count) for study in _studies(site)] == [("inspected", 2)] * 2
    assert (_count(site, Instance), _count(site, Document)) == (4, 1)


def test_a_submission_that_is_still_a_draft_is_left_alone(site: Site) -> None:
    sent = send(site, make_person(site), make_series(1))
    with site.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE submissions SET submitted_at = NULL, state = 'draft'")
    inspect_submission(site, sent.submission_id)
    assert _studies(site) == []


def test_the_name_of_a_document_is_kept_sealed(site: Site) -> None:
    sent = send(site, make_person(site), make_series(1))
    sent.add_document(PDF, DocumentKind.PDF)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        document = session.scalars(select(Document)).one()
    assert b"disc" not in document.name_sealed


def test_texts_with_a_zero_byte_inside_hold_up_nothing(site: Site) -> None:
    image = make_object(Modality="MRXX", StudyDescription="AB CD EF", PatientName="Muster^Anna^Q")
    for plain, odd in ((b"MRXX", b"M\0RX"), (b"AB CD EF", b"AB\0CD EF"), (b"Anna^Q", b"Anna\0Q")):
        image = image.replace(plain, odd)
    sent = send(site, make_person(site), [image])
    inspect_submission(site, sent.submission_id)
    (study,) = _studies(site)
    assert (study.state, study.description, study.modalities) == ("inspected", "AB\ufffdCD EF", ["M\ufffdRX"])


def test_a_defect_on_one_study_is_shown_to_a_person_and_stops_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = send(site, make_person(site), make_series(1) + make_series(1, "1.9.9"))
    localise, bad = dicom.localise, sent.instance_keys[0]
    stored = site.storage.read(bad)

    def fails(given: bytes, localisation: dicom.Localisation) -> dicom.Localised:
        if bytes(given) == stored:
            raise ZeroDivisionError
        return localise(given, localisation)

    monkeypatch.setattr(dicom, "localise", fails)
    inspect_submission(site, sent.submission_id)
    first, second = _studies(site)
    assert (first.state, first.quarantine_reason) == ("quarantined", "unreadable")
    assert second.state == "inspected"
