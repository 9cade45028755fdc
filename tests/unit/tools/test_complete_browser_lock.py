"""A lock made behind an incomplete mirror names every platform all the same."""

from tools.complete_browser_lock import complete


def _lock(**optional):
    return {
        "packages": {
            "": {"name": "pages"},
            "node_modules/@a/tool": {"version": "1.2.3", "optionalDependencies": optional},
            "node_modules/@a/cli-linux-x64": {"version": "1.2.3", "integrity": "sha512-x", "os": ["linux"]},
        }
    }


def test_a_missing_platform_is_named_with_its_version_and_system():
    lock = _lock(**{"@a/cli-linux-x64": "1.2.3", "@a/cli-win32-arm64": "1.2.3"})
    assert complete(lock) == ["@a/cli-win32-arm64"]
    assert lock["packages"]["node_modules/@a/cli-win32-arm64"] == {
        "version": "1.2.3",
        "os": ["win32"],
        "cpu": ["arm64"],
        "dev": True,
        "optional": True,
    }


def test_the_c_library_is_part_of_the_platform():
    lock = _lock(**{"@a/cli-linux-x64-musl": "1.2.3"})
    complete(lock)
    assert lock["packages"]["node_modules/@a/cli-linux-x64-musl"]["libc"] == ["musl"]


def test_what_is_locked_is_left_alone():
    lock = _lock(**{"@a/cli-linux-x64": "1.2.3"})
    assert complete(lock) == []
    assert lock["packages"]["node_modules/@a/cli-linux-x64"]["integrity"] == "sha512-x"


def test_an_optional_package_of_no_platform_or_version_is_left_to_npm():
    lock = _lock(fsevents="~2.3.3", colours="1.0.0", **{"@a/cli-darwin-x64": "^1.2.0"})
    assert complete(lock) == []
