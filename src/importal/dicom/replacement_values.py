"""What the de-identify mode writes in place of a value: pseudonyms, moved dates, new UIDs, dummies.

Everything is derived from a keyed digest of what it replaces, so that it is consistent over instances,
studies and repetitions, and nobody without the key can try values out (PS3.15 E.1.1). Dates of a person
move by one number of days, chosen by the key (PS3.15 E.3.6).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from importal.dicom import word_list
from importal.dicom.profile import (
    ISSUER_OF_PATIENT_ID,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    STUDY_INSTANCE_UID,
)
from importal.dicom.pseudonyms import Pseudonyms, normalised_family_name
from importal.dicom.reading import Element

REMOVED = "REMOVED"
# Of a person older than this the year alone would say who it is (45 CFR 164.514(b)(2)(i)(C)).
OLDEST_AGE = 89
_WELL_KNOWN_UIDS = "1.2.840.10008."
_LEAST_DAYS, _DAYS = 30, 3650
_TELLING = 3
_DATE = re.compile(r"(\d{4})[.-]?(\d{2})?[.-]?(\d{2})?(.*)", re.DOTALL)
_AGE = re.compile(r"(\d{3})([DWMY])")
_DAYS_IN = {"D": 1.0, "W": 7.0, "M": 30.4, "Y": 365.25}
_VERSION_8, _VARIANT = 0x8 << 76, 0x2 << 62
_DUMMIES: Mapping[str, bytes] = {
    "AE": b"REMOVED ",
    "AS": b"000Y",
    "AT": bytes(4),
    "CS": b"REMOVED ",
    "DA": b"19000101",
    "DS": b"0 ",
    "DT": b"19000101000000",
    "FD": bytes(8),
    "FL": bytes(4),
    "IS": b"0 ",
    "OD": bytes(8),
    "OF": bytes(4),
    "OL": bytes(4),
    "OV": bytes(8),
    "SL": bytes(4),
    "SV": bytes(8),
    "TM": b"000000",
    "UL": bytes(4),
    "UV": bytes(8),
}
_TEXTS = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))


@dataclass(frozen=True)
class Subject:
    """Whose object it is: the pseudonym, the scope of what replaces its values, the days that dates move."""

    pseudonym: str
    scope: bytes = field(repr=False)
    study: str = field(repr=False)
    days: int = field(repr=False)
    pseudonyms: Pseudonyms = field(repr=False)

    def new_uid(self, uid: str) -> str:
        """Return the UID that stands for this one; those that the standard defines stay (PS3.5 B.2)."""
        return uid if uid.startswith(_WELL_KNOWN_UIDS) else _new_uid(self.pseudonyms, uid)

    def pseudonym_of(self, domain: str, value: str) -> str:
        """Return what stands for an identifier of this person; "" for none."""
        return self.pseudonyms.pseudonym(domain, self.scope, value) if value else ""

    def moved(self, value: str) -> str | None:
        """Return a DA or DT value moved by this person's days, None when it is no date."""
        match = _DATE.fullmatch(value)
        if match is None:
            return None
        year, month, day, rest = match.groups()
        try:
            known = date(int(year), int(month or 1), int(day or 1))
            shown = (known - timedelta(days=self.days)).strftime("%Y%m%d")
        except (ValueError, OverflowError):
            return None
        return shown[: 8 if day else 6 if month else 4].rjust(4, "0") + rest


def subject_of(top: Mapping[int, Element], pseudonyms: Pseudonyms) -> Subject:
    """Return whose object it is, by the rule of `arrival`: issuer, Patient ID, family name, birth date."""

    def text(tag: int) -> str:
        return top[tag].text() if tag in top else ""

    study, own = text(STUDY_INSTANCE_UID), text(PATIENT_ID)
    named = (text(ISSUER_OF_PATIENT_ID), normalised_family_name(text(PATIENT_NAME)), text(PATIENT_BIRTH_DATE))
    scope = pseudonyms.digest("deidentified scope", *named, *((own,) if own else ("", study)))
    days = _LEAST_DAYS + int.from_bytes(pseudonyms.digest("days", scope)[:8], "big") % _DAYS
    return Subject(pseudonyms.pseudonym("deidentified patient", scope), scope, study, days, pseudonyms)


@lru_cache(maxsize=4096)
def _new_uid(pseudonyms: Pseudonyms, uid: str) -> str:
    bits = int.from_bytes(pseudonyms.digest("uid", uid)[:16], "big")
    bits = bits & ~(0xF << 76) & ~(0x3 << 62) | _VERSION_8 | _VARIANT
    return f"2.25.{bits}"


def dummy(vr: str) -> bytes:
    """Return a value of this VR that says nothing, of even length."""
    if vr in _TEXTS:
        return f"{REMOVED} ".encode("ascii")
    return _DUMMIES.get(vr, b"\0\0")


def bounded_age(value: str) -> str:
    """Return an age as AS, above ninety years ninety."""
    match = _AGE.fullmatch(value)
    if match is None:
        return ""
    years = int(match[1]) * _DAYS_IN[match[2]] / _DAYS_IN["Y"]
    return value if years < OLDEST_AGE + 1 else f"{OLDEST_AGE + 1:03}Y"


def identity_words(names: Iterable[str], identifiers: Iterable[str], dates: Iterable[str]) -> frozenset[str]:
    """Return the folded words of everything that named the person or the order, and the dates as written.

    Of an identifier such as CT-2021-0815 the parts with digits count; CT alone names nobody.
    """
    words = {word for name in names for word in word_list.folded_words(name)}
    for identifier in identifiers:
        parts = word_list.folded_words(identifier)
        telling = {part for part in parts if len(part) >= _TELLING and any(sign.isdigit() for sign in part)}
        words |= telling or (parts if len(parts) == 1 else set())
    for value in dates:
        digits = re.sub(r"\D", "", value)
        if len(digits) == len("YYYYMMDD"):
            year, month, day = digits[:4], digits[4:6], digits[6:]
            words |= {digits, day + month + year, month + day + year}
    return frozenset(words)
