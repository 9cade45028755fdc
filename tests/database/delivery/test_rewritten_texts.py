"""Texts that cannot hold the local name are rewritten while sending, and the desk says so."""

from sqlalchemy import select

from importal import delivery, reconciliation
from importal.delivery.destinations.memory import MemoryDestination
from importal.inspection import inspect_submission
from importal.reconciliation import Order
from importal.site import Site
from importal.studies import Study
from tests.database.delivery.test_delivery import LOCAL, shown
from tests.database.road import make_object, make_person, send


def test_images_whose_text_was_rewritten_for_the_local_name_are_counted(site: Site) -> None:
    person = make_person(site)
    images = [
        make_object(
            SOPInstanceUID="1.2.3.4.1", SpecificCharacterSet="ISO_IR 100", StudyDescription="Schädel"
        ),
        make_object(SOPInstanceUID="1.2.3.4.2", SpecificCharacterSet="ISO_IR 192"),
    ]
    sent = send(site, person, images)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study = session.scalars(select(Study)).one()
        local = LOCAL.model_copy(update={"patient_name": "Łukasiewicz^Anna"})
        decision = reconciliation.Decision(local, Order(accession_number="ACC-1"), True)
        reconciliation.reconcile(person, session, site, study.id, decision)
    delivery.deliver(site, MemoryDestination(), study.id)
    progress = shown(site, person, study.id).delivery
    assert progress is not None
    assert (progress.delivered, progress.reencoded) == (2, 1)
