"""Firefox as the distribution packages it, spoken to in WebDriver BiDi (W3C) over its own socket."""

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.peers import program, require_peer

START_SECONDS = 60
PATIENCE_SECONDS = 60
PREFERENCES = """
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("intl.accept_languages", "en-GB, en");
"""


class Firefox:
    """One page of the running browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        self.complaints: list[str] = []
        self.say("session.new", capabilities={})
        self.say("session.subscribe", events=["log.entryAdded"])
        self._context = self.say("browsingContext.getTree")["contexts"][0]["context"]
        self.resize(1280, 900)

    def say(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result. An error is a failure that names the command."""
        self._last += 1
        self._connection.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._connection.recv(PATIENCE_SECONDS))
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.complaints.append(str(said["params"]["text"]))
            if said.get("id") == self._last:
                assert said["type"] == "success", f"{method}: {said.get('message')}"
                result: dict[str, Any] = said["result"]
                return result

    def resize(self, width: int, height: int) -> None:
        """Give the page this many pixels."""
        viewport = {"width": width, "height": height}
        self.say("browsingContext.setViewport", context=self._context, viewport=viewport)

    def open(self, url: str) -> None:
        """Go to an address and wait for the page."""
        self.say("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return what an expression gives, where that is a text, a number or true or false."""
        answer = self._evaluated(expression)
        return answer.get("value")

    def await_true(self, what: str, expression: str) -> None:
        """Wait until an expression is true; fail with what the page says instead."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.evaluate(expression):
                return
            time.sleep(0.1)
        shown = self.evaluate("document.body.innerText")
        raise AssertionError(f"waited in vain until {what}; the page says:\n{shown}")

    def await_text(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.await_true(f"“{text}” is shown", f"document.body.innerText.includes({json.dumps(text)})")

    def click(self, selector: str, text: str = "") -> None:
        """Click the first element of this kind that shows the text, as a pointer does."""
        element = self._found(selector, text)
        self._evaluated(f"{_finder(selector, text)}.scrollIntoView({{block: 'center'}})")
        down = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        move = {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": element}}
        source = {"type": "pointer", "id": "pointer", "actions": [move, *down]}
        self.say("input.performActions", context=self._context, actions=[source])

    def type(self, selector: str, text: str) -> None:
        """Click into a field and type."""
        self.click(selector)
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": keys}
        self.say("input.performActions", context=self._context, actions=[source])

    def set_files(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files, or a folder, in a file field."""
        element = self._found(selector, "")
        self.say("input.setFiles", context=self._context, element=element, files=[str(one) for one in paths])

    def _found(self, selector: str, text: str) -> dict[str, str]:
        self.await_true(f"there is {selector} {text}", f"!!({_finder(selector, text)})")
        return {"sharedId": self._evaluated(_finder(selector, text))["sharedId"]}

    def _evaluated(self, expression: str) -> dict[str, Any]:
        answer = self.say(
            "script.evaluate", expression=expression, target={"context": self._context}, awaitPromise=True
        )
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result


@contextmanager
def running_firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox with a fresh profile in `folder`; stop it at the end."""
    require_peer("firefox")
    profile = folder / "profile"
    profile.mkdir(parents=True)
    (profile / "user.js").write_text(PREFERENCES)
    log = folder / "firefox.log"
    command = [
        program("firefox"),
        "--headless",
        "--no-remote",
        "--remote-debugging-port=0",
        "--profile",
        profile,
    ]
    with log.open("wb") as output:
        # A group of its own: its content processes end with it.
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=output, start_new_session=True
        )
    try:
        with connect(f"{_address(log)}/session", max_size=None, compression=None) as connection:
            yield Firefox(connection)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(profile, ignore_errors=True)


def _address(log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(f"Firefox does not listen: {log.read_text(errors='replace')}")


def _finder(selector: str, text: str) -> str:
    return (
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        f".find((one) => one.textContent.includes({json.dumps(text)}))"
    )
