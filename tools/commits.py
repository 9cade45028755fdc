"""One verb, one transaction: only ``database/transaction.py`` commits.

The story: an action that commits half-way leaves, after a crash, a state without its audit
message or a decision without its job. When nobody but the transaction can commit, state, audit
message and next job stand or fall together.
"""

import ast
from collections.abc import Iterator

from tools.project import Project, Violation

THE_PLACE = "src/importal/database/transaction.py"
# Migrations run before there is anything to keep consistent.
BEGINNING_PLACES = ("src/importal/database/", "src/importal/schema.py")
# Holds a session lock and writes nothing: in a transaction it would hold a snapshot for weeks.
LOCK_KEEPER = "src/importal/jobs/slots.py"
ENDINGS = frozenset({"commit", "autocommit_block"})
# What commits at the end of its block when its ``begin()`` is called.
BEGINNERS = frozenset({"engine", "_engine", "connection", "_connection", "session", "_session", "Session"})


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield everything that commits outside the transaction module."""
    for path in project.python("src/"):
        if path == THE_PLACE:
            continue
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ENDINGS:
                yield Violation(path, node.lineno, f".{node.attr} belongs in database/transaction.py alone")
            elif isinstance(node, ast.Attribute) and _begins(node) and not path.startswith(BEGINNING_PLACES):
                yield Violation(
                    path, node.lineno, "what is begun here is committed here: use the transaction"
                )
            elif isinstance(node, ast.Constant | ast.keyword) and _in_disguise(node) and path != LOCK_KEEPER:
                yield Violation(
                    path, node.lineno, "committing in a roundabout way is committing all the same"
                )


def _begins(node: ast.Attribute) -> bool:
    receiver = node.value
    name = receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")
    return node.attr == "begin" and name in BEGINNERS


def _in_disguise(node: ast.Constant | ast.keyword) -> bool:
    if isinstance(node, ast.keyword):
        return node.arg == "autocommit"
    return isinstance(node.value, str) and node.value.strip(" ;").upper() in {"AUTOCOMMIT", "COMMIT"}
