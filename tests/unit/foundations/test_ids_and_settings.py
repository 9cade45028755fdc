"""Codes that hands can type, and settings that refuse to be wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal import settings
from importal.database.engine import wal_is_safe
from importal.errors import TABLE, ConfigurationRefused, ErrorTable
from importal.ids import ALPHABET, new_code, normalise_code


def test_a_code_has_sixty_bits_and_no_letter_that_is_mistaken():
    code = new_code()
    assert len(code) == 14
    assert set(code) <= {*ALPHABET, "-"}
    assert not set("ILOU") & set(code)


@given(st.text(alphabet=ALPHABET, min_size=12, max_size=12))
def test_a_code_is_understood_however_it_is_typed(letters: str):
    code = f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
    typed = f"  {letters.lower().replace('0', 'o').replace('1', 'l')} "
    assert normalise_code(typed) == code
    assert normalise_code(code) == code


def test_the_secret_is_made_once_and_read_by_owners_only(tmp_path: Path):
    loaded = settings.Settings(data_dir=tmp_path)
    first = loaded.site_secret()
    assert len(first) == 32
    assert loaded.site_secret() == first
    assert (tmp_path / "site-secret").stat().st_mode & 0o077 == 0


def test_a_damaged_secret_stops_the_start(tmp_path: Path):
    (tmp_path / "site-secret").write_text("not hexadecimal")
    with pytest.raises(ConfigurationRefused, match="IMPORTAL_SECRET_FILE"):
        settings.Settings(data_dir=tmp_path).site_secret()


def test_all_wrong_settings_are_named_together_without_their_values(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMPORTAL_PORT", "hunter2")
    monkeypatch.setenv("IMPORTAL_AE_TITLE", "A NAME THAT IS FAR TOO LONG")
    with pytest.raises(ConfigurationRefused) as refused:
        settings.load()
    assert refused.value.names == ("ae_title", "port")
    assert "hunter2" not in str(refused.value)


def test_a_database_that_is_neither_sqlite_nor_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMPORTAL_DATABASE_URL", "mysql://somewhere/importal")
    with pytest.raises(ConfigurationRefused, match="IMPORTAL_DATABASE_URL"):
        settings.load()


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_the_write_ahead_log_is_used_only_where_its_race_is_mended(version: tuple[int, ...], is_safe: bool):
    assert wal_is_safe(version) is is_safe


def test_an_error_code_is_declared_once():
    table = ErrorTable()
    table.declare("a.code", 400, "A sentence.")
    with pytest.raises(ValueError, match=r"a\.code"):
        table.declare("a.code", 400, "Another sentence.")


def test_every_error_has_a_sentence_that_ends():
    for row in TABLE.rows():
        assert row.sentence.endswith((".", "?")), row.code
        assert 400 <= row.status < 600, row.code
