"""A query of the desk asks first who is acting.

The story: in a code base where the permission is checked by the caller, the ninety-ninth caller
forgets it. Here a read that serves a person takes that person as its first parameter, and the
filter is inside the query.
"""

import ast
from collections.abc import Iterator

from tools.project import Project, Violation

PERSON = "acting_person"


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield the public functions of the desk's queries that do not begin with the acting person.

    ``[tool.importal] queries_without_person`` names the functions that only the machine calls, each
    as ``path::function`` with its reason.
    """
    exceptions = dict(project.own_settings.get("queries_without_person", {}))
    for path in project.python("src/"):
        if not path.endswith("/queries.py"):
            continue
        for node in project.tree(path).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            if exceptions.pop(f"{path}::{node.name}", None) is not None:
                continue
            parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            reads = any(_is_database(parameter) for parameter in parameters)
            if reads and parameters[0].arg != PERSON:
                yield Violation(
                    path, node.lineno, f"{node.name}() takes {PERSON} first: permission is inside the query"
                )
    for stale in sorted(exceptions):
        yield Violation("pyproject.toml", 0, f"the exception for {stale} is no longer needed")


def _is_database(parameter: ast.arg) -> bool:
    annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
    return parameter.arg in {"session", "database", "connection"} or annotation in {
        "Session",
        "Database",
        "Connection",
    }
