"""One shape for everything that can go wrong: a stable code, an HTTP status and parameters.

The sentence that a person reads comes from the message catalogue by the code. Codes and
parameters never hold patient data, so errors may be logged as they are (RFC 9457 on the wire).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorRow:
    """One row of the error table: what may happen, and what HTTP says then."""

    code: str
    status: int
    sentence: str


class ErrorTable:
    """All rows, declared by the slices that raise them; a code is declared once."""

    def __init__(self) -> None:
        self._rows: dict[str, ErrorRow] = {}

    def declare(self, code: str, status: int, sentence: str) -> ErrorRow:
        """Add a row; a second row of the same code is a defect of the program."""
        if code in self._rows:
            raise ValueError(code)
        row = self._rows[code] = ErrorRow(code, status, sentence)
        return row

    def __getitem__(self, code: str) -> ErrorRow:
        return self._rows[code]

    def rows(self) -> Sequence[ErrorRow]:
        """Return all rows, by code."""
        return sorted(self._rows.values(), key=lambda row: row.code)


TABLE = ErrorTable()


class ImportalError(Exception):
    """Something that a person is told in a sentence of the catalogue."""

    def __init__(self, row: ErrorRow, params: Mapping[str, int | str] | None = None) -> None:
        super().__init__(row.code)
        self.row = row
        self.params = dict(params or {})

    @property
    def code(self) -> str:
        """The stable code."""
        return self.row.code


class ConfigurationRefused(Exception):
    """The settings are wrong or unsafe; names the settings, never their values."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(f"IMPORTAL_{name.upper()}" for name in names))
        self.names = tuple(names)


class Retry(Exception):
    """A job could not do its work now, and may later; carries a code and, if it matters, when."""

    def __init__(self, code: str, after_seconds: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.after_seconds = after_seconds


NOT_FOUND = TABLE.declare("not_found", 404, "This does not exist, or is not yours to see.")
UNAUTHORISED = TABLE.declare("unauthorised", 401, "Please log in again.")
FORBIDDEN_ORIGIN = TABLE.declare("forbidden.origin", 403, "This request did not come from our own pages.")
INVALID_REQUEST = TABLE.declare("request.invalid", 422, "Something in this request is missing or malformed.")
RATE_LIMITED = TABLE.declare("rate.limited", 429, "Too many attempts. Please wait a moment and try again.")
INTERNAL = TABLE.declare(
    "internal", 500, "Something went wrong on our side. Nothing that was confirmed is lost."
)
