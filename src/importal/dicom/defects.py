"""The rules of PS3.5 (chapters 6 and 7) that a walk finds broken, and where."""

from enum import StrEnum


class DefectKind(StrEnum):
    """What rule of PS3.5 was broken."""

    BEYOND_END = "beyond_end"
    UNKNOWN_VR = "unknown_vr"
    ODD_LENGTH = "odd_length"
    ORDER = "order"
    ITEM = "item"
    NOT_DELIMITED = "not_delimited"
    BULK_TRUNCATED = "bulk_truncated"


class Defect(Exception):
    """The first broken rule, where it stands, and whether that is after the Pixel Data."""

    def __init__(self, kind: DefectKind, offset: int) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.offset = offset
