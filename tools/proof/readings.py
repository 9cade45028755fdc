"""What three readers that are not our own see in a file: pydicom, DCMTK's dcmdump, the validator dciodvfy.

Each reading is a list of elements by path, so that two of them can be compared; what neutralise edits by its
table, and the item that it adds about itself, are left out.
"""

import re
import struct
import subprocess
import warnings
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.errors import InvalidDicomError

from importal.dicom.profile import (
    CONTRIBUTING_EQUIPMENT,
    DATA_SET_TRAILING_PADDING,
    MITRA_GLOBAL_PATIENT_IDS,
    RULES,
    Arrival,
)

Reading = list[tuple[str, str]]
EDITED = (
    frozenset(tag for tag, rule in RULES.items() if rule.arrival is not Arrival.KEEP)
    | MITRA_GLOBAL_PATIENT_IDS
    | {DATA_SET_TRAILING_PADDING}
)
_OWN = "Identifiers of another institution replaced"
_LINE = re.compile(r"^( *)\(([0-9a-f]{4}),([0-9a-f]{4})\) (\S\S) (.*)$")
_COMMENT = re.compile(r" +# +\S+, ?\d+ \S+$")
_MARKS = frozenset((0xFFFEE00D, 0xFFFEE0DD))
_ITEM = 0xFFFEE000
_TIMEOUT = 120
# What pydicom raises on a value or file that it cannot read.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    struct.error,
    TypeError,
    ValueError,
)
# The validator's dictionary has no MITRA LINKED ATTRIBUTES and guesses a VR for the Global Patient ID.
_MISREAD = re.compile(r"\(0x0031,0x..20\) IS")
# An empty value was wrong before and is wrong afterwards, although another condition forbids it then.
# The UIDs of the File Meta Information are those of the object, whatever is wrong with them.
_META_UID = re.compile(r"\((0x0002,0x000[23]\) Media Storage|0x0008,0x001[68]\)) SOP (Class|Instance) UID")
_CONDITION = re.compile(r"Attribute present but empty \(no value\) even though condition not satisfied")


def pydicom_reading(data: bytes, texts: Iterable[str]) -> Reading:
    """Return what pydicom reads, at every depth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Reading = []
        _flatten(pydicom.dcmread(BytesIO(data)), "", frozenset(texts), found)
    return found


def _flatten(data_set: Any, path: str, texts: frozenset[str], found: Reading) -> None:
    tags = data_set.keys()
    for tag in tags:
        if int(tag) in EDITED or not tag.element:
            continue
        here = f"{path}({tag.group:04X},{tag.element:04X})"
        raw = data_set.get_item(tag)
        if _is_sequence(data_set, tag, raw):
            items = [item for item in data_set[tag].value if item.get("ContributionDescription") != _OWN]
            if items or int(tag) != CONTRIBUTING_EQUIPMENT:
                found.append((here, f"{len(items)} items"))
            for number, item in enumerate(items, 1):
                _flatten(item, f"{here}[{number}]>", texts, found)
        elif here[-11:] in texts:
            found.append((here, "a text with a pseudonym"))
        else:
            found.append((here, _value(data_set, tag)))


def _value(data_set: Any, tag: Any) -> str:
    try:
        return f"{data_set[tag].VR} {data_set[tag].value!r}"
    except UNREADABLE:
        return repr(data_set.get_item(tag).value)


def _is_sequence(data_set: Any, tag: Any, raw: Any) -> bool:
    return raw.VR == "SQ" or (raw.VR in {None, "UN"} and data_set[tag].VR == "SQ")


def dcmdump_reading(file: Path, texts: Iterable[str]) -> Reading | None:
    """Return what dcmdump prints of the data set; None where it refuses the file."""
    command = ["dcmdump", "-q", "+L", str(file)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT)
    if done.returncode:
        return None
    lines = done.stdout.decode("latin-1").partition("# Dicom-Data-Set")[2].split("\n")
    return _without_own(_elements(lines, frozenset(texts)))


def _elements(lines: Iterable[str], texts: frozenset[str]) -> Reading:
    found: Reading = []
    path: list[str] = []
    skipped = -1
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            if skipped < 0 and found and line and not line.startswith("#"):  # a value with line ends
                found[-1] = (found[-1][0], found[-1][1] + "\n" + _COMMENT.sub("", line))
            continue
        depth, tag = len(match[1]) // 2, int(match[2] + match[3], 16)
        if skipped >= 0 and depth > skipped:
            continue
        skipped = depth if tag in EDITED else -1
        if skipped >= 0 or tag in _MARKS or not tag & 0xFFFF:
            continue
        name = f"({match[2]},{match[3]})".upper()
        path[depth:] = [name]
        is_container = match[4] == "SQ" or tag == _ITEM or "Sequence with" in match[5]
        value = f"{match[4]} {_COMMENT.sub('', match[5])}"
        found.append((">".join(path), "" if is_container or name in texts else value))
    return found


def _without_own(found: Reading) -> Reading:
    """Leave out the item that neutralise adds, and its sequence where it has no other."""
    marks = [number for number, (_, value) in enumerate(found) if _OWN in value]
    if not marks:
        return found
    start = max(number for number in range(marks[-1]) if found[number][0].endswith("(FFFE,E000)"))
    item = found[start][0]
    end = start + 1
    while end < len(found) and found[end][0].startswith(f"{item}>"):
        end += 1
    if not found[start - 1][0].endswith("(FFFE,E000)") and found[start - 1][0] == item.rpartition(">")[0]:
        start -= 1
    return found[:start] + found[end:]


def errors(file: Path) -> set[str] | None:
    """Return the errors that dciodvfy finds; None where it cannot read the file."""
    done = subprocess.run(["dciodvfy", str(file)], capture_output=True, check=False, timeout=_TIMEOUT)
    text = (done.stderr + done.stdout).decode("latin-1")
    if "dataset read failed" in text:
        return None
    lines = (line.strip() for line in text.split("\n") if "Error" in line and not _MISREAD.search(line))
    return {_CONDITION.sub("Empty attribute (no value)", _META_UID.sub("", line)) for line in lines}
