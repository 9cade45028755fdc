"""Writes the data set of a de-identified object, element by element, at every depth (PS3.15 E.1.1).

What the table says is done; what it does not speak of follows from the VR: persons' names become dummies,
dates are moved, UIDs replaced, free text goes through the list of words, short texts lose the words that
name the person. Unknown and private attributes are left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydicom.datadict import dictionary_VR

from importal.dicom import charsets, word_list
from importal.dicom.codec import Codec, padded
from importal.dicom.confidentiality import (
    BASIC_PROFILE_CODE,
    EDITION,
    OPTION_CODES,
    DeidentificationOption,
    Fate,
    fate_of,
)
from importal.dicom.profile import (
    ACCESSION_NUMBER,
    ISSUER_OF_PATIENT_ID,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    RULES,
    STUDY_ID,
    Arrival,
    tag_of,
)
from importal.dicom.reading import Element
from importal.dicom.replacement_values import REMOVED, Subject, bounded_age, dummy, identity_words
from importal.dicom.walk import ITEM, STANDARD

Options = frozenset[DeidentificationOption]
Replace = Callable[[str], str]

_METHOD = f"Importal, PS3.15 {EDITION} Basic Profile with options"
_PURPOSE = ("109104", "De-identifying Equipment")
_CONTENT_SEQUENCE = tag_of("ContentSequence")
_TEXT_VALUE = tag_of("TextValue")
_PATIENT_AGE = tag_of("PatientAge")
_ENCAPSULATED_DOCUMENT = tag_of("EncapsulatedDocument")
_EQUIPMENT = tag_of("ContributingEquipmentSequence")
_REMOVED_MARK = tag_of("PatientIdentityRemoved")
_METHOD_TAG = tag_of("DeidentificationMethod")
_METHOD_CODES = tag_of("DeidentificationMethodCodeSequence")
_TEMPORAL = tag_of("LongitudinalTemporalInformationModified")
_DATES = frozenset(("DA", "DT", "TM"))
_FREE_TEXTS = frozenset(("LT", "ST", "UC", "UR", "UT"))
_SHORT_TEXTS = frozenset(("LO", "SH", "AE", "CS"))
_SEVERAL = frozenset(("LO", "SH", "UC", "PN", "DA", "DT", "TM", "UI", "AS", "CS", "AE"))
_OPAQUE = frozenset(("OB", "UN", "OW"))
_LIMITS = {"SH": 16, "AE": 16, "CS": 16, "LO": 64}
# Words of vocabularies and names of classes: changed, they would mean nothing (PS3.3 8.8, PS3.5 9).
_CODES = frozenset(
    map(
        tag_of,
        (
            "CodeValue",
            "LongCodeValue",
            "URNCodeValue",
            "CodingSchemeDesignator",
            "CodingSchemeVersion",
            "CodingSchemeName",
            "CodingSchemeURL",
            "CodingSchemeExternalID",
            "CodingSchemeResponsibleOrganization",
            "MIMETypeOfEncapsulatedDocument",
        ),
    )
)
_CLASS_UIDS = frozenset(
    map(
        tag_of,
        (
            "CodingSchemeUID",
            "ContextUID",
            "MappingResourceUID",
            "ContextGroupExtensionCreatorUID",
            "RelatedGeneralSOPClassUID",
            "OriginalSpecializedSOPClassUID",
            "SOPClassesInStudy",
            "SOPClassesSupported",
            "PertinentSOPClassesInStudy",
            "PertinentSOPClassesInSeries",
            "ReferencedSOPClassUID",
            "SOPClassUID",
        ),
    )
)
# Texts of an unlisted attribute that a person typed, by the end of its keyword.
_TYPED = ("Description", "Comment", "Comments", "Explanation", "Text", "Title", "Notes", "Label")
_SHORTEST_OPAQUE_WORD = 4
# Code strings in which consoles let people write; elsewhere they say how the object is to be read.
_DESCRIBING_GROUPS = frozenset((0x0008, 0x0010, 0x0018, 0x0020, 0x0032))
_STRUCTURAL = frozenset((tag_of("SpecificCharacterSet"), tag_of("Modality")))
_OFFSET = re.compile(r"[+-]\d{4}")


@dataclass
class Rewriting:
    """One data set on its way. `opaque_tags`: where the identity still stands in bytes nobody can read."""

    subject: Subject
    sop_class: str
    options: Options
    opaque_tags: set[int] = field(default_factory=set)
    _identity: frozenset[str] | None = field(default=None, repr=False)

    def elements(self, elements: Sequence[Element], parent: int) -> dict[int, bytes]:
        """Return what is left of a data set, each element encoded, by tag."""
        if self._identity is None:
            self._identity = _identity_of(elements)
        written: dict[int, bytes] = {}
        for element in elements:
            made = self._element(element, parent)
            if made is not None:
                written[element.tag] = made
        return written

    def _element(self, element: Element, parent: int) -> bytes | None:
        if not element.tag & 0xFFFF:
            return None  # group lengths are optional, and would be wrong now
        own = self._own(element, parent)
        if own is not None:
            return _encoded(element, own)
        fate = fate_of(element.tag, parent, self.sop_class, self.options)
        if fate is None:
            fate = self._fate_by_kind(element)
        if fate is Fate.REMOVE:
            return None
        if element.items is not None:
            return self._sequence(element, fate)
        return self._value(element, fate)

    def _own(self, element: Element, parent: int) -> bytes | None:
        """Return the value of the few attributes for which the table leaves the choice and we need one."""
        subject = self.subject
        if element.tag == PATIENT_ID and parent:
            return subject.pseudonym_of("patient id", element.text()).encode("ascii")
        if element.tag in (PATIENT_ID, PATIENT_NAME) and not parent:
            return subject.pseudonym.encode("ascii")
        if element.tag == ACCESSION_NUMBER:
            return subject.pseudonym_of("accession", element.text()).encode("ascii")
        if element.tag == STUDY_ID and not parent:
            return subject.pseudonym_of("study id", subject.study).encode("ascii")
        if element.tag == _ENCAPSULATED_DOCUMENT:
            return bytes(element.raw)  # a person reads it before it goes anywhere, see `burned_in`
        return None

    def _fate_by_kind(self, element: Element) -> Fate:
        vr = element.vr
        if element.tag not in STANDARD or vr == "UN":
            return Fate.REMOVE
        if element.tag in _CODES or element.tag in _CLASS_UIDS:
            return Fate.KEEP
        if vr == "UI":
            return Fate.KEEP if DeidentificationOption.RETAIN_UIDS in self.options else Fate.NEW_UID
        if vr in _DATES:
            return Fate.CLEAN if DeidentificationOption.RETAIN_MODIFIED_DATES in self.options else Fate.DUMMY
        if vr == "PN":
            return Fate.DUMMY
        typed = vr in ("LO", "SH") and element.keyword.endswith(_TYPED)
        return Fate.CLEAN if typed or vr in _FREE_TEXTS else Fate.KEEP

    def _sequence(self, element: Element, fate: Fate) -> bytes:
        assert element.items is not None
        items = element.items
        if fate is Fate.EMPTY or not items:
            return _encoded_sequence(element, [])
        codec = next((item[0].codec for item in items if item), element.codec)
        if fate is Fate.DUMMY and element.tag == _CONTENT_SEQUENCE:
            return _encoded_sequence(element, [_removed_content(codec)])
        if fate is Fate.DUMMY and element.keyword.endswith("CodeSequence"):
            return _encoded_sequence(element, [_code(codec, "removed", "99IMPORTAL", REMOVED)])
        return _encoded_sequence(element, [_joined(self.elements(item, element.tag)) for item in items])

    def _value(self, element: Element, fate: Fate) -> bytes:
        raw = bytes(element.raw)
        if not raw.strip(b" \0") or fate is Fate.EMPTY:
            return _encoded(element, b"" if fate is not Fate.KEEP else raw)
        if fate is Fate.NEW_UID and element.vr == "UI":
            return _encoded(element, self._each(element, self.subject.new_uid))
        if fate is Fate.CLEAN:
            return _encoded(element, self._cleaned(element))
        if fate is Fate.KEEP:
            return _encoded(element, self._kept(element))
        return _encoded(element, self._dummy(element))

    def _dummy(self, element: Element) -> bytes:
        """Return a dummy; of an identifier one that stands for it, so that two of them stay two."""
        if element.vr in ("LO", "SH", "UC") and element.keyword.endswith(("ID", "Identifier")):
            return self.subject.pseudonym_of(element.keyword, element.text()).encode("ascii")
        return dummy(element.vr)

    def _cleaned(self, element: Element) -> bytes:
        vr = element.vr
        if vr == "TM":
            return bytes(element.raw)  # dates move by whole days
        if vr in _DATES:
            moved = self._each(element, lambda value: self.subject.moved(value) or "")
            return moved.strip() or (dummy(vr) if self._needs_value(element) else b"")
        if element.keyword == "TimezoneOffsetFromUTC":
            return bytes(element.raw) if _OFFSET.fullmatch(element.text()) else b""
        if vr in _FREE_TEXTS or vr in ("LO", "SH"):
            text = self._text(element, lambda value: word_list.cleaned(value, self._identity or frozenset()))
            return text or (dummy(vr) if self._needs_value(element) else b"")
        return self._dummy(element)

    def _needs_value(self, element: Element) -> bool:
        """Whether an empty value could make the object invalid: where E.1-1 replaces, or does not speak."""
        basic = fate_of(element.tag, 0, self.sop_class, frozenset())
        return basic is None or basic is Fate.DUMMY

    def _kept(self, element: Element) -> bytes:
        vr, raw = element.vr, bytes(element.raw)
        if element.tag == _PATIENT_AGE:
            return padded(bounded_age(element.text()).encode("ascii"))
        if element.tag in _CODES:
            return raw
        if vr in _SHORT_TEXTS or vr in _FREE_TEXTS:
            identity = self._identity or frozenset()
            if vr == "CS":
                identity = _identity_in_terms(element.tag, identity)
            return self._text(element, lambda value: word_list.without(value, identity)) or dummy(vr)
        if vr in ("IS", "DS") and self._equals_identifier(element):
            return dummy(vr)
        if vr[:2] in _OPAQUE and self._names_somebody(raw):
            self.opaque_tags.add(element.tag)
        return raw

    def _equals_identifier(self, element: Element) -> bool:
        """Whether a number is one that names the person: consoles fill Series Number with the Patient ID."""
        values = element.text().split("\\")
        return any(len(value) > _SHORTEST_OPAQUE_WORD and value in (self._identity or ()) for value in values)

    def _names_somebody(self, raw: bytes) -> bool:
        words = {word for word in self._identity or () if len(word) >= _SHORTEST_OPAQUE_WORD}
        folded = raw.lower()
        return any(word.encode("utf-8") in folded for word in words)

    def _each(self, element: Element, replace: Replace) -> bytes:
        values = [replace(value.strip(" \0")) for value in element.text().split("\\")]
        filler = b"\0" if element.vr == "UI" else b" "
        return padded("\\".join(values).encode("ascii", "replace"), filler)

    def _text(self, element: Element, replace: Replace) -> bytes:
        """Apply a verb to each value of a text; bytes that need no change are those that came."""
        text = element.text()
        values = text.split("\\") if element.vr in _SEVERAL else [text]
        replaced = [replace(value) for value in values]
        if replaced == values:
            return bytes(element.raw)
        limit = _LIMITS.get(element.vr)
        joined = "\\".join(value[:limit] for value in replaced)
        try:
            return padded(charsets.encode(joined, element.charset))
        except UnicodeEncodeError:
            return padded("".join(sign for sign in joined if sign.isascii()).encode("ascii"))


def additions(
    elements: Iterable[Element], codec: Codec, rewriting: Rewriting, issuer: str
) -> dict[int, bytes]:
    """Return what a de-identified object says of itself, and what it must have (PS3.15 E.1.1, E.3.6)."""
    options, subject = rewriting.options, rewriting.subject
    codes = [BASIC_PROFILE_CODE, *(code for option, code in OPTION_CODES.items() if option in options)]
    moved = DeidentificationOption.RETAIN_MODIFIED_DATES in options
    equipment = [
        _joined(rewriting.elements(item, _EQUIPMENT))
        for element in elements
        if element.tag == _EQUIPMENT and element.codec is codec
        for item in element.items or ()
    ]
    texts: tuple[tuple[int, str], ...] = (
        (PATIENT_ID, subject.pseudonym),
        (PATIENT_NAME, subject.pseudonym),
        (ISSUER_OF_PATIENT_ID, issuer),
        (STUDY_ID, subject.pseudonym_of("study id", subject.study)),
        (_REMOVED_MARK, "YES"),
        (_METHOD_TAG, _METHOD),
        (_TEMPORAL, "MODIFIED" if moved else "REMOVED"),
    )
    written = {tag: _plain(codec, tag, text) for tag, text in texts if text}
    written[_METHOD_CODES] = _sequence(codec, _METHOD_CODES, [_code(codec, *code) for code in _dcm(codes)])
    written[_EQUIPMENT] = _sequence(codec, _EQUIPMENT, [*equipment, _own_equipment(codec)])
    return written


def _dcm(codes: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    return ((value, "DCM", meaning) for value, meaning in codes)


def _identity_of(elements: Sequence[Element]) -> frozenset[str]:
    """Return the words that name the person or the order anywhere in a data set."""
    names: list[str] = []
    identifiers: list[str] = []
    dates: list[str] = []
    for element in _every(elements):
        rule = RULES.get(element.tag)
        if element.vr == "PN":
            names += element.text().replace("=", "^").split("^")
        elif element.tag == PATIENT_BIRTH_DATE:
            dates.append(element.text())
        elif rule is not None and rule.arrival is not Arrival.KEEP and element.items is None:
            identifiers += element.text().split("\\")
    return identity_words(names, identifiers, dates)


def _identity_in_terms(tag: int, identity: frozenset[str]) -> frozenset[str]:
    """Return the words that must not stand in a code string: people are called Code and Palette, too."""
    if tag in _STRUCTURAL or tag >> 16 not in _DESCRIBING_GROUPS:
        return frozenset()
    return frozenset(word for word in identity if word_list.is_telling(word))


def _every(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        for item in element.items or ():
            yield from _every(item)


def _encoded(element: Element, value: bytes) -> bytes:
    filler = b"\0" if element.vr in ("UI", "OB", "UN") else b" "
    return element.codec.element(element.tag, element.vr, padded(value, filler))


def _encoded_sequence(element: Element, items: list[bytes]) -> bytes:
    """Return a sequence of defined lengths; one whose items have another layout stays UN (PS3.5 6.2.2)."""
    inner = next((item[0].codec for item in element.items or () if item), element.codec)
    body = b"".join(_item(inner, item) for item in items)
    vr = "SQ" if inner is element.codec else "UN"
    return element.codec.element(element.tag, vr, body)


def _item(codec: Codec, content: bytes) -> bytes:
    return codec.item.pack(ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def _joined(written: dict[int, bytes]) -> bytes:
    return b"".join(raw for _, raw in sorted(written.items()))


def _plain(codec: Codec, tag: int, text: str) -> bytes:
    return codec.element(tag, str(dictionary_VR(tag)), padded(text.encode("ascii", "replace")))


def _sequence(codec: Codec, tag: int, items: list[bytes]) -> bytes:
    return codec.element(tag, "SQ", b"".join(_item(codec, item) for item in items))


def _code(codec: Codec, value: str, scheme: str, meaning: str) -> bytes:
    return b"".join(
        (
            _plain(codec, tag_of("CodeValue"), value),
            _plain(codec, tag_of("CodingSchemeDesignator"), scheme),
            _plain(codec, tag_of("CodeMeaning"), meaning),
        )
    )


def _own_equipment(codec: Codec) -> bytes:
    """Return the item that names us (PS3.3 C.12.1); without a time, so that a repetition is the same."""
    return b"".join(
        (
            _plain(codec, tag_of("Manufacturer"), "Importal"),
            _plain(codec, tag_of("ManufacturerModelName"), "Importal"),
            _sequence(
                codec,
                tag_of("PurposeOfReferenceCodeSequence"),
                [_code(codec, _PURPOSE[0], "DCM", _PURPOSE[1])],
            ),
        )
    )


def _removed_content(codec: Codec) -> bytes:
    """Return a content item that says that there was something (PS3.3 C.17.3)."""
    return b"".join(
        (
            _plain(codec, tag_of("RelationshipType"), "CONTAINS"),
            _plain(codec, tag_of("ValueType"), "TEXT"),
            _sequence(codec, tag_of("ConceptNameCodeSequence"), [_code(codec, "121106", "DCM", "Comment")]),
            _plain(codec, _TEXT_VALUE, REMOVED),
        )
    )
