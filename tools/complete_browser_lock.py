"""Name in package-lock.json the platform packages that the registry at hand does not offer.

A native tool comes as one optional package per platform. A mirror that keeps some platforms only makes
npm leave the others out of the lock, and `npm ci` then refuses the lock everywhere. Each is named with
its exact version and platform; a hash it gets when the lock is renewed where the package is offered.
"""

import json
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "frontend" / "package-lock.json"
SYSTEMS = frozenset(
    {"aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"}
)
LIBRARIES = {"musl": "musl", "gnu": "glibc", "musleabihf": "musl", "gnueabihf": "glibc"}


def complete(lock: dict[str, Any]) -> list[str]:
    """Add the missing optional packages to the lock; return their names."""
    packages: dict[str, dict[str, Any]] = lock["packages"]
    added = []
    for entry in list(packages.values()):
        for name, version in entry.get("optionalDependencies", {}).items():
            place = f"node_modules/{name}"
            platform = _platform(name)
            if place not in packages and platform and version[:1].isdigit():
                packages[place] = {"version": version, **platform, "dev": True, "optional": True}
                added.append(name)
    root = packages.pop("", {})
    lock["packages"] = {"": root, **dict(sorted(packages.items()))}
    return sorted(added)


def _platform(name: str) -> dict[str, list[str]]:
    words = name.rpartition("/")[2].split("-")
    systems = [word for word in words if word in SYSTEMS]
    if not systems:
        return {}
    after = words[words.index(systems[0]) + 1 :]
    platform = {"os": systems, "cpu": after[:1]}
    libraries = [LIBRARIES[word] for word in after[1:] if word in LIBRARIES]
    return {**platform, "libc": libraries} if libraries else platform


def main() -> int:
    """Complete the lock of the browser's packages."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for name in complete(lock):
        print(f"named without a hash: {name}")
    LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
