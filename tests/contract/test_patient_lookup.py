"""Every PatientLookup keeps the contract: by C-FIND on two archives, and the one in memory."""

from collections.abc import Iterator

import pytest

from importal.delivery.destinations.dimse import DimseConfig, DimseDestination
from importal.dimse import Peer
from importal.reconciliation.patient_lookup import (
    Candidate,
    LookupRefused,
    LookupTooBroad,
    LookupUnreachable,
    Order,
    PatientLookup,
    PatientQuery,
)
from importal.reconciliation.patient_lookup.cfind import CFindPatientLookup
from importal.reconciliation.patient_lookup.fake import MemoryPatientLookup
from tests.contract.archives import archive_of, outgoing
from tests.orthanc import OUR_AE_TITLE

# Patient ID, name, birth date, sex, accession number, study date
PATIENTS = [
    ("L1", "Müller^Anna", "19500101", "F", "ACC1", "20240101"),
    ("L1", "Müller^Anna", "19500101", "F", "ACC2", "20250101"),
    ("L2", "Mueller^Bernd", "19600202", "M", "ACC3", "20230101"),
    ("L3", "Yamada^Tarou=山田^太郎=やまだ^たろう", "19700303", "M", "ACC4", "20220101"),
    ("L4", "Schmidt^Eva", "19500101", "F", "ACC5", "20210101"),
]


def fake(limit: int) -> MemoryPatientLookup:
    return MemoryPatientLookup(
        [
            Candidate(pid, "", name, born, sex, (Order(acc, date, "TEST", "OT", f"2.25.8{n}"),))
            for n, (pid, name, born, sex, acc, date) in enumerate(PATIENTS)
        ],
        limit=limit,
    )


def filled_archive(kind: str, folder) -> Iterator[Peer]:
    with archive_of(kind, folder) as archive:
        assert archive.peer is not None
        peer = archive.peer
        outcomes: list[str] = []
        batch = [
            outgoing(
                n, PatientID=pid, PatientName=name, PatientBirthDate=born, PatientSex=sex,
                AccessionNumber=acc, StudyDate=date,
                StudyInstanceUID=f"2.25.8{n}", SeriesInstanceUID=f"2.25.9{n}",
            )
            for n, (pid, name, born, sex, acc, date) in enumerate(PATIENTS)
        ]  # fmt: skip
        config = DimseConfig("x", peer.called_ae_title, peer.host, peer.port, peer.calling_ae_title)
        DimseDestination(config).store(batch, lambda outcome: outcomes.append(outcome.kind))
        assert outcomes == ["stored"] * len(PATIENTS)
        yield peer


@pytest.fixture(scope="module", params=["memory", "stand-in", "orthanc"])
def peer(request, tmp_path_factory) -> Iterator[Peer | None]:
    if request.param == "memory":
        yield None
        return
    yield from filled_archive(request.param, tmp_path_factory.mktemp("archive"))


@pytest.fixture
def lookup(peer) -> PatientLookup:
    return CFindPatientLookup(peer) if peer else fake(200)


def found(lookup: PatientLookup, **keys: str) -> list[str]:
    return [one.patient_id for one in lookup.find(PatientQuery(**keys))]


@pytest.mark.parametrize("name", ["Müller^Anna", "MUELLER", "müller", "Mueller^B^^Dr."])
def test_umlauts_are_found_however_they_are_written(lookup, name):
    assert sorted(found(lookup, patient_name=name)) == ["L1", "L2"]


def test_the_birth_date_narrows_the_list(lookup):
    assert found(lookup, patient_name="Müller", birth_date="19500101") == ["L1"]
    assert sorted(found(lookup, birth_date="19500101")) == ["L1", "L4"]


def test_a_patient_comes_once_with_all_orders_newest_first(lookup):
    (anna,) = lookup.find(PatientQuery(patient_id="L1"))
    assert (anna.patient_name, anna.birth_date, anna.sex) == ("Müller^Anna", "19500101", "F")
    assert [(order.accession_number, order.study_date) for order in anna.orders] == [
        ("ACC2", "20250101"),
        ("ACC1", "20240101"),
    ]


def test_an_accession_number_finds_its_patient_and_only_this_order(lookup):
    (one,) = lookup.find(PatientQuery(accession_number="ACC3"))
    assert (one.patient_id, [order.accession_number for order in one.orders]) == ("L2", ["ACC3"])


def test_a_name_in_three_scripts_comes_back_whole(lookup):
    (one,) = lookup.find(PatientQuery(patient_name="YAMADA"))
    assert one.patient_name == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_nobody_is_an_empty_list(lookup):
    assert lookup.find(PatientQuery(patient_name="Nobody")) == []


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({}, "lookup.query_empty"),
        ({"patient_id": " "}, "lookup.query_empty"),
        ({"patient_id": "*"}, "lookup.query_invalid"),
        ({"patient_id": "L1\\L2"}, "lookup.query_invalid"),
        ({"accession_number": "ACC?"}, "lookup.query_invalid"),
        ({"birth_date": "1950"}, "lookup.query_invalid"),
        ({"birth_date": "19000101-20991231"}, "lookup.query_invalid"),
    ],
)
def test_a_query_that_asks_for_everybody_is_refused(lookup, keys, code):
    with pytest.raises(LookupRefused) as refused:
        lookup.find(PatientQuery(**keys))
    assert refused.value.code == code


def test_wildcards_in_a_name_do_not_widen_the_search(lookup):
    assert found(lookup, patient_name="*Schmidt") == ["L4"]


def test_too_many_answers_are_refused_not_cut(peer):
    narrow: PatientLookup = CFindPatientLookup(peer, limit=1) if peer else fake(1)
    with pytest.raises(LookupTooBroad):
        narrow.find(PatientQuery(birth_date="19500101"))
    assert found(narrow, patient_name="Schmidt") == ["L4"]


# The network library leaves the socket of a failed connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_archive_that_is_down_is_unreachable():
    down = fake(200)
    down.down = True
    for lookup in (down, CFindPatientLookup(Peer("PACS", "127.0.0.1", 9, OUR_AE_TITLE, 2.0))):
        with pytest.raises(LookupUnreachable):
            lookup.find(PatientQuery(patient_id="L1"))


def test_a_query_shows_no_patient_when_it_is_printed():
    query = PatientQuery("Müller^Anna", "19500101", "L1", "ACC1")
    assert not [value for value in ("Müller", "1950", "L1", "ACC1") if value in repr(query)]
