"""Do two descriptions speak of one person? Four answers per attribute, for the eye and for the machine.

"Same" forgives writing alone (case, accents, hyphens, script of umlauts); "similar" also forgives order,
omitted middle names and one slip of the pen; whatever else is "different". Siblings and twins share much:
when in doubt the answer is the more careful one.
"""

import itertools
from dataclasses import dataclass
from enum import StrEnum

from importal.studies import names

# Shorter words differ too much by one letter: Jan and Jon, Lea and Mea.
SLIP_LENGTH = 5


class Comparison(StrEnum):
    """How two values of one attribute relate."""

    SAME = "same"
    SIMILAR = "similar"
    DIFFERENT = "different"
    MISSING = "missing"


@dataclass(frozen=True)
class PersonComparison:
    """The answers for one pair of persons."""

    name: Comparison
    birth_date: Comparison
    sex: Comparison

    @property
    def must_be_confirmed(self) -> tuple[str, ...]:
        """What a person has to confirm before the two may be taken for one.

        A birth date has to agree to the day; a name or birth date that is missing proves nothing.
        """
        doubtful = []
        if self.name in {Comparison.DIFFERENT, Comparison.MISSING}:
            doubtful.append("name")
        if self.birth_date is not Comparison.SAME:
            doubtful.append("birth_date")
        if self.sex is Comparison.DIFFERENT:
            doubtful.append("sex")
        return tuple(doubtful)


def compare_names(left: str, right: str, most_slips: int = 1) -> Comparison:
    """Compare two person names (PN); groups of one script are compared with each other.

    ``most_slips``: how many slips of the pen are forgiven, 0 or 1.
    """
    ours, theirs = names.name_groups(left), names.name_groups(right)
    alphabetic = _compare_alphabetic(ours[0], theirs[0], most_slips)
    ideographic = _compare_exactly(ours[1], theirs[1])
    if alphabetic is Comparison.MISSING and ideographic is Comparison.MISSING:
        return _compare_across(ours, theirs)
    if ideographic is Comparison.MISSING:
        return alphabetic
    if alphabetic is Comparison.MISSING:
        return ideographic
    if ideographic is Comparison.DIFFERENT:
        # Many names sound and are romanised alike; the characters tell them apart.
        return Comparison.DIFFERENT
    return Comparison.SAME if alphabetic is Comparison.SAME else Comparison.SIMILAR


def compare_birth_dates(left: str, right: str) -> Comparison:
    """Compare two dates (DA, or the dotted form of ACR-NEMA); day and month changed over are similar."""
    ours, theirs = _digits(left), _digits(right)
    if not ours or not theirs:
        return Comparison.MISSING
    if ours == theirs:
        return Comparison.SAME
    if len(ours) == len(theirs) == 8:
        changed_over = ours[:4] + ours[6:8] + ours[4:6]
        return Comparison.SIMILAR if changed_over == theirs else Comparison.DIFFERENT
    shorter, longer = sorted((ours, theirs), key=len)
    return (
        Comparison.SIMILAR if len(shorter) in {4, 6} and longer.startswith(shorter) else Comparison.DIFFERENT
    )


def compare_sexes(left: str, right: str) -> Comparison:
    """Compare two codes of Patient's Sex (0010,0040)."""
    ours, theirs = left.strip().upper()[:1], right.strip().upper()[:1]
    if ours not in {"M", "F", "O"} or theirs not in {"M", "F", "O"}:
        return Comparison.MISSING
    return Comparison.SAME if ours == theirs else Comparison.DIFFERENT


def _compare_across(ours: tuple[str, str, str], theirs: tuple[str, str, str]) -> Comparison:
    """Compare names that share no group: a name in characters may stand in the first group of the other."""
    every = [(left, right) for left in ours for right in theirs if left and right]
    if any(_compare_exactly(left, right) is Comparison.SAME for left, right in every):
        return Comparison.SAME
    return Comparison.MISSING


def _compare_exactly(left: str, right: str) -> Comparison:
    ours, theirs = ("".join(names.words(group.replace("^", " "))) for group in (left, right))
    if not ours or not theirs:
        return Comparison.MISSING
    return Comparison.SAME if names.plain_fold(ours) == names.plain_fold(theirs) else Comparison.DIFFERENT


def _compare_alphabetic(left: str, right: str, most_slips: int) -> Comparison:
    (our_family, our_given), (their_family, their_given) = names.name_parts(left), names.name_parts(right)
    ours, theirs = our_family + our_given, their_family + their_given
    if not ours or not theirs:
        return Comparison.MISSING
    if is_one_word("".join(our_family), "".join(their_family)) and is_one_word(
        "".join(our_given), "".join(their_given)
    ):
        return Comparison.SAME
    divided = bool(our_family and our_given and their_family and their_given)
    if not divided and is_one_word("".join(ours), "".join(theirs)):
        return Comparison.SAME
    ways = itertools.product(_ways(our_family, our_given), _ways(their_family, their_given))
    is_similar = any(_are_similar(one, other, most_slips) for one, other in ways)
    return Comparison.SIMILAR if is_similar else Comparison.DIFFERENT


@dataclass(frozen=True)
class _Word:
    """A word of a name, and the part that it stands in: 0 the family name, 1 the given ones."""

    text: str
    part: int


def _ways(family: list[str], given: list[str]) -> list[list[_Word]]:
    """Return a name with the words of each part apart and in one: Anna-Maria is written Annamaria, too."""
    families, givens = ([part] if len(part) < 2 else [part, ["".join(part)]] for part in (family, given))
    return [
        [_Word(word, 0) for word in one] + [_Word(word, 1) for word in other]
        for one, other in itertools.product(families, givens)
    ]


def is_one_word(left: str, right: str) -> bool:
    """Whether two words are one, written with or without accents and umlauts."""
    folds = (names.plain_fold, names.expanded_fold)
    return bool({fold(left) for fold in folds} & {fold(right) for fold in folds})


def is_initial_of(left: str, right: str) -> bool:
    """Whether one of two words is the first letter of the other."""
    ours, theirs = names.latin_fold(left), names.latin_fold(right)
    return min(len(ours), len(theirs)) == 1 and ours[0] == theirs[0]


def _are_similar(ours: list[_Word], theirs: list[_Word], most_slips: int) -> bool:
    """Whether every word of the shorter name is found in the longer one, two of them in full.

    Of each name that has two parts, a word of both is among these: García López alone is any of a family.
    """
    fewer, more = sorted((ours, theirs), key=len)
    left, in_full, slips = list(more), list[tuple[_Word, _Word]](), 0
    for word in sorted(fewer, key=lambda each: len(each.text), reverse=True):
        match = _best_match(word.text, left)
        if match is None:
            return False
        other, quality = match
        left.remove(other)
        if quality != "initial":
            in_full.append((word, other))
        slips += quality == "slip"
    if slips > most_slips:
        return False
    if len(ours) == len(theirs) == 1:
        return len(in_full) == 1
    found = ({word.part for word, _ in in_full}, {other.part for _, other in in_full})
    return len(in_full) >= 2 and found == ({word.part for word in fewer}, {word.part for word in more})


def _best_match(word: str, others: list[_Word]) -> tuple[_Word, str] | None:
    for other in others:
        if is_one_word(word, other.text) or _is_written_alike(word, other.text):
            return other, "same"
    for other in others:
        if is_initial_of(word, other.text):
            return other, "initial"
    ours = names.latin_fold(word)
    for other in others:
        theirs = names.latin_fold(other.text)
        if min(len(ours), len(theirs)) >= SLIP_LENGTH and _is_slip(ours, theirs):
            return other, "slip"
    return None


def _is_written_alike(left: str, right: str) -> bool:
    """Whether two words are one name, written by other habits or with letters lost."""
    if names.collapsed_fold(left) == names.collapsed_fold(right):
        return True
    if names.is_of_another_script(left) != names.is_of_another_script(right):
        return names.sounding_fold(left) == names.sounding_fold(right)
    return names.fits_losses(left, right) or names.fits_losses(right, left)


def _is_slip(left: str, right: str) -> bool:
    """Whether one letter was changed, left out, added, or changed over with its neighbour."""
    shorter, longer = sorted((left, right), key=len)
    at = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(longer) - len(shorter) == 1:
        return shorter[at:] == longer[at + 1 :]
    if len(longer) != len(shorter):
        return False
    neighbours = shorter[at : at + 2][::-1] == longer[at : at + 2] and shorter[at + 2 :] == longer[at + 2 :]
    return neighbours or shorter[at + 1 :] == longer[at + 1 :]


def _digits(value: str) -> str:
    text = "".join(letter for letter in value if letter not in " .-/\0")
    return text if text.isascii() and text.isdigit() else ""
