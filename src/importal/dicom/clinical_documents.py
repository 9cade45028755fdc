"""What a CDA document says of itself, read without following anything it names (HL7 CDA Release 2).

The parser is expat. A document type with entities is refused before anything is expanded: CDA has none, and
they are how a few hundred bytes become gigabytes. Nothing outside the file is ever opened.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused

_NAMESPACE = "urn:hl7-org:v3"
_ROOT = f"{_NAMESPACE} ClinicalDocument"
_DEEPEST = 200
_MOST_ELEMENTS = 500_000
_MOST_TITLE = 1024
_SCRIPT = re.compile(r"\s*(javascript|vbscript|data:text/html)", re.IGNORECASE)
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{8}(\d{6}|\d{4})")


@dataclass(frozen=True, slots=True)
class ClinicalDocument:
    """The header of a CDA document; empty where it says nothing."""

    instance_identifier: str = field(repr=False)
    title: str = field(repr=False)
    code: tuple[str, str, str]
    """Value, code system (OID) and meaning of what kind of document it is."""
    content_date: str = field(repr=False)
    content_time: str = field(repr=False)


def read_clinical_document(content: bytes) -> ClinicalDocument:
    """Read the header of a CDA document.

    Raises:
        DocumentRefused: it is no well-formed CDA document, has entities of its own, or holds a script.
    """
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reading.doctype
    parser.EntityDeclHandler = reading.entity
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DocumentRefused(DocumentFlaw.BROKEN) from error
    return reading.found()


class _Reading:
    """Takes what the parser tells."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._elements = 0
        self._title = ""
        self._attributes: dict[str, dict[str, str]] = {}

    def doctype(self, *_declaration: object) -> None:
        raise DocumentRefused(DocumentFlaw.ENTITIES)

    def entity(self, *_declaration: object) -> None:
        raise DocumentRefused(DocumentFlaw.ENTITIES)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._path) >= _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise DocumentRefused(DocumentFlaw.TOO_LARGE)
        if not self._path and name != _ROOT:
            raise DocumentRefused(DocumentFlaw.BROKEN)
        if any(_SCRIPT.match(value) for value in attributes.values()):
            raise DocumentRefused(DocumentFlaw.SCRIPT)
        self._path.append(name)
        if len(self._path) == 2:
            self._attributes.setdefault(name.removeprefix(f"{_NAMESPACE} "), attributes)

    def end(self, _name: str) -> None:
        self._path.pop()

    def text(self, text: str) -> None:
        if self._path == [_ROOT, f"{_NAMESPACE} title"] and len(self._title) < _MOST_TITLE:
            self._title += text

    def found(self) -> ClinicalDocument:
        identifier, code = self._attributes.get("id", {}), self._attributes.get("code", {})
        # PS3.3 C.24.2: root, a caret, and the extension where there is one.
        parts = [identifier.get("root", ""), identifier.get("extension", "")]
        moment = self._attributes.get("effectiveTime", {}).get("value", "")
        date, time = _DATE.match(moment), _TIME.match(moment)
        return ClinicalDocument(
            instance_identifier="^".join(part for part in parts if part) if parts[0] else "",
            title=self._title.strip(),
            code=(code.get("code", ""), code.get("codeSystem", ""), code.get("displayName", "")),
            content_date=date.group() if date else "",
            content_time=time.group(1) if time else "",
        )
