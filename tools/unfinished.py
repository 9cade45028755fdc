"""What is not finished is not merged.

The story: a mark for later is a promise without a date. Work that is known and not done has its
place where work is planned, not in the middle of a function that patients depend on.
"""

import ast
import re
from collections.abc import Iterator

from tools.project import Project, Violation

# Put together from halves, so that this file does not trip over itself.
_MARKS = re.compile(
    r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "W" + "IP"]) + r")\b"
)
_SWITCHED_OFF = re.compile(
    r"\b(?:it|test|describe)\.(?:skip|todo|fixme|only|fails)\b|pytest\.mark\.(?:xfail|skip\b)"
)
_CODE = (".py", ".ts", ".svelte", ".js", ".css", ".html", ".sh", ".toml", "Makefile", ".ci/run")
_PROSE = (".md",)
# A revision that cannot be undone says so in its downgrade().
REVISIONS = "src/importal/migrations/versions/"


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield marks of unfinished work, tests switched off for good, and bodies that only pretend."""
    for path in project.prose_and_code():
        if not path.endswith((*_CODE, *_PROSE)):
            continue
        for number, line in enumerate(project.text(path).splitlines(), start=1):
            if _MARKS.search(line):
                yield Violation(path, number, "unfinished work is done or planned, not marked")
            elif path.endswith(_CODE) and _SWITCHED_OFF.search(line):
                yield Violation(path, number, "a test that does not run proves nothing: mend it or remove it")
    for path in project.python("src/", "tools/"):
        if path.startswith(REVISIONS):
            continue
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Raise) and _not_implemented(node.exc):
                yield Violation(path, node.lineno, "a function that only raises is not there yet")


def _not_implemented(raised: ast.expr | None) -> bool:
    name = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(name, ast.Name) and name.id == "NotImplemented" + "Error"
