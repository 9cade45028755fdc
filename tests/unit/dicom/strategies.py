"""Hypothesis strategies for data sets that the standard allows, in every layout, with identifiers all over.

The value of an identifier is a sentinel, a word with digits that occurs nowhere else; `Drawn` knows them all.
"""

import itertools
import struct
from dataclasses import dataclass, field

from hypothesis import strategies as st
from tests.unit.dicom import samples

from importal.dicom.profile import RULES, Arrival

ENCAPSULATED = (
    struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    + struct.pack("<HHI", 0xFFFE, 0xE000, 8)
    + b"\xff\xd8DATA\xff\xd9"
    + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
)
SYNTAXES = ("explicit", "implicit", "big", "deflated", "jpeg")
IDENTIFIERS = [rule for rule in RULES.values() if rule.arrival is not Arrival.KEEP and rule.vr != "SQ"]
REMOVED = [rule.tag for rule in RULES.values() if rule.arrival is Arrival.REMOVE and rule.vr == "SQ"]
SEQUENCES = [rule.tag for rule in RULES.values() if rule.arrival is Arrival.KEEP and rule.vr == "SQ"]
SEQUENCES += [0x00081110, 0x00081140, 0x04000561, 0x04000550, 0x0040A730, 0x52009229, 0x00291010]
TEXTS = ["", "Head", "Schädel".encode("latin-1"), b"caf\xe9 \xa7", "with  spaces "]
CHARSETS = ["", "ISO_IR 100", "ISO_IR 192", "ISO 2022 IR 6\\ISO 2022 IR 87", "GB18030"]


@dataclass
class Drawn:
    """One file, and what must not survive in it."""

    original: bytes = b""
    syntax: str = ""
    has_tail: bool = False
    sentinels: list = field(default_factory=list)

    def sentinel(self):
        value = f"ZQ{len(self.sentinels):05d}"
        self.sentinels.append(value)
        return value


@st.composite
def files(draw):
    """Draw a whole file."""
    drawn = Drawn(syntax=draw(st.sampled_from(SYNTAXES)))
    elements = {**samples.image(), **draw(data_sets(drawn, depth=0))}
    for tag in draw(st.sets(st.sampled_from([0x00080050, 0x00200010, 0x00100010, 0x00100030]))):
        elements.pop(tag, None)
    if draw(st.booleans()):
        elements.pop(0x00100020, None)
    elements[0x00080005] = ("CS", draw(st.sampled_from(CHARSETS)))
    _draw_bulk(draw, drawn, elements)
    meta = [(0x00020016, "AE", drawn.sentinel())] if draw(st.booleans()) else []
    if draw(st.booleans()):
        meta += [(0x00020100, "UI", "1.9"), (0x00020102, "OB", drawn.sentinel().encode())]
    preamble = draw(st.sampled_from([bytes(128), b"ZQPREAMB" * 16, b"II*\0" + bytes(124)]))
    layout = samples.layout_of("explicit" if drawn.syntax == "jpeg" else drawn.syntax)
    chosen = samples.as_list(elements)
    if draw(st.booleans()):
        chosen = with_group_lengths(chosen, layout)
    drawn.original = samples.part10(chosen, drawn.syntax, layout=layout, meta=meta, preamble=preamble)
    return drawn


def _draw_bulk(draw, drawn, elements):
    kind = draw(st.sampled_from(["pixels", "none", "tail"]))
    if kind == "none":
        del elements[0x7FE00010]
        return
    if drawn.syntax == "jpeg":
        elements[0x7FE00010] = ("OB", samples.Fragments(ENCAPSULATED))
    if kind == "tail":
        drawn.has_tail = True
        elements[0x7FE10010] = ("LO", "A MAKER")
        elements[0x7FE11001] = ("SQ", [draw(data_sets(drawn, depth=2)), {}])
        elements[0xFFFCFFFC] = ("OB", b"\0\0")


@st.composite
def data_sets(draw, drawn, depth):
    """Draw elements by tag: identifiers, texts, sequences of all forms, private ones."""
    elements = {}
    for rule in draw(st.lists(st.sampled_from(IDENTIFIERS), max_size=6, unique_by=lambda rule: rule.tag)):
        elements[rule.tag] = (rule.vr, draw(st.sampled_from(["", drawn.sentinel(), drawn.sentinel() + " "])))
    for tag in draw(st.sets(st.sampled_from([0x00081030, 0x00104000, 0x00204000, 0x00180015]), max_size=3)):
        elements[tag] = ("LO", draw(st.sampled_from(TEXTS)))
    if depth < 3:
        chosen = st.sampled_from([*SEQUENCES, *REMOVED])
        for tag in draw(st.sets(chosen, max_size=3 if depth else 5)):
            items = draw(st.lists(data_sets(drawn, depth + 1), max_size=2))
            if tag in REMOVED:
                items = [{**item, 0x00400032: ("UT", drawn.sentinel())} for item in items]
            elements[tag] = (
                "SQ",
                samples.Items(items, defined=draw(st.booleans()), unknown=draw(st.booleans())),
            )
    if 0x00291010 in elements or draw(st.booleans()):
        elements[0x00290010] = ("LO", "A MAKER")
        elements[0x00291020] = ("OB", b"\x01\x02opaque\xff\x00")
    if draw(st.booleans()):
        elements[0x00310011] = ("LO", "MITRA LINKED ATTRIBUTES 1.0")
        elements[0x00311120] = ("LO", drawn.sentinel())
    return elements


def with_group_lengths(elements, layout):
    """Return the elements with right group lengths (gggg,0000)."""
    found = list(elements)
    for group, members in itertools.groupby(
        sorted(elements, key=lambda each: each[0]), lambda each: each[0] >> 16
    ):
        length = len(samples.data_set(list(members), layout))
        found.append((group << 16, "UL", struct.pack(layout.order + "I", length)))
    return found
