"""The web process: mounts the routes of the slices and serves the two pages."""

import re
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from importal import (
    __version__,
    accounts,
    delivery,
    http_api,
    invitations,
    plain_form,
    reconciliation,
    status,
    submissions,
    transfers,
)
from importal.components import Components

ASSETS = Path(__file__).parent / "web_assets"
# Their routes count the bytes of bodies for themselves.
STREAMED = re.compile(f"{transfers.STREAMED.pattern}|{plain_form.STREAMED.pattern}")
STYLESHEET = re.compile(r'href="\./(assets/[^"]+\.css)"')
ROUTERS = (
    invitations.router,
    submissions.router,
    transfers.router,
    transfers.tus_router,
    status.router,
    plain_form.router,
    accounts.router,
    invitations.desk_router,
    reconciliation.router,
    delivery.router,
)


def create_app(components: Components | None) -> FastAPI:
    """Return the application; without components it only describes itself."""
    app = FastAPI(
        title="Importal",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Such a redirect would name an address above the path at which a proxy has placed us.
        redirect_slashes=False,
    )
    if components is not None:
        app.state.site = components.site
        app.state.patient_lookup = components.patient_lookup
        app.state.destination = components.destination
    http_api.install_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    _add_health(app, components)
    _add_pages(app)
    app.state.stylesheets = _stylesheets()
    app.add_middleware(http_api.BodyLimit, streamed=STREAMED)
    app.add_middleware(http_api.SecurityHeaders)
    return app


def openapi_document() -> dict[str, object]:
    """Return the OpenAPI description of all routes."""
    return create_app(None).openapi()


def _add_health(app: FastAPI, components: Components | None) -> None:
    @app.get("/healthz", include_in_schema=False)
    def alive() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @app.get("/readyz", include_in_schema=False)
    def ready(response: Response) -> dict[str, str]:
        assert components is not None
        try:
            with components.site.database.reading() as session:
                session.connection().exec_driver_sql("SELECT 1")
            components.site.storage.check()
        except Exception:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
            response.status_code = 503
            return {"status": "not ready"}
        return {"status": "ready"}


def _stylesheets() -> list[str]:
    """Return the style sheets of the sender's page, which the plain form wears as well."""
    built = ASSETS / "index.html"
    return STYLESHEET.findall(built.read_text(encoding="utf-8")) if built.exists() else []


def _add_pages(app: FastAPI) -> None:
    def page(name: str) -> FileResponse:
        return FileResponse(ASSETS / name, headers={"Cache-Control": "no-cache"})

    @app.get("/", include_in_schema=False)
    def sender_page() -> FileResponse:
        return page("index.html")

    @app.get("/desk", include_in_schema=False)
    def desk_page() -> FileResponse:
        return page("desk.html")

    @app.get("/desk/", include_in_schema=False)
    def desk_page_mistyped() -> RedirectResponse:
        return RedirectResponse("../desk")

    app.mount("/assets", StaticFiles(directory=ASSETS / "assets", check_dir=False), name="assets")
