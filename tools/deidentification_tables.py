"""The tables of the page on de-identification, from the rows that the engine obeys (PS3.15 Table E.1-1)."""

from collections.abc import Iterator

from pydicom.datadict import keyword_for_tag

from importal import dicom
from importal.cli_dicom import HOLDS
from importal.dicom import confidentiality

Rows = Iterator[tuple[str, ...]]

_FATES = {
    confidentiality.Fate.REMOVE: "removed",
    confidentiality.Fate.EMPTY: "emptied",
    confidentiality.Fate.DUMMY: "replaced",
}
_WITH_OPTION = {"C": "cleaned", "K": "kept", "U": "new UID", "X": "removed"}


def options() -> Rows:
    """Yield the options, their codes, and whether they are chosen where nobody chooses."""
    for option in dicom.DeidentificationOption:
        value, meaning = confidentiality.OPTION_CODES[option]
        usual = "on" if option in dicom.USUAL_OPTIONS else "off"
        yield f"`{option.value}`", f"{value}, {meaning}", usual


def attributes() -> Rows:
    """Yield every row of Table E.1-1 as the engine has it."""
    for tag, row in sorted(confidentiality.TABLE.items()):
        with_options = ", ".join(
            f"{_WITH_OPTION[action]}: `{option}`"
            for option, action in sorted(row.options.items())
            if option in set(dicom.DeidentificationOption)
        )
        yield f"{_shown(tag)} {row.keyword}".rstrip(), row.basic, with_options


def gaps() -> Rows:
    """Yield what identifies somebody, too, though the table does not have it."""
    for tag, fate in sorted(confidentiality.GAP_FATES.items()):
        yield f"{_shown(tag)} {keyword_for_tag(tag)}", _FATES[fate]


def holds() -> Rows:
    """Yield the reasons for which a person has to look at an object."""
    for reason in dicom.HoldReason:
        yield f"`{reason.value}`", HOLDS[reason]


def _shown(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
