"""What the engine remembers of a series makes it faster and nothing else."""

import contextlib
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.dicom import samples
from tests.unit.dicom.series_samples import CHANGES, LAYOUTS, changed, slice_of

from importal import dicom
from importal.dicom import neutralisation
from importal.dicom.series_memory import MOST_HEADER, SeriesMemory

PROFILE = dicom.Profile(dicom.Pseudonyms(b"a key of thirty-two bytes, to wit"), "IMPORTAL")


@contextlib.contextmanager
def memory_of(*instances):
    """Let the engine remember these, and nothing else."""
    before, neutralisation.MEMORY = neutralisation.MEMORY, SeriesMemory()
    try:
        for instance in instances:
            with contextlib.suppress(dicom.Refused):
                dicom.neutralise(instance, PROFILE)
        yield neutralisation.MEMORY
    finally:
        neutralisation.MEMORY = before


def outcome(data):
    try:
        result = dicom.neutralise(data, PROFILE)
    except dicom.Refused as refused:
        return refused.reason
    stored = b"".join(result.chunks)
    assert dicom.restore(stored, result.reverse_patch) == data
    return (
        stored,
        result.length,
        result.reverse_patch,
        result.facts,
        result.replacements,
        result.bulk_offset,
        result.bulk_sha256,
        result.repairs,
        result.hits,
        result.replaced_text,
    )


def fresh(data):
    with memory_of():
        return outcome(data)


@pytest.mark.parametrize(("syntax", "defined"), LAYOUTS)
def test_the_slices_of_a_series_become_what_each_becomes_alone(syntax, defined):
    series = [slice_of(number, syntax, defined=defined) for number in range(12)]
    with memory_of(*series[:4]) as memory:
        for data in series[4:]:
            assert memory.recall(data, PROFILE) is not None
            assert outcome(data) == fresh(data)
            assert memory.recall(memoryview(data), PROFILE) is not None
            assert outcome(memoryview(data)) == fresh(data)


def streamed(data):
    stream = dicom.neutralise_stream((data[at : at + 100] for at in range(0, len(data), 100)), PROFILE)
    stored = b"".join(stream.chunks)
    result = stream.result()
    assert dicom.restore(stored, result.reverse_patch) == data
    return (stored, result.reverse_patch, result.facts, result.replacements, result.bulk_sha256)


@pytest.mark.parametrize(("syntax", "defined"), LAYOUTS)
def test_a_stream_of_a_known_series_gives_what_a_whole_object_gives(syntax, defined):
    data = slice_of(9, syntax, defined=defined)
    whole = fresh(data)
    for way in (outcome, streamed):
        with memory_of() as memory:
            for number in range(4):
                way(slice_of(number, syntax, defined=defined))
            assert memory.recall(data, PROFILE) is not None
            stored, patch, *more = streamed(data)
            assert (stored, patch) == (whole[0], whole[2])
            assert more[:2] == [whole[3], whole[4]]


@pytest.mark.parametrize("cut", [0, 1, 2, 100])
def test_a_stream_of_a_known_series_that_breaks_off_is_refused(cut):
    data = slice_of(9)
    with memory_of(*map(slice_of, range(4))):
        for end in (len(data) - cut - 1, len(data) - len(samples.PIXELS) - cut):
            with pytest.raises(dicom.Refused, match="needs_whole_object"):
                streamed(data[:end])


def test_what_stands_behind_the_pixels_of_a_stream_is_looked_at():
    found = samples.element(0xFFFCFFFC, "OB", b"FOREIGN-0815", samples.Layout())
    harmless = samples.element(0xFFFCFFFC, "OB", bytes(12), samples.Layout())
    with memory_of(*map(slice_of, range(4))):
        assert streamed(slice_of(9) + harmless)[0].endswith(harmless)
        with pytest.raises(dicom.Refused, match="needs_whole_object"):
            streamed(slice_of(9) + found)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(LAYOUTS), CHANGES)
def test_a_damaged_slice_is_seen_as_if_it_came_alone(layout, changes):
    syntax, defined = layout
    data = changed(slice_of(7, syntax, defined=defined), changes)
    with memory_of(*(slice_of(number, syntax, defined=defined) for number in range(4))):
        assert outcome(data) == fresh(data)


@pytest.mark.parametrize("at", range(0, 1200, 8))
def test_a_byte_that_is_changed_in_a_slice_is_seen(at):
    data = bytearray(slice_of(8))
    data[at % len(data)] ^= 0x41
    with memory_of(*map(slice_of, range(4))):
        assert outcome(bytes(data)) == fresh(bytes(data))


@pytest.mark.parametrize(
    "more",
    [
        {0x00100020: ("LO", "FOREIGN-0816")},
        {0x00100020: ("LO", "")},
        {0x00100010: ("PN", "Sample^Another")},
        {0x00100030: ("DA", "19500608")},
        {0x0020000D: ("UI", "1.2.4")},
        {0x00080005: ("CS", "ISO_IR 192")},
        {0x00200010: ("SH", "STUDY-78")},
        {0x00290010: ("LO", "OTHER")},
    ],
)
def test_another_patient_or_study_under_the_same_series_is_another(more):
    data = slice_of(9, more=more)
    with memory_of(*map(slice_of, range(4))) as memory:
        assert memory.recall(data, PROFILE) is None
        assert outcome(data) == fresh(data)


@pytest.mark.parametrize(
    ("tag", "vr", "value"),
    [
        (0x00291001, "OB", b"  FOREIGN-0815  "),
        (0x00291001, "OB", "FOREIGN-0815".encode("utf-16-le")),
        (0x00201041, "DS", "FOREIGN-0815"),
        (0x00291001, "OB", b"\xfe\xff\x00\xe0\x14\0\0\0\x10\0\x20\0LO\x0c\0FOREIGN-0815"),
        (0x00291001, "OB", b"\xfe\xff\x00\xe0\x14\0\0\0\x10\0\x20\0\x0c\0\0\0FOREIGN-0815"),
    ],
)
def test_an_identifier_in_a_value_that_varies_is_found(tag, vr, value):
    data = slice_of(9, more={tag: (vr, value)})
    with memory_of(*map(slice_of, range(4))) as memory:
        assert memory.recall(data, PROFILE) is None
        assert outcome(data) == fresh(data)


def test_a_text_that_is_replaced_in_every_slice_is_remembered_with_the_rest():
    more = {0x00081030: ("LO", "see FOREIGN-0815"), 0x00291002: ("OB", bytes(80) + b"<FOREIGN-0815> ")}
    data = slice_of(9, more=more)
    with memory_of(*(slice_of(number, more=more) for number in range(4))) as memory:
        assert memory.recall(data, PROFILE) is not None
        result = dicom.neutralise(data, PROFILE)
        assert result.replaced_text == ("(0008,1030)",)
        assert result.hits == ("(0029,1002)",)
        assert outcome(data) == fresh(data)


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_group_lengths_that_vary_follow_the_edits_of_each_slice(syntax):
    order = ">I" if syntax == "big" else "<I"

    def with_lengths(number, patient=100):
        lengths = {0x00100000: patient, 0x00200000: 60 + number % 5, 0x00280000: 20}
        more = {tag: ("UL", struct.pack(order, length)) for tag, length in lengths.items()}
        return slice_of(number, syntax, more=more)

    with memory_of(*map(with_lengths, range(4))) as memory:
        assert memory.recall(with_lengths(9), PROFILE) is not None
        assert outcome(with_lengths(9)) == fresh(with_lengths(9))
        assert outcome(with_lengths(9, patient=101)) == fresh(with_lengths(9, patient=101))
    lengths = (100, 0, 2, 0x7FFFFFFF, 0xFFFFFFFE)
    with memory_of(*(with_lengths(number, patient=number) for number in range(4))):
        for length in lengths:
            assert outcome(with_lengths(9, patient=length)) == fresh(with_lengths(9, patient=length))


def test_another_site_gets_its_own_pseudonyms():
    other = dicom.Profile(dicom.Pseudonyms(b"another key of thirty-two bytes.."), "IMPORTAL")
    with memory_of(*map(slice_of, range(4))):
        mine, theirs = (dicom.neutralise(slice_of(9), profile) for profile in (PROFILE, other))
    assert mine.facts.patient_pseudonym != theirs.facts.patient_pseudonym


def test_the_digest_of_the_whole_is_checked_for_a_remembered_slice_too():
    data = slice_of(9)
    with memory_of(*map(slice_of, range(4))):
        result = dicom.neutralise(data, PROFILE, original_sha256=bytes(32))
    with pytest.raises(dicom.RestoreError, match=r"stored\.differs"):
        dicom.restore(b"".join(result.chunks), result.reverse_patch)


def test_what_stands_behind_the_pixels_goes_the_strict_way():
    data = slice_of(9) + samples.element(0xFFFCFFFC, "OB", b"FOREIGN-0815", samples.Layout())
    with memory_of(*map(slice_of, range(4))):
        assert outcome(data) == fresh(data)


def test_an_object_of_a_thousand_identifiers_is_no_template():
    more = {0x00400275: ("SQ", [[(0x00080050, "SH", f"ACC-{number}")] for number in range(100)])}
    with memory_of(*(slice_of(number, more=more) for number in range(4))) as memory:
        assert memory.recall(slice_of(9, more=more), PROFILE) is None


def test_a_series_that_never_repeats_itself_is_given_up():
    with memory_of() as memory:
        for number in range(30):
            outcome(slice_of(number, more={0x00201041 + number: ("DS", "1")}))
        (series,) = memory._series.values()
        assert series.learnt < 8


def test_no_more_than_a_few_headers_are_kept():
    with memory_of() as memory:
        for number in range(20):
            outcome(slice_of(number, more={0x0020000E: ("UI", f"1.2.3.{number}")}))
        assert len(memory._series) <= 8
        outcome(slice_of(99, more={0x00291003: ("OB", bytes(MOST_HEADER)), 0x0020000E: ("UI", "1.9")}))
        assert all(len(series.last.original) < MOST_HEADER for series in memory._series.values())
