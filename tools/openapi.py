"""The description of the HTTP interface changes only when somebody means it.

The story: a renamed field broke the other side a week after it was merged, because no one had
seen it in the review. Now the description is a file, and a change of it is a line in the diff:
``python -m tools.openapi --write`` renews it.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tools.project import Project, Violation

DOCUMENT = "docs/reference/openapi.json"


def find_violations(
    project: Project, build: Callable[[], dict[str, Any]] | None = None
) -> Iterator[Violation]:
    """Yield one violation when the file is not what the program builds."""
    built = (build or _from_program)()
    if not project.has(DOCUMENT):
        yield Violation(DOCUMENT, 0, "is missing: run `python -m tools.openapi --write`")
    elif project.text(DOCUMENT) != rendered(built):
        yield Violation(
            DOCUMENT, 0, "the HTTP interface changed: run `python -m tools.openapi --write` and read the diff"
        )


def rendered(document: dict[str, Any]) -> str:
    """Return the document as it is kept: sorted, indented, one line feed at the end."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _from_program() -> dict[str, Any]:
    from importal.web import openapi_document

    return openapi_document()


def main() -> int:
    """Compare the file with the program, or renew it."""
    parser = argparse.ArgumentParser(description="Compare the OpenAPI file with the program, or renew it.")
    parser.add_argument("--write", action="store_true", help="renew the file")
    project = Project()
    if parser.parse_args().write:
        (project.root / DOCUMENT).write_text(rendered(_from_program()), encoding="utf-8")
        print(f"{DOCUMENT} is renewed")
        return 0
    found = list(find_violations(project))
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
