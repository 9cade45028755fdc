"""A web application on a test site, called without a network."""

from starlette.testclient import TestClient

from importal.components import Components
from importal.site import Site
from importal.web import create_app


def client_of(site: Site, *, address: str = "testclient", **ports: object) -> TestClient:
    """Return a client whose requests look like those of our own pages, from this address."""
    components = Components(site, ports.get("destination"), ports.get("patient_lookup"))
    return TestClient(
        create_app(components),
        base_url="http://127.0.0.1:8080",
        headers={"X-Importal-Desk": "1"},
        raise_server_exceptions=False,
        client=(address, 50000),
    )
