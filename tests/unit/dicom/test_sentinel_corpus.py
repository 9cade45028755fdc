"""The generated corpus: nothing that has to vanish survives neutralise or localise, in any form of a file.

`SENTINELS=all` runs every file instead of a part in which any two properties meet.
"""

import itertools
import os
import re

import pytest
from tests.unit.dicom.sentinels import DEPTHS, FORMS, KINDS, SYNTAXES, UNKNOWN, Planted, cases
from tests.unit.dicom.test_sentinels import plain

from importal import dicom

CASES = list(cases(whole=os.environ.get("SENTINELS") == "all"))
_LOST, _KEPT = re.compile(rb"ZQ\d{6}"), re.compile(rb"KQ\d{6}")


def test_any_two_properties_of_a_file_meet_in_the_part_that_is_always_run():
    dimensions = {
        "syntax": SYNTAXES,
        "form": FORMS,
        "unknown": UNKNOWN,
        "depth": DEPTHS,
        "kind": tuple(KINDS),
    }
    for (one, values), (other, others) in itertools.combinations(dimensions.items(), 2):
        met = {(getattr(case, one), getattr(case, other)) for case in cases(whole=False)}
        assert met >= set(itertools.product(values, others)) - {("implicit", True)}, (one, other)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_nothing_that_has_to_vanish_survives(syntax, profile, local):
    planted = 0
    for case in (each for each in CASES if each.syntax == syntax):
        file = Planted(case)
        was = plain(file.original, syntax)
        assert len(set(_LOST.findall(was))) == file.lost, case
        neutralised = dicom.neutralise(file.original, profile)
        assert (neutralised.repairs, neutralised.hits) == ((), ()), case
        stored = b"".join(neutralised.chunks)
        left = plain(stored, syntax)
        assert not _LOST.findall(left), case
        assert len(_KEPT.findall(left)) == len(_KEPT.findall(was)), case
        assert dicom.restore(stored, neutralised.reverse_patch) == file.original, case
        localised = plain(b"".join(dicom.localise(stored, local).chunks), syntax)
        assert not _LOST.findall(localised), case
        assert b"LOCAL-1 " in localised, case
        planted += file.lost
    assert planted > 5000


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_a_stream_of_any_grain_gives_the_same_bytes(size, profile):
    for case in [case for case in cases(whole=False) if case.syntax != "deflated"][::12]:
        file = Planted(case, tail=False)
        pieces = (file.original[at : at + size] for at in range(0, len(file.original), size))
        stream = dicom.neutralise_stream(pieces, profile)
        out = b"".join(stream.chunks)
        whole = dicom.neutralise(file.original, profile)
        assert out == b"".join(whole.chunks), case
        assert stream.result().bulk_sha256 == whole.bulk_sha256, case
        assert dicom.restore(out, stream.result().reverse_patch) == file.original, case
