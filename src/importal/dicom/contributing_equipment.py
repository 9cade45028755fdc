"""The trace that neutralise leaves: an item of Contributing Equipment (PS3.3 C.12.1.1.8).

PS3.16 CID 7005: (109103, DCM, "Modifying Equipment"). It has no time, because an object that comes again must
give the same bytes; when it came stands in the audit trail.
"""

from functools import lru_cache

from importal.dicom.codec import Codec
from importal.dicom.coercion_record import Writer, codec_of_items
from importal.dicom.edits import EditList
from importal.dicom.profile import CONTRIBUTING_EQUIPMENT
from importal.dicom.walk import UNDEFINED, Found, Node

_DELIMITER_LENGTH = 8


@lru_cache(maxsize=8)
def modifying_equipment_item(codec: Codec) -> bytes:
    """Return the item in one layout."""
    writer = Writer(codec, "")
    purpose = b"".join(
        (
            writer.text("CodeValue", "SH", "109103"),
            writer.text("CodingSchemeDesignator", "SH", "DCM"),
            writer.text("CodeMeaning", "LO", "Modifying Equipment"),
        ),
    )
    content = b"".join(
        (
            writer.text("Manufacturer", "LO", "Importal"),
            writer.text("ManufacturerModelName", "LO", "Importal"),
            writer.text("ContributionDescription", "ST", "Identifiers of another institution replaced"),
            writer.sequence("PurposeOfReferenceCodeSequence", purpose),
        ),
    )
    return writer.item(content)


@lru_cache(maxsize=8)
def modifying_equipment(codec: Codec) -> bytes:
    """Return a whole Contributing Equipment Sequence with that item only."""
    return codec.element(CONTRIBUTING_EQUIPMENT, "SQ", modifying_equipment_item(codec))


def note_modification(edits: EditList, buffer: bytes | memoryview, found: Found) -> None:
    """Add the item behind those of a sequence, which keep their bytes; an element that is none stays."""
    codec = codec_of_items(buffer, found)
    if codec is None:
        return
    undefined = found.node.codec.u32.unpack_from(buffer, found.value - 4)[0] == UNDEFINED
    place = found.end - _DELIMITER_LENGTH if undefined else found.end
    length_at = -1 if undefined else found.value - 4
    sequence = Node(found.node, length_at, found.tag >> 16, found.node.codec)
    edits.change(sequence, found.tag, (place, place), modifying_equipment_item(codec))
