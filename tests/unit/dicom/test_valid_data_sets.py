"""What the standard allows is rewritten with all post-conditions: nothing lost, left or changed besides."""

import io
import time
import tracemalloc
import zlib

import pydicom
from hypothesis import HealthCheck, given, settings
from tests.unit.dicom import samples
from tests.unit.dicom.strategies import files

from importal import dicom
from importal.dicom import Change

PROFILE = dicom.Profile(dicom.Pseudonyms(b"a key of thirty-two bytes, to wit"), "IMPORTAL")
MOST_SECONDS, MOST_MEMORY = 1.0, 64 << 20
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def inflated(data, syntax):
    if syntax != "deflated":
        return data
    at = 132 + 12 + int.from_bytes(data[140:144], "little")
    return data[:at] + zlib.decompressobj(-15).decompress(data[at:])


def neutralised_of(drawn):
    begun = time.process_time()
    neutralised = dicom.neutralise(drawn.original, PROFILE)
    assert time.process_time() - begun < MOST_SECONDS
    stored = b"".join(neutralised.chunks)
    assert len(stored) == neutralised.length
    return stored, neutralised


@settings(max_examples=200, **RELAXED)
@given(files())
def test_a_valid_object_is_neutralised_without_repair_and_restored_to_the_byte(drawn):
    stored, neutralised = neutralised_of(drawn)
    assert not neutralised.repairs
    assert not neutralised.hits
    assert dicom.restore(stored, neutralised.reverse_patch) == drawn.original
    again = dicom.neutralise(drawn.original, PROFILE)
    assert (b"".join(again.chunks), again.reverse_patch) == (stored, neutralised.reverse_patch)
    left = inflated(stored, drawn.syntax)
    assert [value for value in drawn.sentinels if value.encode() in left] == []
    assert b"ZQPREAM" not in left


@settings(max_examples=120, **RELAXED)
@given(files())
def test_another_parser_sees_just_the_changes_that_are_explained(drawn):
    stored, _ = neutralised_of(drawn)
    before, after = (flat(pydicom.dcmread(io.BytesIO(data))) for data in (drawn.original, stored))
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    explained = {
        each.path: each
        for each in dicom.explain(drawn.original, PROFILE).changes
        if each.path[:5] not in OUTSIDE
    }
    # What is inside a sequence or item that comes or goes is not listed one by one.
    gone = [path for path, each in explained.items() if each.change in (Change.REMOVED, Change.ADDED)]
    seen = {next((root for root in gone if path.startswith(root)), path) for path in differing}
    assert seen == {readable(path, before) for path in explained}


OUTSIDE = ("pream", "(0002")


def readable(path, before):
    """Return the path, or that of the sequence that the other parser does not know as one."""
    roots = (root for root, value in before.items() if path.startswith(f"{root}[") and value != "a sequence")
    return min(roots, default=path, key=len)


def flat(data, before=""):
    found = {}
    for tag in data.keys():  # noqa: SIM118 -- a data set is no dict
        if not tag.element:
            continue
        path = f"{before}({tag.group:04X},{tag.element:04X})"
        element = data.get_item(tag)
        if getattr(element, "VR", None) == "SQ" or data[tag].VR == "SQ":
            found[path] = "a sequence"
            for number, item in enumerate(data[tag].value, 1):
                found |= flat(item, f"{path}[{number}]>")
        else:
            found[path] = bytes(element.value or b"") if isinstance(element.value, bytes) else element.value
    return found


@settings(max_examples=120, **RELAXED)
@given(files())
def test_a_stream_gives_the_same_object_or_asks_for_the_whole(drawn):
    stored, neutralised = neutralised_of(drawn)
    for step in (61, 4096):
        pieces = (drawn.original[at : at + step] for at in range(0, len(drawn.original), step))
        try:
            stream = dicom.neutralise_stream(pieces, PROFILE)
            out = b"".join(stream.chunks)
        except dicom.Refused as refused:
            assert refused.reason is dicom.RefusalReason.NEEDS_WHOLE_OBJECT
            continue
        assert out == stored
        assert stream.result().facts == neutralised.facts
        assert dicom.restore(out, stream.result().reverse_patch) == drawn.original


@settings(max_examples=120, **RELAXED)
@given(files())
def test_a_valid_object_is_localised_and_stays_valid(local, drawn):
    stored, neutralised = neutralised_of(drawn)
    for name in (local.patient_name, "Παπαδοπούλου^Ελένη"):
        local = local.__class__(**{**vars(local), "patient_name": name})
        localised = dicom.localise(stored, local)
        out = b"".join(localised.chunks)
        # An identifier behind the pixels is written there, too.
        assert localised.bulk_sha256 == neutralised.bulk_sha256 or localised.reencoded or drawn.has_tail
        image = pydicom.dcmread(io.BytesIO(out))
        assert (image.PatientID, image.AccessionNumber) == (local.patient_id, local.accession_number)
        assert str(image.PatientName) == name
        assert image.OriginalAttributesSequence[-1].ReasonForTheAttributeModification == "COERCE"
        assert not dicom.neutralise(out, PROFILE).repairs
        tags = [element.tag for element in dicom.read_contents(out).elements]
        assert tags == sorted(set(tags))
        if "PixelData" in image and drawn.syntax != "jpeg":
            assert image.PixelData == samples.PIXELS


@settings(max_examples=30, **RELAXED)
@given(files())
def test_memory_stays_far_below_the_limit(local, drawn):
    tracemalloc.start()
    try:
        stored, _ = neutralised_of(drawn)
        dicom.localise(stored, local)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY + len(drawn.original)
