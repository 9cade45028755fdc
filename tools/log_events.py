"""A log event has a static name in the past tense: ``delivery.attempt_failed``.

The story: a name put together from values cannot be counted, cannot be alerted on, and is the
way in which a patient's name gets into a log. Values go into fields, and the fields are checked.
"""

import ast
import re
from collections.abc import Iterator

from tools.project import Project, Violation

METHODS = frozenset({"debug", "info", "warning", "error", "critical", "exception", "msg"})
LOGGERS = frozenset({"log", "logger", "_log", "_logger", "LOG", "LOGGER", "_LOG", "_LOGGER"})
_FORM = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
IRREGULAR = frozenset(
    """
    begun began bound broken built caught chosen cut done drawn driven fallen fell found given gone got held
    hidden kept known laid left lost made met put read risen run seen sent set shown shut slept spent split
    taken told took thrown went withdrawn woken written wrote
    """.split()
)


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield the log calls whose event name is computed, ill-formed or not in the past tense."""
    for path in project.python("src/"):
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Call) and _is_log_call(node.func):
                problem = _problem(node)
                if problem:
                    yield Violation(path, node.lineno, problem)


def _is_log_call(function: ast.expr) -> bool:
    if not (isinstance(function, ast.Attribute) and function.attr in METHODS):
        return False
    target = function.value
    while isinstance(target, ast.Call) and isinstance(target.func, ast.Attribute):
        if target.func.attr in {"get_logger", "getLogger"}:
            return True
        target = target.func.value
    if isinstance(target, ast.Attribute):
        return target.attr in LOGGERS
    return isinstance(target, ast.Name) and target.id in LOGGERS


def _problem(call: ast.Call) -> str | None:
    if not call.args:
        return "a log call begins with the event's name"
    event = call.args[0]
    if not (isinstance(event, ast.Constant) and isinstance(event.value, str)):
        return "an event's name is static: values go into fields"
    if len(call.args) > 1:
        return "a log call has one positional argument, the event's name: values go into named fields"
    if not _FORM.fullmatch(event.value):
        return f"{event.value!r} is not of the form slice.what_happened"
    words = event.value.rsplit(".", 1)[1].split("_")
    if not any(word in IRREGULAR or word.endswith("ed") for word in words):
        return f"{event.value!r} does not say in the past tense what happened"
    return None
