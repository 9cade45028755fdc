"""Jobs exist exactly when their transaction was committed, and outlive the process that runs them."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from importal.database import Database, create_engine, create_jobs_engine
from importal.errors import Retry
from importal.jobs import JobQueue, JobTable, JobWorker, SlotLost, WorkerSlot, claim_slot, install_jobs
from tests.peers import require_peer
from tests.postgres import running_postgresql

PATIENCE_SECONDS = 40


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    require_peer("postgresql")
    with running_postgresql() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA IF EXISTS dbos CASCADE")
        engine.dispose()
    else:
        url = f"sqlite:///{tmp_path / 'jobs.sqlite3'}"
    install_jobs(url)
    return url


@pytest.fixture
def queue(url: str) -> Iterator[tuple[Database, JobQueue]]:
    engine = create_jobs_engine(url)
    database = Database(create_engine(url))
    yield database, JobQueue(engine)
    engine.dispose()
    database.dispose()


def run_until(url: str, folder: Path, table: JobTable, is_done: Callable[[], bool]) -> None:
    engine = create_jobs_engine(url)
    worker = JobWorker(engine, claim_slot(engine, 1, folder), table)

    def watch() -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_done() and time.monotonic() < deadline:
            time.sleep(0.05)
        worker.stop()

    thread = threading.Thread(target=watch)
    thread.start()
    worker.run()
    thread.join()
    engine.dispose()
    assert is_done()


def test_a_committed_job_runs_and_one_that_was_rolled_back_never_does(url: str, queue, tmp_path: Path):
    database, jobs = queue
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        jobs.enqueue(session, "note", "rolled back")
        raise ZeroDivisionError
    with database.transaction() as session:
        jobs.enqueue(session, "note", "committed")
    done: list[str] = []
    run_until(url, tmp_path, JobTable({"note": done.append}), lambda: bool(done))
    assert done == ["committed"]


def test_a_job_that_cannot_work_now_runs_again_and_one_defect_stops_no_other(url: str, queue, tmp_path: Path):
    database, jobs = queue
    seen: list[str] = []

    def job(row_id: str) -> None:
        seen.append(row_id)
        if row_id == "later" and seen.count("later") < 3:
            raise Retry("not.yet", after_seconds=0.1)
        if row_id == "defect":
            raise ZeroDivisionError

    with database.transaction() as session:
        for row_id in ("defect", "later", "good"):
            jobs.enqueue(session, "note", row_id)
    run_until(url, tmp_path, JobTable({"note": job}), lambda: seen.count("later") == 3 and "good" in seen)
    assert seen.count("good") == 1


def test_two_jobs_of_one_row_never_run_at_once(url: str, queue, tmp_path: Path):
    database, jobs = queue
    running, together, done = [0], [0], []

    def job(row_id: str) -> None:
        running[0] += 1
        together[0] = max(together[0], running[0])
        time.sleep(0.3)
        running[0] -= 1
        done.append(row_id)

    with database.transaction() as session:
        for _ in range(3):
            jobs.enqueue(session, "note", "the same study")
    run_until(url, tmp_path, JobTable({"note": job}), lambda: len(done) == 3)
    assert together == [1]


def test_no_argument_of_a_job_is_more_than_a_row_id_and_a_number(url: str, queue):
    database, jobs = queue
    with database.transaction() as session:
        jobs.enqueue(session, "note", "row-1")
        schema = "dbos." if "postgresql" in url else ""
        query = (
            f"SELECT s.serialization, i.inputs FROM {schema}workflow_status s "
            f"JOIN {schema}workflow_input i USING (workflow_uuid)"
        )
        stored = session.connection().exec_driver_sql(query).all()
    assert [row[0] for row in stored] == ["portable_json"]
    assert '"row-1",0' in stored[0][1]


KILLED_WORKER = """
import os, signal, sys
from pathlib import Path
from importal.database import create_jobs_engine
from importal.jobs import JobTable, JobWorker, claim_slot
url, folder = sys.argv[1], Path(sys.argv[2])
def job(row_id):
    (folder / "begun").touch()
    os.kill(os.getpid(), signal.SIGKILL)
engine = create_jobs_engine(url)
JobWorker(engine, claim_slot(engine, 1, folder), JobTable({"note": job})).run()
"""


def test_a_job_whose_worker_is_killed_is_finished_by_the_next_one(url: str, queue, tmp_path: Path):
    database, jobs = queue
    with database.transaction() as session:
        jobs.enqueue(session, "note", "row-1")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_WORKER, url, str(tmp_path)], timeout=PATIENCE_SECONDS, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "begun").exists()
    done: list[str] = []
    run_until(url, tmp_path, JobTable({"note": done.append}), lambda: bool(done))
    assert done == ["row-1"]


KILLED_BESIDE_ANOTHER = KILLED_WORKER.replace(
    "claim_slot(engine, 1, folder), JobTable", "claim_slot(engine, 2, folder), JobTable"
)


def test_what_a_worker_left_is_finished_though_nobody_takes_its_place(url: str, queue, tmp_path: Path):
    database, jobs = queue
    with database.transaction() as session:
        jobs.enqueue(session, "note", "row-1")
    engine = create_jobs_engine(url)
    first = claim_slot(engine, 1, tmp_path)
    try:
        command = [sys.executable, "-c", KILLED_BESIDE_ANOTHER, url, str(tmp_path)]
        ended = subprocess.run(command, timeout=PATIENCE_SECONDS, check=False)
    finally:
        first.release()
        engine.dispose()
    assert ended.returncode == -signal.SIGKILL
    done: list[str] = []
    # From now on there is one place only: number 0, and the job was begun under number 1.
    run_until(url, tmp_path, JobTable({"note": done.append}), lambda: bool(done))
    assert done == ["row-1"]


def test_each_slot_is_held_once_and_the_standby_gets_the_one_that_is_given_back(url: str, tmp_path: Path):
    engine = create_jobs_engine(url)
    first, second = (claim_slot(engine, 2, tmp_path) for _ in range(2))
    assert {first.number, second.number} == {0, 1}
    got: list[WorkerSlot] = []
    standby = threading.Thread(target=lambda: got.append(claim_slot(engine, 2, tmp_path, poll_seconds=0.05)))
    standby.start()
    time.sleep(0.3)
    assert got == []
    second.release()
    standby.join(10)
    assert [slot.number for slot in got] == [second.number]
    got[0].release()
    first.verify()
    first.release()
    engine.dispose()


def test_a_worker_notices_that_its_slot_is_lost(url: str, tmp_path: Path):
    engine = create_jobs_engine(url)
    slot = claim_slot(engine, 1, tmp_path)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(
                sqlalchemy.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                )
            )
    else:
        slot.release()
    with pytest.raises(SlotLost):
        slot.verify()
    engine.dispose()
