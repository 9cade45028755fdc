"""What the reference lists is what the program has: ``python -m tools.reference --write`` renews it.

The story: the setting that an operator needs at night is the one that was added after the page was
written. The tables of the reference are made from the program; the prose around them is ours.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from tools.project import Project, Violation

Tables = Mapping[str, Callable[[], str]]

FOLDER = "docs/reference"
BEGIN = "<!-- made by tools/reference.py: {} -->"
END = "<!-- end -->"


def find_violations(project: Project, tables: Mapping[str, Tables] | None = None) -> Iterator[Violation]:
    """Yield the pages whose tables are not what the program says."""
    for page, makers in (tables or PAGES).items():
        path = f"{FOLDER}/{page}.md"
        if not project.has(path):
            yield Violation(path, 0, "the page is missing")
            continue
        text = project.text(path)
        for name, make in makers.items():
            if BEGIN.format(name) not in text:
                yield Violation(path, 0, f"the place of the table {name!r} is missing")
            elif _with_table(text, name, make()) != text:
                yield Violation(path, 0, f"the table {name!r} changed: run `make record` and read the diff")


def write(project: Project, tables: Mapping[str, Tables] | None = None) -> None:
    """Renew all tables, leaving the prose alone."""
    for page, makers in (tables or PAGES).items():
        path = f"{FOLDER}/{page}.md"
        text = project.text(path)
        for name, make in makers.items():
            text = _with_table(text, name, make())
        (project.root / path).write_text(text, encoding="utf-8")


def _with_table(text: str, name: str, table: str) -> str:
    begin = BEGIN.format(name)
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n\n{table}\n\n{END}{after}"


def _markdown(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _settings() -> str:
    from importal.settings import Settings

    return _markdown(
        ("Setting", "Default", "Meaning"), _fields(Settings, lambda name: f"IMPORTAL_{name.upper()}")
    )


def _destination() -> str:
    from importal.settings import DestinationSettings

    return _markdown(("Field", "Default", "Meaning"), _fields(DestinationSettings, str))


def _fields(model: type[BaseModel], spelling: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        if field.is_required():
            default = "required"
        elif field.default in {None, ""}:
            default = ""
        else:
            default = f"`{field.default}`"
        yield f"`{spelling(name)}`", default, field.description or ""


def _commands() -> str:
    import typer

    from importal.cli import app

    parts = []
    for name, command in named_commands(typer.main.get_command(app)):
        rows = (_parameter(parameter) for parameter in command.params)
        heading = f"### `importal {name}`\n\n{(command.help or '').strip()}"
        table = _markdown(("Argument or option", "Default", "Meaning"), rows)
        parts.append(f"{heading}\n\n{table}" if command.params else heading)
    return "\n\n".join(parts)


def named_commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command of a group by its full name, a group before its own commands."""
    for name, command in sorted(group.commands.items()):
        yield before + name, command
        if hasattr(command, "commands"):
            yield from named_commands(command, f"{before}{name} ")


def _parameter(parameter: Any) -> tuple[str, ...]:
    if parameter.param_type_name == "argument":
        spelling = f"`{parameter.name.upper()}`"
    else:
        spelling = " ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    default = "required" if parameter.required else ""
    if (
        parameter.default not in {None, "", False}
        and not parameter.required
        and not callable(parameter.default)
    ):
        default = f"`{parameter.default}`"
    return spelling, default, getattr(parameter, "help", "") or ""


def _transitions() -> str:
    from importal.studies.states import TABLE

    rows = (
        (state.name, event.value.replace("_", " "), after.name)
        for state, events in TABLE.items()
        for event, after in events.items()
    )
    return _markdown(("A Study that is …", "and is …", "becomes …"), rows)


def _error_codes() -> str:
    # Loading the routes loads every slice, and with it its rows of the table.
    import importal.web
    from importal.errors import TABLE

    assert importal.web.ROUTERS
    rows = ((f"`{row.code}`", str(row.status), row.sentence) for row in TABLE.rows())
    return _markdown(("Code", "HTTP", "In words"), rows)


def _table(name: str, *head: str, module: str = "conformance") -> Callable[[], str]:
    """Return the maker of a table of the conformance statement, or of its page on de-identification."""

    def make() -> str:
        return _markdown(head, getattr(import_module(f"tools.{module}"), name)())

    return make


def _deidentification(name: str, *head: str) -> Callable[[], str]:
    return _table(name, *head, module="deidentification_tables")


def _documents() -> str:
    from pydicom.uid import UID

    from importal.dicom.documents import DocumentKind, accepted, deliverable, media_type
    from importal.dicom.encapsulation import sop_classes_of

    def rows() -> Iterator[tuple[str, ...]]:
        for kind in DocumentKind:
            if not accepted(kind):
                becomes = "kept sealed and listed as not used; not among the documents"
            elif not deliverable(kind):
                becomes = "an attachment: stays at the desk"
            else:
                becomes = ", ".join(UID(uid).name.removesuffix(" Storage") for uid in sop_classes_of(kind))
            yield f"`{kind.value}`", becomes, media_type(kind)

    return _markdown(("Kind", "Becomes", "Handed out at the desk as"), rows())


def _document_flaws() -> str:
    from importal.dicom.document_flaws import DocumentFlaw

    sentences = _sentences()
    rows = ((f"`{flaw.code}`", sentences[f"error.{flaw.code}"]) for flaw in DocumentFlaw)
    return _markdown(("Code", "What the desk reads"), rows)


def _sentences() -> dict[str, str]:
    project, found = Project(), {}
    for part in ("errors", "refusals", "desk"):
        found.update(project.json(f"frontend/src/locales/en/{part}.json"))
    return found


PAGES: Mapping[str, Tables] = {
    "settings": {"settings": _settings, "destination": _destination},
    "commands": {"commands": _commands},
    "states": {"transitions": _transitions},
    "error-codes": {"error codes": _error_codes},
    "documents": {"kinds": _documents, "flaws": _document_flaws},
    "conformance": {
        "sop classes": _table("sop_classes", "SOP class", "UID", "Role"),
        "transfer syntaxes": _table("transfer_syntaxes", "Transfer syntax", "UID", "Layout", "Pixel data"),
        "character sets": _table("character_sets", "Specific Character Set", "Read and written as"),
        "attributes": _table(
            "attributes",
            "Attribute",
            "On arrival, at every depth",
            "On delivery",
            "On delivery, inside sequences",
        ),
        "repairs": _table("repairs", "Repair", "What was wrong and what is done"),
        "limits": _table("limits", "What", "At most"),
    },
    "deidentification": {
        "options": _deidentification("options", "Option", "Code (CID 7050)", "Unless chosen otherwise"),
        "attributes": _deidentification("attributes", "Attribute", "Basic Profile", "With an option"),
        "gaps": _deidentification("gaps", "Attribute", "What is done"),
        "holds": _deidentification("holds", "Reason", "In words"),
    },
}


def main() -> int:
    """Compare the reference with the program, or renew it."""
    parser = argparse.ArgumentParser(description="Compare the reference with the program, or renew it.")
    parser.add_argument("--write", action="store_true", help="renew the tables")
    project = Project()
    if parser.parse_args().write:
        write(project)
        print(f"{FOLDER} is renewed")
        return 0
    found = list(find_violations(project))
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
