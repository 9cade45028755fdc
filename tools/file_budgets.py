"""A file is one thing, and small enough to be read in one sitting.

The story: in the code bases we learnt from, the long files were the ones nobody dared to change.
A limit that a machine holds turns "we should split this some day" into the work of today.
"""

from collections.abc import Iterator

from tools.project import Project, Violation

# Written by Alembic once, never changed, and long when there are many tables.
REVISIONS = "src/importal/migrations/versions/"


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield the files that have more lines than pyproject.toml grants."""
    budgets = project.own_settings["budgets"]
    ours = (path for path in project.python() if not path.startswith(REVISIONS))
    yield from _too_long(project, ours, budgets["python_lines"])
    yield from _too_long(project, project.browser(), budgets["browser_lines"])
    dependencies = project.settings["project"]["dependencies"]
    if len(dependencies) > budgets["runtime_dependencies"]:
        message = f"{len(dependencies)} direct dependencies; more than the budget needs a decision record"
        yield Violation("pyproject.toml", 0, message)


def _too_long(project: Project, paths: Iterator[str], budget: int) -> Iterator[Violation]:
    for path in paths:
        lines = project.text(path).count("\n")
        if lines > budget:
            yield Violation(path, budget + 1, f"{lines} lines, the budget is {budget}: make two things of it")
