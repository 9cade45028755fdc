"""How the bytes of a data set are laid out: byte order and presence of the VR (PS3.5 sections 7.1 and A).

All encapsulated transfer syntaxes are Explicit VR Little Endian outside their pixel fragments.
"""

from struct import Struct

from pydicom.uid import UID_dictionary

IMPLICIT_LITTLE_UID = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_UID = "1.2.840.10008.1.2.1"
EXPLICIT_BIG_UID = "1.2.840.10008.1.2.2"
DEFLATED_UIDS = frozenset(
    {"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"},
)
GE_PRIVATE_UID = "1.2.840.113619.5.2"  # implicit little endian; only the pixels are big endian
_PAPYRUS_UID = "1.2.840.10008.1.20"
_REFERENCED_PIXELS = frozenset({"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.204"})
_ENCAPSULATED_ROOTS = (
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.4.",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.7.",
    "1.2.840.10008.1.2.8.",
)
KNOWN_TRANSFER_SYNTAXES = frozenset(
    uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"
)

SHORT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split(),
)  # 16-bit length
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())  # reserved, then 32-bit length


class Codec:
    """One of the three layouts, with its compiled structures."""

    __slots__ = ("explicit", "head", "item", "order", "u16", "u32")

    def __init__(self, order: str, *, explicit: bool) -> None:
        self.order = order
        self.explicit = explicit
        self.item = Struct(order + "HHI")
        self.head = Struct(order + "HH2sH") if explicit else self.item
        self.u16 = Struct(order + "H")
        self.u32 = Struct(order + "I")

    def element(self, tag: int, vr: str, value: bytes) -> bytes:
        """Return one encoded element; the value must be padded to even length already."""
        group, number = tag >> 16, tag & 0xFFFF
        code = vr.encode("ascii")
        if not self.explicit:
            return self.item.pack(group, number, len(value)) + value
        if code in SHORT_VRS and len(value) <= 0xFFFE:
            return self.head.pack(group, number, code, len(value)) + value
        code = code if code in LONG_VRS else b"UN"
        return self.head.pack(group, number, code, 0) + self.u32.pack(len(value)) + value


IMPLICIT_LITTLE = Codec("<", explicit=False)
EXPLICIT_LITTLE = Codec("<", explicit=True)
EXPLICIT_BIG = Codec(">", explicit=True)
IMPLICIT_BIG = Codec(">", explicit=False)  # no transfer syntax has it; sequences of old makers do
# By the first bytes of a sequence, an item or its end: the layouts in which it may be written.
ITEM_LAYOUTS = {
    b"\xfe\xff\x00\xe0": (IMPLICIT_LITTLE, EXPLICIT_LITTLE),
    b"\xfe\xff\xdd\xe0": (IMPLICIT_LITTLE,),
    b"\xff\xfe\xe0\x00": (EXPLICIT_BIG, IMPLICIT_BIG),
    b"\xff\xfe\xe0\xdd": (EXPLICIT_BIG,),
}


def codec_of(transfer_syntax_uid: str) -> Codec | None:
    """Return the layout of a transfer syntax, or None when it is not one of the standard."""
    if transfer_syntax_uid in (IMPLICIT_LITTLE_UID, GE_PRIVATE_UID, _PAPYRUS_UID):
        return IMPLICIT_LITTLE
    if transfer_syntax_uid == EXPLICIT_BIG_UID:
        return EXPLICIT_BIG
    if transfer_syntax_uid in KNOWN_TRANSFER_SYNTAXES or is_encapsulated(transfer_syntax_uid):
        return EXPLICIT_LITTLE
    return None


def is_encapsulated(transfer_syntax_uid: str) -> bool:
    """Tell whether Pixel Data is a sequence of fragments under this transfer syntax (PS3.5 A.4)."""
    return (
        transfer_syntax_uid.startswith(_ENCAPSULATED_ROOTS)
        and transfer_syntax_uid not in DEFLATED_UIDS
        and transfer_syntax_uid not in _REFERENCED_PIXELS
    )


def padded(value: bytes, filler: bytes = b" ") -> bytes:
    """Return the value with even length (PS3.5 6.2)."""
    return value + filler if len(value) & 1 else value
