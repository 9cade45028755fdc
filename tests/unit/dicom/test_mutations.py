"""Whatever the bytes: a conformant object without identifiers, or a refusal; nothing else, and soon."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.dicom import samples

from importal import dicom

PROFILE = dicom.Profile(dicom.Pseudonyms(b"a key of thirty-two bytes, to wit"), "IMPORTAL")


def seeds():
    elements = samples.image()
    item = [(0x00080050, "SH", "ACC-4711"), (0x00401001, "SH", "RP-1")]
    elements[0x00400275] = ("SQ", [item, item])
    elements[0x00101002] = ("SQ", [[(0x00100020, "LO", "OTHER-1")]])
    for syntax in ("explicit", "implicit", "big", "deflated"):
        for defined in (True, False):
            layout = samples.layout_of(syntax, defined=defined, unknown=not defined)
            yield samples.part10(samples.as_list(elements), syntax, layout=layout)


SEEDS = list(seeds())
EDITS = st.lists(
    st.tuples(
        st.integers(0, 1500), st.sampled_from(["set", "cut", "put"]), st.binary(min_size=1, max_size=6)
    ),
    max_size=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(range(len(SEEDS))), EDITS)
def test_a_mutated_object_is_rewritten_with_all_post_conditions_or_refused(seed, edits):
    data = bytearray(SEEDS[seed])
    for at, verb, raw in edits:
        place = at % max(1, len(data))
        data[place : place + (len(raw) if verb != "put" else 0)] = b"" if verb == "cut" else raw
    original = bytes(data)
    started = time.process_time()
    try:
        neutralised = dicom.neutralise(original, PROFILE)
    except dicom.Refused:
        return
    finally:
        assert time.process_time() - started < 1.0
    stored = b"".join(neutralised.chunks)
    assert dicom.restore(stored, neutralised.reverse_patch) == original
    again = dicom.neutralise(stored, PROFILE)
    assert not again.repairs
    assert again.facts.sop_instance_uid == neutralised.facts.sop_instance_uid
    for replacement in again.replacements:
        assert dicom.Pseudonyms(b"any").is_pseudonym(replacement.original) or "\\" in replacement.original
    dicom.read_display(original)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=700))
def test_arbitrary_bytes_are_refused(data):
    dicom.looks_like_dicom(data)
    dicom.read_display(data)
    with pytest.raises(dicom.Refused):
        dicom.neutralise(data, PROFILE)
    with pytest.raises(dicom.Refused):
        dicom.neutralise(bytes(128) + b"DICM" + samples.file_meta("explicit") + data, PROFILE)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=3))
def test_a_changed_patch_or_object_never_restores_to_something_else(at, raw):
    original = SEEDS[0]
    neutralised = dicom.neutralise(original, PROFILE)
    stored, patch = b"".join(neutralised.chunks), neutralised.reverse_patch
    for wrong_stored, wrong_patch in ((changed(stored, at, raw), patch), (stored, changed(patch, at, raw))):
        if (wrong_stored, wrong_patch) == (stored, patch):
            continue
        try:
            assert dicom.restore(wrong_stored, wrong_patch) == original
        except dicom.RestoreError as error:
            assert error.code.startswith(("patch.", "stored."))


def changed(data, at, raw):
    place = at % len(data)
    return data[:place] + raw + data[place + 1 :]
