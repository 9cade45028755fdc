"""The body of a form with files (RFC 7578), read as it comes: fields, then files in pieces.

The grammar is python-multipart's; here are the limits, and what of a file's name is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from importal.errors import ImportalError
from importal.plain_form.errors import FORM_BROKEN

MOST_PARTS = 20_000
MOST_FIELD_BYTES = 10_000
MOST_NAME = 255


@dataclass(frozen=True)
class FieldPart:
    """A whole field that is no file."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class FileBegins:
    """A file begins, with the last part of its name."""

    name: str = field(repr=False)


@dataclass(frozen=True)
class FileBytes:
    """The next bytes of the file."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class FileEnds:
    """The file is whole."""


Event = FieldPart | FileBegins | FileBytes | FileEnds


class FormReader:
    """Turns pieces of a body into events; holds no more than a header or a field."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 70:
            raise ImportalError(FORM_BROKEN)
        self._events: list[Event] = []
        self._parts = 0
        self._is_ended = False
        self._header, self._value = b"", b""
        self._disposition = b""
        self._field: tuple[str, bytearray] | None = None
        self._is_file = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def feed(self, chunk: bytes) -> Sequence[Event]:
        """Return what these bytes bring; raises ``form.broken``."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise ImportalError(FORM_BROKEN) from error
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Raise ``form.broken`` unless the body has come to its end."""
        if not self._is_ended:
            raise ImportalError(FORM_BROKEN)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ImportalError(FORM_BROKEN)
        self._disposition, self._field, self._is_file = b"", None, False
        self._header = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        _kind, options = parse_options_header(self._disposition)
        if b"filename" in options:
            self._is_file = True
            self._events.append(FileBegins(name_of(options[b"filename"].decode("utf-8", "replace"))))
        else:
            self._field = (options.get(b"name", b"").decode("utf-8", "replace"), bytearray())

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._events.append(FileBytes(data[start:end]))
        elif self._field is not None:
            self._field[1].extend(data[start:end])
            if len(self._field[1]) > MOST_FIELD_BYTES:
                raise ImportalError(FORM_BROKEN)

    def _on_part_end(self) -> None:
        if self._is_file:
            self._events.append(FileEnds())
        elif self._field is not None:
            self._events.append(FieldPart(self._field[0], self._field[1].decode("utf-8", "replace")))

    def _on_end(self) -> None:
        self._is_ended = True


def name_of(given: str) -> str:
    """Return the last part of a file's name, as people see it: without folders and without controls."""
    last = given.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[-MOST_NAME:].strip()
