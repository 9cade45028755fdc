"""Is the patient of these images the one whom the hospital expects? One of four verdicts.

The sender's page asks the same before anything is sent; the cases of ``tests/cases/identity.json`` hold
for both. A verdict never files anything and never stops anybody: it decides what a person is
asked.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from importal.studies import names
from importal.studies.comparison import (
    Comparison,
    compare_birth_dates,
    compare_names,
    compare_sexes,
    is_initial_of,
    is_one_word,
)

# As Cyrillic and Greek names are read, too.
_LETTERS = re.compile(r"[a-z]")


class Verdict(StrEnum):
    """What the images say, beside what the hospital expects."""

    MATCHES = "matches"
    DIFFERS = "differs"
    ANOTHER_PERSON = "another_person"
    NOT_STATED = "not_stated"


class Field(StrEnum):
    """What a verdict rests on."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    SEX = "sex"


@dataclass(frozen=True)
class Person:
    """A person as invitations and images name them: PN, DA, CS (PS3.5 section 6.2); each may be empty."""

    patient_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str


@dataclass(frozen=True)
class Judgement:
    """A verdict, and the attributes that it rests on; none where all agrees."""

    verdict: Verdict
    fields: tuple[Field, ...] = ()


class _Standing(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    ANOTHER = "another"
    MISSING = "missing"


def judge(expected: Person, found: Person) -> Judgement:
    """Return whether the person found is the expected one; what is not expected is not compared.

    Twins share family name and birth date, fathers and sons the name: another given name or another year
    makes another person. A changed family name, a slip of the pen or another day of the same year is asked
    about. Day and month changed over agree.
    """
    standings = {
        Field.NAME: _name(expected.patient_name, found.patient_name),
        Field.BIRTH_DATE: _birth_date(expected.birth_date, found.birth_date),
        Field.SEX: _sex(expected.sex, found.sex),
    }
    against = _those(standings, _Standing.ANOTHER)
    differing = _those(standings, _Standing.DIFFERS)
    missing = _those(standings, _Standing.MISSING)
    if against or len(differing) > 1:
        return Judgement(
            Verdict.ANOTHER_PERSON, tuple(each for each in Field if each in {*against, *differing})
        )
    if differing:
        return Judgement(Verdict.DIFFERS, differing)
    if missing:
        return Judgement(Verdict.NOT_STATED, missing)
    return Judgement(Verdict.MATCHES)


def _those(standings: dict[Field, _Standing], wanted: _Standing) -> tuple[Field, ...]:
    return tuple(each for each, standing in standings.items() if standing is wanted)


def _name(expected: str, found: str) -> _Standing:
    if not _has_words(expected):
        return _Standing.AGREES
    expected, found = _in_groups(expected), _in_groups(found)
    answer = compare_names(expected, found, most_slips=0)
    # A name in another script is no other name: nobody here knows how it is spelled in this one.
    if answer is Comparison.MISSING:
        return _Standing.MISSING
    if answer is not Comparison.DIFFERENT:
        return _Standing.AGREES
    may_be_the_same = (
        compare_names(expected, found) is not Comparison.DIFFERENT
        # Many names sound alike, and only their characters differ.
        or _are_alike(*(names.name_groups(name)[0] for name in (expected, found)))
        or _share_a_given_name(expected, found)
    )
    return _Standing.DIFFERS if may_be_the_same else _Standing.ANOTHER


def _are_alike(expected: str, found: str) -> bool:
    return compare_names(expected, found) in {Comparison.SAME, Comparison.SIMILAR}


def _share_a_given_name(expected: str, found: str) -> bool:
    """Whether a given name is the same, or an initial of it: the family name may have changed.

    Where it did not, the first given name has to be, and may be missing: twins often share the second.
    """
    (our_family, ours), (their_family, theirs) = (
        names.name_parts(names.name_groups(name)[0]) for name in (expected, found)
    )
    if _are_alike("".join(our_family), "".join(their_family)):
        ours, theirs = ours[:1], theirs[:1]
        if not ours or not theirs:
            return True
    return any(is_one_word(one, other) or is_initial_of(one, other) for one in ours for other in theirs)


def _birth_date(expected: str, found: str) -> _Standing:
    answer = compare_birth_dates(expected, found)
    if answer is Comparison.MISSING:
        return (
            _Standing.MISSING
            if compare_birth_dates(expected, expected) is Comparison.SAME
            else _Standing.AGREES
        )
    if answer is not Comparison.DIFFERENT:
        return _Standing.AGREES
    same_year = compare_birth_dates(expected[:4], found.strip()[:4]) is Comparison.SAME
    return _Standing.DIFFERS if same_year else _Standing.ANOTHER


def _sex(expected: str, found: str) -> _Standing:
    # Many devices leave it out: a missing one proves nothing and is not asked about.
    return _Standing.DIFFERS if compare_sexes(expected, found) is Comparison.DIFFERENT else _Standing.AGREES


def _has_words(name: str) -> bool:
    return any(names.words(group.replace("^", " ")) for group in names.name_groups(name))


def _in_groups(name: str) -> str:
    """Return a name whose only group is in characters with that group where such ones belong."""
    alphabetic, ideographic, phonetic = names.name_groups(name)
    if ideographic or _LETTERS.search(names.latin_fold(alphabetic)):
        return name
    return f"={alphabetic}={phonetic}"
