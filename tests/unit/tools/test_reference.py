"""The tables of the reference are what the program says, and the prose around them is left alone."""

import importlib

import pytest
from tools import conformance, reference
from tools.project import Project

from importal import dicom

PAGE = "# Things\n\nProse.\n\n<!-- made by tools/reference.py: things -->\n<!-- end -->\n\nMore prose.\n"
ONE = {"things": {"things": lambda: "| one |"}}
TWO = {"things": {"things": lambda: "| two |"}}


def _page(root, text=PAGE):
    path = root / "docs/reference/things.md"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return Project(root)


def test_a_renewed_page_passes_and_keeps_its_prose(tmp_path):
    project = _page(tmp_path)
    reference.write(project, ONE)
    assert list(reference.find_violations(project, ONE)) == []
    text = project.text("docs/reference/things.md")
    assert text.startswith("# Things\n\nProse.\n")
    assert text.endswith("\n\nMore prose.\n")


def test_a_table_behind_the_program_is_a_violation(tmp_path):
    project = _page(tmp_path)
    reference.write(project, ONE)
    (violation,) = reference.find_violations(project, TWO)
    assert "changed" in violation.message


def test_a_missing_page_is_a_violation(tmp_path):
    assert list(reference.find_violations(Project(tmp_path), ONE))


def test_a_page_without_the_place_of_its_table_is_a_violation(tmp_path):
    (violation,) = reference.find_violations(_page(tmp_path, "# Things\n"), ONE)
    assert "missing" in violation.message


@pytest.mark.parametrize(
    ("module", "name", "table"),
    [
        ("importal.dicom.profile", "RULES", "attributes"),
        ("importal.dicom.codec", "KNOWN_TRANSFER_SYNTAXES", "transfer syntaxes"),
        ("importal.dicom.charsets", "TERMS", "character sets"),
        ("importal.dicom.encapsulation", "MULTI_FRAME_CLASSES", "sop classes"),
        ("importal.dicom.walk", "MAX_DEPTH", "limits"),
    ],
)
def test_a_conformance_statement_behind_the_tables_of_the_code_is_a_violation(
    module, name, table, monkeypatch
):
    holder = importlib.import_module(module)
    known = getattr(holder, name)
    fewer = known - 1 if isinstance(known, int) else type(known)(less(known))
    for each in (holder, conformance):
        if hasattr(each, name):
            monkeypatch.setattr(each, name, fewer)
    stale = {v.message for v in reference.find_violations(Project()) if v.path.endswith("conformance.md")}
    assert stale == {f"the table {table!r} changed: run `make record` and read the diff"}


def less(known):
    """Return all entries but one."""
    entries = list(known.items()) if isinstance(known, dict) else sorted(known)
    return entries[1:]


def test_every_repair_has_its_words():
    assert {code.strip("`") for code, _ in conformance.repairs()} == {repair.value for repair in dicom.Repair}
