"""What rarely happens to a delivery and must not decide about a study."""

import struct

import pytest
from sqlalchemy import select

from importal import delivery, reconciliation
from importal.delivery.destinations.memory import MemoryDestination
from importal.errors import Retry
from importal.reconciliation.schemas import Order
from importal.site import Site
from importal.studies import Document
from tests.database.delivery.test_delivery import LOCAL, reconciled, state_of


def test_a_document_that_a_library_trips_over_does_not_hold_up_the_images(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id, _ = reconciled(site, documents=1)

    def trips(*_document: object, **_context: object) -> tuple[bytes, ...]:
        raise struct.error

    monkeypatch.setattr("importal.dicom.conversion.convert", trips)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert (state_of(site, study_id), len(archive.held)) == ("delivered", 3)
    with site.database.reading() as session:
        assert session.scalars(select(Document)).one().conversion_code == "document.broken"


def test_a_worker_that_was_taken_for_dead_sends_nothing_of_an_older_decision(site: Site) -> None:
    study_id, person = reconciled(site)

    class Slow(MemoryDestination):
        """While it is asked, another worker takes the study over, fails, and a person decides anew."""

        def patient_of_study(self, study_instance_uid: str) -> str | None:
            down = MemoryDestination(down=True)
            with pytest.raises(Retry):
                delivery.deliver(site, down, study_id)
            with site.database.transaction() as session:
                other = LOCAL.model_copy(update={"patient_id": "LOCAL-2"})
                decision = reconciliation.Decision(other, Order(), False)
                reconciliation.reconcile(person, session, site, study_id, decision)
            return super().patient_of_study(study_instance_uid)

    archive = Slow()
    delivery.deliver(site, archive, study_id)
    assert archive.held == {}
    healthy = MemoryDestination()
    delivery.deliver(site, healthy, study_id)
    assert {held.patient_id for held in healthy.held.values()} == {"LOCAL-2"}
