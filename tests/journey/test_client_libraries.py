"""The examples of the page on the client libraries, as they stand there, against a real portal."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database.transfers.sending import make_instance
from tests.journey.browser import browser_page
from tests.journey.portal import Portal, running_portal

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "use-the-client-libraries.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^```(python|ts)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
# As the page says: the engine under a name of its own, in a bundler that knows nothing else of us.
BUNDLE = """
import { build } from 'vite';
const [frontend, entry, outDir] = process.argv.slice(2);
await build({
  root: frontend, configFile: false, logLevel: 'error', base: '/example/',
  resolve: { alias: { 'importal-sender': `${frontend}/src/transfer/engine.ts` } },
  worker: { format: 'es' },
  build: {
    outDir, emptyOutDir: false, minify: false, assetsInlineLimit: 0,
    rolldownOptions: {
      input: entry, preserveEntrySignatures: 'strict',
      output: { entryFileNames: 'example.js', assetFileNames: 'assets/[name][extname]' },
    },
  },
});
"""
TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}
IMAGES = 3


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(tmp_path_factory.mktemp("portal"), with_worker=False) as running:
        yield running


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    folder = tmp_path / "disc"
    folder.mkdir()
    for number in range(IMAGES):
        (folder / f"IM{number}").write_bytes(make_instance(number, pixels=os.urandom(100_000)))
    (folder / "letter.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    return folder


def test_the_example_in_python_sends_a_disc(tmp_path: Path, portal: Portal, disc: Path):
    (tmp_path / "example.py").write_text(EXAMPLES["python"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, tmp_path / "example.py"],
        env=os.environ | {"DISC": str(disc), "PORTAL": portal.url, "CODE": portal.invite()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("3 images, 1 documents, 0 left out")
    assert "with 3 images and 1 documents" in done.stdout.splitlines()[-1]


def test_the_example_for_the_browser_sends_what_was_chosen(tmp_path: Path, portal: Portal, disc: Path):
    frontend = ROOT / "frontend"
    (tmp_path / "example.ts").write_text(EXAMPLES["ts"], encoding="utf-8")
    (tmp_path / "bundle.mjs").write_text(BUNDLE, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(frontend / "node_modules")
    made = tmp_path / "made"
    subprocess.run(
        ["node", "bundle.mjs", str(frontend), str(tmp_path / "example.ts"), str(made)],
        cwd=tmp_path,
        check=True,
        timeout=120,
    )
    with browser_page() as page:
        # From the portal's own origin, under its own strict policy.
        page.route(
            "**/example/**",
            lambda route: route.fulfill(
                path=made / route.request.url.partition("/example/")[2],
                content_type=TYPES.get(Path(route.request.url).suffix, "application/octet-stream"),
            ),
        )
        page.goto(portal.url)
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input type=file multiple id=chosen>')")
        page.locator("#chosen").set_input_files(sorted(disc.iterdir()))
        receipt = page.evaluate(
            """async (code) => {
                const { send } = await import('/example/example.js');
                return send(code, document.getElementById('chosen').files, () => true);
            }""",
            portal.invite(),
        )
    assert (receipt["instances"], receipt["documents"], receipt["refused"]) == (IMAGES, 1, [])
