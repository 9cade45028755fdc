"""Every error code has its sentence in the message catalogue, and every sentence its code.

The story: a code without a sentence reaches a patient as "something went wrong"; a sentence
without a code is one that nobody will ever read, and translators translate it all the same.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.project import Project, Violation

CATALOGUE = "frontend/src/locales/en/"
PREFIX = "error."
_TEMPLATE = re.compile(r"`((?:[a-z_]+\.)+)\$\{")


@dataclass(frozen=True)
class DeclaredCode:
    """A code and the place where the program declares it."""

    code: str
    path: str
    line: int


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield codes without a sentence, sentences without a code, and codes that are not literals."""
    catalogues = [path for path in project.paths if path.startswith(CATALOGUE) and path.endswith(".json")]
    sentences = {
        key.removeprefix(PREFIX): path
        for path in catalogues
        for key in project.json(path)
        if key.startswith(PREFIX)
    }
    if not sentences:
        yield Violation(CATALOGUE, 0, "there is no sentence for any error code")
    declared = list(declared_codes(project))
    if not declared:
        yield Violation("src/", 0, "no error code is declared")
    for item in declared:
        if not item.code:
            yield Violation(
                item.path, item.line, "an error code is declared as a literal, so that it can be found"
            )
        elif item.code not in sentences:
            yield Violation(item.path, item.line, f"the code {item.code!r} has no sentence in {CATALOGUE}")
    known = {item.code for item in declared}
    known |= _literals(project)
    in_browser = "\n".join(project.text(path) for path in project.browser())
    for code, path in sentences.items():
        if code not in known and not _used(code, in_browser):
            yield Violation(path, 0, f"the sentence {PREFIX + code!r} belongs to no code")


def declared_codes(project: Project) -> Iterator[DeclaredCode]:
    """Yield the codes of the error tables, and those of the enumerations that travel as codes.

    ``[tool.importal] code_enumerations`` maps ``path::Class`` to the prefix of its members' codes.
    """
    for path in project.python("src/"):
        for node in ast.walk(project.tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "declare"
            ):
                yield DeclaredCode(_literal(node.args[0]) if node.args else "", path, node.lineno)
    for place, prefix in project.own_settings.get("code_enumerations", {}).items():
        path, _, name = place.partition("::")
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.ClassDef) and node.name == name:
                for member in node.body:
                    if isinstance(member, ast.Assign):
                        yield DeclaredCode(prefix + _literal(member.value), path, member.lineno)


def _literals(project: Project) -> set[str]:
    """Return every literal of the program: a pure module names its codes without declaring an HTTP status."""
    return {
        node.value
        for path in project.python("src/")
        for node in ast.walk(project.tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _used(code: str, text: str) -> bool:
    """Tell whether the browser itself names the code, in full or as the beginning of a template."""
    quoted = (f"{quote}{prefix}{code}{quote}" for quote in "'\"`" for prefix in ("", PREFIX))
    beginnings = (match.removeprefix(PREFIX) for match in _TEMPLATE.findall(text))
    return any(form in text for form in quoted) or any(
        code.startswith(start) for start in beginnings if start
    )
