"""Every way in which a migrated database can differ from the declared tables is found."""

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, create_engine
from tools import migrations


def _declared(*extra, length=64):
    metadata = MetaData()
    Table("study", metadata, Column("id", Integer, primary_key=True), Column("uid", String(length)), *extra)
    return metadata


def _differences(migrated, declared):
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        migrated.create_all(connection)
        found = list(migrations.differences(connection, declared))
    engine.dispose()
    return found


def test_the_same_tables_do_not_differ():
    assert _differences(_declared(), _declared()) == []


@pytest.mark.parametrize(
    ("migrated", "declared", "word"),
    [
        (_declared(), _declared(Column("state", String(16))), "add_column"),
        (_declared(Column("state", String(16))), _declared(), "remove_column"),
        (_declared(), _declared(Index("ix_study_uid", "uid")), "add_index"),
        (_declared(length=32), _declared(), "modify_type"),
        (MetaData(), _declared(), "add_table"),
        (_declared(), MetaData(), "remove_table"),
    ],
    ids=["new column", "old column", "new index", "other type", "new table", "old table"],
)
def test_a_difference_is_a_violation(migrated, declared, word):
    assert any(word in violation.message for violation in _differences(migrated, declared))


def test_a_comparison_of_nothing_with_nothing_proves_nothing():
    assert _differences(MetaData(), MetaData())
