"""Re-encode the text of a data set as UTF-8, because a local name cannot be written in its character set.

Every text element at every depth is read in the set that holds for its item (items may have their own,
PS3.3 C.12.1.1.2) and written in ISO_IR 192; UN and private elements of unknown VR keep their bytes.
"""

from itertools import pairwise

from pydicom.datadict import dictionary_VR

from importal.dicom import charsets
from importal.dicom.codec import padded
from importal.dicom.edits import Edit, EditList
from importal.dicom.item_charsets import ItemCharsets
from importal.dicom.profile import SPECIFIC_CHARACTER_SET
from importal.dicom.walk import Found, HeaderWalk, Node, holds_items

_TEXT = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


def utf8_edits(buffer: bytes | memoryview, walk: HeaderWalk, root: Node) -> list[Edit]:
    """Return the edits that turn a data set, walked with `everything`, into UTF-8."""
    edits = EditList(buffer)
    sets = ItemCharsets(buffer, walk.found)
    written = -1  # up to here an element was written whole, with whatever lay in it
    for found, following in pairwise((*walk.found, None)):
        assert found is not None
        if found.start < written:
            continue
        if found.tag == SPECIFIC_CHARACTER_SET:
            _write(edits, found, "CS", charsets.UTF_8.encode())
            written = found.end
            continue
        if following is not None and following.start < found.end:  # a sequence, whatever its VR says
            continue
        vr = _vr_of(found)
        raw = bytes(buffer[found.value : found.end])
        if vr in _TEXT and not holds_items(found) and (not raw.isascii() or b"\x1b" in raw):
            text = charsets.decode(raw, sets.of(found.node), person_name=vr == "PN")
            _write(edits, found, vr, text.encode("utf-8", "replace"))
    if not sets.declares(root):
        place = walk.place_of(SPECIFIC_CHARACTER_SET)
        new = root.codec.element(SPECIFIC_CHARACTER_SET, "CS", charsets.UTF_8.encode())
        edits.change(root, SPECIFIC_CHARACTER_SET, (place, place), new)
    return edits.resolved()


def _vr_of(found: Found) -> str:
    if found.vr:
        return found.vr.decode("latin-1")
    try:
        return str(dictionary_VR(found.tag))
    except KeyError:
        return "UN"


def _write(edits: EditList, found: Found, vr: str, value: bytes) -> None:
    new = found.node.codec.element(found.tag, vr, padded(value))
    edits.change(found.node, found.tag, (found.start, found.end), new)
