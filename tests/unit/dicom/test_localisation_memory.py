"""What delivery remembers of a series makes it faster and nothing else."""

import contextlib
import dataclasses
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.dicom import samples
from tests.unit.dicom.series_samples import CHANGES, LAYOUTS, changed, slice_of

from importal import dicom
from importal.dicom import localisation
from importal.dicom.series_memory import MOST_HEADER, SeriesMemory


def stored_of(number, syntax="explicit", *, profile, defined=True, more=None):
    """Return a slice as it is stored."""
    return b"".join(dicom.neutralise(slice_of(number, syntax, defined=defined, more=more), profile).chunks)


@contextlib.contextmanager
def memory_of(local, *instances):
    """Let delivery remember these, and nothing else."""
    before, localisation.MEMORY = localisation.MEMORY, SeriesMemory()
    try:
        for instance in instances:
            with contextlib.suppress(dicom.Refused):
                dicom.localise(instance, local)
        yield localisation.MEMORY
    finally:
        localisation.MEMORY = before


def outcome(data, local):
    try:
        result = dicom.localise(data, local)
    except dicom.Refused as refused:
        return refused.reason
    sent = b"".join(result.chunks)
    assert len(sent) == result.length
    return sent, result.bulk_sha256, result.reencoded


def fresh(data, local):
    with memory_of(local):
        return outcome(data, local)


def known(memory, data, local):
    """Whether delivery takes the object for one of a series it knows."""
    recalled = memory.recall(data, local)
    return recalled is not None and recalled.ends_with_bulk(data)


@pytest.mark.parametrize(("syntax", "defined"), LAYOUTS)
def test_the_slices_of_a_series_are_sent_as_each_is_sent_alone(syntax, defined, profile, local):
    series = [stored_of(number, syntax, profile=profile, defined=defined) for number in range(12)]
    with memory_of(local, *series[:4]) as memory:
        for data in series[4:]:
            assert known(memory, data, local)
            assert outcome(data, local) == fresh(data, local)
            assert outcome(memoryview(data), local) == fresh(data, local)


@pytest.mark.parametrize(
    "change",
    [
        {"patient_id": "LOCAL-2"},
        {"accession_number": "ORDER-10"},
        {"patient_name": "Lokal^\u00c4nne=\u30ed\u30fc\u30ab\u30eb"},
        {"patient_sex": "M"},
        {"source_of_previous_values": "Another disc"},
    ],
)
def test_another_patient_or_order_is_written_as_such(change, profile, local):
    series = [stored_of(number, profile=profile) for number in range(5)]
    other = dataclasses.replace(local, **change)
    with memory_of(local, *series[:4]) as memory:
        assert not known(memory, series[4], other)
        assert outcome(series[4], other) == fresh(series[4], other)
        assert outcome(series[4], local) == fresh(series[4], local) != fresh(series[4], other)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(LAYOUTS), CHANGES)
def test_a_damaged_slice_is_seen_as_if_it_came_alone(profile, local, layout, changes):
    syntax, defined = layout
    data = changed(stored_of(7, syntax, profile=profile, defined=defined), changes)
    series = (stored_of(number, syntax, profile=profile, defined=defined) for number in range(4))
    with memory_of(local, *series):
        assert outcome(data, local) == fresh(data, local)


@pytest.mark.parametrize("at", range(0, 1200, 8))
def test_a_byte_that_is_changed_in_a_slice_is_seen(at, profile, local):
    data = bytearray(stored_of(8, profile=profile))
    data[at % len(data)] ^= 0x41
    with memory_of(local, *(stored_of(number, profile=profile) for number in range(4))):
        assert outcome(bytes(data), local) == fresh(bytes(data), local)


@pytest.mark.parametrize(
    "more",
    [
        {0x00100010: ("PN", "Sample^Another")},
        {0x00100020: ("LO", "FOREIGN-0816")},
        {0x00080050: ("SH", "ACC-4712")},
        {0x00080005: ("CS", "ISO_IR 192")},
        {0x00100040: ("CS", "O")},
        {0x00081160: ("IS", "3")},
    ],
)
def test_a_slice_that_differs_where_delivery_looks_or_in_its_elements_is_walked(more, profile, local):
    data = stored_of(9, profile=profile, more=more)
    with memory_of(local, *(stored_of(number, profile=profile) for number in range(4))) as memory:
        assert not known(memory, data, local)
        assert outcome(data, local) == fresh(data, local)


def test_what_varies_in_a_sequence_that_is_recorded_whole_is_recorded_for_each_slice(profile, local):
    def with_request(number):
        item = [(0x00080050, "SH", "ACC-4711"), (0x00081155, "UI", f"1.2.{number % 9}")]
        return stored_of(number, profile=profile, more={0x00081115: ("SQ", [item])})

    with memory_of(local, *map(with_request, range(6))) as memory:
        data = with_request(7)
        assert not known(memory, data, local)
        sent = outcome(data, local)
        assert sent == fresh(data, local)
        assert sent[0].count(b"1.2.7") >= 2


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_group_lengths_that_vary_follow_the_edits_of_each_slice(syntax, profile, local):
    order = ">I" if syntax == "big" else "<I"

    def with_lengths(number, patient=100):
        lengths = {0x00100000: patient, 0x00200000: 60 + number % 5}
        more = {tag: ("UL", struct.pack(order, length)) for tag, length in lengths.items()}
        return stored_of(number, syntax, profile=profile, more=more)

    with memory_of(local, *(with_lengths(number, patient=90 + number) for number in range(4))) as memory:
        assert known(memory, with_lengths(9), local)
        for length in (100, 0, 2, 0x7FFFFFFF, 0xFFFFFFFE):
            data = with_lengths(9)
            place = data.index(struct.pack(order[0] + "HH", 0x0010, 0)) + 8
            data = data[:place] + struct.pack(order, length) + data[place + 4 :]
            assert outcome(data, local) == fresh(data, local)


def test_what_stands_behind_the_pixels_goes_the_strict_way(profile, local):
    more = {0xFFFCFFFC: ("OB", bytes(12))}
    series = [stored_of(number, profile=profile) for number in range(4)]
    with memory_of(local, *series) as memory:
        data = stored_of(9, profile=profile, more=more)
        assert not known(memory, data, local)
        assert outcome(data, local) == fresh(data, local)


def test_text_that_has_to_be_written_anew_is_not_remembered(profile, local):
    local = dataclasses.replace(local, patient_name="\u30ed\u30fc\u30ab\u30eb")
    series = [stored_of(number, profile=profile) for number in range(6)]
    with memory_of(local, *series[:5]) as memory:
        assert not known(memory, series[5], local)
        assert outcome(series[5], local) == fresh(series[5], local)
        assert outcome(series[5], local)[2]


def test_no_more_than_a_few_headers_are_kept(profile, local):
    with memory_of(local) as memory:
        for number in range(20):
            more = {0x0020000E: ("UI", f"1.2.3.{number}")}
            dicom.localise(stored_of(number, profile=profile, more=more), local)
        assert len(memory._series) <= 8
        large = {0x00291003: ("OB", bytes(MOST_HEADER)), 0x0020000E: ("UI", "1.9")}
        dicom.localise(stored_of(99, profile=profile, more=large), local)
        assert all(len(series.last.original) < MOST_HEADER for series in memory._series.values())


def test_a_deflated_series_goes_the_strict_way(profile, local):
    deflated = samples.part10(samples.as_list(samples.image()), "deflated")
    data = b"".join(dicom.neutralise(deflated, profile).chunks)
    with memory_of(local, data, data, data) as memory:
        assert not known(memory, data, local)
        assert outcome(data, local) == fresh(data, local)
