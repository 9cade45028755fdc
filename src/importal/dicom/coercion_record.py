"""The trace that localise leaves in an object: Original Attributes and Contributing Equipment.

PS3.3 C.12.1.1.9: one item of Modified Attributes with the prior values, the whole prior top-level
sequence where something inside changed, reason COERCE. PS3.16 CID 7005: (MEDIM, DCM, "Portable Media
Importer Equipment").
"""

from contextlib import suppress
from datetime import datetime

from importal.dicom import charsets
from importal.dicom.codec import IMPLICIT_LITTLE, Codec, padded
from importal.dicom.defects import Defect
from importal.dicom.profile import tag_of
from importal.dicom.records import Localisation
from importal.dicom.reencoding import reencoded
from importal.dicom.refusal import Refused
from importal.dicom.walk import ITEM, SEQUENCE_END, SEQUENCES, UNDEFINED, Found, HeaderWalk, holds_items

_LO_LENGTH = 64


def date_time(moment: datetime) -> str:
    """Return a DT value; with the offset from UTC when the moment knows it (PS3.5 6.2)."""
    text = moment.strftime("%Y%m%d%H%M%S.%f")
    return text + moment.strftime("%z")[:5] if moment.tzinfo else text


class Writer:
    """Writes elements in one layout and one character set."""

    def __init__(self, codec: Codec, charset: str) -> None:
        self.codec = codec
        self._charset = charset

    def text(self, keyword: str, vr: str, value: str) -> bytes:
        """Return an element with text; raises UnicodeEncodeError when the set cannot hold it."""
        raw = charsets.encode(value, self._charset)
        return self.codec.element(tag_of(keyword), vr, padded(raw))

    def sequence(self, keyword: str, *items: bytes) -> bytes:
        """Return a sequence of defined length with items of defined length."""
        return self.codec.element(tag_of(keyword), "SQ", b"".join(map(self.item, items)))

    def item(self, content: bytes) -> bytes:
        """Return one item of defined length."""
        return self.codec.item.pack(ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def original_attributes_item(writer: Writer, localisation: Localisation, prior: bytes) -> bytes:
    """Return the content of an Original Attributes item; `prior` are whole elements in order of tags."""
    return b"".join(
        (
            writer.sequence("ModifiedAttributesSequence", prior),
            writer.text("AttributeModificationDateTime", "DT", date_time(localisation.coerced_at)),
            writer.text("ModifyingSystem", "LO", localisation.station_ae_title[:_LO_LENGTH]),
            writer.text("SourceOfPreviousValues", "LO", localisation.source_of_previous_values[:_LO_LENGTH]),
            writer.text("ReasonForTheAttributeModification", "CS", "COERCE"),
        ),
    )


def contributing_equipment_item(writer: Writer, localisation: Localisation) -> bytes:
    """Return the content of the Contributing Equipment item for this portal."""
    purpose = b"".join(
        (
            writer.text("CodeValue", "SH", "MEDIM"),
            writer.text("CodingSchemeDesignator", "SH", "DCM"),
            writer.text("CodeMeaning", "LO", "Portable Media Importer Equipment"),
        ),
    )
    return b"".join(
        (
            writer.text("Manufacturer", "LO", "Importal"),
            writer.text("InstitutionName", "LO", localisation.institution_name[:_LO_LENGTH]),
            writer.text("StationName", "SH", localisation.station_ae_title[:16]),
            writer.text("ManufacturerModelName", "LO", "Importal"),
            writer.text("SoftwareVersions", "LO", localisation.software_version[:_LO_LENGTH]),
            writer.text("ContributionDateTime", "DT", date_time(localisation.coerced_at)),
            writer.text("ContributionDescription", "ST", "Imported; local patient and order written"),
            writer.sequence("PurposeOfReferenceCodeSequence", purpose),
        ),
    )


def appended(
    buffer: bytes | memoryview, found: Found | None, writer: Writer, tag: int, content: bytes
) -> bytes:
    """Return the sequence element with one more item; existing items keep their bytes.

    A sequence that was written as UN has implicit items (PS3.5 6.2.2) and gets another of that kind: the
    content must have been made by a writer from `writer_for`. What only bears the tag of a sequence, or has
    items of a third layout, is replaced.
    """
    items = b""
    if found is not None and codec_of_items(buffer, found) is writer.codec:
        items = bytes(buffer[found.value : found.end])
        length = found.node.codec.u32.unpack_from(buffer, found.value - 4)[0]
        mark = IMPLICIT_LITTLE.item.pack(SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
        if length == UNDEFINED:
            items = items[: -len(mark)]
    outer = found.node.codec if found is not None else writer.codec
    vr = "SQ" if writer.codec is outer else "UN"
    return outer.element(tag, vr, items + writer.item(content))


def writer_for(buffer: bytes | memoryview, found: Found | None, codec: Codec, charset: str) -> Writer:
    """Return the writer for a new item of a sequence."""
    return Writer(codec_of_items(buffer, found) or codec if found is not None else codec, charset)


def codec_of_items(buffer: bytes | memoryview, found: Found) -> Codec | None:
    """Return the layout of the items of a sequence that can be written on, else None."""
    own = found.node.codec
    if not holds_items(found) or found.vr in (b"SQ", b""):
        return own if holds_items(found) else None
    if own.u32.unpack_from(buffer, found.value - 4)[0] == UNDEFINED:
        return IMPLICIT_LITTLE
    value = bytes(buffer[found.value : found.end])
    for codec in (IMPLICIT_LITTLE, own):
        element = codec.element(found.tag, "SQ", value)
        with suppress(Defect):
            HeaderWalk(element, frozenset()).run(0, len(element), codec)
            return codec
    return None


def implicit_copy(elements: bytes, codec: Codec) -> bytes:
    """Return elements in the implicit layout of a sequence that is written as UN.

    Where they cannot be converted (numbers of the other byte order within a sequence), a sequence is listed
    with zero length, which C.12.1.1.9.1 permits.
    """
    if codec.order == IMPLICIT_LITTLE.order:
        with suppress(Refused):
            return reencoded(elements, codec, IMPLICIT_LITTLE)[0]
    walk = HeaderWalk(elements, frozenset(), everything=True)
    walk.run(0, len(elements), codec)
    return b"".join(
        IMPLICIT_LITTLE.element(
            found.tag, "UN", b"" if found.tag in SEQUENCES else elements[found.value : found.end]
        )
        for found in walk.found
        if not found.depth
    )
