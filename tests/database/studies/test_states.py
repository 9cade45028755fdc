"""The one line that assigns a state, and the constraints behind it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from importal import audit, studies
from importal.errors import ImportalError
from importal.ids import new_id
from importal.site import Site
from importal.studies import Study, StudyEvent, StudyState
from tests.database.road import make_person, send


def received(site: Site) -> str:
    person = make_person(site)
    sent = send(site, person, [])
    study_id = new_id()
    with site.database.transaction() as session:
        session.add(
            Study(
                id=study_id,
                institution_id=person.institution_id,
                submission_id=sent.submission_id,
                study_instance_uid="1.2.3",
                state=StudyState.RECEIVED.value,
                state_since=site.clock(),
                submitted_at=site.clock(),
                modalities=[],
            )
        )
    return study_id


def move(site: Site, study_id: str, event: StudyEvent) -> None:
    with site.database.transaction() as session:
        study = studies.lock(session, study_id)
        assert study is not None
        studies.move_to(session, site, study, event, studies.SYSTEM, {"why": "test"})


def test_a_move_writes_state_trail_and_job_together(site: Site) -> None:
    study_id = received(site)
    site.clock.advance(minutes=3)
    move(site, study_id, StudyEvent.INSPECTED)
    with site.database.reading() as session:
        study = session.get_one(Study, study_id)
        trail = audit.history(session, [audit.Subject("study", study_id)])
    assert (study.state, study.state_since) == ("inspected", site.clock())
    assert [(message.action, message.params) for message in trail] == [("study.inspected", {"why": "test"})]
    assert site.jobs.enqueued == [("advance_study", study_id)]


def test_a_move_that_is_undone_leaves_nothing(site: Site) -> None:
    study_id = received(site)
    with pytest.raises(KeyboardInterrupt), site.database.transaction() as session:
        study = studies.lock(session, study_id)
        assert study is not None
        studies.move_to(session, site, study, StudyEvent.INSPECTED, studies.SYSTEM)
        raise KeyboardInterrupt
    with site.database.reading() as session:
        assert session.get_one(Study, study_id).state == "received"
        assert audit.history(session, [audit.Subject("study", study_id)]) == []
    assert site.jobs.enqueued == []


def test_what_the_table_does_not_know_is_refused(site: Site) -> None:
    study_id = received(site)
    for event in (StudyEvent.DELIVERED, StudyEvent.COMMITTED, StudyEvent.PURGED, StudyEvent.RECONCILED):
        with pytest.raises(ImportalError, match=r"study\.state"):
            move(site, study_id, event)


def test_a_quarantine_without_a_reason_is_refused_by_the_table(site: Site) -> None:
    study_id = received(site)
    with pytest.raises(IntegrityError):
        move(site, study_id, StudyEvent.QUARANTINED)


def test_a_study_stands_once_in_a_submission(site: Site) -> None:
    study_id = received(site)
    with site.database.reading() as session:
        first = session.get_one(Study, study_id)
    with pytest.raises(IntegrityError), site.database.transaction() as session:
        session.add(
            Study(
                id=new_id(),
                institution_id=first.institution_id,
                submission_id=first.submission_id,
                study_instance_uid=first.study_instance_uid,
                state="received",
                state_since=first.state_since,
                submitted_at=first.submitted_at,
                modalities=[],
            )
        )


def test_of_two_moves_at_the_same_moment_one_is_refused(site: Site) -> None:
    study_id = received(site)
    move(site, study_id, StudyEvent.INSPECTED)
    start, answers = threading.Barrier(2), []

    def act(event: StudyEvent) -> Callable[[], None]:
        def run() -> None:
            start.wait()
            try:
                with site.database.transaction() as session:
                    study = studies.lock(session, study_id)
                    assert study is not None
                    study.rejection_reason = "other"
                    studies.move_to(session, site, study, event, studies.SYSTEM)
                answers.append(event.value)
            except ImportalError as error:
                answers.append(error.code)

        return run

    threads = [threading.Thread(target=act(event)) for event in (StudyEvent.REJECTED, StudyEvent.REJECTED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["rejected", "study.state"]
    with site.database.reading() as session:
        assert session.scalars(select(Study.state)).one() == "rejected"
