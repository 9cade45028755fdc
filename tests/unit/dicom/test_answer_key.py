"""De-identification scored against an answer key in the ten categories of MIDI-B."""

import io
import re
import warnings
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pydicom
import pytest
from tests.unit.dicom import samples
from tests.unit.dicom.answer_key import CATEGORIES, AnswerKey

from importal import dicom
from importal.dicom.confidentiality import USUAL_OPTIONS

RULES_ALONE = frozenset(CATEGORIES) - {"text_removed", "text_retained", "pixels_hidden"}
SUBJECTS = 12
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def profile():
    options = USUAL_OPTIONS | {dicom.DeidentificationOption.RETAIN_DEVICE}
    pseudonyms = dicom.Pseudonyms(b"a key for those who are nobody..")
    return dicom.DeidentificationProfile(pseudonyms, "IMPORTAL", options)


def at(data_set, path):
    """Return the value at a path, None where there is none."""
    for step in path[:-1]:
        if isinstance(step, int) and step > 0xFFFF:
            if step not in data_set:
                return None
            data_set = data_set[step].value
        elif step >= len(data_set):
            return None
        else:
            data_set = data_set[step]
    return data_set[path[-1]].value if path[-1] in data_set else None


def read(content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(io.BytesIO(content))


def words(text):
    return {word for word in re.findall(r"[^\W_]+", text.casefold()) if len(word) > 3}


class Case(NamedTuple):
    """One answer and what was found."""

    subject: int
    value: str
    found: Any
    data_set: pydicom.Dataset
    held: bool


class Score:
    """Counts right and wrong answers over all objects, and checks what spans several of them."""

    def __init__(self):
        self.right, self.wrong, self.misses = Counter(), Counter(), []
        self.uids, self.patients, self.days = defaultdict(set), defaultdict(set), defaultdict(set)

    def note(self, category, is_right, what):
        (self.right if is_right else self.wrong)[category] += 1
        if not is_right:
            self.misses.append((category, *what))

    def take(self, made, result):
        data_set = read(b"".join(result.chunks))
        for answer in made.answers:
            found = at(data_set, answer.path) if answer.path else None
            case = Case(made.subject, answer.value, found, data_set, bool(result.held_for))
            place = (made.iod, *(hex(step) for step in answer.path))
            self.note(answer.category, getattr(self, answer.category)(case), place)

    def tag_retained(self, case):
        return case.found is not None

    def text_notnull(self, case):
        return bool(str(case.found or ""))

    def text_retained(self, case):
        found = case.found
        several = "\\".join(map(str, found)) if isinstance(found, list | pydicom.multival.MultiValue) else ""
        return case.value in (str(found), several)

    def text_removed(self, case):
        found = case.found
        if not case.value:
            return found is None
        secret = {
            word for word in words(case.value) if any(sign.isdigit() for sign in word) or self.is_name(word)
        }
        return not secret & words(str(found or ""))

    @staticmethod
    def is_name(word):
        return re.fullmatch(r"(zor|quab|vex|plim|druk|wajo|nyth|gorv|xeb|hulm)+", word) is not None

    def date_shifted(self, case):
        found = str(case.found or "")
        if found[8:] != case.value[8:] or not found:
            return False
        old, new = (date(int(text[:4]), int(text[4:6]), int(text[6:8])) for text in (case.value, found))
        self.days[case.subject].add((old - new).days)
        return old != new and len(self.days[case.subject]) == 1

    def uid_changed(self, case):
        return str(case.found) != case.value

    def uid_consistent(self, case):
        self.uids[case.value].add(str(case.found))
        return len(self.uids[case.value]) == 1

    def patid_consistent(self, case):
        self.patients[case.subject].add(str(case.data_set.PatientID))
        others = {one for subject, found in self.patients.items() if subject != case.subject for one in found}
        return len(self.patients[case.subject]) == 1 and not others & self.patients[case.subject]

    def pixels_hidden(self, case):
        return bool(case.held)

    def pixels_retained(self, case):
        return not case.held and case.data_set.PixelData == samples.PIXELS


@pytest.fixture(scope="module")
def score(profile):
    found = Score()
    for made in AnswerKey(seed=20260301).objects(SUBJECTS):
        found.take(made, dicom.deidentify(made.content, profile))
    return found


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_answers(score, category):
    assert score.right[category] >= 20


@pytest.mark.parametrize("category", sorted(RULES_ALONE))
def test_what_rules_alone_decide_is_always_right(score, category):
    assert [miss for miss in score.misses if miss[0] == category] == []


def test_of_all_answers_at_least_999_in_1000_are_right(score):
    right, wrong = sum(score.right.values()), sum(score.wrong.values())
    assert right / (right + wrong) >= 0.999, Counter(score.misses).most_common(20)


def test_the_figures_of_the_reference_are_these(score):
    page = (ROOT / "docs" / "reference" / "deidentification.md").read_text(encoding="utf-8")
    rows = [f"| {category} | {score.right[category]} | {score.wrong[category]} |" for category in CATEGORIES]
    assert "\n".join(rows) in page
