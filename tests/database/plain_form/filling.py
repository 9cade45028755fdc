"""Somebody in front of the plain form: follows its pages, sends what stands in them."""

import re
from datetime import timedelta
from html import unescape

from starlette.testclient import TestClient

from importal import audit, institutions, invitations
from importal.components import Components
from importal.invitations import Expectation
from importal.site import Site
from importal.web import create_app

BOUNDARY = "----boundary7"
File = tuple[str, bytes]


def body_of(token: str, files: list[File]) -> bytes:
    """Return a form as browsers write it: the token, then the files."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'.encode()]
    for name, data in files:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Filling:
    """A browser without JavaScript, and an invitation for it."""

    def __init__(
        self,
        site: Site,
        expected: Expectation | None = None,
        *,
        asks_birth_date: bool = False,
        **home_values: object,
    ) -> None:
        self.site = site
        components = Components(site, None, None)
        self.http = TestClient(
            create_app(components),
            base_url="http://127.0.0.1:8080",
            raise_server_exceptions=False,
            headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8080"},
        )
        with site.database.transaction() as session:
            home = institutions.only(session) or institutions.create(session, "Hospital", phone="030 1")
            for name, value in home_values.items():
                setattr(home, name, value)
            wanted = invitations.NewInvitation(
                home.id,
                invitations.SenderKind.PATIENT,
                timedelta(days=3),
                expectation=expected or Expectation(),
                asks_birth_date=asks_birth_date,
            )
            _row, self.code = invitations.invite(session, site, wanted, audit.Actor("operator", "test"))
        self.page = ""
        self.status = 0

    def look(self, place: str) -> str:
        """Open a page."""
        return self._shown(self.http.get(f"/form/{place}"))

    def send(self, place: str, **fields: str) -> str:
        """Send the form of the page that is open, with these answers."""
        data = {"token": self.token} | fields
        return self._shown(self.http.post(f"/form/{place}", data=data))

    def send_files(self, *files: File) -> str:
        """Choose files and send them."""
        self.look("files")
        return self.send_body(body_of(self.token, list(files)))

    def send_body(self, body: bytes, boundary: str = BOUNDARY) -> str:
        kind = f"multipart/form-data; boundary={boundary}"
        return self._shown(self.http.post("/form/files", content=body, headers={"Content-Type": kind}))

    def enter(self) -> "Filling":
        """Enter the code and agree."""
        self.look("start")
        self.send("start", code=self.code)
        if "/agree" in self.place:
            version = self.hidden("version")
            self.send("agree", version=version, privacy="1", sharing="1")
        return self

    @property
    def token(self) -> str:
        return self.hidden("token")

    def hidden(self, name: str) -> str:
        found = re.search(f'type="hidden" name="{name}" value="([^"]*)"', self.page)
        return found.group(1) if found else ""

    def boxes(self, kind: str) -> dict[str, bool]:
        """Return the boxes of persons or studies, and whether they are ticked."""
        found = re.findall(rf'<input type="checkbox" id="({kind}-[0-9a-f]+)"[^>]*?( checked)?>', self.page)
        return {name: bool(ticked) for name, ticked in found}

    def options(self, number: int) -> list[str]:
        menu = re.search(rf'<select id="document-{number}".*?</select>', self.page, re.DOTALL)
        return re.findall(r'<option value="([^"]*)"', menu.group()) if menu else []

    def text(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.page)).split())

    def _shown(self, answer) -> str:
        self.page, self.status, self.place = answer.text, answer.status_code, str(answer.url)
        self.answer = answer
        return self.page
