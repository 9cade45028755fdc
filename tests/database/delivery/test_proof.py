"""A delivered study is committed when the archive has answered for every instance, and never before."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from importal import delivery
from importal.delivery.destinations import CommitmentFailure, CommitmentReport, Declined
from importal.delivery.destinations.memory import MemoryDestination
from importal.errors import Retry
from importal.settings import DestinationSettings
from importal.site import Site
from importal.studies import Commitment
from tests.database.delivery.test_delivery import reconciled, shown, state_of

PACS = DestinationSettings(called_ae_title="PACS", host="127.0.0.1", port=104, commitment="n-action")


@pytest.fixture
def by_action(site: Site) -> Site:
    return replace(site, settings=site.settings.model_copy(update={"destination": PACS}))


def delivered(site: Site, archive: MemoryDestination) -> tuple[str, object]:
    study_id, person = reconciled(site)
    delivery.deliver(site, archive, study_id)
    return study_id, person


def proofs(site: Site) -> list[Commitment]:
    with site.database.reading() as session:
        return list(session.scalars(select(Commitment).order_by(Commitment.created_at, Commitment.method)))


def test_a_query_that_finds_every_instance_is_a_proof(site: Site) -> None:
    archive = MemoryDestination()
    study_id, person = delivered(site, archive)
    assert shown(site, person, study_id).delivery.commitment == "pending"
    delivery.await_commitment(site, archive, study_id)
    assert state_of(site, study_id) == "committed"
    assert shown(site, person, study_id).delivery.commitment == "confirmed"


def test_what_the_archive_does_not_show_after_a_while_is_sent_again(site: Site) -> None:
    archive = MemoryDestination()
    study_id, _ = delivered(site, archive)
    del archive.held["1.2.3.4.2"]
    with pytest.raises(Retry):
        delivery.await_commitment(site, archive, study_id)
    assert state_of(site, study_id) == "delivered"
    site.clock.advance(seconds=site.settings.commitment_wait_seconds)
    delivery.await_commitment(site, archive, study_id)
    assert state_of(site, study_id) == "reconciled"
    delivery.deliver(site, archive, study_id)
    assert sorted(archive.held) == ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3"]
    delivery.await_commitment(site, archive, study_id)
    assert state_of(site, study_id) == "committed"


class Forgetful(MemoryDestination):
    """Takes everything and never lists one instance."""

    def count_present(self, study_instance_uid, sop_instance_uids):
        return super().count_present(study_instance_uid, sop_instance_uids) - {"1.2.3.4.2"}


def test_an_archive_that_never_shows_an_instance_waits_for_a_person(site: Site) -> None:
    archive = Forgetful()
    study_id, person = delivered(site, archive)
    for _ in range(12):
        try:
            delivery.await_commitment(site, archive, study_id)
            delivery.deliver(site, archive, study_id)
        except Retry:
            site.clock.advance(seconds=site.settings.commitment_wait_seconds)
    detail = shown(site, person, study_id)
    assert (detail.state, detail.delivery.commitment) == ("delivered", "failed")
    assert detail.delivery.commitment_code == "delivery.missing"
    assert detail.can.retry_delivery
    assert len(detail.delivery.attempts) == 3
    with site.database.transaction() as session:
        delivery.retry(person, session, site, study_id)
    site.clock.advance(seconds=1)
    delivery.await_commitment(site, MemoryDestination(held=archive.held), study_id)
    assert state_of(site, study_id) == "committed"


def test_the_report_of_the_archive_is_a_proof(by_action: Site) -> None:
    archive = MemoryDestination(on_report=lambda report: delivery.commitment_reported(by_action, report))
    study_id, _ = delivered(by_action, archive)
    delivery.await_commitment(by_action, archive, study_id)
    assert state_of(by_action, study_id) == "committed"
    assert [(proof.method, proof.outcome) for proof in proofs(by_action)] == [("n-action", "confirmed")]


def test_the_request_is_on_record_before_it_is_sent(by_action: Site) -> None:
    on_record: list[str] = []

    class Looking(MemoryDestination):
        def request_commitment(self, transaction_uid, _instances) -> None:
            on_record.extend(
                proof.transaction_uid
                for proof in proofs(by_action)
                if proof.transaction_uid == transaction_uid
            )

    archive = Looking()
    study_id, _ = delivered(by_action, archive)
    with pytest.raises(Retry) as caught:
        delivery.await_commitment(by_action, archive, study_id)
    assert len(on_record) == 1
    assert caught.value.after_seconds == by_action.settings.commitment_wait_seconds


def test_without_a_report_a_query_decides(by_action: Site) -> None:
    archive = MemoryDestination()
    study_id, _ = delivered(by_action, archive)
    with pytest.raises(Retry):
        delivery.await_commitment(by_action, archive, study_id)
    by_action.clock.advance(seconds=by_action.settings.commitment_wait_seconds)
    delivery.await_commitment(by_action, archive, study_id)
    assert state_of(by_action, study_id) == "committed"


def test_an_archive_without_storage_commitment_is_asked_by_query(by_action: Site) -> None:
    class Declining(MemoryDestination):
        def request_commitment(self, *_request) -> None:
            raise Declined("commitment.declined")

    archive = Declining()
    study_id, _ = delivered(by_action, archive)
    delivery.await_commitment(by_action, archive, study_id)
    assert state_of(by_action, study_id) == "committed"


def test_an_instance_that_the_report_disowns_is_sent_again(by_action: Site) -> None:
    archive = MemoryDestination()
    study_id, _ = delivered(by_action, archive)
    with pytest.raises(Retry):
        delivery.await_commitment(by_action, archive, study_id)
    (proof,) = proofs(by_action)
    failed = (CommitmentFailure("1.2.3.4.1", 0x0112),)
    report = CommitmentReport(proof.transaction_uid, ("1.2.3.4.2", "1.2.3.4.3"), failed)
    delivery.commitment_reported(by_action, report)
    delivery.commitment_reported(by_action, report)
    assert state_of(by_action, study_id) == "reconciled"
    delivery.deliver(by_action, archive, study_id)
    assert shown_attempts(by_action, study_id) == [3, 1]


def shown_attempts(site: Site, study_id: str) -> list[int]:
    from tests.database.delivery.test_delivery import attempts_of

    return [attempt.delivered for attempt in attempts_of(site, study_id)]


def test_a_report_about_something_else_changes_nothing(by_action: Site) -> None:
    study_id, _ = delivered(by_action, MemoryDestination())
    delivery.commitment_reported(by_action, CommitmentReport("2.25.1", ("1.2.3.4.1",), ()))
    assert state_of(by_action, study_id) == "delivered"


def test_a_study_that_lies_under_another_patient_is_not_committed(site: Site) -> None:
    archive = MemoryDestination()
    study_id, person = delivered(site, archive)
    archive.held = {uid: replace(held, patient_id="SOMEBODY") for uid, held in archive.held.items()}
    delivery.await_commitment(site, archive, study_id)
    detail = shown(site, person, study_id)
    assert (detail.state, detail.delivery.commitment_code) == ("delivered", "delivery.other_patient")


def test_an_archive_that_is_down_is_asked_again_later(site: Site) -> None:
    archive = MemoryDestination()
    study_id, _ = delivered(site, archive)
    archive.down = True
    with pytest.raises(Retry):
        delivery.await_commitment(site, archive, study_id)
    archive.down = False
    delivery.await_commitment(site, archive, study_id)
    assert state_of(site, study_id) == "committed"


@pytest.mark.parametrize("commitment", ["query", "n-action"])
def test_an_archive_that_is_down_for_half_a_day_is_told_to_a_person(site: Site, commitment: str) -> None:
    pacs = PACS.model_copy(update={"commitment": commitment})
    site = replace(site, settings=site.settings.model_copy(update={"destination": pacs}))
    archive = MemoryDestination()
    study_id, person = delivered(site, archive)
    archive.down = True
    with pytest.raises(Retry):
        delivery.await_commitment(site, archive, study_id)
    site.clock.advance(hours=13)
    delivery.await_commitment(site, archive, study_id)
    detail = shown(site, person, study_id)
    assert detail.delivery.commitment == "failed"
    assert detail.delivery.commitment_code == "delivery.unreachable"
    assert detail.can.retry_delivery
    archive.down = False
    with site.database.transaction() as session:
        delivery.retry(person, session, site, study_id)
    delivery.await_commitment(site, archive, study_id)
    assert state_of(site, study_id) == "committed"


def test_the_question_for_the_proof_waits_while_no_archive_is_connected(site: Site) -> None:
    study_id, _ = delivered(site, MemoryDestination())
    with pytest.raises(Retry):
        delivery.await_commitment(site, None, study_id)
