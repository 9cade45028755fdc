"""Uploads through real proxies, from the very files that the documentation gives to operators."""

import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.database.transfers.sending import make_instance
from tests.journey.browser import browser_page, send_disc, sign_in
from tests.journey.portal import Portal, running_portal
from tests.journey.proxies import PROXIES, running_proxy
from tests.postgres import free_port

MIB = 1024 * 1024
IMAGES = 6


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Portal]:
    """A portal that knows its address below a path of another host."""
    folder = tmp_path_factory.mktemp("portal")
    public = f"https://127.0.0.1:{port}/importal/"
    with running_portal(folder, with_worker=False, IMPORTAL_PUBLIC_URL=public) as running:
        yield running


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("discs") / "disc"
    folder.mkdir()
    for number in range(IMAGES):
        data = make_instance(number, pixels=os.urandom(MIB))
        (folder / f"IM{number}").write_bytes(data)
    return folder


def send(portal: Portal, url: str, disc: Path, certificate: Path) -> str:
    command = [sys.executable, "-m", "importal", "send", str(disc), "--code", portal.invite(), "--url", url]
    done = subprocess.run(
        [*command, "--accept-privacy-policy", "--accept-sharing"],
        env=portal.environment | {"SSL_CERT_FILE": str(certificate)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "default_limits"),
    [("nginx", False), ("caddy", False), ("nginx", True)],
    ids=["nginx", "caddy", "nginx with its default limits"],
)
def test_a_disc_is_sent_through_a_proxy(
    tmp_path: Path, portal: Portal, port: int, disc: Path, name: str, default_limits: bool
):
    with running_proxy(name, tmp_path / name, port, portal.port, default_limits=default_limits) as url:
        said = send(portal, url, disc, tmp_path / name / "certificate.pem")
    assert f"{IMAGES} images, 0 documents" in said
    log = tmp_path / name / "access.log"
    if log.exists():
        # One MB is what the default allows: the first packs were refused, and smaller ones taken.
        assert (" 413 " in log.read_text()) == default_limits


@pytest.mark.parametrize("name", PROXIES)
def test_a_browser_works_below_a_path(tmp_path: Path, portal: Portal, port: int, disc: Path, name: str):
    with running_proxy(name, tmp_path / name, port, portal.port) as url, browser_page() as page:
        behind = Behind(portal, url.rstrip("/"))
        wrong: list[str] = []
        page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
        send_disc(page, behind, portal.invite(), disc, IMAGES)
        # Only the question who is signed in may be refused.
        assert wrong == []
        sign_in(page, behind)
        assert {address.removeprefix(url) for address in wrong} <= {"api/desk/session"}
        (cookie,) = page.context.cookies()
        assert (cookie["path"], cookie["secure"]) == ("/importal/", True)
        page.goto(url.rstrip("/"))
        assert page.url == url


class Behind:
    """The portal as it is seen through the proxy."""

    def __init__(self, portal: Portal, url: str) -> None:
        self.portal = portal
        self.url = url


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_speaks_http_1_and_tus_and_names_the_caller(
    tmp_path: Path, portal: Portal, port: int, name: str
):
    with running_proxy(name, tmp_path / name, port, portal.port) as url:
        trust = ssl.create_default_context(cafile=str(tmp_path / name / "certificate.pem"))
        assert protocol_of(trust, port) in {"http/1.1", None}
        with httpx2.Client(base_url=url, verify=trust, timeout=30) as client:
            link = portal.run("invite")
            found = re.search(re.escape(url) + r"#code=(\S+)", link)
            assert found is not None
            opened = client.post("api/invitations/open", json={"code": found.group(1)}).json()
            client.headers["Authorization"] = f"Bearer {opened['token']}"
            version = opened["institution"]["privacy_policy"]["version"]
            consent = {"privacy_policy_version": version, "privacy_policy": True, "sharing": True}
            body = {"client_key": "a-client-key", "consent": consent}
            submission = client.post("api/submissions", json=body).json()["id"]
            data = make_instance(1, pixels=os.urandom(2 * MIB))
            told = {
                "Tus-Resumable": "1.0.0",
                "Upload-Length": str(len(data)),
                "Content-Type": "application/offset+octet-stream",
            }
            place = f"api/submissions/{submission}/"
            begun = client.post(f"{place}uploads", content=data, headers=told)
            assert begun.headers["Location"] == "uploads/0"
            assert client.get(f"{place}uploads/0").json()["state"] == "stored"
            assert client.post(f"{place}finish", json={"file_count": 1}).json()["instances"] == 1


def protocol_of(trust: ssl.SSLContext, port: int) -> str | None:
    """Return what the proxy chooses when both are offered."""
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as line,
    ):
        return line.selected_alpn_protocol()
