"""The texts of the plain form, from the catalogue; the one place that reads it."""

import json
from functools import lru_cache
from pathlib import Path

from importal.errors import TABLE

CATALOGUE = Path(__file__).parents[1] / "locales" / "en" / "form.json"
LANGUAGE = "en"


@lru_cache(1)
def _messages() -> dict[str, str | dict[str, str]]:
    found: dict[str, str | dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return found


def text(key: str, **params: object) -> str:
    """Return a sentence; of one with two forms the one that fits ``count``. Raises KeyError."""
    message = _messages()[f"form.{key}"]
    if isinstance(message, dict):
        message = message["one" if params.get("count") == 1 else "other"]
    for name, value in params.items():
        message = message.replace("{" + name + "}", str(value))
    return message


def sentence(code: str, **params: object) -> str:
    """Return what a person is told of a code."""
    key = f"error.{code}"
    return text(key, **params) if f"form.{key}" in _messages() else TABLE[code].sentence


def date_of(value: str) -> str:
    """Return a DA value (PS3.5 section 6.2) written out; "" where it is none."""
    digits = "".join(sign for sign in value if sign.isascii() and sign.isdigit())
    if len(digits) != 8 or not 1 <= int(digits[4:6]) <= 12:
        return ""
    return text("date", day=int(digits[6:]), month=text(f"month.{int(digits[4:6])}"), year=digits[:4])


def modality_of(code: str) -> str:
    """Return a modality in plain words."""
    key = f"modality.{code}"
    return text(key) if f"form.{key}" in _messages() else text("modality_unknown")


def size_of(size: int) -> str:
    """Return a size in words."""
    amount, unit = (size / 1024**3, "GB") if size >= 1024**3 else (size / 1024**2, "MB")
    return f"{amount:.0f} {unit}" if amount >= 10 or amount == int(amount) else f"{amount:.1f} {unit}"
