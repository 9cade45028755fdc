"""Errors on the wire: problem+json with a stable code (RFC 9457)."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from importal import logs
from importal.errors import (
    INTERNAL,
    INVALID_REQUEST,
    NOT_FOUND,
    ErrorRow,
    ImportalError,
)
from importal.http_api.headers import HEADERS

log = logs.get("http_api")


def problem_response(row: ErrorRow, params: Mapping[str, int | str] | None = None) -> JSONResponse:
    """Return the response for one row of the error table."""
    body = {
        "type": f"urn:importal:error:{row.code}",
        "title": row.sentence,
        "status": row.status,
        "code": row.code,
        "params": dict(params or {}),
    }
    headers = {}
    if params and "retry_after_seconds" in params:
        headers["Retry-After"] = str(params["retry_after_seconds"])
    return JSONResponse(body, row.status, headers, media_type="application/problem+json")


def install_problems(app: FastAPI) -> None:
    """Answer every error of the application as a problem; nothing of a defect reaches the caller."""

    @app.exception_handler(ImportalError)
    def known(_request: Request, error: ImportalError) -> JSONResponse:
        return problem_response(error.row, error.params)

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # Only the place of the fault: the faulty value may be somebody's name.
        where = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        return problem_response(INVALID_REQUEST, {"where": ", ".join(where)[:200]})

    @app.exception_handler(HTTPException)
    def by_status(_request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == NOT_FOUND.status:
            return problem_response(NOT_FOUND)
        row = ErrorRow(f"http.{error.status_code}", error.status_code, "This request cannot be answered.")
        return problem_response(row)

    @app.exception_handler(Exception)
    def defect(_request: Request, error: Exception) -> JSONResponse:
        log.error("http_api.request_failed", exc_info=error)
        answer = problem_response(INTERNAL)
        # This answer is given outside of everything that adds headers.
        answer.headers.update(HEADERS | {"Cache-Control": "no-store"})
        return answer
