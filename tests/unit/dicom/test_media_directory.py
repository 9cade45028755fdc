"""A DICOMDIR is a manifest: what it names is read, also from broken ones, and nothing else is done."""

import csv
import struct

import pytest
from tests.corpus import corpus_path
from tests.unit.dicom import samples

from importal import dicom
from importal.dicom import part10

DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
ONE = 0x00041200


def directory_of(*parts):
    return dicom.read_media_directory(corpus_path(*parts).read_bytes())


def test_real_discs_name_as_many_files_studies_and_series_as_they_hold():
    with corpus_path("cd", "EXPECT.tsv").open(encoding="utf-8", newline="") as file:
        expected = {row["disc"]: row for row in csv.DictReader(file, delimiter="\t")}
    for disc in ("hitachi-pdi-ja", "pacs-export-pet-seg", "philips-ct-incomplete", "orphan-dicomdir"):
        directory, row = directory_of("cd", disc, "DICOMDIR"), expected[disc]
        assert len(directory.files) == int(row["referenced_by_root_dicomdir"]), disc
        assert sum(directory.expected().values()) == len(directory.files)
        assert "" not in directory.expected() | directory.expected_in_series()
        there = [corpus_path("cd", disc).joinpath(*file.path).is_file() for file in directory.files]
        assert there.count(False) == int(row["referenced_but_absent"]), disc
    for disc in ("hitachi-pdi-ja", "pacs-export-pet-seg"):
        directory = directory_of("cd", disc, "DICOMDIR")
        assert directory.is_sound
        assert (len(directory.expected()), len(directory.expected_in_series())) == (
            int(expected[disc]["studies"]),
            int(expected[disc]["series"]),
        )


@pytest.mark.parametrize("name", ["DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-reordered"])
def test_layout_and_order_do_not_matter(name):
    plain = directory_of("cd", "pydicom-dicomdirtests", "DICOMDIR")
    other = directory_of("cd", "pydicom-dicomdirtests", name)
    assert {(file.path, file.study_instance_uid, file.series_instance_uid) for file in other.files} == {
        (file.path, file.study_instance_uid, file.series_instance_uid) for file in plain.files
    }
    assert other.expected() == plain.expected()
    assert plain.is_sound


def test_without_offsets_the_order_of_the_records_says_what_belongs_where():
    plain = directory_of("cd", "pydicom-dicomdirtests", "DICOMDIR")
    for name in ("DICOMDIR-nooffset", "DICOMDIR-nopatient"):
        lost = directory_of("cd", "pydicom-dicomdirtests", name)
        assert lost.expected() == plain.expected()
        assert lost.expected_in_series() == plain.expected_in_series()
        assert not lost.is_sound
    assert not directory_of("cd", "pydicom-dicomdirtests", "DICOMDIR-empty.dcm").files


def record(kind, *more, in_use=0xFFFF, following=0, lower=0):
    numbers = [(0x00041400, "UL", struct.pack("<I", following)), (0x00041420, "UL", struct.pack("<I", lower))]
    numbers.append((0x00041410, "US", struct.pack("<H", in_use)))
    return [*numbers, (0x00041430, "CS", kind), *more]


def made(records, first=0, *, preamble=bytes(128)):
    """Return a directory; offsets are given as the number of a record, counted from 1."""
    elements = [(ONE, "UL", bytes(4)), (0x00041220, "SQ", records)]
    body = samples.data_set(elements, samples.Layout())
    meta = samples.file_meta("explicit", sop_class=DIRECTORY_CLASS)
    whole = preamble + b"DICM" + meta + body
    starts, at = [0], len(whole) - len(body) + 12 + 12
    for each in records:
        starts.append(at)
        at += 8 + len(samples.data_set(each, samples.Layout()))
    resolved = [[(tag, vr, _offset(tag, value, starts)) for tag, vr, value in each] for each in records]
    elements = [(ONE, "UL", struct.pack("<I", starts[first])), (0x00041220, "SQ", resolved)]
    return preamble + b"DICM" + meta + samples.data_set(elements, samples.Layout())


def _offset(tag, value, starts):
    if tag not in (0x00041400, 0x00041420):
        return value
    number = struct.unpack("<I", value)[0]
    return struct.pack("<I", starts[number] if number < len(starts) else number)


STUDY = record("STUDY", (0x0020000D, "UI", "1.2"), lower=2)
SERIES = record("SERIES", (0x0020000E, "UI", "1.3"), lower=3)


def image(file_id, uid, **more):
    return record("IMAGE", (0x00041500, "CS", file_id), (0x00041511, "UI", uid), **more)


def test_offsets_say_what_belongs_where_even_against_the_order():
    other = record("STUDY", (0x0020000D, "UI", "1.9"), lower=5)
    records = [
        record("STUDY", (0x0020000D, "UI", "1.2"), lower=2, following=4),
        SERIES,
        image("A", "1.1"),
        other,
        record("SERIES", (0x0020000E, "UI", "1.8"), lower=6),
        image("B", "1.5"),
    ]
    directory = dicom.read_media_directory(made(records, 1))
    assert directory.is_sound
    assert [(file.path, file.study_instance_uid, file.series_instance_uid) for file in directory.files] == [
        (("A",), "1.2", "1.3"),
        (("B",), "1.9", "1.8"),
    ]
    assert directory.expected() == {"1.2": 1, "1.9": 1}
    assert [file.path for file in directory.missing({"1.1"})] == [("B",)]


@pytest.mark.parametrize(
    ("file_id", "path"),
    [
        ("DICOM\\IMG1", ("DICOM", "IMG1")),
        ("dicom/sub/img 1.dcm", ("dicom", "sub", "img 1.dcm")),
        (".\\IMG1", ("IMG1",)),
        ("\\IMAGES\\ \\IMG1", ("IMAGES", "IMG1")),
        ("..\\..\\etc\\passwd", ()),
        ("A\\..\\..\\B", ()),
    ],
)
def test_odd_paths_become_names_below_the_directory_or_none(file_id, path):
    (file,) = dicom.read_media_directory(made([STUDY, SERIES, image(file_id, "1.1")], 1)).files
    assert (file.path, file.study_instance_uid) == (path, "1.2")


def test_records_in_a_circle_or_pointing_nowhere_end_and_are_said():
    circle = [STUDY, SERIES, image("A", "1.1", following=1, lower=2), image("B", "1.4")]
    nowhere = [STUDY, SERIES, image("A", "1.1", following=77_777), image("B", "1.4")]
    for records in (circle, nowhere):
        directory = dicom.read_media_directory(made(records, 1))
        assert not directory.is_sound
        assert directory.expected() == {"1.2": 2}
    loop = corpus_path("malformed", "generated", "b20_DICOMDIR_loop_and_traversal").read_bytes()
    assert not dicom.read_media_directory(loop).is_sound


def test_a_record_out_of_use_is_passed_over_and_a_file_named_twice_counts_once():
    records = [
        STUDY,
        SERIES,
        image("A", "1.1", following=4),
        image("GONE", "1.6", in_use=0, following=5),
        image("A", "1.1"),
    ]
    directory = dicom.read_media_directory(made(records, 1))
    assert directory.is_sound
    assert [file.path for file in directory.files] == [("A",), ("A",)]
    assert directory.expected() == {"1.2": 1}


def test_a_directory_that_is_cut_off_is_read_as_far_as_it_goes():
    whole = corpus_path("cd", "hitachi-pdi-ja", "DICOMDIR").read_bytes()
    counts = []
    for end in range(0, len(whole), 997):
        try:
            directory = dicom.read_media_directory(whole[:end])
        except dicom.Refused:
            counts.append(0)
        else:
            assert not directory.is_sound
            counts.append(len(directory.files))
    assert counts == sorted(counts)
    assert counts[-1] > 50
    shifted = whole[132:]  # without preamble and magic word, so that every offset is wrong by as much
    assert len(dicom.read_media_directory(shifted).files) == 67


def test_every_broken_object_is_read_or_refused():
    for path in sorted(corpus_path("malformed", "generated").iterdir()):
        data = path.read_bytes()
        try:
            dicom.read_media_directory(data)
        except dicom.Refused as refused:
            assert refused.reason
        assert dicom.is_media_directory(data) == ("DICOMDIR" in path.name), path.name


def test_a_directory_is_never_an_object_to_store():
    data = made([STUDY, SERIES, image("A", "1.1")], 1)
    assert dicom.is_media_directory(data)
    assert part10.has_magic(data)
    profile = dicom.Profile(dicom.Pseudonyms(bytes(32)), "IMPORTAL")
    with pytest.raises(dicom.Refused) as refused:
        dicom.neutralise(data, profile)
    assert refused.value.reason is dicom.RefusalReason.MEDIA_DIRECTORY
