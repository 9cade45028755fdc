"""Names come from the field; words that fit everything name nothing.

The story: in DICOM a Service Class is something else, and in a large code base the file called
after services, helpers or utilities is where the next thousand lines collect.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.project import BROWSER_SUFFIXES, Project, Violation

BANNED = frozenset(
    word + ending
    for word in ("service", "manager", "helper", "util", "common", "core", "misc")
    for ending in ("", "s")
) | {"utility", "utilities"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BROWSER_CLASS = re.compile(
    r"^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?(?:class|interface|type)\s+(\w+)", re.MULTILINE
)


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield files, folders and classes whose name has a banned word in it."""
    for path, line, name in (*_file_names(project), *_class_names(project), *_browser_names(project)):
        words = (word.lower() for word in _WORD.findall(name))
        banned = next((word for word in words if word in BANNED), None)
        if banned:
            yield Violation(path, line, f"the word {banned!r} names nothing: use the field's word")


def _file_names(project: Project) -> Iterator[tuple[str, int, str]]:
    for path in project.paths:
        pure = PurePosixPath(path)
        if pure.suffix in BROWSER_SUFFIXES | {".py", ".css", ".js", ".mjs", ".sh"}:
            for part in (*pure.parts[:-1], pure.name.split(".")[0]):
                yield path, 0, part


def _class_names(project: Project) -> Iterator[tuple[str, int, str]]:
    for path in project.python():
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef):
                yield path, node.lineno, node.name


def _browser_names(project: Project) -> Iterator[tuple[str, int, str]]:
    for path in project.browser():
        text = project.text(path)
        for match in _BROWSER_CLASS.finditer(text):
            yield path, text.count("\n", 0, match.start(1)) + 1, match[1]
