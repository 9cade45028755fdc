"""Specific Character Set: from bytes to text and back, forgiving on the way in (PS3.3 C.12.1.1.2, PS3.5 6.1).

Reading never raises: a misspelt term is understood, an unknown one falls back, and a byte that cannot be
read becomes a replacement sign. Writing raises `UnicodeEncodeError`, because a name must not be altered.
"""

import re

from pydicom.charset import decode_bytes, encode_string, python_encoding

UTF_8 = "ISO_IR 192"
# Every defined term of (0008,0005), with what reads and writes it.
TERMS: dict[str, str] = dict(python_encoding)
_FALLBACK = "latin-1"
_DELIMITERS = {"\r", "\n", "\t", "\f"}
_DEFAULT_REPERTOIRE = ("", "ISO_IR 6", "ISO 2022 IR 6")
_PN_DELIMITERS = {"^", "="}
# Bytes below 0x80 that are not characters of their own, by Python encoding; and under code extensions:
# escape sequences, and what follows the designation of a multi-byte set to G0 (PS3.5 6.1.2.5).
_PAIRS = {
    "GB18030": re.compile(rb"[\x81-\xfe](?:[0-9][\x81-\xfe][0-9]|[\x40-\xfe])"),
    "GBK": re.compile(rb"[\x81-\xfe][\x40-\xfe]"),
    "shift_jis": re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\xfc]"),
}
_ESCAPED = re.compile(rb"\x1b\$(?:[@AB]|\([ -/]*[0-~])[^\x1b\t\n\f\r]*|\x1b[ -/]+[0-~]")


def encodings(specific_character_set: str) -> list[str]:
    """Return Python encodings for the value of (0008,0005); never empty."""
    found: list[str] = []
    for term in specific_character_set.split("\\"):
        plain = term.strip(" \0")
        known = TERMS.get(plain)
        if known is None:
            plain = re.sub(r"^ISO[ _-]?IR[ _-]", "ISO_IR ", plain.upper())
            plain = re.sub(r"^ISO[ _-]?2022[ _-]IR[ _-]", "ISO 2022 IR ", plain)
            known = TERMS.get(plain, _FALLBACK)
        found.append(known)
    if len(found) > 1 and found[0] == TERMS["ISO_IR 192"]:
        return found[:1]
    return found


def decode(value: bytes, specific_character_set: str, *, person_name: bool = False) -> str:
    """Return the text of a value, without outer padding."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii").strip(" \0")
    names = encodings(specific_character_set)
    try:
        if person_name:
            groups = value.split(b"=") if names[0] not in ("shift_jis", "GB18030", "GBK") else [value]
            text = "=".join(str(decode_bytes(group, names, _PN_DELIMITERS)) for group in groups)
        else:
            text = str(decode_bytes(value, names, _DELIMITERS))
    except (UnicodeError, LookupError, ValueError):
        text = value.decode(_FALLBACK)
    return text.strip(" \0")


def ascii_mask(value: bytes, specific_character_set: str) -> bytes:
    """Return the value, of the same length, with 0x80 where a byte only looks like an ASCII character."""
    if value.isascii() and b"\x1b" not in value:
        return value
    mask = _ESCAPED.sub(_blank, value)
    pairs = _PAIRS.get(encodings(specific_character_set)[0])
    return pairs.sub(_blank, mask) if pairs else mask


def _blank(match: re.Match[bytes]) -> bytes:
    return b"\x80" * len(match[0])


def encode(text: str, specific_character_set: str) -> bytes:
    """Return the bytes of a text in the given character set; raises UnicodeEncodeError when it cannot."""
    if text.isascii():
        return text.encode("ascii")
    names = encodings(specific_character_set)
    ascii_first = specific_character_set.split("\\", 1)[0].strip(" \0") in _DEFAULT_REPERTOIRE
    groups = []
    for group in text.split("="):
        components = [_component(component, names, ascii_first=ascii_first) for component in group.split("^")]
        groups.append(b"^".join(components))
    raw = b"=".join(groups)
    if decode(raw, specific_character_set, person_name="^" in text or "=" in text) != text.strip(" \0"):
        raise UnicodeEncodeError(names[0], "", 0, 1, "not in the character set")
    return raw


def _component(text: str, names: list[str], *, ascii_first: bool) -> bytes:
    """Encode one component of a name; code extensions end within it (PS3.5 6.1.2.5.3)."""
    if text.isascii():
        return text.encode("ascii")
    raw = bytes(encode_string(text, names))
    # Readers take the default repertoire for Latin-1; writers must not.
    if ascii_first and b"\x1b" not in raw:
        raise UnicodeEncodeError("ascii", "", 0, 1, "not in the character set")
    return raw
