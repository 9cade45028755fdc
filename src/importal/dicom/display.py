"""What a work list shows of a stored object; forgiving, because it only shows.

Reads the header of a stored file, or as much of it as is given; a value that cannot be read is empty, and
no content raises. A misspelt character set is understood, an unreadable byte becomes a replacement sign.
"""

import zlib
from contextlib import suppress
from struct import error as StructError  # noqa: N812 -- it is an exception
from typing import Any

from pydicom.datadict import dictionary_VR

from importal.dicom import charsets, part10
from importal.dicom.codec import DEFLATED_UIDS, Codec, codec_of
from importal.dicom.defects import Defect
from importal.dicom.neutralisation import INFLATED_BASE
from importal.dicom.profile import SPECIFIC_CHARACTER_SET, tag_of
from importal.dicom.records import DisplayAttributes
from importal.dicom.refusal import Refused
from importal.dicom.walk import BulkReached, HeaderWalk

_TEXTS = {
    "patient_name": tag_of("PatientName"),
    "patient_id": tag_of("PatientID"),
    "patient_birth_date": tag_of("PatientBirthDate"),
    "patient_sex": tag_of("PatientSex"),
    "study_date": tag_of("StudyDate"),
    "study_time": tag_of("StudyTime"),
    "study_description": tag_of("StudyDescription"),
    "study_id": tag_of("StudyID"),
    "accession_number": tag_of("AccessionNumber"),
    "institution_name": tag_of("InstitutionName"),
    "referring_physician_name": tag_of("ReferringPhysicianName"),
    "series_instance_uid": tag_of("SeriesInstanceUID"),
    "series_number": tag_of("SeriesNumber"),
    "series_description": tag_of("SeriesDescription"),
    "modality": tag_of("Modality"),
    "body_part_examined": tag_of("BodyPartExamined"),
    "instance_number": tag_of("InstanceNumber"),
}
_NUMBERS = {"rows": tag_of("Rows"), "columns": tag_of("Columns")}
_FRAMES = tag_of("NumberOfFrames")
_WATCH = frozenset({*_TEXTS.values(), *_NUMBERS.values(), _FRAMES, SPECIFIC_CHARACTER_SET})
_PERSON_NAMES = frozenset(tag for tag in _TEXTS.values() if str(dictionary_VR(tag)) == "PN")
_MAX_DIGITS = 9
_MAX_TEXT = 1024


def read_display(stored: bytes | memoryview) -> DisplayAttributes:
    """Return the attributes to show; what is absent or unreadable is "" or 0 (one frame when not said)."""
    values, codec = _values(stored)
    charset = values.get(SPECIFIC_CHARACTER_SET, b"").decode("latin-1").strip(" \0")
    fields: dict[str, Any] = {
        name: charsets.decode(values.get(tag, b""), charset, person_name=tag in _PERSON_NAMES)[:_MAX_TEXT]
        for name, tag in _TEXTS.items()
    }
    fields |= {
        name: codec.u16.unpack(values[tag])[0] if codec and len(values.get(tag, b"")) == 2 else 0
        for name, tag in _NUMBERS.items()
    }
    frames = values.get(_FRAMES, b"").strip(b" \0")
    count = int(frames) if frames.isdigit() and len(frames) <= _MAX_DIGITS else 1
    return DisplayAttributes(**fields, number_of_frames=count)


def _values(stored: bytes | memoryview) -> tuple[dict[int, bytes], Codec | None]:
    try:
        meta = part10.read_file_meta(stored)
    except Defect:
        return {}, None
    syntax = meta.text(stored, part10.META_TRANSFER_SYNTAX)
    codec = codec_of(syntax)
    if codec is None:
        return {}, None
    buffer, start = stored, meta.end
    if syntax in DEFLATED_UIDS:
        try:
            buffer = zlib.decompressobj(-zlib.MAX_WBITS).decompress(stored[meta.end :], INFLATED_BASE)
        except zlib.error:
            return {}, None
        start = 0
    walk = HeaderWalk(buffer, _WATCH, stop_at_bulk=True, unhidden=frozenset())
    with suppress(BulkReached, Defect, Refused, StructError):  # what was read so far is shown
        walk.run(start, len(buffer), codec)
    return {
        found.tag: bytes(buffer[found.value : found.end]) for found in walk.found if not found.depth
    }, codec
