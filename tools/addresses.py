"""The project speaks of itself alone: no package registry's host, no path of somebody's machine.

The story: a hospital installs from its own mirror, and a lock file that names a registry breaks
there. A path of the machine on which something was written works nowhere else.
"""

import re
from collections.abc import Iterator

from tools.project import FOREIGN_SUFFIXES, Project, Violation

# Put together from halves, so that this file does not trip over itself.
_HOSTS = re.compile("pypi\\." + "org|pythonhosted\\." + "org|npm" + "js\\.(?:org|com)|yarn" + "pkg\\.com")
_FOLDERS = ("work", "root", "tmp", r"home/(?!importal\b)\w+", r"Users/\w+", r"opt/(?!importal\b)\w+")
_PATHS = re.compile(rf"(?<![\w.$}})*-])/(?:{'|'.join(_FOLDERS)})/[\w.-]")


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield the lines that name a registry or a machine's path, locks included."""
    for path in project.paths:
        if path.endswith(tuple(FOREIGN_SUFFIXES)):
            continue
        try:
            lines = project.text(path).splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            if _HOSTS.search(line):
                yield Violation(
                    path, number, "names a package registry: the installer's own settings decide that"
                )
            elif _PATHS.search(line):
                yield Violation(path, number, "names a path of one machine")
