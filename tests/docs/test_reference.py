"""Settings, commands, states, codes and requests are documented as the program has them."""

import re
from pathlib import Path

import pytest
import typer
from tools import reference
from tools.project import Project

from importal import web
from importal.cli import app
from importal.errors import TABLE as ERRORS
from importal.settings import DestinationSettings, Settings
from importal.studies.states import TABLE as STATES
from importal.studies.states import StudyState

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = dict(reference.named_commands(typer.main.get_command(app)))


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_the_tables_of_the_reference_are_what_the_program_says():
    assert list(reference.find_violations(Project())) == []


@pytest.mark.parametrize("model", [Settings, DestinationSettings])
def test_every_setting_says_what_it_means(model):
    for name, field in model.model_fields.items():
        assert (field.description or "").endswith("."), name


def test_every_command_and_option_says_what_it_does():
    for name, command in COMMANDS.items():
        assert (command.help or "").strip().endswith("."), name
        for parameter in command.params:
            assert getattr(parameter, "help", ""), f"{name} {parameter.name}"


def test_every_state_is_explained_and_stands_on_the_map():
    explained = _text("docs/reference/states.md").split("## What may follow what")[0]
    for state in StudyState:
        assert f"| {state.name} | " in explained
        assert state.name in _text("ARCHITECTURE.md")
    assert set(STATES) == set(StudyState)


@pytest.mark.parametrize("page", PAGES, ids=_title)
def test_every_setting_that_a_page_names_exists(page):
    known = {f"IMPORTAL_{name.upper()}" for name in Settings.model_fields} | {"IMPORTAL_CORPUS"}
    assert set(re.findall(r"IMPORTAL_[A-Z_]+", page.read_text(encoding="utf-8"))) <= known


@pytest.mark.parametrize("page", PAGES, ids=_title)
def test_every_command_that_a_page_shows_exists(page):
    shown = re.findall(
        r"(?:^|`|bin/)importal ([a-z][a-z-]*)((?: [^`\n]*)?)", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    for first, rest in shown:
        name = " ".join([first, *rest.split()[:1]])
        name = name if name in COMMANDS else first
        assert name in COMMANDS, name
        known = {
            option
            for parameter in COMMANDS[name].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) - {"--help"} <= known


def test_every_request_of_the_transfer_protocol_exists():
    paths = web.openapi_document()["paths"]
    shapes = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path))
        for path, methods in paths.items()
        for method in methods
    }
    named = re.findall(
        r"`(GET|POST|PUT|DELETE) (/api/[^`?\s]+)", _text("docs/reference/transfer-protocol.md")
    )
    assert len(named) >= 8
    assert set(named) <= shapes


def test_every_code_of_the_transfer_protocol_is_one_of_the_program():
    known = {row.code for row in ERRORS.rows()}
    page = _text("docs/reference/transfer-protocol.md")
    named = set(re.findall(r"`((?:frame|pack|submission|storage)\.\w+)`", page))
    assert len(named) >= 7
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert {code for code in named if code not in known and f'"{code}"' not in source} == set()
