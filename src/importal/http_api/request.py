"""What a route asks of a request: the installation, and who is calling."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from importal.site import Site


def _site(connection: HTTPConnection) -> Site:
    site: Site = connection.app.state.site
    return site


SiteDep = Annotated[Site, Depends(_site)]


def client_address(connection: HTTPConnection) -> str:
    """Return the caller's address; uvicorn has already applied X-Forwarded-For of trusted proxies."""
    return connection.client.host if connection.client else "unknown"
