"""What became of an upload, as its sender sees it; and taking it back, which leaves only the record."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from importal import (
    audit,
    delivery,
    invitations,
    reconciliation,
    retention,
    status,
    studies,
    submissions,
    transfers,
)
from importal.accounts import ActingPerson
from importal.delivery.destinations.memory import MemoryDestination
from importal.dicom.documents import DocumentKind
from importal.errors import ImportalError
from importal.inspection import inspect_submission
from importal.invitations import SenderKind, SenderSession
from importal.site import Site
from importal.studies import DeliveryAttempt, Instance, Series, Study, StudyEvent
from importal.submissions import Submission, SubmissionStudy
from importal.transfers import TransferFile
from importal.vault import VaultPatch
from tests.database.browserless import client_of
from tests.database.delivery.test_delivery import LOCAL
from tests.database.reconciliation import test_desk
from tests.database.road import Sent, make_person, make_series, send

without_pictures = test_desk.without_pictures


def sent_by(site: Site, *studies_wanted: str) -> tuple[ActingPerson, Sent]:
    """Return an upload with these studies and a document, not looked at yet, and somebody of the desk."""
    person = make_person(site)
    images = [image for uid in studies_wanted or ("1.2.3",) for image in make_series(2, uid)]
    sent = send(site, person, images)
    sent.add_document(b"plain words", DocumentKind.TEXT, (studies_wanted or ("1.2.3",))[0], "letter.txt")
    return person, sent


def sender_of(site: Site, sent: Sent) -> SenderSession:
    with site.database.reading() as session:
        submission = submissions.get(session, sent.submission_id)
        return SenderSession(submission.invitation_id, submission.institution_id, SenderKind.PATIENT)


def withdraw(site: Site, sent: Sent) -> None:
    sender = sender_of(site, sent)
    site.database.run(lambda session: status.withdraw(session, site, sender, sent.submission_id))


def shown(site: Site, sent: Sent) -> Any:
    with site.database.reading() as session:
        return status.uploads_of(sender_of(site, sent), session)[0]


def run_jobs(site: Site) -> None:
    """Do what was enqueued, as the worker would."""
    enqueued = list(site.jobs.enqueued)
    site.jobs.enqueued.clear()
    for name, row_id in enqueued:
        if name == "purge_submission":
            retention.purge_submission(site, row_id)
        elif name == studies.ADVANCE:
            retention.delete_study(site, row_id)


def reconcile(site: Site, person: ActingPerson, study_id: str) -> None:
    with site.database.transaction() as session:
        decision = reconciliation.Decision(LOCAL, reconciliation.Order(accession_number="ACC-1"), False)
        reconciliation.reconcile(person, session, site, study_id, decision)


def study_ids(site: Site) -> list[str]:
    with site.database.reading() as session:
        return list(session.scalars(select(Study.id).order_by(Study.study_instance_uid)))


def kept(site: Site, sent: Sent) -> tuple[list[str], int]:
    """Return the objects of an upload, and how many rows name or undo one of them."""
    with site.database.reading() as session:
        rows = sum(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Instance, Series, VaultPatch, TransferFile)
        )
    return site.storage.keys(f"submissions/{sent.submission_id}/"), rows


def test_the_sender_sees_kinds_dates_and_counts_and_where_each_study_stands(site: Site):
    person, sent = sent_by(site)
    assert shown(site, sent).studies == []
    inspect_submission(site, sent.submission_id)
    upload = shown(site, sent)
    (study,) = upload.studies
    assert (study.standing, study.instances, study.documents) == ("being_checked", 2, 1)
    assert (study.study_date, study.modalities) == ("20260101", ["CT"])
    assert upload.can_be_withdrawn
    (study_id,) = study_ids(site)
    reconcile(site, person, study_id)
    assert shown(site, sent).studies[0].standing == "assigned"
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert shown(site, sent).studies[0].standing == "assigned"
    delivery.await_commitment(site, archive, study_id)
    upload = shown(site, sent)
    assert (upload.studies[0].standing, upload.can_be_withdrawn) == ("archived", False)
    site.clock.advance(days=site.settings.retention_days + 1)
    retention.purge(site)
    run_jobs(site)
    assert shown(site, sent).studies[0].standing == "archived"
    assert shown(site, sent).deletion is None


def test_why_a_study_was_not_taken_is_told_in_a_word_and_never_in_the_desks_own(site: Site):
    person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        reconciliation.reject(person, session, site, study_ids(site)[0], "wrong_patient", "silly sender")
    upload = shown(site, sent)
    assert (upload.studies[0].standing, upload.studies[0].reason) == ("not_taken", "wrong_patient")
    assert "silly" not in upload.model_dump_json()
    assert "Muster" not in upload.model_dump_json()


@pytest.mark.parametrize("stage", ["received", "inspected", "reconciled", "rejected"])
def test_what_has_not_touched_the_archive_is_taken_back_without_a_trace_but_the_record(
    site: Site, stage: str
):
    person, sent = sent_by(site)
    if stage != "received":
        inspect_submission(site, sent.submission_id)
        (study_id,) = study_ids(site)
    if stage == "reconciled":
        reconcile(site, person, study_id)
    if stage == "rejected":
        with site.database.transaction() as session:
            reconciliation.reject(person, session, site, study_id, "other", "")
    site.jobs.enqueued.clear()
    withdraw(site, sent)
    assert not shown(site, sent).deletion.is_done
    run_jobs(site)
    assert kept(site, sent) == ([], 0)
    upload = shown(site, sent)
    assert (upload.deletion.is_done, upload.can_be_withdrawn) == (True, False)
    with site.database.reading() as session:
        actions = [
            message.action
            for message in audit.history(session, [audit.Subject("submission", sent.submission_id)])
        ]
        assert {"submission.withdrawn", "submission.objects_deleted"} <= set(actions)
        assert "anna@example.org" not in str(
            submissions.contact_of(site, session.get(Submission, sent.submission_id))
        )
    withdraw(site, sent)
    inspect_submission(site, sent.submission_id)
    assert kept(site, sent) == ([], 0)


def test_the_deletion_record_counts_what_was_there(site: Site):
    _person, sent = sent_by(site, "1.2.3", "1.2.4")
    inspect_submission(site, sent.submission_id)
    withdraw(site, sent)
    deletion = shown(site, sent).deletion
    assert (deletion.studies, deletion.instances, deletion.documents) == (2, 4, 1)


def test_a_study_that_was_taken_back_is_not_delivered_and_not_filed(site: Site):
    person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    (study_id,) = study_ids(site)
    reconcile(site, person, study_id)
    withdraw(site, sent)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    assert archive.held == {}
    with pytest.raises(ImportalError) as refused:
        reconcile(site, person, study_id)
    assert refused.value.code == "study.state"


@pytest.mark.parametrize("stage", ["underway", "sending", "delivered", "committed", "purged"])
def test_what_may_be_in_the_archive_is_not_taken_back(site: Site, stage: str):
    person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    (study_id,) = study_ids(site)
    reconcile(site, person, study_id)
    archive = MemoryDestination()
    if stage in {"underway", "sending"}:
        delivery.deliver(site, None, study_id)
        with site.database.transaction() as session:
            attempt = session.scalars(select(DeliveryAttempt)).one()
            attempt.ended_at = None if stage == "underway" else attempt.ended_at
            attempt.is_sending = stage == "sending"
    else:
        delivery.deliver(site, archive, study_id)
        if stage != "delivered":
            delivery.await_commitment(site, archive, study_id)
        if stage == "purged":
            site.clock.advance(days=site.settings.retention_days + 1)
            retention.purge(site)
    before = kept(site, sent)
    with pytest.raises(ImportalError) as refused:
        withdraw(site, sent)
    assert refused.value.code == "submission.in_archive"
    assert kept(site, sent) == before
    assert not shown(site, sent).can_be_withdrawn


def test_of_several_studies_the_one_in_the_archive_stays_and_the_others_go(site: Site):
    person, sent = sent_by(site, "1.2.3", "1.2.4")
    inspect_submission(site, sent.submission_id)
    first, second = study_ids(site)
    reconcile(site, person, first)
    archive = MemoryDestination()
    delivery.deliver(site, archive, first)
    site.jobs.enqueued.clear()
    withdraw(site, sent)
    run_jobs(site)
    upload = shown(site, sent)
    assert sorted(study.standing for study in upload.studies) == ["assigned", "withdrawn"]
    assert (upload.deletion.studies, upload.deletion.instances, upload.deletion.is_done) == (1, 2, True)
    delivery.await_commitment(site, archive, first)
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).where(Instance.study_id == first)) == 2
        assert session.scalar(select(func.count()).where(Instance.study_id == second)) == 0


def test_of_a_study_that_was_taken_back_no_words_and_no_file_names_stay_while_another_stays(site: Site):
    person, sent = sent_by(site, "1.2.3", "1.2.4")
    inspect_submission(site, sent.submission_id)
    first, second = study_ids(site)
    reconcile(site, person, first)
    with site.database.transaction() as session:
        for study_id in (first, second):
            uid = session.get_one(Study, study_id).study_instance_uid
            place = f"{sent.submission_id}/{uid}/comment"
            comment = site.keys.sealer("submissions").seal_text("my knee", place)
            session.add(
                SubmissionStudy(
                    submission_id=sent.submission_id, study_instance_uid=uid, comment_sealed=comment
                )
            )
        of_second = list(session.scalars(select(Instance.file_id).where(Instance.study_id == second)))
    archive = MemoryDestination()
    delivery.deliver(site, archive, first)
    site.jobs.enqueued.clear()
    withdraw(site, sent)
    run_jobs(site)
    with site.database.reading() as session:
        stays = session.get_one(Study, first).study_instance_uid
        assert list(submissions.comments_of(session, site, sent.submission_id)) == [stays]
        files = session.scalars(select(TransferFile)).all()
        named = {file.id for file in files if transfers.open_name(site, file.id, file.path_sealed)}
        assert named == {file.id for file in files} - set(of_second)
        assert len(of_second) == 2
        contact = submissions.contact_of(site, submissions.get(session, sent.submission_id))
    assert contact.email == "anna@example.org"


def test_what_is_taken_back_while_it_is_looked_at_is_not_registered(site: Site, monkeypatch):
    _person, sent = sent_by(site)
    real = inspect_submission.__globals__["register"]
    looked = []

    def take_back_first(session, site_, submission, arrived):
        looked.append(submission.id)
        return real(session, site_, submission, arrived)

    monkeypatch.setattr("importal.inspection.step.register", take_back_first)
    arrived = inspect_submission.__globals__["transfers"].arrived

    def arrived_then_withdrawn(session, submission_id):
        found = arrived(session, submission_id)
        withdraw(site, sent)
        return found

    monkeypatch.setattr("importal.inspection.step.transfers.arrived", arrived_then_withdrawn)
    inspect_submission(site, sent.submission_id)
    assert (looked, study_ids(site)) == ([], [])


def test_a_picture_that_is_made_while_the_study_is_taken_back_goes_with_it(site: Site, monkeypatch):
    _person, sent = sent_by(site)

    def draw(jobs, **_limits):
        withdraw(site, sent)
        run_jobs(site)
        for _source, target in jobs:
            target.write_bytes(b"\x89PNG picture")
        return [True] * len(jobs)

    monkeypatch.setattr("importal.inspection.thumbnails.rendering.render_thumbnails", draw)
    inspect_submission(site, sent.submission_id)
    assert kept(site, sent) == ([], 0)


def test_nobody_sees_or_takes_back_the_upload_of_another_invitation(site: Site):
    _person, sent = sent_by(site)
    stranger = replace(sender_of(site, sent), invitation_id="another")
    with site.database.reading() as session:
        assert status.uploads_of(stranger, session) == []
    with pytest.raises(ImportalError) as refused:
        site.database.run(lambda session: status.withdraw(session, site, stranger, sent.submission_id))
    assert refused.value.code == "not_found"


def test_over_http_the_code_is_enough_to_look_and_to_take_back(site: Site):
    _person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        invitation = session.get_one(invitations.Invitation, sender_of(site, sent).invitation_id)
        code = invitations.code_of(site, invitation)
    client: TestClient = client_of(site)
    opened = client.post("/api/invitations/open", json={"code": code}).json()
    client.headers["Authorization"] = f"Bearer {opened['token']}"
    (upload,) = client.get("/api/status").json()["uploads"]
    assert upload["studies"][0]["standing"] == "being_checked"
    # The road of a draft is closed to what was handed over.
    assert client.delete(f"/api/submissions/{upload['id']}").json()["code"] == "submission.closed"
    answer = client.post(f"/api/status/{upload['id']}/withdrawal").json()
    assert answer["uploads"][0]["studies"][0]["standing"] == "withdrawn"
    assert answer["uploads"][0]["deletion"]["instances"] == 2


def test_withdrawing_is_a_step_that_the_table_of_states_knows(site: Site):
    _person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    withdraw(site, sent)
    with site.database.reading() as session:
        actions = [
            message.action for message in audit.history(session, [audit.Subject("study", study_ids(site)[0])])
        ]
    assert actions[-2:] == [f"study.{StudyEvent.WITHDRAWN}", f"study.{StudyEvent.PURGED}"]
