"""The tables of the reference are what the program says, and the prose around them is left alone."""

from tools import reference
from tools.project import Project

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
