"""Which Specific Character Set holds where: an item of a sequence may have its own (PS3.3 C.12.1.1.2).

An item without one is written in that of the data set around it.
"""

from collections.abc import Iterable

from importal.dicom.profile import SPECIFIC_CHARACTER_SET
from importal.dicom.walk import Found, Node


class ItemCharsets:
    """The character sets of one object, from the elements that a walk found."""

    def __init__(self, buffer: bytes | memoryview, found: Iterable[Found]) -> None:
        self._own = {
            each.node: bytes(buffer[each.value : each.end]).decode("latin-1").strip(" \0")
            for each in found
            if each.tag == SPECIFIC_CHARACTER_SET
        }

    def of(self, node: Node) -> str:
        """Return the set that holds in a data set or item; "" is the default repertoire."""
        current: Node | None = node
        while current is not None:
            own = self._own.get(current)
            if own is not None:
                return own
            current = current.parent
        return ""

    def declares(self, node: Node) -> bool:
        """Tell whether a data set or item has a Specific Character Set of its own."""
        return node in self._own
