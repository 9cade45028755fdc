"""The examples of the library page run as they stand, in the order in which they stand."""

import contextlib
import io
import re
from pathlib import Path

import pydicom
import pytest
import typer
from typer.testing import CliRunner

from importal.cli import app
from tests.corpus import corpus_path
from tests.unit.dicom import samples

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-the-engine.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = dict(section.split("\n", 1) for section in TEXT.split("\n## ")[1:])
EXAMPLES = {
    title: re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for title, text in SECTIONS.items()
}
WANTED = [
    "Neutralise a file",
    "Neutralise a stream",
    "Localise",
    "De-identify",
    "Restore",
    "Explain what would be changed",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("image.dcm").write_bytes(samples.part10(samples.as_list(samples.image())))
    return tmp_path


def run(title):
    printed = io.StringIO()
    for number, example in enumerate(EXAMPLES[title], 1):
        code = compile(example, f"{PAGE.name}: {title} {number}", "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "example"})
    return printed.getvalue()


def test_there_is_an_example_of_each_direction():
    assert all(EXAMPLES[title] for title in WANTED)


def test_every_example_runs_and_gives_what_the_page_says(folder):
    printed = {title: run(title) for title in WANTED}
    assert "patient_id became IM" in printed["Neutralise a file"]
    assert "not_dicom" in printed["Neutralise a file"]
    assert Path("streamed.dcm").read_bytes() == Path("neutral.dcm").read_bytes()
    local = pydicom.dcmread("local.dcm")
    assert (local.PatientID, str(local.PatientName)) == ("4711", "Müller^Änne")
    assert local.OriginalAttributesSequence[0].ReasonForTheAttributeModification == "COERCE"
    nobody = pydicom.dcmread("nobody.dcm")
    assert (nobody.PatientIdentityRemoved, str(nobody.PatientName)) == ("YES", nobody.PatientID)
    assert "look at it: ()" in printed["De-identify"]
    assert "(0010,0020) PatientID replaced pseudonym" in printed["Explain what would be changed"]
    assert "FOREIGN-0815" not in "".join(printed.values())


def test_the_commands_of_the_page_run_as_they_stand(folder):
    text = SECTIONS["The same on the command line"]
    (block,) = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for name in ("site.key", "nobodies.key"):
        Path(name).write_bytes(bytes(range(32)))
    Path("local.json").write_text('{"patient_id": "4711", "patient_name": "Local^Person"}', encoding="utf-8")
    directory = corpus_path("cd", "pydicom-dicomdirtests", "DICOMDIR-empty.dcm")
    Path("DICOMDIR").write_bytes(directory.read_bytes())
    commands = [line.split()[1:] for line in block.splitlines() if line.startswith("importal ")]
    assert {command[1] for command in commands} == set(typer.main.get_command(app).commands["dicom"].commands)
    for command in commands:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, (command, result.output)
    assert Path("original.dcm").read_bytes() == Path("image.dcm").read_bytes()
