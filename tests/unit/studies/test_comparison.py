"""Names, birth dates and sexes: what is one person, what may be, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.studies import (
    Comparison,
    PersonComparison,
    compare_birth_dates,
    compare_names,
    compare_sexes,
    search_text,
)

SAME, SIMILAR, DIFFERENT, MISSING = Comparison


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        ("Müller^Jürgen", "MUELLER^JUERGEN", SAME),
        ("Müller^Jürgen", "Muller^Jurgen", SAME),
        ("Groß^Anna", "GROSS^ANNA", SAME),
        ("Øst^Åse", "Oest^Aase", SAME),
        ("Łukasz^Zoë", "Lukasz^Zoe", SAME),
        ("Müller-Lüdenscheidt^Eva", "Mueller Luedenscheidt^EVA", SAME),
        ("O'Brien^Pat", "OBRIEN^PAT", SAME),
        ("Doe^John^^Dr.", "Doe^John", SAME),
        ("Doe, John", "Doe^John", SAME),
        ("Mueller^Hans", "Muller^Hans", SIMILAR),
        ("Doe^John", "John^Doe", SIMILAR),
        ("Doe^John^Quincy", "Doe^John", SIMILAR),
        ("Doe^John^Q", "Doe^John^Quincy", SIMILAR),
        ("García López^María", "Garcia^Maria", SIMILAR),
        ("Schmidt^Anna", "Schmitt^Anna", SIMILAR),
        ("Иванов^Сергей", "Ivanov^Sergei", SIMILAR),
        ("Παπαδόπουλος^Νίκος", "Papadopoulos^Nikos", SIMILAR),
        ("Doe^Jane", "Doe^John", DIFFERENT),
        ("Doe^J", "Doe^John", DIFFERENT),
        ("Doe", "Doe^John", DIFFERENT),
        ("Muster^Lea", "Muster^Mea", DIFFERENT),
        ("Schmidt^Anna", "Schmitt^Anne", DIFFERENT),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou=山田^太郎", SAME),
        ("Yamada^Tarou=山田^太郎", "YAMADA^TARO", SIMILAR),
        ("Satou^Hana=佐藤^花", "Sato^Hana=佐藤^花", SIMILAR),
        ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^太朗", DIFFERENT),
        ("=山田^太郎", "Yamada^Tarou=山田^太郎", SAME),
        ("", "Doe^John", MISSING),
        ("^^^", "Doe^John", MISSING),
    ],
)
def test_names_are_compared_as_people_read_them(left: str, right: str, answer: Comparison) -> None:
    assert compare_names(left, right) is answer
    assert compare_names(right, left) is answer


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        ("19480503", "19480503", SAME),
        ("1948.05.03", "19480503", SAME),
        ("19480503", "19480305", SIMILAR),
        ("1948", "19480503", SIMILAR),
        ("19480503", "19480504", DIFFERENT),
        ("19480503", "19840503", DIFFERENT),
        ("", "19480503", MISSING),
        ("unknown", "19480503", MISSING),
    ],
)
def test_birth_dates_agree_to_the_day_or_not(left: str, right: str, answer: Comparison) -> None:
    assert compare_birth_dates(left, right) is answer
    assert compare_birth_dates(right, left) is answer


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [("F", "f ", SAME), ("F", "M", DIFFERENT), ("", "M", MISSING), ("W", "F", MISSING)],
)
def test_sexes_are_codes(left: str, right: str, answer: Comparison) -> None:
    assert compare_sexes(left, right) is answer


def test_a_birth_date_that_is_merely_similar_must_be_confirmed() -> None:
    assert PersonComparison(SAME, SIMILAR, SAME).must_be_confirmed == ("birth_date",)
    assert PersonComparison(SIMILAR, SAME, MISSING).must_be_confirmed == ()
    assert PersonComparison(MISSING, SAME, DIFFERENT).must_be_confirmed == ("name", "sex")


@given(st.text(), st.text())
def test_comparing_any_texts_is_symmetric_and_never_fails(left: str, right: str) -> None:
    assert compare_names(left, right) is compare_names(right, left)
    assert compare_birth_dates(left, right) is compare_birth_dates(right, left)


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu"]), min_size=1))
def test_every_name_is_the_same_as_itself(name: str) -> None:
    assert compare_names(name, name) in {SAME, MISSING}


def test_a_search_finds_both_writings_of_an_umlaut() -> None:
    text = search_text("Müller^Jürgen", "AB12-CD34")
    assert all(f" {word} " in text for word in ("muller", "mueller", "jurgen", "juergen", "ab12", "cd34"))
