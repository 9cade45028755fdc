"""Whoever silences a check says why, and the number of silenced places only falls.

The story: the first suppression is an exception, the fiftieth is the custom. The reason stands
behind the mark where the next reader needs it; the count stands in pyproject.toml, where raising
it is a change that somebody has to defend.
"""

import io
import re
import tokenize
from collections.abc import Iterator

from tools.project import Project, Violation

_PYTHON = re.compile(
    r"#\s*(?:ruff:\s*|flake8:\s*)?(?:"
    r"noqa(?::\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)?"
    r"|type:\s*ignore(?:\[[^\]]*\])?|mypy:\s*[\w-]+|pyright:\s*\S+|pragma:\s*no\s*(?:cover|branch)"
    r")(?P<reason>.*)"
)
_BROWSER = re.compile(
    r"(?://|/\*|<!--)\s*(?:"
    r"@ts-(?:expect-error|ignore|nocheck)|biome-ignore(?:-\w+)?(?:\s+[\w/]+)*|svelte-ignore(?:\s+[a-z0-9]+(?:[_-][a-z0-9]+)+,?)+"
    r"|eslint-disable\S*(?:\s+[\w@/-]+)*"
    r")(?P<reason>.*)"
)
MIN_WORDS = 2


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield the suppressions without a reason, and a budget that no longer fits the count."""
    found = list(_all(project))
    for path, line, reason in found:
        if len(re.findall(r"[A-Za-z]{2,}", reason)) < MIN_WORDS:
            yield Violation(
                path, line, f"say behind the suppression, in {MIN_WORDS} words or more, why it is right"
            )
    budget = project.own_settings["budgets"]["suppressions"]
    if len(found) > budget:
        yield Violation(
            "pyproject.toml", 0, f"{len(found)} suppressions, the budget is {budget}: mend the causes"
        )
    elif len(found) < budget:
        yield Violation(
            "pyproject.toml", 0, f"only {len(found)} suppressions are left: lower the budget of {budget}"
        )


def _all(project: Project) -> Iterator[tuple[str, int, str]]:
    for path in project.python():
        for token in tokenize.generate_tokens(io.StringIO(project.text(path)).readline):
            if token.type == tokenize.COMMENT and (match := _PYTHON.search(token.string)):
                yield path, token.start[0], match["reason"]
    for path in project.browser():
        for number, line in enumerate(project.text(path).splitlines(), start=1):
            if match := _BROWSER.search(line):
                yield path, number, match["reason"]
