"""`importal send` compares with whom the hospital expects, and stops before anything is sent."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from importal import client
from importal.cli import app
from importal.client import Api
from importal.invitations import Expectation
from importal.site import Site
from importal.submissions import Submission, SubmissionStudy
from tests.database.transfers.sending import app_of, invite, make_instance

JANE = Expectation("Doe^Jane", "19500101", "F", "MRI of the knee since 2025")
JOHN = Expectation("Doe^John", "19820917")


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    folder = tmp_path / "disc"
    folder.mkdir()
    for number in range(1, 4):
        (folder / f"IM{number}").write_bytes(make_instance(number, PatientName="DOE^JANE^Q"))
    return folder


def send(
    site: Site, monkeypatch: pytest.MonkeyPatch, disc: Path, expected: Expectation, *options: str
) -> tuple[int, str]:
    """Run the command; return its exit code and what it said."""
    http = app_of(site)
    monkeypatch.setattr(client, "Api", partial(Api, transport=http._transport))
    with http:
        wanted = ["--url", "http://127.0.0.1:8080", "--accept-privacy-policy", "--accept-sharing", *options]
        result = CliRunner().invoke(app, ["send", str(disc), "--code", invite(site, expected), *wanted])
    return result.exit_code, result.output


def submitted(site: Site) -> list[tuple[str | None, bool]]:
    """Return verdict and answer of every study of which something was said."""
    with site.database.reading() as session:
        rows = session.execute(select(SubmissionStudy.verdict, SubmissionStudy.is_confirmed))
        return [(row.verdict, row.is_confirmed) for row in rows]


def test_the_expected_persons_images_are_sent_unasked(
    site: Site, monkeypatch: pytest.MonkeyPatch, disc: Path
):
    code, said = send(site, monkeypatch, disc, JANE)
    assert (code, submitted(site)) == (0, [("matches", False)]), said
    assert "The hospital asks for: MRI of the knee since 2025" in said
    assert "1 study: of the person whom the hospital expects" in said


def test_another_persons_images_are_sent_only_when_the_sender_is_sure(
    site: Site, monkeypatch: pytest.MonkeyPatch, disc: Path
):
    code, said = send(site, monkeypatch, disc, JOHN, "--yes")
    assert code == 2
    assert "of another person, it seems" in said
    assert "--right-person" in said
    assert "Doe" not in said
    with site.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0

    code, said = send(site, monkeypatch, disc, JOHN, "--yes", "--right-person")
    assert (code, submitted(site)) == (0, [("another_person", True)]), said


def test_a_study_is_as_doubtful_as_its_most_doubtful_image(
    site: Site, monkeypatch: pytest.MonkeyPatch, disc: Path
):
    (disc / "IM9").write_bytes(make_instance(9, PatientName="Doe^Janet"))
    code, said = send(site, monkeypatch, disc, JANE, "--all-patients")
    assert code == 2
    assert "something differs" in said or "of another person" in said


def test_where_nobody_is_expected_nothing_is_compared(
    site: Site, monkeypatch: pytest.MonkeyPatch, disc: Path
):
    code, said = send(site, monkeypatch, disc, Expectation())
    assert (code, submitted(site)) == (0, []), said
