"""The import contracts refuse what they are there to refuse, shown on a skeleton of the package."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
CONTRACTS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
LAYERS = next(contract for contract in CONTRACTS["contracts"] if contract["id"] == "layers")["layers"]
NODES = [node.strip() for layer in LAYERS for node in layer.split("|")]
SLICES = [
    contract["allowed_importers"][0].removeprefix("importal.")
    for contract in CONTRACTS["contracts"]
    if contract["type"] == "protected"
]
PORTS = {"delivery": "destinations", "reconciliation": "patient_lookup"}


@pytest.fixture
def skeleton(tmp_path):
    """A package with every node of the map and nothing in it, under the project's own contracts."""
    package = tmp_path / "importal"
    package.mkdir()
    (package / "__init__.py").touch()
    for node in NODES:
        (package / node).mkdir()
        (package / node / "__init__.py").touch()
        (package / node / "actions.py").touch()
    for name, port in PORTS.items():
        (package / name / port).mkdir()
        (package / name / port / "__init__.py").touch()
        (package / name / port / "dimse.py").touch()
    (tmp_path / "pyproject.toml").write_bytes((REPOSITORY / "pyproject.toml").read_bytes())
    return package


def _lint(package: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-logo", "--no-cache"], cwd=package.parent, capture_output=True, text=True, check=False
    )


def _import(package: Path, importer: str, line: str) -> None:
    (package / importer).write_text(f"{line}\n", encoding="utf-8")


def test_the_empty_skeleton_keeps_all_contracts(skeleton):
    checked = _lint(skeleton)
    assert checked.returncode == 0, checked.stdout
    assert f"{len(CONTRACTS['contracts'])} kept, 0 broken" in checked.stdout


def test_every_arrow_that_does_not_point_down_is_refused(skeleton):
    arrows = [
        ("delivery", "reconciliation"),
        ("reconciliation", "inspection"),
        ("studies", "delivery"),
        ("vault", "submissions"),
        ("http_api", "audit"),
        ("retention", "pipeline"),
        ("worker", "web"),
    ]
    for importer, imported in arrows:
        _import(skeleton, f"{importer}/actions.py", f"from importal import {imported}")
    checked = _lint(skeleton)
    assert "Slices are stacked in one order BROKEN" in checked.stdout
    for importer, imported in arrows:
        assert f"importal.{importer} is not allowed to import importal.{imported}" in checked.stdout


def test_a_package_without_its_place_on_the_map_is_refused(skeleton):
    (skeleton / "notes").mkdir()
    (skeleton / "notes" / "__init__.py").touch()
    checked = _lint(skeleton)
    assert checked.returncode != 0
    assert "notes" in checked.stdout


def test_what_is_behind_a_front_door_is_out_of_reach(skeleton):
    _import(skeleton, "cli/actions.py", "\n".join(f"from importal.{name} import actions" for name in SLICES))
    checked = _lint(skeleton)
    for name in SLICES:
        assert f"{name} is entered through its front door BROKEN" in checked.stdout


def test_the_front_doors_themselves_are_open(skeleton):
    _import(skeleton, "cli/actions.py", "\n".join(f"from importal.{name} import anything" for name in SLICES))
    assert _lint(skeleton).returncode == 0


def test_only_the_composition_reaches_the_adapters_of_a_port(skeleton):
    adapters = "\n".join(f"from importal.{name}.{port}.dimse import Adapter" for name, port in PORTS.items())
    _import(skeleton, "components/__init__.py", adapters)
    assert _lint(skeleton).returncode == 0
    _import(skeleton, "web/actions.py", adapters)
    checked = _lint(skeleton)
    for name in PORTS:
        assert f"{name} is entered through its front door BROKEN" in checked.stdout


def test_the_engine_refuses_the_world_outside(skeleton):
    refused = ["importal.clock", "importal.settings", "socket", "sqlalchemy", "pynetdicom"]
    _import(skeleton, "dicom/actions.py", "\n".join(f"import {name}" for name in refused))
    checked = _lint(skeleton)
    assert "dicom is pure BROKEN" in checked.stdout
    for name in refused:
        assert f"importal.dicom is not allowed to import {name}" in checked.stdout


def test_the_senders_client_refuses_the_inside_of_the_server(skeleton):
    _import(skeleton, "client/actions.py", "from importal import database, settings")
    checked = _lint(skeleton)
    for name in ("database", "settings"):
        assert f"importal.client is not allowed to import importal.{name}" in checked.stdout


def test_the_senders_client_may_group_with_the_engine(skeleton):
    _import(skeleton, "client/actions.py", "from importal import dicom, errors")
    assert _lint(skeleton).returncode == 0
