"""Whole discs, scripted: the server judges them as the page does (`frontend/src/selection/discs.test.ts`)."""

import json
from pathlib import Path
from typing import Any

import pytest

from importal.studies.identity import Person, Verdict, judge

CASES = Path(__file__).parents[2] / "cases" / "discs.json"
DISCS: list[dict[str, Any]] = json.loads(CASES.read_text(encoding="utf-8"))
MOST_FALSE_ALARMS = 0.02


def verdicts(disc: dict[str, Any]) -> list[str]:
    """Return what comparing says of each person on the disc."""
    expected = Person(**disc["expected"])
    found = [Person(one["name"], one["born"], one["sex"]) for one in disc["images"]]
    return [judge(expected, person).verdict.value for person in found]


@pytest.mark.parametrize(
    "disc",
    [disc for disc in DISCS if disc["expected"] and disc["kind"] != "shape"],
    ids=lambda disc: f"{disc['kind']}: {disc['title']}",
)
def test_the_server_judges_a_disc_as_the_page_does(disc: dict[str, Any]):
    assert verdicts(disc) == disc["verdicts"]


def test_every_foreign_person_is_flagged_and_hardly_any_spelling_raises_an_alarm():
    """What somebody has to be asked about is no alarm that was false: the hospital cannot know it either."""
    of_kind = {
        kind: [verdicts(one) for one in DISCS if one["kind"] == kind and one["expected"]]
        for kind in ("spelling", "foreign", "mixed")
    }
    assert len(of_kind["spelling"]) >= 50
    assert len(of_kind["foreign"]) + len(of_kind["mixed"]) >= 20
    alarms = [given for given in of_kind["spelling"] if given != [Verdict.MATCHES]]
    assert len(alarms) < MOST_FALSE_ALARMS * len(of_kind["spelling"])
    assert all(given == [Verdict.ANOTHER_PERSON] for given in of_kind["foreign"])
    assert all(given[0] == Verdict.MATCHES and Verdict.MATCHES not in given[1:] for given in of_kind["mixed"])
