"""What a sender is told after a withdrawal is true, whatever else happens at that moment."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from importal import delivery, reconciliation, retention
from importal.delivery.destinations.memory import MemoryDestination
from importal.inspection import inspect_submission
from importal.site import Site
from importal.studies import Instance, Study
from tests.database.reconciliation import test_desk
from tests.database.road import Sent, make_person, make_series, send
from tests.database.status.test_status import (
    kept,
    reconcile,
    run_jobs,
    sent_by,
    shown,
    study_ids,
    withdraw,
)

without_pictures = test_desk.without_pictures


def counted(site: Site, sent: Sent) -> tuple[int, int, int]:
    deletion = shown(site, sent).deletion
    return deletion.studies, deletion.instances, deletion.documents


def test_the_record_of_what_nobody_had_looked_at_counts_what_had_arrived(site: Site):
    _person, sent = sent_by(site, "1.2.3", "1.2.4")
    site.clock.advance(hours=2)
    withdraw(site, sent)
    at = site.clock()
    site.clock.advance(minutes=1)
    assert counted(site, sent) == (2, 4, 1)
    run_jobs(site)
    assert counted(site, sent) == (2, 4, 1)
    assert shown(site, sent).deletion.at == at
    assert shown(site, sent).deletion.is_done


def test_the_record_counts_what_had_been_turned_away_as_well(site: Site):
    person, sent = sent_by(site, "1.2.3", "1.2.4")
    inspect_submission(site, sent.submission_id)
    first, _second = study_ids(site)
    with site.database.transaction() as session:
        reconciliation.reject(person, session, site, first, "not_requested", "")
    withdraw(site, sent)
    run_jobs(site)
    assert counted(site, sent) == (2, 4, 1)
    assert sorted(study.standing for study in shown(site, sent).studies) == ["not_taken", "withdrawn"]


def test_the_record_stays_when_the_days_of_retention_are_over(site: Site):
    _person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    withdraw(site, sent)
    run_jobs(site)
    before = shown(site, sent).deletion
    site.clock.advance(days=site.settings.retention_days + 1)
    retention.purge(site)
    run_jobs(site)
    assert shown(site, sent).deletion == before


def test_what_the_archive_had_already_is_archived_and_never_called_withdrawn(site: Site):
    person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    (study_id,) = study_ids(site)
    reconcile(site, person, study_id)
    archive = MemoryDestination()
    delivery.deliver(site, archive, study_id)
    delivery.await_commitment(site, archive, study_id)
    # The same study once more: nothing has to be sent.
    again = send(site, person, make_series(2))
    inspect_submission(site, again.submission_id)
    repeated = next(one for one in study_ids(site) if one != study_id)
    reconcile(site, person, repeated)
    delivery.deliver(site, archive, repeated)
    delivery.await_commitment(site, archive, repeated)
    assert shown(site, again).studies[0].standing == "archived"
    site.clock.advance(days=site.settings.retention_days + 1)
    retention.purge(site)
    run_jobs(site)
    assert shown(site, again).studies[0].standing == "archived"
    assert shown(site, again).deletion is None


def test_a_second_inspection_brings_nothing_back_of_a_study_that_was_taken_back(site: Site):
    person, sent = sent_by(site, "1.2.3", "1.2.4")
    inspect_submission(site, sent.submission_id)
    first, second = study_ids(site)
    reconcile(site, person, first)
    delivery.deliver(site, MemoryDestination(), first)
    site.jobs.enqueued.clear()
    withdraw(site, sent)
    run_jobs(site)
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).where(Instance.study_id == second)) == 0
        assert session.get_one(Study, second).instance_count == 2
    assert shown(site, sent).deletion.is_done
    # A second time changes nothing.
    withdraw(site, sent)
    assert counted(site, sent) == (1, 2, 0)


def test_the_moved_dates_of_an_anonymous_study_are_not_shown(site: Site):
    _person, sent = sent_by(site)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        session.scalars(select(Study)).one().is_deidentified = True
    assert shown(site, sent).studies[0].study_date == ""


def test_withdrawal_and_inspection_at_the_same_moment_agree(site: Site):
    person = make_person(site)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            sent = send(site, person, make_series(2))
            inspected = pool.submit(inspect_submission, site, sent.submission_id)
            withdrawn = pool.submit(withdraw, site, sent)
            assert (inspected.result(), withdrawn.result()) == (None, None)
            run_jobs(site)
            assert kept(site, sent) == ([], 0)
            assert counted(site, sent) == (1, 2, 0)


def test_deleting_goes_on_after_a_crash_at_any_point(site: Site, monkeypatch: pytest.MonkeyPatch):
    _person, sent = sent_by(site, "1.2.3", "1.2.4")
    inspect_submission(site, sent.submission_id)
    withdraw(site, sent)
    delete, calls = site.storage.delete, []

    def dying(key: str) -> None:
        calls.append(key)
        delete(key)
        if len(calls) in {1, 3, 7, 12, 18}:
            raise OSError

    monkeypatch.setattr(site.storage, "delete", dying)
    jobs = list(site.jobs.enqueued)
    for _ in range(6):
        site.jobs.enqueued[:] = jobs
        with contextlib.suppress(OSError):
            run_jobs(site)
    assert kept(site, sent) == ([], 0)
    assert shown(site, sent).deletion.is_done
