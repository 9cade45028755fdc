"""The files of the project as the rules see them: versioned ones, and new ones that are about to be."""

import ast
import json
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent

# Files whose text is not ours to shape: locks, licences, pictures, what a program writes.
FOREIGN_SUFFIXES = frozenset(
    {".bin", ".png", ".jpg", ".ico", ".woff2", ".dcm", ".wasm", ".zip", ".pdf", ".svg"}
)
FOREIGN_NAMES = frozenset({"package-lock.json", "LICENSE"})
BROWSER_SUFFIXES = frozenset({".ts", ".svelte"})


@dataclass(frozen=True, order=True)
class Violation:
    """One place where a rule is broken. ``line`` 0 speaks of the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


class Project:
    """A folder with the project in it; the tests of the rules make small ones."""

    def __init__(self, root: Path = REPOSITORY) -> None:
        self.root = root
        self._trees: dict[str, ast.Module] = {}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every file of ours, relative to the root, with forward slashes."""
        if (self.root / ".git").exists():
            listed = subprocess.run(
                ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                cwd=self.root,
                capture_output=True,
                check=True,
                text=True,
            ).stdout.split("\0")
            found = [path for path in listed if path and (self.root / path).is_file()]
        else:
            found = [
                path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()
            ]
        return tuple(sorted(set(found)))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The whole of pyproject.toml."""
        return tomllib.loads(self.text("pyproject.toml")) if self.has("pyproject.toml") else {}

    @property
    def own_settings(self) -> dict[str, Any]:
        """The table [tool.importal]: budgets and the few declared exceptions."""
        found: dict[str, Any] = self.settings.get("tool", {}).get("importal", {})
        return found

    def has(self, path: str) -> bool:
        """Tell whether the project has this file."""
        return (self.root / path).is_file()

    def text(self, path: str) -> str:
        """Return the text of a file."""
        return (self.root / path).read_text(encoding="utf-8")

    def json(self, path: str) -> Any:
        """Return what a JSON file holds."""
        return json.loads(self.text(path))

    def tree(self, path: str) -> ast.Module:
        """Return the syntax tree of a Python file, parsed once."""
        if path not in self._trees:
            self._trees[path] = ast.parse(self.text(path), filename=path)
        return self._trees[path]

    def python(self, *roots: str) -> Iterator[str]:
        """Yield the Python files under the roots; all of them without a root."""
        for path in self.paths:
            if path.endswith(".py") and (not roots or path.startswith(roots)):
                yield path

    def browser(self) -> Iterator[str]:
        """Yield the TypeScript and Svelte files."""
        for path in self.paths:
            if PurePosixPath(path).suffix in BROWSER_SUFFIXES:
                yield path

    def prose_and_code(self) -> Iterator[str]:
        """Yield every file whose text we wrote."""
        for path in self.paths:
            pure = PurePosixPath(path)
            if pure.suffix not in FOREIGN_SUFFIXES and pure.name not in FOREIGN_NAMES:
                yield path
