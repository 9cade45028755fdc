"""Every decision record has the same shape and is found from the list."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Consequence", "How it is checked"]


def test_the_records_are_numbered_without_a_gap():
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
    assert len(RECORDS) >= 10


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_says_context_decision_consequence_and_how_it_is_checked(record):
    text = record.read_text(encoding="utf-8")
    title = re.match(r"# (\d+)\. \S.*\n\n(Accepted|Replaced by \[.+\]\(.+\))\.\n", text)
    assert title is not None
    assert int(title[1]) == int(record.name[:4])
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    for section in text.split("\n## ")[1:]:
        assert len(section.split()) > 15, section[:40]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_stands_in_the_list_under_its_title(record):
    title = record.read_text(encoding="utf-8").splitlines()[0].split(". ", 1)[1]
    assert f"[{title}]({record.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")
