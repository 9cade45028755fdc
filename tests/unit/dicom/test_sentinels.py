"""Generated proof: a distinct value in every place of the table, at every depth, in every layout."""

import itertools
import zlib

import pytest
from tests.unit.dicom import samples

from importal import dicom
from importal.dicom.profile import RULES, Arrival, Departure

SYNTAXES = ("explicit", "implicit", "big", "deflated")
REPLACED = [rule for rule in RULES.values() if rule.arrival is not Arrival.KEEP and rule.vr != "SQ"]
REMOVED_SEQUENCES = [rule for rule in RULES.values() if rule.arrival is Arrival.REMOVE and rule.vr == "SQ"]
KEPT_SEQUENCES = [rule.tag for rule in RULES.values() if rule.arrival is Arrival.KEEP and rule.vr == "SQ"]
# Other homes of identifiers: original attributes, modified attributes, references, a private sequence.
WRAPPERS = [*KEPT_SEQUENCES, 0x04000561, 0x04000550, 0x00081110, 0x00091010]
MITRA = b"MITRA LINKED ATTRIBUTES 1.0"


class Sentinels:
    """Hands out values that occur nowhere else and remembers them."""

    def __init__(self):
        self.values = []

    def next(self):
        value = f"ZQ{len(self.values):05d}"
        self.values.append(value)
        return value

    def identifiers(self):
        """One of every replaced or removed attribute, with Mitra's private one."""
        found = [(rule.tag, rule.vr, self.next()) for rule in REPLACED]
        found += [
            (rule.tag, "SQ", [[(0x00100020, "LO", self.next()), (0x00400032, "UT", self.next())]])
            for rule in REMOVED_SEQUENCES
        ]
        return [*found, (0x00310011, "LO", MITRA), (0x00311120, "LO", self.next())]

    def nested(self, depth):
        items = self.identifiers()
        if depth:
            items += [(tag, "SQ", [self.nested(depth - 1)]) for tag in (0x00400275, 0x04000550)]
        return [*items, (0x00090010, "LO", "A MAKER")] if depth == 0 else items

    def image(self, depth):
        top = {tag: (vr, value) for tag, vr, value in self.identifiers()}
        for tag in WRAPPERS:
            top[tag] = ("SQ", [self.nested(depth), self.nested(0)])
        top[0x00090010] = ("LO", "A MAKER")
        top[0x00291010] = ("SQ", [self.nested(depth)])
        top[0x00290010] = ("LO", "A MAKER")
        elements = samples.image()
        elements.update(top)
        elements[0x7FE10010] = ("LO", "A MAKER")
        elements[0x7FE11001] = ("SQ", [self.nested(0)])  # behind the Pixel Data
        return elements


def plain(stored, syntax):
    if syntax != "deflated":
        return stored
    at = 132 + 12 + int.from_bytes(stored[140:144], "little")
    return stored[:at] + zlib.decompressobj(-15).decompress(stored[at:])


def build(syntax, *, defined, unknown, depth):
    sentinels = Sentinels()
    elements = samples.as_list(sentinels.image(depth))
    preamble = b"ZQPREAM\0" * 16
    meta = [(0x00020016, "AE", "ZQMETA1"), (0x00020100, "UI", "1.9"), (0x00020102, "OB", b"ZQMETA2\0")]
    layout = samples.layout_of(syntax, defined=defined, unknown=unknown)
    original = samples.part10(elements, syntax, layout=layout, meta=meta, preamble=preamble)
    return original, [*sentinels.values, "ZQPREAM", "ZQMETA1", "ZQMETA2"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_no_sentinel_survives_neutralise_and_localise_in_any_layout_at_any_depth(syntax, profile, local):
    for defined, unknown, depth in itertools.product((True, False), (True, False), (0, 2)):
        original, values = build(syntax, defined=defined, unknown=unknown, depth=depth)
        assert b"ZQ00000" in plain(original, syntax)
        neutralised = dicom.neutralise(original, profile)
        stored = b"".join(neutralised.chunks)
        left = plain(stored, syntax)
        case = (syntax, defined, unknown, depth)
        assert not [value for value in values if value.encode() in left], case
        assert not neutralised.repairs, case
        assert not neutralised.hits, case
        assert dicom.restore(stored, neutralised.reverse_patch) == original
        localised = plain(b"".join(dicom.localise(stored, local).chunks), syntax)
        assert not [value for value in values if value.encode() in localised], case
        assert b"LOCAL-1 " in localised, case


def test_every_identifier_of_the_top_level_is_among_the_replacements(profile):
    elements = samples.image()
    tags = {rule.tag: rule for rule in REPLACED if rule.kind is not None}
    for tag, rule in tags.items():
        elements[tag] = (rule.vr, f"ORIGINAL-{tag & 0xFFF:03X}")
    neutralised = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
    found = {replacement.kind: replacement for replacement in neutralised.replacements}
    assert {rule.kind for rule in tags.values()} == set(found)
    for rule in tags.values():
        assert found[rule.kind].original == f"ORIGINAL-{rule.tag & 0xFFF:03X}"
        assert len(found[rule.kind].pseudonym) == 16
        assert len(found[rule.kind].scope) == 32
    assert "ORIGINAL" not in repr(neutralised)


def test_a_value_left_in_opaque_bytes_is_reported_by_its_tag_and_not_changed(profile):
    elements = samples.image()
    elements[0x00290010] = ("LO", "A MAKER")
    elements[0x00291020] = ("OB", b"\x01\x02<id>ACC-4711</id>\0")
    elements[0x00081030] = ("LO", "XFOREIGN-0815X is no token")
    neutralised = dicom.neutralise(samples.part10(samples.as_list(elements)), profile)
    assert neutralised.hits == ("(0029,1020)",)
    assert not neutralised.replaced_text
    stored = b"".join(neutralised.chunks)
    assert b"<id>ACC-4711</id>" in stored
    assert b"XFOREIGN-0815X is no token" in stored


def test_the_table_removes_what_type_1_forbids_to_empty_and_never_deletes_type_2(profile):
    type_2 = {0x00100020, 0x00080050, 0x00200010, 0x00402016, 0x00402017}
    assert all(RULES[tag].arrival is Arrival.PSEUDONYM for tag in type_2)
    assert all(RULES[tag].departure is not Departure.REMOVE for tag in type_2)
