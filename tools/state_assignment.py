"""A state is assigned in ``states.py`` and nowhere else.

The story: once two places may write a state, the table of what follows what is a wish. The one
function consults the table, writes the audit message and enqueues what follows; a second place
would forget one of the three on a bad day.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.project import Project, Violation

THE_FILE = "states.py"
STATE = "state"
WRITING_CALLS = frozenset({"values", "update", "ordered_values", "on_conflict_do_update", "execute"})


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield every assignment to a ``state`` outside a file named states.py."""
    for path in project.python("src/"):
        if PurePosixPath(path).name == THE_FILE:
            continue
        for node in ast.walk(project.tree(path)):
            if (isinstance(node, ast.Call) and (_sets_by_name(node) or _writes_column(node))) or (
                isinstance(node, ast.Attribute) and _is_assigned(node)
            ):
                yield Violation(path, node.lineno, "a state is assigned in states.py alone")


def _is_assigned(node: ast.Attribute) -> bool:
    # The syntax tree marks targets of every kind: =, +=, for, with, del, unpacking.
    return node.attr == STATE and not isinstance(node.ctx, ast.Load)


def _sets_by_name(call: ast.Call) -> bool:
    names = [argument.value for argument in call.args[1:2] if isinstance(argument, ast.Constant)]
    return isinstance(call.func, ast.Name) and call.func.id == "setattr" and STATE in names


def _writes_column(call: ast.Call) -> bool:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in WRITING_CALLS):
        return False
    # A row is born in its first state by its INSERT, which changes no state.
    if "insert" in _called(call.func.value):
        return False
    if call.func.attr == "execute" and not any("update" in _called(argument) for argument in call.args):
        return False
    if any(keyword.arg == STATE for keyword in call.keywords):
        return True
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(_names_state(key) for argument in arguments for key in _keys(argument))


def _called(expression: ast.expr) -> set[str]:
    functions = [node.func for node in ast.walk(expression) if isinstance(node, ast.Call)]
    return {
        function.id if isinstance(function, ast.Name) else function.attr
        for function in functions
        if isinstance(function, ast.Name | ast.Attribute)
    }


def _keys(argument: ast.expr) -> Iterator[ast.expr]:
    for inner in ast.walk(argument):
        if isinstance(inner, ast.Dict):
            yield from (key for key in inner.keys if key is not None)


def _names_state(key: ast.expr) -> bool:
    if isinstance(key, ast.Constant):
        return key.value == STATE
    return isinstance(key, ast.Attribute) and key.attr == STATE
