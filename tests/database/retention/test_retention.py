"""What has served its purpose is deleted; the audit trail stays."""

import pytest
from sqlalchemy import select

from importal import (
    audit,
    delivery,
    http_api,
    invitations,
    reconciliation,
    retention,
    submissions,
    vault,
)
from importal.delivery.destinations.memory import MemoryDestination
from importal.dicom.documents import DocumentKind
from importal.inspection import inspect_submission
from importal.site import Site
from importal.studies import Instance, LocalIdentity, Study
from importal.submissions import Submission
from importal.transfers import TransferFile
from tests.database.browserless import client_of
from tests.database.delivery.test_delivery import LOCAL
from tests.database.road import Sent, make_person, make_series, send
from tests.database.transfers.sending import Sender


def committed(site: Site) -> tuple[str, Sent]:
    """Return a study that the archive has answered for."""
    person = make_person(site)
    sent = send(site, person, make_series(2))
    sent.add_document(b"plain words", DocumentKind.TEXT)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study_id = session.scalars(select(Study.id)).one()
        decision = reconciliation.Decision(LOCAL, reconciliation.Order(accession_number="ACC-1"), False)
        reconciliation.reconcile(person, session, site, study_id, decision)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    delivery.await_commitment(site, archive, study_id)
    return study_id, sent


def test_a_committed_study_is_purged_after_its_days_and_not_before(site: Site) -> None:
    study_id, _ = committed(site)
    site.clock.advance(days=site.settings.retention_days, seconds=-1)
    assert retention.purge(site)["studies"] == 0
    site.clock.advance(seconds=2)
    site.jobs.enqueued.clear()
    assert retention.purge(site) == {"studies": 1, "drafts": 0}
    assert site.jobs.enqueued == [("advance_study", study_id)]
    assert retention.purge(site)["studies"] == 0


def test_deleting_takes_everything_but_the_trail_and_the_pseudonyms(site: Site) -> None:
    study_id, sent = committed(site)
    site.clock.advance(days=31)
    retention.purge(site)
    site.clock.advance(seconds=1)
    retention.delete_study(site, study_id)
    assert site.storage.keys("submissions/") == []
    with site.database.reading() as session:
        for table in (Instance, TransferFile, vault.VaultPatch):
            assert session.scalars(select(table)).all() == []
        assert session.scalars(select(vault.VaultPseudonym)).all() != []
        study = session.get_one(Study, study_id)
        assert (study.state, study.patient_name, study.search_text) == ("purged", "", "")
        assert session.get_one(LocalIdentity, study_id).accession_number == "ACC-1"
        assert session.get_one(Submission, sent.submission_id).state == "closed"
        actions = [message.action for message in audit.history(session, [audit.Subject("study", study_id)])]
    assert actions[-2:] == ["study.purged", "study.objects_deleted"]


def test_deleting_again_after_a_crash_is_harmless(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    study_id, _ = committed(site)
    site.clock.advance(days=31)
    retention.purge(site)
    delete, calls = site.storage.delete, 0

    def dying(key: str) -> None:
        nonlocal calls
        calls += 1
        delete(key)
        if calls in {1, 3, 4}:
            raise OSError

    monkeypatch.setattr(site.storage, "delete", dying)
    for _ in range(3):
        with pytest.raises(OSError):
            retention.delete_study(site, study_id)
    retention.delete_study(site, study_id)
    retention.delete_study(site, study_id)
    assert site.storage.keys("submissions/") == []


def test_a_study_that_is_not_purged_keeps_its_objects(site: Site) -> None:
    study_id, _ = committed(site)
    before = site.storage.keys("submissions/")
    retention.delete_study(site, study_id)
    assert site.storage.keys("submissions/") == before != []


def test_a_sibling_that_waits_for_a_person_keeps_what_is_its_own(site: Site) -> None:
    person = make_person(site)
    sent = send(site, person, make_series(2) + make_series(2, "1.9.9"))
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study_id = session.scalars(select(Study.id).where(Study.study_instance_uid == "1.2.3")).one()
        reconciliation.reject(person, session, site, study_id, "not_requested", "")
    site.clock.advance(days=31)
    assert retention.purge(site)["studies"] == 1
    retention.delete_study(site, study_id)
    assert site.storage.keys("submissions/") == sent.instance_keys[2:]
    with site.database.reading() as session:
        assert len(session.scalars(select(vault.VaultPatch)).all()) == 2


def test_a_draft_that_was_never_finished_expires_and_goes(site: Site) -> None:
    sent = send(site, make_person(site), make_series(2))
    with site.database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE submissions SET submitted_at = NULL, state = 'draft'")
    retention.purge_submission(site, sent.submission_id)
    assert len(site.storage.keys("submissions/")) == 2
    site.clock.advance(days=site.settings.draft_days, seconds=1)
    assert retention.purge(site) == {"studies": 0, "drafts": 1}
    assert site.jobs.enqueued[-1] == ("purge_submission", sent.submission_id)
    retention.purge_submission(site, sent.submission_id)
    retention.purge_submission(site, sent.submission_id)
    assert site.storage.keys("submissions/") == []
    with site.database.reading() as session:
        submission = submissions.get(session, sent.submission_id)
        assert submissions.contact_of(site, submission) == submissions.Contact()
    # Written by a connection that did not know yet: the second round finds it.
    site.storage.write_all([(f"submissions/{sent.submission_id}/7-late", [b"image"])])
    retention.purge_submission(site, sent.submission_id)
    assert site.storage.keys("submissions/") == []


def test_ended_sessions_and_counted_attempts_do_not_pile_up(site: Site) -> None:
    sender = Sender(site)
    client_of(site).post("/api/desk/session", json={"username": "nobody", "password": "guess"})

    def rows() -> int:
        with site.database.reading() as session:
            tables = (invitations.SendingSession, http_api.RateCounter)
            return sum(len(session.scalars(select(table)).all()) for table in tables)

    retention.purge(site)
    assert rows() == 5
    assert sender.create().status_code == 201
    site.clock.advance(hours=25)
    retention.purge(site)
    assert rows() == 0


def test_whom_an_invitation_expected_is_forgotten_when_nothing_is_left_to_be_compared(site: Site) -> None:
    person = make_person(site)
    sent = send(site, person, make_series(1), invitations.Expectation("Muster^Anna", "19480503", "F"))
    inspect_submission(site, sent.submission_id)

    def expected() -> bytes | None:
        with site.database.reading() as session:
            return session.scalars(select(invitations.Invitation.expectation_sealed)).one()

    site.clock.advance(days=30 + site.settings.retention_days, seconds=1)
    retention.purge(site)
    assert expected() is not None  # The desk has not decided about the study yet.
    with site.database.transaction() as session:
        study_id = session.scalars(select(Study.id)).one()
        reconciliation.reject(person, session, site, study_id, "other", "")
    site.clock.advance(days=site.settings.retention_days, seconds=1)
    retention.purge(site)
    assert expected() is None
