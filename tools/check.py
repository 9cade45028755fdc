"""Run every rule of our own: ``python -m tools.check``."""

import sys
from types import ModuleType

from tools import (
    addresses,
    commits,
    desk_queries,
    docstrings,
    error_codes,
    file_budgets,
    locks,
    log_events,
    migrations,
    names,
    openapi,
    reference,
    state_assignment,
    suppressions,
    unfinished,
)
from tools.project import Project

RULES: tuple[ModuleType, ...] = (
    addresses,
    commits,
    desk_queries,
    docstrings,
    error_codes,
    file_budgets,
    locks,
    log_events,
    migrations,
    names,
    openapi,
    reference,
    state_assignment,
    suppressions,
    unfinished,
)


def main() -> int:
    """Print every violation with the rule it breaks; the exit code tells whether there was one."""
    project = Project()
    broken = 0
    for rule in RULES:
        title = rule.__name__.rpartition(".")[2]
        for violation in sorted(rule.find_violations(project)):
            print(f"{violation} [{title}]")
            broken += 1
    print(f"{len(RULES)} rules of our own, {len(project.paths)} files, {broken or 'no'} violations")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
