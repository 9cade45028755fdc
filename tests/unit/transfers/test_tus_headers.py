"""Headers of the tus protocol: read as written, or refused; never anything in between."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importal.errors import ImportalError
from importal.transfers import tus_headers
from importal.transfers.packs import MAX_OFFSET

KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1)
NAMES = st.text(max_size=60)


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode("utf-8", "replace") if isinstance(text, str) else text).decode()


def written(values: dict[str, str]) -> str:
    return ",".join(f"{key} {encoded(value)}" for key, value in values.items())


@given(st.dictionaries(KEYS, st.text(st.characters(codec="utf-8"), max_size=40), max_size=8))
def test_what_a_client_writes_is_read_as_it_was_meant(values):
    assert tus_headers.parse_metadata(written(values)) == values


@given(st.text(max_size=200))
def test_any_metadata_is_read_or_refused(raw):
    try:
        described = tus_headers.read_metadata({"upload-metadata": raw})
    except ImportalError as refused:
        assert refused.code == "upload.header"
    else:
        assert described.path
        assert described.raw == raw.strip()


@given(st.text(max_size=200))
def test_any_checksum_is_read_or_refused(raw):
    try:
        checksum = tus_headers.read_checksum({"upload-checksum": raw})
    except ImportalError as refused:
        assert (refused.code, refused.params) == ("upload.header", {"where": "Upload-Checksum"})
    else:
        assert checksum.algorithm in {"sha1", "sha256"}


@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(["sha1", "sha256"]))
def test_a_checksum_fits_its_bytes_and_no_others(data, others, algorithm):
    raw = f"{algorithm} {encoded(hashlib.new(algorithm, data).digest())}"
    checksum = tus_headers.read_checksum({"upload-checksum": raw})
    assert checksum.fits(data)
    assert checksum.fits(others) == (data == others)


@given(st.one_of(st.text(max_size=30), st.integers().map(str)))
def test_a_number_is_read_exactly_or_refused(text):
    try:
        number = tus_headers.read_number({"upload-offset": text}, "Upload-Offset")
    except ImportalError as refused:
        assert refused.params == {"where": "Upload-Offset"}
    else:
        assert 0 <= number <= MAX_OFFSET
        assert str(number) == (text.lstrip("0") or "0")


@given(NAMES, NAMES)
def test_a_path_never_leads_anywhere(name, folder):
    path = tus_headers.path_of({"filename": name, "relativePath": folder})
    assert 0 < len(path) <= tus_headers.MAX_PATH
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert all(character >= " " and character != "\x7f" for character in path)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"filename": "IM1"}, "IM1"),
        ({"name": "IM1", "type": "application/dicom"}, "IM1"),
        ({"filename": "IM1", "relativePath": "null"}, "IM1"),
        ({"filename": "IM1", "relativePath": "disc/IM1"}, "disc/IM1"),
        ({"filename": "IM1", "relativePath": "disc"}, "disc/IM1"),
        ({"filename": "..\\..\\etc\\passwd"}, "etc/passwd"),
        ({"relativePath": "/a/./b//c"}, "a/b/c"),
        ({}, "unnamed"),
    ],
)
def test_paths_are_those_that_uppy_and_others_send(values, path):
    assert tus_headers.path_of(values) == path


@pytest.mark.parametrize(
    "raw", ["a,a", "a b", "ä YQ==", "a YQ", " ,", f"sha256 {encoded('12')}", f"a {encoded(bytes(8000))}"]
)
def test_malformed_metadata_is_refused(raw):
    with pytest.raises(ImportalError) as refused:
        tus_headers.read_metadata({"upload-metadata": raw})
    assert refused.value.params == {"where": "Upload-Metadata"}


def test_a_promised_digest_is_read():
    digest = hashlib.sha256(b"x").hexdigest()
    raw = written({"filename": "IM1", "sha256": digest.upper()})
    assert tus_headers.read_metadata({"upload-metadata": raw}).promised_sha256 == digest


def test_moments_are_written_as_http_does():
    assert tus_headers.moment(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) == "Mon, 02 Mar 2026 09:00:00 GMT"
