"""The description of the HTTP interface is renewed by a person, never by accident."""

from tools import openapi
from tools.project import Project

DOCUMENT = {"openapi": "3.1.0", "paths": {"/a": {}}}


def _write(root, document):
    target = root / openapi.DOCUMENT
    target.parent.mkdir(parents=True)
    target.write_text(openapi.rendered(document), encoding="utf-8")
    return Project(root)


def test_a_missing_description_is_a_violation(tmp_path):
    (violation,) = openapi.find_violations(Project(tmp_path), lambda: DOCUMENT)
    assert violation.path == openapi.DOCUMENT


def test_a_changed_interface_is_a_violation(tmp_path):
    project = _write(tmp_path, DOCUMENT)
    (violation,) = openapi.find_violations(project, lambda: {**DOCUMENT, "paths": {"/b": {}}})
    assert "changed" in violation.message


def test_an_unchanged_interface_passes_whatever_the_order_of_its_keys(tmp_path):
    project = _write(tmp_path, DOCUMENT)
    assert list(openapi.find_violations(project, lambda: dict(reversed(DOCUMENT.items())))) == []
