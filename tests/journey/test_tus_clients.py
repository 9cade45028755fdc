"""The examples of the page on tus, as they stand there: real clients, a real portal, lines that break."""

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from importal import components, submissions, transfers
from tests.database.transfers.sending import Sender, make_instance
from tests.journey.line import line
from tests.journey.portal import Portal, running_portal, settings_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "upload-with-tus.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^[^\n]*`([\w.]+\.(?:sh|mjs))`[^\n]*\n\n```(?:bash|js)\n(.*?)^```", re.DOTALL | re.MULTILINE
)
EXAMPLES = dict(EXAMPLE.findall(PAGE))
PDF = b"%PDF-1.7\n%%EOF"
MIB = 1024 * 1024
UPPY = """
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { send } from './uppy.mjs';
const [portal, ...paths] = process.argv.slice(2);
// What a browser's File brings along, on a buffer: the client's build for Node knows no files of browsers.
const files = paths.map((path) => {
  const data = readFileSync(path);
  return Object.assign(data, { name: basename(path), type: '', size: data.length });
});
console.log(JSON.stringify(await send(portal, process.env.CODE, files, () => true)));
process.exit(0);
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal"), with_worker=False) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The examples, and files to send: a disc in a ZIP, a large image, a letter."""
    for name, text in {**EXAMPLES, "run-uppy.mjs": UPPY}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "upload.sh").chmod(0o755)
    (tmp_path / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as archive:
        for number, data in disc().items():
            archive.writestr(f"disc/IM{number}", data)
    (tmp_path / "large.dcm").write_bytes(make_instance(99, pixels=os.urandom(10 * MIB)))
    (tmp_path / "letter.pdf").write_bytes(PDF)
    return tmp_path


def disc() -> dict[int, bytes]:
    return {number: make_instance(number, pixels=bytes([number]) * (256 * 1024)) for number in range(12)}


def run(folder: Path, portal: Portal, port: int, *command: str) -> dict:
    """Run an example; return the receipt, which it prints last."""
    done = subprocess.run(
        [command[0], f"http://127.0.0.1:{port}", *command[1:]]
        if command[0].startswith("./")
        else [*command[:2], f"http://127.0.0.1:{port}", *command[2:]],
        cwd=folder,
        env={**os.environ, "CODE": portal.invite()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def arrived(portal: Portal, receipt: dict) -> dict[str, bytes]:
    """Return the original bytes of everything that was handed over, by name."""
    built = components.build(settings_of(portal.environment))
    try:
        with built.site.database.reading() as session:
            of_receipt = submissions.Submission.reference == receipt["reference"]
            found = session.query(submissions.Submission).where(of_receipt).one()
            files = transfers.arrived(session, found.id)
        sender = Sender.__new__(Sender)
        sender.site = built.site
        return {file.name(built.site): sender.original(file) for file in files if file.storage_key}
    finally:
        built.site.database.dispose()


def kill_and_restart(portal: Portal):
    def happen() -> None:
        portal.kill("web")
        portal.start_web()

    return happen


def nothing() -> None:
    """Only the connections are cut."""


def test_the_page_holds_every_example():
    assert set(EXAMPLES) == {"upload.sh", "importal.mjs", "upload.mjs", "uppy.mjs"}


def test_curl_sends_an_archive_over_a_line_that_is_cut(portal: Portal, folder: Path):
    size = (folder / "disc.zip").stat().st_size
    with line(portal.port, (size // 3, nothing), (2 * size // 3, nothing)) as cut:
        receipt = run(folder, portal, cut.port, "./upload.sh", "disc.zip")
        assert cut.happened
    assert (receipt["instances"], receipt["announced"]) == (12, 12)
    assert arrived(portal, receipt) == {f"disc.zip/disc/IM{number}": data for number, data in disc().items()}


def test_tus_js_client_goes_on_after_a_cut_line_and_a_killed_server(portal: Portal, folder: Path):
    events = ((MIB, nothing), (5 * MIB, kill_and_restart(portal)), (9 * MIB, nothing))
    with line(portal.port, *events) as cut:
        receipt = run(folder, portal, cut.port, "node", "upload.mjs", "disc.zip", "large.dcm", "letter.pdf")
        assert cut.happened
    assert (receipt["instances"], receipt["documents"], receipt["refused"]) == (13, 1, [])
    found = arrived(portal, receipt)
    assert found["large.dcm"] == (folder / "large.dcm").read_bytes()
    assert len(found) == 14


def test_uppy_sends_many_files_at_once_over_a_line_that_is_cut(portal: Portal, folder: Path):
    images = {f"IM{number}.dcm": data for number, data in disc().items()}
    for name, data in images.items():
        (folder / name).write_bytes(data)
    events = ((MIB, nothing), (2 * MIB, kill_and_restart(portal)))
    with line(portal.port, *events) as cut:
        receipt = run(folder, portal, cut.port, "node", "run-uppy.mjs", *images, "letter.pdf")
        assert cut.happened
    assert (receipt["instances"], receipt["duplicates"], receipt["documents"]) == (12, 0, 1)
    assert arrived(portal, receipt) == {**images, "letter.pdf": PDF}
