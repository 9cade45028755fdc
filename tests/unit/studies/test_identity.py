"""Is it the expected patient? What the sender's page and the server answer alike, and how often wrongly."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from importal.studies import compare_birth_dates, compare_names
from importal.studies.identity import Judgement, Person, Verdict, judge

CASES = json.loads((Path(__file__).parents[2] / "cases" / "identity.json").read_text(encoding="utf-8"))
FAMILIES = [
    ("Müller", "MUELLER", "Muller"),
    ("Groß", "GROSS", "Gross"),
    ("Østergård", "Oestergaard", "OSTERGARD"),
    ("García López", "GARCIA LOPEZ", "García-López"),
    ("O'Brien", "OBRIEN", "O’Brien"),
    ("Şahin", "SAHIN", "Şahin"),
    ("Wójcik", "WOJCIK", "Wójcik"),
    ("Dvořák", "DVORAK", "Dvorak"),
    ("Иванова", "Ivanova", "IVANOVA"),
    ("Παπαδοπούλου", "Papadopoulou", "PAPADOPOULOU"),
    ("van den Berg", "VAN DEN BERG", "Vandenberg"),
    ("Lefèvre", "LEFEVRE", "Lefevre"),
]
GIVENS = [
    ("Jürgen", "JUERGEN", "Jurgen"),
    ("Zoë", "ZOE", "Zoe"),
    ("François", "FRANCOIS", "Francois"),
    ("Anna-Maria", "ANNA MARIA", "Annamaria"),
    ("Gül", "GUEL", "Gul"),
    ("Łucja", "LUCJA", "Lucja"),
    ("José", "JOSE", "Jose"),
]
BORN = "19510304"


@pytest.mark.parametrize("case", CASES["persons"])
def test_the_cases_that_hold_for_page_and_server_alike(case: dict[str, Any]) -> None:
    judgement = judge(Person(**case["expected"]), Person(**case["found"]))
    assert (judgement.verdict, list(judgement.fields)) == (case["verdict"], case["fields"])


@pytest.mark.parametrize("case", CASES["names"])
def test_names_are_compared_on_the_page_as_here(case: dict[str, str]) -> None:
    assert compare_names(case["left"], case["right"]) == case["answer"]
    assert compare_names(case["right"], case["left"]) == case["answer"]


@pytest.mark.parametrize("case", CASES["birth_dates"])
def test_birth_dates_are_compared_on_the_page_as_here(case: dict[str, str]) -> None:
    assert compare_birth_dates(case["left"], case["right"]) == case["answer"]


def test_fewer_than_two_of_a_hundred_spellings_of_one_person_alarm() -> None:
    alarms, judged = [], 0
    for families, givens in zip(FAMILIES, itertools.cycle(GIVENS), strict=False):
        expected = Person(f"{families[0]}^{givens[0]}", BORN, "F")
        for family, given in itertools.product(families, givens):
            for name in _writings(family, given):
                for born in (BORN, "19510403", "1951.03.04"):
                    judged += 1
                    if judge(expected, Person(name, born, "")) != Judgement(Verdict.MATCHES):
                        alarms.append((expected.patient_name, name))
    assert judged > 1_900
    assert len(alarms) < judged * 0.02, sorted(set(alarms))[:20]


def test_another_person_is_never_taken_for_the_expected_one() -> None:
    persons = [
        Person(f"{family[1]}^{given[1]}", born, "")
        for family, given, born in itertools.product(FAMILIES[::3], GIVENS, (BORN, "19620917"))
    ]
    for expected, found in itertools.permutations(persons, 2):
        assert judge(expected, found).verdict is not Verdict.MATCHES, (expected, found)


def test_with_another_given_name_or_in_another_year_it_is_another_person() -> None:
    for families, (ours, theirs) in itertools.product(FAMILIES[:3], itertools.permutations(GIVENS, 2)):
        expected = Person(f"{families[0]}^{ours[0]}", BORN, "")
        twin, child = f"{families[1]}^{theirs[1]}", f"{families[1]}^{ours[1]}"
        assert judge(expected, Person(twin, BORN, "")).verdict is Verdict.ANOTHER_PERSON, twin
        assert judge(expected, Person(child, "19790304", "")).verdict is Verdict.ANOTHER_PERSON, child


def test_a_family_name_alone_or_with_an_initial_is_asked_about() -> None:
    for families, givens in itertools.product(FAMILIES, GIVENS):
        expected = Person(f"{families[0]}^{givens[0]}", BORN, "")
        for family, given in itertools.product(families, ("", "^", f"^{givens[1][0]}", "^Q")):
            verdict = judge(expected, Person(family + given, BORN, "")).verdict
            assert verdict in {Verdict.DIFFERS, Verdict.ANOTHER_PERSON}, (expected, family + given)


def test_a_twin_who_shares_all_but_the_first_given_name_is_another_person() -> None:
    for families, (ours, theirs) in itertools.product(FAMILIES, itertools.permutations(GIVENS, 2)):
        expected = Person(f"{families[0]}^{ours[0]}^Maria", BORN, "F")
        twin = Person(f"{families[1]}^{theirs[1]} Maria", BORN, "F")
        if ours[0] != "Anna-Maria" and theirs[0] != "Anna-Maria":
            assert judge(expected, twin).verdict is Verdict.ANOTHER_PERSON, (expected, twin)
        assert judge(expected, twin).verdict is not Verdict.MATCHES, (expected, twin)


def _writings(family: str, given: str) -> list[str]:
    return [
        f"{family}^{given}",
        f"{family}, {given}",
        f"{family}^{given}^^Dr.",
        f"{given}^{family}",
        f"{family}^{given}^Luise",
        f"{family.upper()}^{given.upper()}",
    ]
