"""What the operator says about the hospital on the command line reaches the sender."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from importal import components, institutions, settings
from importal.cli import app
from tests.database.transfers.sending import Sender


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPORTAL_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def stored() -> institutions.Institution:
    built = components.build(settings.load())
    with built.site.database.reading() as session:
        found = institutions.only(session)
    built.site.database.dispose()
    assert found is not None
    return found


def test_a_hospital_is_created_and_changed_without_losing_what_was_said_before(data: Path):
    policy = data / "policy.txt"
    policy.write_text("Our own policy.", encoding="utf-8")
    run = CliRunner().invoke
    first = run(app, ["institution", "City Hospital", "--phone", "+00 1", "--max-gigabytes", "2"])
    assert first.exit_code == 0, first.output
    before = stored().privacy_policy_version
    assert run(app, ["institution", "City Clinic", "--privacy-policy", str(policy)]).exit_code == 0
    found = stored()
    assert (found.name, found.phone, found.max_bytes) == ("City Clinic", "+00 1", 2_000_000_000)
    assert found.privacy_policy_text == "Our own policy."
    assert found.privacy_policy_version != before


def test_a_policy_that_is_no_text_changes_nothing(data: Path):
    policy = data / "policy.pdf"
    policy.write_bytes(b"%PDF-1.7\xff\xfe")
    answer = CliRunner().invoke(app, ["institution", "City Hospital", "--privacy-policy", str(policy)])
    assert answer.exit_code == 2
    assert "not a text file" in answer.output


def test_the_language_of_the_texts_is_said_and_told_and_stays(data: Path):
    run = CliRunner().invoke
    policy = data / "policy.txt"
    policy.write_text("Unsere Erklärung.", encoding="utf-8")
    texts = ["--privacy-policy", str(policy), "--sharing-consent", str(policy)]
    told = run(app, ["institution", "City Hospital", *texts])
    assert "texts in 'en'" in told.output
    assert stored().texts_language == "en"
    assert run(app, ["institution", "City Hospital", "--texts-language", "de"]).exit_code == 0
    assert run(app, ["institution", "City Clinic"]).exit_code == 0
    assert stored().texts_language == "de"
    refused = run(app, ["institution", "City Clinic", "--texts-language", "German, please"])
    assert refused.exit_code == 2
    assert stored().texts_language == "de"


def test_the_consents_of_some_time_are_printed_one_line_each(data: Path):
    run = CliRunner().invoke
    assert run(app, ["institution", "City Hospital"]).exit_code == 0
    built = components.build(settings.load())
    Sender(built.site).create()
    built.site.database.dispose()
    answer = run(app, ["consents", "--since", "2020-01-01"])
    assert answer.exit_code == 0, answer.output
    (line,) = answer.output.splitlines()
    record = json.loads(line)
    assert (record["privacy_policy"], record["sharing"], record["language"]) == (True, True, "en")
    assert record["sharing_text"] == stored().sharing_consent_text
    assert run(app, ["consents", "--since", "2020-01-01", "--until", "2020-01-02"]).output == ""
