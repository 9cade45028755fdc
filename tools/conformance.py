"""The tables of the DICOM conformance statement (PS3.2), from what the code obeys and from what it does.

What becomes of an attribute is not copied from a list: an object that has every attribute with a rule goes
through the engine, and `explain` says what happened to each.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from importal import dicom
from importal.dicom.codec import EXPLICIT_LITTLE, EXPLICIT_LITTLE_UID
from importal.dicom.part10 import new_file_meta
from importal.dicom.profile import RULES, tag_of
from importal.dicom.walk import ITEM

Rows = Iterator[tuple[str, ...]]

_PROFILE = dicom.Profile(dicom.Pseudonyms(bytes(32)), "IMPORTAL")
_CT = "1.2.840.10008.5.1.4.1.1.2"
_OUTER = tag_of("ReferencedRequestSequence")
_LAYOUTS = {(True, "<"): "explicit VR, little endian", (False, "<"): "implicit VR, little endian"}
_REPAIRS = {
    dicom.Repair.PREAMBLE_ADDED: "preamble and magic word were missing or misplaced and are written",
    dicom.Repair.FILE_META_REBUILT: "File Meta Information was missing or there twice; one is written",
    dicom.Repair.FILE_META_LENGTH: "its group length was wrong and is set right",
    dicom.Repair.SOP_UIDS_OF_FILE_META: "its SOP UIDs were not those of the object and are set to these",
    dicom.Repair.TRANSFER_SYNTAX_CORRECTED: "it named another transfer syntax than the bytes show",
    dicom.Repair.PIXEL_DATA_TRUNCATED: "Pixel Data was cut short: its length becomes that of what came",
    dicom.Repair.PIXEL_DATA_PADDED: "Pixel Data had an odd length and gets a padding byte",
    dicom.Repair.TRAILING_BYTES_REMOVED: "what stood behind the Pixel Data was no data set and goes",
    dicom.Repair.ELEMENTS_REENCODED: "elements of odd length, in disorder or of unknown VR are written anew",
    dicom.Repair.STRAY_DELIMITERS_REMOVED: "delimiters that ended nothing go",
    dicom.Repair.DUPLICATE_ELEMENTS: "an element stood twice; identifiers that differ are refused instead",
    dicom.Repair.FOREIGN_GROUP_REMOVED: "command or file meta elements stood in the data set and go",
}
_REASONS = {
    dicom.Reason.PSEUDONYM: "its pseudonym",
    dicom.Reason.PORTAL_ISSUER: "the issuer of the pseudonyms",
    dicom.Reason.LOCAL_PATIENT: "the local patient",
    dicom.Reason.LOCAL_ORDER: "the local order",
    dicom.Reason.MISSING_IDENTIFIER: "never missing",
}


def attributes() -> Rows:
    """Yield what happens to each attribute with a rule, and to each that is written."""
    original = _object()
    arrived = {each.path: each for each in dicom.explain(original, _PROFILE).elements}
    departed = {each.path: each for each in dicom.explain(original, _localisation()).elements}
    written = {each.tag for each in departed.values() if each.path == _text(each.tag)}
    for tag in sorted({*RULES, *written}):
        inside = f"{_text(_OUTER)}[1]>{_text(tag)}"
        nested = _fate(departed, inside) if tag in RULES and tag != _OUTER else ""
        if arrived.get(_text(tag)) and arrived[_text(tag)].change is dicom.Change.REMOVED:
            nested = "absent by then"
        yield f"{_text(tag)} {_keyword(tag)}", _fate(arrived, _text(tag)), _fate(departed, _text(tag)), nested


def _text(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _keyword(tag: int) -> str:
    from pydicom.datadict import keyword_for_tag

    return str(keyword_for_tag(tag))


def _fate(explained: dict[str, dicom.Explained], path: str) -> str:
    each = explained.get(path)
    if each is None:
        return "contents changed" if any(found.startswith(f"{path}[") for found in explained) else "kept"
    reason = _REASONS.get(each.reason)
    return (
        f"{each.change.value}: {reason}"
        if reason and each.change is not dicom.Change.KEPT
        else each.change.value
    )


def _object() -> bytes:
    """Return an object that has every attribute with a rule on the top level and in an item."""
    item = b"".join(element for tag, element in sorted(_ruled().items()) if tag != _OUTER)
    elements = _ruled() | {_OUTER: _element(_OUTER, "SQ", _item(item))}
    for keyword, vr, value in (
        ("SOPClassUID", "UI", _CT),
        ("SOPInstanceUID", "UI", "1.2.3.4"),
        ("StudyInstanceUID", "UI", "1.2"),
        ("SeriesInstanceUID", "UI", "1.2.3"),
        ("PatientName", "PN", "A^B"),
        ("PatientBirthDate", "DA", "19000101"),
        ("PatientSex", "CS", "O"),
    ):
        elements[tag_of(keyword)] = _element(tag_of(keyword), vr, _padded(value))
    meta = new_file_meta(_CT, "1.2.3.4", EXPLICIT_LITTLE_UID)
    return meta + b"".join(element for _, element in sorted(elements.items()))


def _ruled() -> dict[int, bytes]:
    inner = _item(_element(tag_of("UniversalEntityID"), "UT", b"X1"))
    return {
        tag: _element(tag, rule.vr, inner if rule.vr == "SQ" else _padded(f"V{number}"))
        for number, (tag, rule) in enumerate(RULES.items(), 10)
    }


def _element(tag: int, vr: str, value: bytes) -> bytes:
    return EXPLICIT_LITTLE.element(tag, vr, value)


def _item(content: bytes) -> bytes:
    return EXPLICIT_LITTLE.item.pack(ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def _padded(text: str) -> bytes:
    return (text + "\0" * (len(text) % 2)).encode("ascii")


def _localisation() -> dicom.Localisation:
    return dicom.Localisation(
        patient_id="L1",
        issuer_of_patient_id="LOCAL",
        patient_name="Local^Person",
        patient_birth_date="19000102",
        patient_sex="F",
        accession_number="O1",
        issuer_of_accession_number="RIS",
        institution_name="",
        station_ae_title="IMPORTAL",
        software_version="0",
        coerced_at=datetime(2026, 1, 1, tzinfo=UTC),
        source_of_previous_values="",
        requested_procedure_id="P1",
    )


def transfer_syntaxes() -> Rows:
    """Yield every transfer syntax that is read, with its layout and how its pixels are held."""
    from pydicom.uid import UID

    from importal.dicom.codec import (
        DEFLATED_UIDS,
        GE_PRIVATE_UID,
        KNOWN_TRANSFER_SYNTAXES,
        codec_of,
        is_encapsulated,
    )

    known = {*KNOWN_TRANSFER_SYNTAXES, GE_PRIVATE_UID}
    for uid in sorted(known, key=lambda uid: [int(part) for part in uid.split(".")]):
        codec = codec_of(uid)
        assert codec is not None
        layout = _LAYOUTS.get((codec.explicit, codec.order), "explicit VR, big endian")
        pixels = "deflated with the data set" if uid in DEFLATED_UIDS else "native"
        pixels = "encapsulated, passed through" if is_encapsulated(uid) else pixels
        name = "GE private, implicit with big endian pixels" if uid == GE_PRIVATE_UID else UID(uid).name
        retired = " (retired)" if uid in KNOWN_TRANSFER_SYNTAXES and UID(uid).is_retired else ""
        yield f"{name}{retired}", f"`{uid}`", layout, pixels


def character_sets() -> Rows:
    """Yield every defined term of Specific Character Set, and what reads and writes it."""
    from importal.dicom import charsets

    for term, encoding in sorted(charsets.TERMS.items()):
        yield f"`{term}`" if term else "absent or empty", f"`{encoding}`"


def sop_classes() -> Rows:
    """Yield the SOP classes that the program names; every other storage class is taken and sent as it is."""
    from pydicom.uid import UID

    from importal.dicom.documents import DocumentKind
    from importal.dicom.encapsulation import sop_classes_of
    from importal.dicom.part10 import MEDIA_DIRECTORY_CLASS

    for uid, roles in sorted(_network_classes().items()):
        yield UID(uid).name, f"`{uid}`", ", ".join(sorted(roles))
    made = {uid for kind in DocumentKind for uid in sop_classes_of(kind)}
    for uid in sorted(made):
        yield UID(uid).name, f"`{uid}`", "made of documents; sent as SCU"
    yield (
        UID(MEDIA_DIRECTORY_CLASS).name,
        f"`{MEDIA_DIRECTORY_CLASS}`",
        "refused: a table of contents, never stored or sent",
    )


def _network_classes() -> dict[str, set[str]]:
    from pynetdicom.sop_class import SOPClass

    from importal.delivery.destinations import commitment, dimse
    from importal.reconciliation.patient_lookup import cfind

    roles: dict[str, set[str]] = {}
    for module, role in (
        (dimse, "SCU towards the archive"),
        (cfind, "SCU for the lookup of patients"),
        (commitment, "SCP on the commitment port"),
    ):
        for value in vars(module).values():
            if isinstance(value, SOPClass):
                roles.setdefault(str(value), set()).add(role)
    return roles


def limits() -> Rows:
    """Yield what an object may not exceed."""
    from importal.dicom import neutralisation, reencoding, streaming, walk

    yield "Depth of nesting", f"{walk.MAX_DEPTH}"
    yield "Elements, items and fragments", f"{walk.MAX_ELEMENTS:,}"
    yield "Header of an object that is held as a whole", _megabytes(neutralisation.MAX_HEADER)
    yield "Header of an object that comes as a stream", _megabytes(streaming.MAX_STREAM_HEADER)
    yield (
        "Inflated size of a deflated data set",
        f"{_megabytes(neutralisation.INFLATED_BASE)} and {neutralisation.INFLATED_RATIO} times its size",
    )
    yield "Elements of the top level of an object that is mended", f"{reencoding.MAX_REENCODED_ELEMENTS:,}"


def _megabytes(size: int) -> str:
    return f"{size >> 20} MiB"


def repairs() -> Rows:
    """Yield what is mended in an object that breaks a rule."""
    for repair in dicom.Repair:
        yield f"`{repair.value}`", _REPAIRS[repair]
