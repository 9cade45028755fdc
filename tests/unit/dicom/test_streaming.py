"""A stream gives the same bytes as the whole, or says that it needs the whole."""

import csv

import pytest
from tests.corpus import corpus_path
from tests.unit.dicom import samples

from importal import dicom


def pieces(original, size):
    return (original[at : at + size] for at in range(0, len(original), size))


def streamed(original, profile, size=4099):
    stream = dicom.neutralise_stream(pieces(original, size), profile)
    out = b"".join(bytes(chunk) for chunk in stream.chunks)
    return out, stream.result()


def test_a_stream_gives_the_same_bytes_and_record_as_the_whole(profile):
    with corpus_path("MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["is_dicom"] != "no"]
    seen = 0
    for row in rows[::3]:
        original = corpus_path(row["path"]).read_bytes()
        try:
            out, record = streamed(original, profile)
        except dicom.Refused:
            continue
        whole = dicom.neutralise(original, profile)
        assert out == b"".join(whole.chunks), row["path"]
        assert (record.facts, record.replacements, record.hits) == (
            whole.facts,
            whole.replacements,
            whole.hits,
        )
        assert (record.length, record.bulk_offset) == (whole.length, whole.bulk_offset)
        assert record.bulk_sha256 == whole.bulk_sha256
        assert dicom.restore(out, record.reverse_patch) == original
        seen += 1
    assert seen > 250


@pytest.mark.parametrize("size", [1, 7, 131, 70_000])
def test_the_size_of_the_chunks_does_not_matter(size, profile):
    elements = samples.image()
    elements[0xFFFCFFFC] = ("OB", bytes(64))
    original = samples.part10(samples.as_list(elements))
    assert streamed(original, profile, size)[0] == b"".join(dicom.neutralise(original, profile).chunks)


@pytest.mark.parametrize("size", [3, 1000])
def test_fragments_are_followed_through_the_stream(size, profile):
    original = corpus_path("dicom", "pydicom", "JPEG2000.dcm").read_bytes()
    assert streamed(original, profile, size)[0] == b"".join(dicom.neutralise(original, profile).chunks)


def test_only_the_header_is_held_and_chunks_flow_through(profile):
    elements = samples.image()
    elements[0x7FE00010] = ("OW", bytes(8 << 20))
    original = samples.part10(samples.as_list(elements))
    taken = 0

    def source():
        nonlocal taken
        for chunk in pieces(original, 1 << 16):
            taken += len(chunk)
            yield chunk

    stream = dicom.neutralise_stream(source(), profile)
    assert taken <= 2 << 16
    with pytest.raises(RuntimeError):
        stream.result()
    given = 0
    for chunk in stream.chunks:
        given += len(chunk)
        assert taken - given < 2 << 16
    assert stream.result().length == given


@pytest.mark.parametrize("cut", [-1, -100])
def test_a_stream_that_ends_too_early_is_refused(cut, profile):
    original = samples.part10(samples.as_list(samples.image()))
    stream = dicom.neutralise_stream(pieces(original[:cut], 50), profile)
    with pytest.raises(dicom.Refused) as refused:
        list(stream.chunks)
    assert refused.value.reason is dicom.RefusalReason.NEEDS_WHOLE_OBJECT


def test_an_identifier_behind_the_pixels_needs_the_whole_object(profile):
    elements = samples.image()
    elements[0x7FE10010] = ("LO", "A MAKER")
    elements[0x7FE11001] = ("SQ", [[(0x00100020, "LO", "FOREIGN-0815")]])
    original = samples.part10(samples.as_list(elements))
    stream = dicom.neutralise_stream(pieces(original, 500), profile)
    with pytest.raises(dicom.Refused):
        list(stream.chunks)
    assert b"FOREIGN" not in b"".join(dicom.neutralise(original, profile).chunks)


def test_an_object_that_says_behind_its_pixels_what_it_is_goes_the_other_road(profile):
    first, last = samples.image(), {}
    for tag in (0x00080018, 0x0020000D):
        last[tag] = first.pop(tag)
    layout = samples.layout_of("explicit")
    body = samples.data_set(samples.as_list(first), layout) + samples.data_set(samples.as_list(last), layout)
    original = bytes(128) + b"DICM" + samples.file_meta("explicit") + body
    with pytest.raises(dicom.Refused) as refused:
        dicom.neutralise_stream([original], profile)
    assert refused.value.reason is dicom.RefusalReason.NEEDS_WHOLE_OBJECT
    assert dicom.neutralise(original, profile).facts.sop_instance_uid == "1.2.3.4.5"
