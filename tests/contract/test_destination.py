"""Every Destination keeps the contract: the network adapter on two archives, and the one in memory."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from importal.delivery.destinations import (
    CommitmentReport,
    Declined,
    Destination,
    OutgoingInstance,
    StoreOutcome,
    Unreachable,
)
from importal.delivery.destinations.dimse import DimseConfig, DimseDestination
from importal.delivery.destinations.memory import MemoryDestination
from tests.contract.archives import (
    SECONDARY_CAPTURE,
    Archive,
    archive_of,
    instance_file,
    outgoing,
    skip_memory,
)
from tests.orthanc import OUR_AE_TITLE


@dataclass
class Case:
    archive: Archive
    destination: Destination

    def store(self, instances: list[OutgoingInstance]) -> list[StoreOutcome]:
        outcomes: list[StoreOutcome] = []
        self.destination.store(instances, outcomes.append)
        return outcomes


def dimse(archive: Archive, *, associations: int = 2, port: int | None = None) -> DimseDestination:
    peer = skip_memory(archive)
    config = DimseConfig(
        "test", peer.called_ae_title, peer.host, port or peer.port, peer.calling_ae_title, associations, 5.0
    )
    return DimseDestination(config, archive.reports.append)


@pytest.fixture(scope="module", params=["memory", "stand-in", "stand-in-same-association", "orthanc"])
def archive(request, tmp_path_factory) -> Iterator[Archive]:
    with archive_of(request.param, tmp_path_factory.mktemp("archive")) as archive:
        yield archive


@pytest.fixture
def case(archive: Archive) -> Case:
    archive.reports.clear()
    if archive.peer is None:
        return Case(archive, MemoryDestination(on_report=archive.reports.append))
    return Case(archive, dimse(archive))


def await_report(archive: Archive) -> CommitmentReport:
    deadline = time.monotonic() + 30
    while not archive.reports and time.monotonic() < deadline:
        time.sleep(0.05)
    assert archive.reports, "no commitment report came"
    return archive.reports[0]


def test_an_archive_that_listens_answers_an_echo(case):
    assert case.destination.echo()


def test_every_instance_has_one_outcome_and_is_then_listed_in_its_study(case):
    batch = [outgoing(number) for number in range(20)]
    outcomes = case.store(batch)
    assert sorted(one.sop_instance_uid for one in outcomes) == sorted(one.sop_instance_uid for one in batch)
    assert {one.kind for one in outcomes} == {"stored"}
    uids = [one.sop_instance_uid for one in batch]
    assert case.destination.count_present("2.25.1", [*uids, "2.25.404"]) == set(uids)
    assert case.destination.count_present("2.25.404", uids) == set()


def test_outcomes_are_told_in_the_thread_of_the_caller(case):
    threads: set[int] = set()
    case.destination.store([outgoing(n) for n in range(4)], lambda _: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


def test_an_instance_sent_twice_counts_as_delivered(case):
    assert case.store([outgoing(1)])[0].kind in {"stored", "warning"}
    assert case.store([outgoing(1)])[0].kind in {"stored", "warning"}


def test_the_patient_of_a_study_is_known_once_it_is_stored(case):
    study = {"StudyInstanceUID": "2.25.77", "SeriesInstanceUID": "2.25.78", "SOPInstanceUID": "2.25.79"}
    case.store([outgoing(1, PatientID="LOCAL-7", **study)])
    assert case.destination.patient_of_study("2.25.77") == "LOCAL-7"
    assert case.destination.patient_of_study("2.25.404") is None


def test_the_archive_commits_to_what_it_holds_and_names_what_it_does_not(case):
    case.store([outgoing(1), outgoing(2)])
    uids = ["2.25.10001", "2.25.10002", "2.25.404"]
    case.destination.request_commitment("2.25.5551", [(SECONDARY_CAPTURE, uid) for uid in uids])
    report = await_report(case.archive)
    assert report.transaction_uid == "2.25.5551"
    assert set(report.committed) == set(uids[:2])
    assert [one.sop_instance_uid for one in report.failed] == ["2.25.404"]


def test_an_instance_that_cannot_be_read_is_named_and_the_others_arrive(case):
    def fails() -> bytes:
        raise OSError

    if isinstance(case.destination, MemoryDestination):
        pytest.skip("reading is the business of the network adapter")
    broken = OutgoingInstance(SECONDARY_CAPTURE, "2.25.666", "1.2.840.10008.1.2.1", fails)
    other = OutgoingInstance(
        SECONDARY_CAPTURE, "2.25.667", "1.2.840.10008.1.2.1", lambda: instance_file(5)
    )  # says another UID than its bytes
    outcomes = {one.sop_instance_uid: one for one in case.store([outgoing(1), broken, other, outgoing(2)])}
    assert outcomes["2.25.666"].comment_code == "destination.instance_unreadable"
    assert outcomes["2.25.667"].comment_code == "destination.instance_mismatch"
    assert {outcomes["2.25.10001"].kind, outcomes["2.25.10002"].kind} <= {"stored", "warning"}


def test_what_the_archive_does_not_take_is_refused_and_the_rest_is_stored(archive):
    destination = dimse(archive)
    odd = OutgoingInstance("1.2.3.4.5.6", "2.25.668", "1.2.840.10008.1.2.4.999", lambda: b"")
    outcomes: list[StoreOutcome] = []
    destination.store([odd, outgoing(1)], outcomes.append)
    kinds = {one.sop_instance_uid: one.kind for one in outcomes}
    assert kinds == {"2.25.668": "refused", "2.25.10001": "stored"}


def test_an_invalid_uid_is_refused_before_it_reaches_the_network(archive):
    outcomes: list[StoreOutcome] = []
    dimse(archive).store([OutgoingInstance("", "2.25.1", "x", lambda: b""), outgoing(1)], outcomes.append)
    assert [one.comment_code for one in outcomes if one.kind == "refused"] == ["destination.invalid_uid"]


def test_more_than_128_contexts_go_in_turns(archive):
    many = [
        OutgoingInstance(f"1.2.840.999.{number}", f"2.25.9{number}", "1.2.840.10008.1.2.1", lambda: b"")
        for number in range(150)
    ]
    outcomes: list[StoreOutcome] = []
    dimse(archive).store([*many, outgoing(1)], outcomes.append)
    assert len(outcomes) == 151
    assert [one.kind for one in outcomes if one.sop_instance_uid == "2.25.10001"] == ["stored"]


def test_the_archive_holds_exactly_the_bytes_that_were_sent(tmp_path):
    with archive_of("stand-in", tmp_path) as archive:
        content = instance_file(3)
        dimse(archive).store([outgoing(3)], lambda _: None)
        stored = next(tmp_path.rglob("*.dcm")).read_bytes()
    begin = content.index(b"\x08\x00\x05\x00CS")
    assert stored.endswith(content[begin:])
    assert stored.index(b"\x08\x00\x05\x00CS") == len(stored) - len(content[begin:])


# The network library leaves the socket of a failed connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_an_archive_nothing_is_claimed(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        config = DimseConfig("none", "PACS", "127.0.0.1", taken.getsockname()[1], OUR_AE_TITLE, 2, 2.0)
        nowhere = DimseDestination(config)
        told: list[StoreOutcome] = []
        assert not nowhere.echo()
        asks: list[Callable[[], object]] = [
            lambda: nowhere.store([outgoing(1)], told.append),
            lambda: nowhere.count_present("2.25.1", ["2.25.2"]),
            lambda: nowhere.patient_of_study("2.25.1"),
            lambda: nowhere.request_commitment("2.25.3", [(SECONDARY_CAPTURE, "2.25.2")]),
        ]
        for ask in asks:
            with pytest.raises(Unreachable, match=r"association\.unreachable"):
                ask()
        assert told == []


def test_the_one_in_memory_is_unreachable_when_told_so():
    down = MemoryDestination(down=True)
    assert not down.echo()
    with pytest.raises(Unreachable):
        down.store([outgoing(1)], lambda _: None)


def test_a_wrong_ae_title_is_unreachable_not_lost(tmp_path):
    with archive_of("orthanc", tmp_path) as archive:
        peer = skip_memory(archive)
        wrong = DimseDestination(DimseConfig("x", "WRONG", peer.host, peer.port, OUR_AE_TITLE, 2, 5.0))
        with pytest.raises(Unreachable, match=r"association\.rejected"):
            wrong.store([outgoing(1)], lambda _: None)


def test_commitment_is_declined_where_nobody_could_be_told(tmp_path):
    with archive_of("stand-in", tmp_path) as archive:
        peer = skip_memory(archive)
        stranger = DimseDestination(DimseConfig("x", "PACS", peer.host, peer.port, "STRANGER", 1, 5.0))
        with pytest.raises(Declined):
            stranger.request_commitment("2.25.3", [(SECONDARY_CAPTURE, "2.25.2")])


class Severed:
    """A line to an archive that breaks after a number of bytes, as cables and firewalls do."""

    def __init__(self, port: int, after: int) -> None:
        self._target, self._left = port, after
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            for one, other, counted in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pump, args=(one, other, counted), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket, counted: bool) -> None:
        try:
            while data := one.recv(4096):
                if counted:
                    self._left -= len(data)
                    if self._left < 0:
                        break
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._server.close()


@pytest.mark.parametrize("associations", [1, 3])
def test_a_line_that_breaks_leaves_no_instance_without_an_outcome(tmp_path, associations):
    with archive_of("stand-in", tmp_path) as archive:
        line = Severed(skip_memory(archive).port, after=25_000)
        batch = [outgoing(number) for number in range(60)]
        outcomes: list[StoreOutcome] = []
        dimse(archive, associations=associations, port=line.port).store(batch, outcomes.append)
        line.close()
        assert sorted(o.sop_instance_uid for o in outcomes) == sorted(i.sop_instance_uid for i in batch)
        assert {one.kind for one in outcomes} == {"stored", "unreachable"}
        stored = {one.sop_instance_uid for one in outcomes if one.kind == "stored"}
        assert dimse(archive).count_present("2.25.1", stored) == stored


def test_a_caller_that_fails_in_the_middle_stops_the_batch(tmp_path):
    def on_outcome(_outcome: StoreOutcome) -> None:
        raise ZeroDivisionError

    with archive_of("stand-in", tmp_path) as archive, pytest.raises(ZeroDivisionError):
        dimse(archive).store([outgoing(number) for number in range(50)], on_outcome)
