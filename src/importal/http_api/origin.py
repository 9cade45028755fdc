"""Requests that change something with a cookie must come from our own pages (CSRF).

The cookie is SameSite=Strict already; here the browser's own statement (Sec-Fetch-Site, Origin) and a
header that no form can set are required as well.
"""

from urllib.parse import urlsplit

from fastapi import Request

from importal.errors import FORBIDDEN_ORIGIN, ImportalError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-importal-desk"


def require_own_origin(request: Request) -> None:
    """Raise ``forbidden.origin`` unless an unsafe request comes from our own pages."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get(HEADER) != "1":
        raise ImportalError(FORBIDDEN_ORIGIN)
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ImportalError(FORBIDDEN_ORIGIN)
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ImportalError(FORBIDDEN_ORIGIN)
