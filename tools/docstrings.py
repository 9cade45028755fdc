"""Every module says first what it is for.

The story: a reader who opens a file asks one question before all others. Linters ask for this
docstring in the product; this rule asks for it in tests, tools and migrations as well, and at the
top of the browser's modules.
"""

import ast
import re
from collections.abc import Iterator

from tools.project import Project, Violation

_BROWSER_START = re.compile(r"\s*(?:<script[^>]*>\s*)?(?:/\*\*|//|<!--)\s*\S")
# Their names say what they are for.
_NAMED_FOR_IT = (".d.ts", ".config.ts", ".test.ts")


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield the modules that begin without a sentence about themselves."""
    for path in project.python():
        tree = project.tree(path)
        if tree.body and not (ast.get_docstring(tree) or "").strip():
            yield Violation(
                path, 1, "a module begins with a docstring: what it is for, and the section of the standard"
            )
    for path in project.browser():
        if not path.endswith(_NAMED_FOR_IT) and not _BROWSER_START.match(project.text(path)):
            yield Violation(path, 1, "a module begins with a comment: what it is for")
