"""Real proxies, started from the files of the documentation with ports and certificate of the test."""

import datetime
import ipaddress
import os
import re
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.journey.portal import wait_until
from tests.peers import program, require_peer

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "proxies"
CERTIFICATE = "/etc/ssl/certs/images.example.org.pem"
KEY = "/etc/ssl/private/images.example.org.key"
# What the package of nginx brings in its main file, for a program that runs as nobody in particular.
AROUND_NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def make_certificate(folder: Path) -> Path:
    """Write a certificate of 127.0.0.1 and its key; return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = folder / "certificate.pem"
    place.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return place


def _placed(text: str, folder: Path, portal_port: int) -> str:
    """Put the test's places into an example; each has to stand in it."""
    for found, place in (
        (CERTIFICATE, str(folder / "certificate.pem")),
        (KEY, str(folder / "key.pem")),
        ("127.0.0.1:8080", f"127.0.0.1:{portal_port}"),
    ):
        assert found in text
        text = text.replace(found, place)
    return text


def _nginx(folder: Path, port: int, portal_port: int, *, default_limits: bool) -> list[str]:
    text = _placed((EXAMPLES / "nginx.conf").read_text(encoding="utf-8"), folder, portal_port)
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    text = text.replace("    listen [::]:443 ssl;\n", "")
    if default_limits:
        text = re.sub(
            r"^ *(client_max_body_size|proxy_\w*buffering|\w+_timeout) .*;\n", "", text, flags=re.MULTILINE
        )
        assert "client_max_body_size" not in text
    # Started by root its workers are nobody, who may not write into the folder of the test.
    user = "" if os.geteuid() else "user root;"
    (folder / "site.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(AROUND_NGINX.format(folder=folder, user=user), encoding="utf-8")
    return [str(program("nginx")), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]


def _caddy(folder: Path, port: int, portal_port: int, *, default_limits: bool) -> list[str]:
    text = _placed((EXAMPLES / "Caddyfile").read_text(encoding="utf-8"), folder, portal_port)
    text = text.replace("images.example.org {", f"https://127.0.0.1:{port} {{")
    if default_limits:
        text = re.sub(r"\ttimeouts \{.*?\n\t\t\}\n", "", text, flags=re.DOTALL)
    # No interface for its administration, and no redirect from a port that is not ours.
    text = text.replace("{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers", 1)
    (folder / "Caddyfile").write_text(text, encoding="utf-8")
    return [str(program("caddy")), "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]


PROXIES = {"nginx": _nginx, "caddy": _caddy}


@contextmanager
def running_proxy(
    name: str, folder: Path, port: int, portal_port: int, *, default_limits: bool = False
) -> Iterator[str]:
    """Yield the portal's address behind a proxy."""
    require_peer(name)
    folder.mkdir(exist_ok=True)
    make_certificate(folder)
    command = PROXIES[name](folder, port, portal_port, default_limits=default_limits)
    environment = os.environ | {
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "HOME": str(folder),
    }
    with (folder / "proxy.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"https://127.0.0.1:{port}/importal/"
    trust = ssl.create_default_context(cafile=str(folder / "certificate.pem"))

    def answers() -> bool:
        assert process.poll() is None, (folder / "proxy.log").read_text()
        try:
            with urllib.request.urlopen(f"{url}readyz", context=trust, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    try:
        wait_until(f"{name} answers", answers)
        yield url
    finally:
        process.terminate()
        process.wait(10)
