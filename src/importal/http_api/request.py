"""What a route asks of a request: the installation, and who is calling."""

import ipaddress
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from importal.site import Site


def _site(connection: HTTPConnection) -> Site:
    site: Site = connection.app.state.site
    return site


SiteDep = Annotated[Site, Depends(_site)]


def client_address(connection: HTTPConnection) -> str:
    """Return the caller's address, of IPv6 the network; uvicorn has applied X-Forwarded-For."""
    if connection.client is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(connection.client.host.partition("%")[0])
    except ValueError:
        return connection.client.host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    # Whoever has one IPv6 address has 2**64 of them, and would otherwise have as many guesses.
    return str(ipaddress.ip_network((address, 64), strict=False))
