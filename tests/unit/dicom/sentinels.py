"""A generated corpus: a value of its own in every place where an identifier may stand, in every form.

Places are the rows of the table, known private elements, preamble and File Meta Information; they are planted
on the top level and in chains of sequences. `ZQ` values have to vanish, `KQ` values are kept by rule.
"""

import itertools
import random
from dataclasses import dataclass

from tests.unit.dicom import samples

from importal.dicom.profile import RULES, Arrival

SYNTAXES = tuple(samples.UIDS)
ENCAPSULATED = SYNTAXES[4:]
FORMS = ("defined", "undefined", "mixed", "defined-items", "undefined-items")
DEPTHS = (0, 1, 2, 5)
UNKNOWN = (False, True)
MITRA = b"MITRA LINKED ATTRIBUTES 1.0"
# What an object of a kind is, and the sequences that are its own.
KINDS = {
    "ct": ("1.2.840.10008.5.1.4.1.1.2", "CT", (0x00081140, 0x00089215)),
    "sr": ("1.2.840.10008.5.1.4.1.1.88.33", "SR", (0x0040A730, 0x0040A375)),
    "ko": ("1.2.840.10008.5.1.4.1.1.88.59", "KO", (0x0040A375, 0x0040A525)),
    "pr": ("1.2.840.10008.5.1.4.1.1.11.1", "PR", (0x00081115, 0x00700001)),
    "rt": ("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT", (0x30060010, 0x30060020)),
    "seg": ("1.2.840.10008.5.1.4.1.1.66.4", "SEG", (0x00620002, 0x52009229)),
    "pdf": ("1.2.840.10008.5.1.4.1.1.104.1", "DOC", (0x0040A043, 0x00420013)),
    "cda": ("1.2.840.10008.5.1.4.1.1.104.2", "DOC", (0x0040A043, 0x00420013)),
}
WITH_PIXELS = ("ct", "seg")
_REPLACED = [rule for rule in RULES.values() if rule.arrival is not Arrival.KEEP and rule.vr != "SQ"]
_REMOVED = [rule for rule in RULES.values() if rule.arrival is Arrival.REMOVE and rule.vr == "SQ"]
_KEPT = [rule for rule in RULES.values() if rule.arrival is Arrival.KEEP and rule.vr in ("LO", "ST")]
_KEPT_SEQUENCES = [rule.tag for rule in RULES.values() if rule.arrival is Arrival.KEEP and rule.vr == "SQ"]
# Other homes of identifiers: original and modified attributes, references, private sequences.
_HOMES = [*_KEPT_SEQUENCES, 0x04000561, 0x04000550, 0x00081110, 0x00091010, 0x00291010]
_TEXTS = {0x00081030: "LO", 0x00104000: "LT", 0x0040A160: "UT", 0x00181030: "LO", 0x0040A123: "PN"}
_CREATORS = [(0x00090010, "LO", "A MAKER"), (0x00290010, "LO", "A MAKER"), (0x00310011, "LO", MITRA)]
_TYPES = {0x00100022: "CS"}


@dataclass(frozen=True)
class Case:
    """One file of the corpus."""

    syntax: str
    form: str
    unknown: bool
    depth: int
    kind: str


def cases(*, whole):
    """All files, or a part in which any two of the properties meet."""
    every = itertools.product(SYNTAXES, FORMS, UNKNOWN, DEPTHS, KINDS)
    every = [values for values in every if not (values[0] == "implicit" and values[2])]  # no VR, so no UN
    if not whole:
        random.Random(1).shuffle(every)
    met = set()
    for values in every:
        pairs = set(itertools.combinations(enumerate(values), 2))
        if whole or not pairs <= met:
            met |= pairs
            yield Case(*values)


class Planted:
    """The file of a case, and how many values were planted in it; `tail`: also behind the Pixel Data."""

    def __init__(self, case, *, tail=True):
        self.case, self._tail = case, tail
        self.lost = self.kept = 0
        elements = self._top()
        layout = samples.layout_of(case.syntax)
        meta = [(0x00020016, "AE", self._lost()), (0x00020100, "UI", "1.9"), (0x00020102, "OB", self._lost())]
        preamble = self._lost().encode().ljust(128, b"\0")
        self.original = samples.part10(
            elements,
            case.syntax,
            layout=layout,
            meta=meta,
            preamble=preamble,
            sop_class=KINDS[case.kind][0],
        )

    def _lost(self):
        self.lost += 1
        return f"ZQ{self.lost:06d}"

    def _kept(self):
        self.kept += 1
        return f"KQ{self.kept:06d}"

    def _identifiers(self, level):
        found = [(rule.tag, rule.vr, self._lost()) for rule in _REPLACED]
        for rule in _REMOVED:
            inside = [(0x00100020, "LO", self._lost()), (0x00400032, "UT", self._lost())]
            found.append((rule.tag, "SQ", self._sequence([inside, inside], level)))
        found += [(rule.tag, rule.vr, self._kept()) for rule in _KEPT]
        return [*found, *_CREATORS, (0x00311120, "LO", self._lost())]

    def _sequence(self, items, level):
        form, even = self.case.form, level % 2 == 0
        defined = {"undefined": False, "mixed": even, "undefined-items": True, "defined-items": False}
        items_defined = {"undefined-items": False, "defined-items": True}.get(form)
        return samples.Items(
            items, defined=defined.get(form, True), unknown=self.case.unknown, items_defined=items_defined
        )

    def _chain(self, homes, level):
        """An item with all identifiers; below it, as deep as the case says, others in further homes."""
        item = self._identifiers(level)
        if level < self.case.depth:
            tag = homes[level % len(homes)]
            below = self._chain(homes, level + 1)
            item = [*(each for each in item if each[0] != tag), (tag, "SQ", self._sequence([below], level))]
        return item

    def _top(self):
        sop_class, modality, own = KINDS[self.case.kind]
        elements = samples.image() | {tag: (vr, value) for tag, vr, value in self._identifiers(0)}
        elements |= {0x00080016: ("UI", sop_class), 0x00080060: ("CS", modality)}
        patient_id = elements[0x00100020][1]
        elements |= {tag: (vr, f"see {patient_id}") for tag, vr in _TEXTS.items()}
        homes = [*_HOMES, *own]
        for number, tag in enumerate(homes):
            chain = self._chain(homes[number:] + homes[:number], 0)
            elements[tag] = ("SQ", self._sequence([chain, [(0x0040A160, "UT", f"of {patient_id}")]], 0))
        if self.case.kind not in WITH_PIXELS:
            del elements[0x7FE00010]
        elif self.case.syntax in ENCAPSULATED:
            elements[0x7FE00010] = ("OB", FRAGMENTS)
        if self.case.kind in ("pdf", "cda"):
            elements[0x00420011] = ("OB", b"%PDF-1.4 a document that is passed through")
        if self._tail:
            elements[0x7FE10010] = ("LO", "A MAKER")
            elements[0x7FE11001] = ("SQ", self._sequence([self._chain(homes, self.case.depth)], 0))
        return samples.as_list(elements)


_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
FRAGMENTS = samples.Fragments(_ITEM + bytes(4) + _ITEM + b"\x04\0\0\0\xff\xd8\xff\xd9" + _END)
