"""The locks fit what is declared, hold a hash for every file, and name no address.

The story: a lock that somebody forgot to renew installs something else than what was tested. This
check needs no network: every direct dependency has to be pinned to a version that its declaration
allows, and every pin has to carry hashes.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.project import Project, Violation

RUN, DEV = "requirements/run.txt", "requirements/dev.txt"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
BROWSER_LOCK = "frontend/package-lock.json"
BROWSER_PACKAGES = "frontend/package.json"


def find_violations(project: Project) -> Iterator[Violation]:
    """Yield every direct dependency that its lock does not satisfy, and every pin without a hash."""
    declared = project.settings["project"]["dependencies"]
    groups = dict(project.settings.get("dependency-groups", {}))
    tools = groups.pop("dev", [])
    # A further group is installed apart from the rest, and has a lock of its own.
    apart = [(f"requirements/{name}.txt", requirements) for name, requirements in groups.items()]
    pins = {}
    for path, requirements in ((RUN, declared), (DEV, [*declared, *tools]), *apart):
        if not project.has(path):
            yield Violation(path, 0, "the lock is missing: run `make lock`")
            return
        pins[path] = dict(_pins(project.text(path)))
        yield from _unsatisfied(path, requirements, pins[path])
        yield from _without_hash(path, project.text(path))
    for name, version in pins[RUN].items():
        if pins[DEV].get(name) != version:
            yield Violation(DEV, 0, f"{name} differs from {RUN}: run `make lock`")
    if project.has(BROWSER_PACKAGES):
        yield from _browser_lock(project)


def _pins(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if match := _PIN.match(line):
            yield canonicalize_name(match["name"]), match["version"]


def _unsatisfied(path: str, requirements: Iterable[str], pins: dict[str, str]) -> Iterator[Violation]:
    for text in requirements:
        requirement = Requirement(text)
        pinned = pins.get(canonicalize_name(requirement.name))
        if pinned is None:
            yield Violation(path, 0, f"{requirement.name} is declared but not locked: run `make lock`")
        elif not requirement.specifier.contains(Version(pinned), prereleases=True):
            yield Violation(
                path, 0, f"{requirement.name} {pinned} is locked, declared is {requirement.specifier}"
            )


def _without_hash(path: str, text: str) -> Iterator[Violation]:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)
    for block in blocks:
        match = _PIN.match(block)
        if match and "--hash=sha256:" not in block:
            yield Violation(path, 0, f"{match['name']} is pinned without a hash")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("-") or "://" in line:
            yield Violation(path, number, "a lock holds pins and hashes, no options and no addresses")


def _needs_hash(entry: dict[str, Any]) -> bool:
    """Tell whether Debian or Ubuntu would install this; see tools/complete_browser_lock.py for the others."""
    elsewhere = entry.get("optional") and (
        "linux" not in entry.get("os", ["linux"]) or "musl" in entry.get("libc", [])
    )
    return not (entry.get("link") or entry.get("inBundle") or elsewhere)


def _browser_lock(project: Project) -> Iterator[Violation]:
    if not project.has(BROWSER_LOCK):
        yield Violation(BROWSER_LOCK, 0, "the lock is missing: run `npm install --package-lock-only`")
        return
    packages = project.json(BROWSER_PACKAGES)
    locked = project.json(BROWSER_LOCK)["packages"]
    for kind in ("dependencies", "devDependencies"):
        if packages.get(kind, {}) != locked[""].get(kind, {}):
            yield Violation(BROWSER_LOCK, 0, f"{kind} differ from package.json: renew the lock")
    for name, entry in locked.items():
        if name and _needs_hash(entry) and "integrity" not in entry:
            yield Violation(BROWSER_LOCK, 0, f"{name} is locked without a hash")
        if "://" in str(entry.get("resolved", "")):
            yield Violation(
                BROWSER_LOCK, 0, f"{name} names an address: lock with omit-lockfile-registry-resolved"
            )
