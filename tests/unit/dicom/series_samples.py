"""Slices of one series, and what may happen to them on the way."""

from hypothesis import strategies as st
from tests.unit.dicom import samples

LAYOUTS = [
    (syntax, defined) for syntax in ("explicit", "implicit", "big", "jpeg") for defined in (True, False)
]
FRAGMENTS = samples.Fragments(
    b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x04\0\0\0abcd\xfe\xff\xdd\xe0\0\0\0\0"
)


def slice_of(number, syntax="explicit", *, defined=True, more=None):
    """Return a slice; what differs from one to the next differs, in value and length, also in an item."""
    uid = f"1.2.3.4.{number}"
    elements = samples.image() | {
        0x00080018: ("UI", uid),
        0x00081140: ("SQ", [[(0x00081155, "UI", f"1.2.{number % 9}")]]),
        0x00101002: ("SQ", [[(0x00100020, "LO", "OTHER-1")]]),
        0x00189074: ("DT", "2025010210"),
        0x00201041: ("DS", "1" * (number % 5 + 1)),
        0x00290010: ("LO", "MAKER"),
        0x00291001: ("OB", bytes([number % 200]) * (20 + 2 * (number % 3))),
        0x00400275: ("SQ", [[(0x00080050, "SH", "ACC-4711"), (0x00401001, "SH", "RP-1")]]),
    }
    elements |= more or {}
    if syntax == "jpeg":
        elements[0x7FE00010] = ("OB", FRAGMENTS)
    layout = samples.layout_of(syntax, defined=defined)
    data = samples.part10(samples.as_list(elements), syntax, layout=layout)
    wrong, right = (samples.element(0x00020003, "UI", each, samples.Layout()) for each in ("1.2.3.4.5", uid))
    grown = (int.from_bytes(data[140:144], "little") + len(right) - len(wrong)).to_bytes(4, "little")
    return data[:140] + grown + data[144:].replace(wrong, right, 1)


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1100), st.sampled_from(["set", "cut", "put"]), st.binary(min_size=1, max_size=5)
    ),
    min_size=1,
    max_size=3,
)


def changed(data, changes):
    """Return the bytes with changes: bytes set, cut out or put in."""
    data = bytearray(data)
    for at, verb, raw in changes:
        place = at % len(data)
        data[place : place + (len(raw) if verb != "put" else 0)] = b"" if verb == "cut" else raw
    return bytes(data)
