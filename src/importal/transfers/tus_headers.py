"""The headers of the tus protocol, version 1.0: read strictly, so that two readers never disagree.

https://tus.io/protocols/resumable-upload, with the extensions named below.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from importal.errors import ImportalError
from importal.transfers.errors import UPLOAD_HEADER, UPLOAD_MEDIA_TYPE, UPLOAD_VERSION
from importal.transfers.packs import MAX_OFFSET

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
MEDIA_TYPE = "application/offset+octet-stream"
MAX_METADATA = 8192
MAX_PATH = 4096

_NUMBER = re.compile(r"[0-9]{1,16}")
_KEY = re.compile(r"[!-+\--~]{1,255}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Clients write what JavaScript makes of a value that is not there.
_NOTHING = frozenset({"", "null", "undefined"})
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request are to give."""

    algorithm: str
    digest: bytes

    def fits(self, data: bytes) -> bool:
        """Whether they do."""
        return ALGORITHMS[self.algorithm](data, usedforsecurity=False).digest() == self.digest


@dataclass(frozen=True)
class Described:
    """What a client says of the file that it begins."""

    path: str = field(repr=False)
    promised_sha256: str | None
    raw: str = field(repr=False)


def require_version(headers: Mapping[str, str]) -> None:
    """Raise ``upload.version`` unless the client speaks 1.0.0."""
    if headers.get("tus-resumable") != VERSION:
        raise ImportalError(UPLOAD_VERSION)


def require_bytes(headers: Mapping[str, str]) -> None:
    """Raise ``upload.media_type`` unless the body is announced as a piece of a file."""
    if not carries_bytes(headers):
        raise ImportalError(UPLOAD_MEDIA_TYPE)


def carries_bytes(headers: Mapping[str, str]) -> bool:
    """Whether the body is announced as a piece of a file."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA_TYPE


def read_number(headers: Mapping[str, str], name: str) -> int:
    """Return a number of bytes; raises ``upload.header``."""
    text = headers.get(name.lower(), "")
    if not _NUMBER.fullmatch(text) or int(text) > MAX_OFFSET:
        raise _malformed(name)
    return int(text)


def read_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """Return the checksum of the body, if one was sent; raises ``upload.header``."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    digest = _decode(encoded.strip(), "Upload-Checksum")
    if algorithm not in ALGORITHMS or len(digest) != ALGORITHMS[algorithm]().digest_size:
        raise _malformed("Upload-Checksum")
    return Checksum(algorithm, digest)


def read_metadata(headers: Mapping[str, str]) -> Described:
    """Return what is said of a file; keys other than ours are kept and not read. Raises ``upload.header``."""
    raw = headers.get("upload-metadata", "").strip()
    values = parse_metadata(raw)
    promised = values.get("sha256", "").lower()
    if promised in _NOTHING:
        return Described(path_of(values), None, raw)
    if not _SHA256.fullmatch(promised):
        raise _malformed("Upload-Metadata")
    return Described(path_of(values), promised, raw)


def parse_metadata(raw: str) -> dict[str, str]:
    """Return the pairs of an ``Upload-Metadata``; raises ``upload.header``."""
    if len(raw) > MAX_METADATA:
        raise _malformed("Upload-Metadata")
    values: dict[str, str] = {}
    for pair in raw.split(",") if raw else ():
        key, _, encoded = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in values:
            raise _malformed("Upload-Metadata")
        values[key] = _decode(encoded.strip(), "Upload-Metadata").decode("utf-8", "replace")
    return values


def path_of(values: Mapping[str, str]) -> str:
    """Return how the sender knows the file: a label that never leads anywhere; it may hold a name."""
    name = _said(values, "filename") or _said(values, "name")
    folder = _said(values, "relativePath")
    if folder and name and _parts(folder)[-1:] != _parts(name)[-1:]:
        folder = f"{folder}/{name}"
    return "/".join(_parts(folder or name))[:MAX_PATH] or "unnamed"


def moment(at: datetime) -> str:
    """Return a moment as HTTP writes it (RFC 9110, 5.6.7)."""
    return format_datetime(at, usegmt=True)


def _said(values: Mapping[str, str], key: str) -> str:
    value = values.get(key, "")
    return "" if value in _NOTHING else value


def _parts(path: str) -> list[str]:
    clean = _UNSEEN.sub("\ufffd", path).replace("\\", "/")
    return [part for part in clean.split("/") if part.strip() not in {"", ".", ".."}]


def _decode(encoded: str, name: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed(name) from None


def _malformed(name: str) -> ImportalError:
    return ImportalError(UPLOAD_HEADER, {"where": name})
