"""The edits of delivery: which elements change when the local patient and order are written.

PS3.3 C.12.1.1.9 (Original Attributes), SOP Common (Instance Origin Status, Instance Coercion DateTime),
C.7.5.1 (Contributing Equipment). The counterpart of `arrival`.
"""

from importal.dicom import charsets
from importal.dicom.codec import padded
from importal.dicom.coercion_record import (
    Writer,
    appended,
    contributing_equipment_item,
    date_time,
    implicit_copy,
    original_attributes_item,
    writer_for,
)
from importal.dicom.edits import EditList
from importal.dicom.item_charsets import ItemCharsets
from importal.dicom.profile import (
    ACCESSION_NUMBER,
    CONTRIBUTING_EQUIPMENT,
    ISSUER_OF_PATIENT_ID,
    ORIGINAL_ATTRIBUTES,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    PATIENT_SEX,
    RULES,
    SPECIFIC_CHARACTER_SET,
    Departure,
    tag_of,
)
from importal.dicom.records import Localisation
from importal.dicom.walk import Found, HeaderWalk, Node

_ISSUER_OF_ACCESSION = tag_of("IssuerOfAccessionNumberSequence")
_REQUEST_ATTRIBUTES = tag_of("RequestAttributesSequence")
_REQUESTED_PROCEDURE_ID = tag_of("RequestedProcedureID")
_COERCION_DATE_TIME = tag_of("InstanceCoercionDateTime")
_ORIGIN_STATUS = tag_of("InstanceOriginStatus")
_IDENTITY_REMOVED = tag_of("PatientIdentityRemoved")
WATCHED_ON_DEPARTURE = frozenset(RULES) | {
    SPECIFIC_CHARACTER_SET,
    PATIENT_NAME,
    PATIENT_BIRTH_DATE,
    PATIENT_SEX,
    ORIGINAL_ATTRIBUTES,
    CONTRIBUTING_EQUIPMENT,
    _COERCION_DATE_TIME,
    _ORIGIN_STATUS,
    _IDENTITY_REMOVED,
}


class Elements:
    """The top-level elements of a data set as raw bytes, looked up when needed."""

    def __init__(self, buffer: bytes | memoryview, walk: HeaderWalk) -> None:
        self._buffer = buffer
        top_level = walk.top_level
        ends = [at for _, at in top_level[1:]] + [walk.position]
        self._spans = {tag: (at, end) for (tag, at), end in zip(top_level, ends, strict=True)}

    def span(self, tag: int) -> tuple[int, int] | None:
        """Return where an element begins and ends, None when there is none."""
        return self._spans.get(tag)

    def raw(self, tag: int) -> bytes | None:
        """Return the whole element, None when there is none."""
        span = self._spans.get(tag)
        return bytes(self._buffer[span[0] : span[1]]) if span else None


class DepartureEdits:
    """The edits of one data set; `_prior` gathers the whole prior elements of what changed."""

    def __init__(
        self,
        buffer: bytes | memoryview,
        walk: HeaderWalk,
        root: Node,
        localisation: Localisation,
    ) -> None:
        self._buffer = buffer
        self._walk = walk
        self._root = root
        self._local = localisation
        self._sets = ItemCharsets(buffer, walk.found)
        self._charset = self._sets.of(root)
        self._writer = Writer(root.codec, self._charset)
        self._edits = EditList(buffer)
        self._top = {found.tag: found for found in walk.found if found.node is root}
        self._before = Elements(buffer, walk)
        self._prior: dict[int, bytes] = {}
        self._of_patient: set[Node] = set()

    def plan(self, prior: Elements | None) -> EditList:
        """Plan all edits; `prior` are the elements as stored, where the text was re-encoded since.

        Raises UnicodeEncodeError where a set cannot hold a local value.
        """
        if prior is not None:
            self._before = prior
            absent = self._root.codec.element(SPECIFIC_CHARACTER_SET, "CS", b"")
            self._prior[SPECIFIC_CHARACTER_SET] = prior.raw(SPECIFIC_CHARACTER_SET) or absent
        self._nested()
        for tag, vr, value in self._values():
            self._set(tag, vr, value)
        if _IDENTITY_REMOVED in self._top and not self._local.names_nobody:
            # Whatever an earlier hand removed: from here on the object names the local patient (C.7.1.1).
            self._set(_IDENTITY_REMOVED, "CS", "NO")
        for tag, element in self._sequences():
            self._put(tag, element)
        for rule in RULES.values():
            if rule.departure is Departure.REMOVE and rule.tag != _REQUEST_ATTRIBUTES:
                self._put(rule.tag, b"")
            elif rule.departure is Departure.EMPTY and rule.tag in self._top:
                self._put(rule.tag, self._root.codec.element(rule.tag, rule.vr, b""))
        self._record()
        return self._edits

    def recorded(self) -> tuple[tuple[int, int], ...]:
        """Return where the elements stand whose bytes went into the record of prior values."""
        spans = (self._before.span(tag) for tag in self._prior)
        return tuple(span for span in spans if span is not None)

    def _values(self) -> list[tuple[int, str, str]]:
        local = self._local
        return [
            (PATIENT_NAME, "PN", local.patient_name),
            (PATIENT_ID, "LO", local.patient_id),
            (ISSUER_OF_PATIENT_ID, "LO", local.issuer_of_patient_id),
            (PATIENT_BIRTH_DATE, "DA", local.patient_birth_date),
            (PATIENT_SEX, "CS", local.patient_sex),
            (ACCESSION_NUMBER, "SH", local.accession_number),
        ]

    def _sequences(self) -> list[tuple[int, bytes]]:
        """Return the order as local sequences, or nothing to remove the foreign ones."""
        local, writer = self._local, self._writer
        issuer = request = procedure = b""
        if local.issuer_of_accession_number and local.accession_number:
            content = writer.text("LocalNamespaceEntityID", "UT", local.issuer_of_accession_number)
            issuer = writer.sequence("IssuerOfAccessionNumberSequence", content)
        if local.requested_procedure_id:
            content = writer.text("AccessionNumber", "SH", local.accession_number)
            procedure = writer.text("RequestedProcedureID", "SH", local.requested_procedure_id)
            request = writer.sequence("RequestAttributesSequence", content + procedure)
        if _REQUESTED_PROCEDURE_ID not in self._top:
            procedure = b""
        return [
            (_ISSUER_OF_ACCESSION, issuer),
            (_REQUEST_ATTRIBUTES, request),
            (_REQUESTED_PROCEDURE_ID, procedure),
        ]

    def _set(self, tag: int, vr: str, value: str) -> None:
        raw = padded(charsets.encode(value, self._charset))
        self._put(tag, self._root.codec.element(tag, vr, raw), vr)

    def _put(self, tag: int, element: bytes, vr: str = "") -> None:
        """Set, insert or (with no bytes) remove a top-level element and remember what stood there."""
        found = self._top.get(tag)
        if found is not None:
            if self._buffer[found.start : found.end] != element or tag == ISSUER_OF_PATIENT_ID:
                self._remember(tag, vr)
            self._edits.change(self._root, tag, (found.start, found.end), element)
        elif element:
            self._remember(tag, vr)
            self._insert(tag, element)

    def _insert(self, tag: int, element: bytes) -> None:
        place = self._walk.place_of(tag)
        self._edits.change(self._root, tag, (place, place), element)

    def _nested(self) -> None:
        """Write the local order into nested requests; a sequence that changes is recorded whole."""
        stored = {
            tag: self._value(self._top[tag]) for tag in (PATIENT_ID, ACCESSION_NUMBER) if tag in self._top
        }
        self._of_patient = {
            found.node
            for found in self._walk.found
            if found.tag == PATIENT_ID and self._value(found) == stored.get(PATIENT_ID)
        }
        top: Found | None = None
        for found in self._walk.found:
            if found.depth == 0:
                top = found
                continue
            rule = RULES.get(found.tag)
            owner = self._owner(found, top)
            if rule is None or owner in _LEFT_ALONE:
                continue
            new = self._nested_value(found, stored)
            if new is not None and new != self._value(found):
                raw = padded(charsets.encode(new, self._sets.of(found.node)))
                raw = found.node.codec.element(found.tag, rule.vr, raw)
                self._edits.change(found.node, found.tag, (found.start, found.end), raw)
                self._remember(owner, "SQ")

    def _nested_value(self, found: Found, stored: dict[int, str]) -> str | None:
        rule, local = RULES[found.tag], self._local
        same = self._value(found) == stored.get(found.tag)
        if found.tag == PATIENT_ID:
            return local.patient_id if same else None
        if found.tag == ISSUER_OF_PATIENT_ID:
            # It belongs to the Patient ID beside it, which may be that of a mother or donor.
            return local.issuer_of_patient_id if found.node in self._of_patient else None
        if found.tag == ACCESSION_NUMBER:
            return local.accession_number if same else ""
        if found.tag == _REQUESTED_PROCEDURE_ID:
            return local.requested_procedure_id
        return "" if rule.kind is not None and rule.departure is not Departure.KEEP else None

    def _value(self, found: Found) -> str:
        raw = bytes(self._buffer[found.value : found.end])
        return charsets.decode(raw, self._sets.of(found.node))

    def _owner(self, found: Found, top: Found | None) -> int:
        """Return the tag of the top-level element that an element lies in."""
        if top is not None and top.start < found.start < top.end:
            return top.tag
        return max((entry for entry in self._walk.top_level if entry[1] <= found.start), key=lambda e: e[1])[
            0
        ]

    def _remember(self, tag: int, vr: str) -> None:
        """Keep what stood there before; what was absent is listed with zero length."""
        before = self._before.raw(tag)
        self._prior[tag] = self._root.codec.element(tag, vr or "SQ", b"") if before is None else before

    def _record(self) -> None:
        """Append what was changed, by whom and when."""
        local, codec = self._local, self._root.codec
        history = self._top.get(ORIGINAL_ATTRIBUTES)
        writer = writer_for(self._buffer, history, codec, self._charset)
        prior = b"".join(raw for _, raw in sorted(self._prior.items()))
        if writer.codec is not codec:
            prior = implicit_copy(prior, codec)
        content = original_attributes_item(writer, local, prior)
        self._replace(
            ORIGINAL_ATTRIBUTES, appended(self._buffer, history, writer, ORIGINAL_ATTRIBUTES, content)
        )
        equipment = self._top.get(CONTRIBUTING_EQUIPMENT)
        writer = writer_for(self._buffer, equipment, codec, self._charset)
        content = contributing_equipment_item(writer, local)
        self._replace(
            CONTRIBUTING_EQUIPMENT, appended(self._buffer, equipment, writer, CONTRIBUTING_EQUIPMENT, content)
        )
        self._replace(
            _COERCION_DATE_TIME,
            self._writer.text("InstanceCoercionDateTime", "DT", date_time(local.coerced_at)),
        )
        self._replace(_ORIGIN_STATUS, self._writer.text("InstanceOriginStatus", "CS", "IMPORTED"))

    def _replace(self, tag: int, element: bytes) -> None:
        found = self._top.get(tag)
        if found is None:
            self._insert(tag, element)
        else:
            self._edits.change(self._root, tag, (found.start, found.end), element)


# Replaced whole on the top level: nothing inside is edited on its own.
_LEFT_ALONE = (
    WATCHED_ON_DEPARTURE - {rule.tag for rule in RULES.values() if rule.departure is Departure.KEEP}
) | {
    ORIGINAL_ATTRIBUTES,
    CONTRIBUTING_EQUIPMENT,
}
