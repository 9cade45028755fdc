"""Builds DICOM files byte by byte, independently of the engine, in every layout the standard knows."""

import struct
import zlib
from dataclasses import dataclass, replace

LONG = {"OB", "OW", "SQ", "UN", "UT", "UC", "UR", "OD", "OF", "OL", "OV"}
UIDS = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "jpeg": "1.2.840.10008.1.2.4.50",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
    "mpeg-4": "1.2.840.10008.1.2.4.102",
    "ht-jpeg-2000": "1.2.840.10008.1.2.4.201",
    "rle": "1.2.840.10008.1.2.5",
    "deflated-frames": "1.2.840.10008.1.2.8.1",
    "encapsulated-raw": "1.2.840.10008.1.2.1.98",
}
CT = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True)
class Layout:
    """How a data set is written."""

    explicit: bool = True
    order: str = "<"
    defined: bool = True  # sequences and items with defined length
    unknown: bool = False  # sequences as UN, implicit inside
    items_defined: bool | None = None  # items in another form than their sequence


class Fragments(bytes):
    """Encapsulated Pixel Data: an undefined length, fragments and their end."""


class Items(list):
    """The items of a sequence that is written in a form of its own."""

    def __init__(self, items, *, defined, unknown, items_defined=None):
        super().__init__(items)
        self.defined, self.unknown, self.items_defined = defined, unknown, items_defined


def layout_of(syntax, *, defined=True, unknown=False):
    explicit = syntax != "implicit"
    return Layout(explicit, ">" if syntax == "big" else "<", defined, unknown and explicit)


def pad(value, vr):
    raw = value if isinstance(value, bytes) else value.encode("ascii")
    return raw + (b"\0" if vr in ("UI", "OB", "UN") else b" ") if len(raw) % 2 else raw


def element(tag, vr, value, layout):
    """Encode one element; a sequence's value is a list of items: lists of (tag, vr, value), or dicts."""
    if vr == "SQ":
        return sequence(tag, value, layout)
    if isinstance(value, Fragments):
        return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + b"\0\0\xff\xff\xff\xff" + value
    raw = pad(value, vr)
    head = struct.pack(layout.order + "HH", tag >> 16, tag & 0xFFFF)
    if not layout.explicit:
        return head + struct.pack(layout.order + "I", len(raw)) + raw
    if vr in LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(layout.order + "I", len(raw)) + raw
    return head + vr.encode() + struct.pack(layout.order + "H", len(raw)) + raw


def sequence(tag, items, layout):
    if isinstance(items, Items):
        unknown = items.unknown and layout.explicit and layout.order == "<"
        layout = replace(layout, defined=items.defined, unknown=unknown, items_defined=items.items_defined)
    inner = Layout(False, "<", layout.defined) if layout.unknown else replace(layout, unknown=False)
    items_defined = layout.defined if layout.items_defined is None else layout.items_defined
    mark = inner.order + "HHI"
    body = b""
    for item in items:
        content = data_set(item, inner)
        if items_defined:
            body += struct.pack(mark, 0xFFFE, 0xE000, len(content)) + content
        else:
            body += struct.pack(mark, 0xFFFE, 0xE000, 0xFFFFFFFF) + content
            body += struct.pack(mark, 0xFFFE, 0xE00D, 0)
    if not layout.defined:
        body += struct.pack(mark, 0xFFFE, 0xE0DD, 0)
    length = len(body) if layout.defined else 0xFFFFFFFF
    head = struct.pack(layout.order + "HH", tag >> 16, tag & 0xFFFF)
    if layout.explicit:
        head += (b"UN" if layout.unknown else b"SQ") + b"\0\0"
    return head + struct.pack(layout.order + "I", length) + body


def data_set(elements, layout):
    if isinstance(elements, dict):
        elements = as_list(elements)
    return b"".join(
        element(tag, vr, value, layout) for tag, vr, value in sorted(elements, key=lambda e: e[0])
    )


def file_meta(syntax, *more, sop_class=CT):
    plain = Layout()
    body = b"".join(
        element(tag, vr, value, plain)
        for tag, vr, value in sorted(
            [
                (0x00020001, "OB", b"\0\1"),
                (0x00020002, "UI", sop_class),
                (0x00020003, "UI", "1.2.3.4.5"),
                (0x00020010, "UI", UIDS[syntax]),
                (0x00020012, "UI", "1.2.3"),
                *more,
            ],
            key=lambda e: e[0],
        )
    )
    return element(0x00020000, "UL", struct.pack("<I", len(body)), plain) + body


def part10(elements, syntax="explicit", *, layout=None, meta=(), preamble=bytes(128), sop_class=CT):
    """Return a whole file."""
    body = data_set(elements, layout or layout_of(syntax))
    if syntax == "deflated":
        press = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = press.compress(body) + press.flush()
        body += b"\0" * (len(body) % 2)
    return preamble + b"DICM" + file_meta(syntax, *meta, sop_class=sop_class) + body


PIXELS = bytes(range(256)) * 2


def image(**changes):
    """Return the elements of a small image as a dict by tag."""
    base = {
        0x00080005: ("CS", "ISO_IR 100"),
        0x00080016: ("UI", CT),
        0x00080018: ("UI", "1.2.3.4.5"),
        0x00080020: ("DA", "20250102"),
        0x00080050: ("SH", "ACC-4711"),
        0x00080060: ("CS", "CT"),
        0x00100010: ("PN", "Sample^Person"),
        0x00100020: ("LO", "FOREIGN-0815"),
        0x00100030: ("DA", "19500607"),
        0x00100040: ("CS", "F"),
        0x0020000D: ("UI", "1.2.3"),
        0x0020000E: ("UI", "1.2.3.4"),
        0x00200010: ("SH", "STUDY-77"),
        0x00280010: ("US", b"\x10\x00"),
        0x00280011: ("US", b"\x10\x00"),
        0x7FE00010: ("OW", PIXELS),
    }
    return base | changes


def as_list(elements):
    return [(tag, vr, value) for tag, (vr, value) in elements.items()]
