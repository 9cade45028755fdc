"""Documents go to the archive as part of their study, or stay at the desk with their reason; none is lost."""

from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset

from importal import delivery, reconciliation, studies
from importal.delivery.destinations.memory import MemoryDestination
from importal.demo.sample_documents import pdf
from importal.dicom.documents import DocumentKind
from importal.inspection import inspect_submission
from importal.reconciliation.schemas import Order
from importal.site import Site
from importal.studies import Study
from tests.corpus import corpus_path
from tests.database.delivery.test_delivery import LOCAL, photo
from tests.database.road import FOREIGN_ID, make_object, make_person, send

OF_THE_STUDY = """
    PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime
    StudyID StudyDescription ReferringPhysicianName AccessionNumber IssuerOfAccessionNumberSequence
    RequestAttributesSequence
""".split()
ORDER = Order(accession_number="ACC-1", requested_procedure_id="RP-1")


def delivered(
    site: Site, *documents: tuple[bytes, DocumentKind], image: bytes | None = None, name: str = ""
) -> tuple[Dataset, dict[str, Dataset], list[tuple[bool, str]]]:
    """Deliver an image with documents; return the image, the documents' objects, what the desk reads."""
    person = make_person(site)
    sent = send(site, person, [image or make_object(ReferringPhysicianName="Überweiser^Eva")])
    for content, kind in documents:
        sent.add_document(content, kind, name=name)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study = session.query(Study).one()
        reconciliation.reconcile(
            person, session, site, study.id, reconciliation.Decision(LOCAL, ORDER, False)
        )
        study_id = study.id
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    held = {uid: pydicom.dcmread(BytesIO(one.content)) for uid, one in archive.held.items()}
    image_held = held.pop("1.2.3.4.1")
    with site.database.reading() as session:
        found = studies.study_detail(person, session, site, study_id)
    assert found.state == "delivered"
    return image_held, held, [(item.deliverable, item.note) for item in found.documents]


def of_study(data: Dataset) -> dict[str, str]:
    return {keyword: str(data.get(keyword, "")) for keyword in OF_THE_STUDY}


def test_each_kind_of_document_says_of_patient_and_study_what_the_images_say(site: Site) -> None:
    image, objects, notes = delivered(
        site,
        (pdf("Report", ["line"]), DocumentKind.PDF),
        (photo(), DocumentKind.PNG),
        ("Größe".encode(), DocumentKind.TEXT),
        (corpus_path("documents", "text", "cda.xml").read_bytes(), DocumentKind.CDA),
    )
    assert notes == [(True, "")] * 4
    assert len(objects) == 4
    for data in objects.values():
        assert of_study(data) == of_study(image)
        assert data.SeriesInstanceUID != image.SeriesInstanceUID
    assert len({data.SeriesInstanceUID for data in objects.values()}) == 4
    assert image.RequestAttributesSequence[0].RequestedProcedureID == "RP-1"


def test_a_pdf_lies_unchanged_in_its_object_under_a_uid_that_follows_from_it(site: Site) -> None:
    document = pdf("Report", ["line"])
    _image, objects, _notes = delivered(site, (document, DocumentKind.PDF))
    ((uid, data),) = objects.items()
    assert data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == document
    assert (uid.startswith("2.25."), data.SOPInstanceUID) == (True, uid)


@pytest.mark.parametrize(
    "odd",
    [
        {"StudyDate": "2026-01-01", "StudyTime": "quarter past ten", "StudyID": "S" * 30},
        {"StudyDescription": "x" * 200, "ReferringPhysicianName": "A=B=C=D^^^^^^^"},
    ],
)
def test_an_odd_study_does_not_cost_the_document(site: Site, odd: dict[str, str]) -> None:
    """What the images say is taken over as it is, even where it breaks a rule of the standard."""
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    try:
        image = make_object(**odd)
    finally:
        pydicom.config.settings.writing_validation_mode = pydicom.config.WARN
    held, objects, notes = delivered(site, (pdf("Report", ["line"]), DocumentKind.PDF), image=image)
    assert notes == [(True, "")]
    (data,) = objects.values()
    assert str(data.StudyDescription) == str(held.StudyDescription)


def test_what_stays_at_the_desk_is_not_sent_and_does_not_hold_up_the_study(site: Site) -> None:
    _image, objects, notes = delivered(
        site,
        (corpus_path("documents", "pdf", "report-password-befund.pdf").read_bytes(), DocumentKind.PDF),
        (corpus_path("documents", "office", "arztbrief.docx").read_bytes(), DocumentKind.OFFICE),
    )
    assert objects == {}
    assert notes == [(False, "document.encrypted"), (False, "document.kept")]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (f"disc/{FOREIGN_ID}_letter.pdf", "{patient}_letter.pdf"),
        (f"{FOREIGN_ID.lower()} letter ACC-99.pdf", "{patient} letter {accession}.pdf"),
        (f"X{FOREIGN_ID}9.pdf", f"X{FOREIGN_ID}9.pdf"),
        ("IMG_20260101_4711.pdf", "IMG_20260101_4711.pdf"),
    ],
)
def test_an_identifier_of_the_other_hospital_in_a_file_name_becomes_its_pseudonym(
    site: Site, name: str, title: str
) -> None:
    image, objects, _notes = delivered(site, (pdf("Report", ["line"]), DocumentKind.PDF), name=name)
    (data,) = objects.values()
    before = image.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    expected = title.format(patient=before.PatientID, accession=before.AccessionNumber)
    assert (data.DocumentTitle, data.SeriesDescription) == (expected, expected)
