"""A DICOMDIR as a manifest: which files, Series and Studies the contents of a disc are (PS3.3 Annex F).

Its records point to each other with byte offsets, so it is read and then dropped: never stored, never
patched, never sent (PS3.10 8). Broken ones are read as far as they go: a record that no offset leads to
belongs to the Study and Series in front of it, and `is_sound` says when one points to nothing or in a circle.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from importal.dicom import charsets, part10
from importal.dicom.codec import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Codec, codec_of
from importal.dicom.defects import Defect, DefectKind
from importal.dicom.item_charsets import ItemCharsets
from importal.dicom.profile import SERIES_INSTANCE_UID, STUDY_INSTANCE_UID, tag_of
from importal.dicom.recognition import locate
from importal.dicom.refusal import RefusalReason, Refused
from importal.dicom.walk import ITEM, Found, HeaderWalk, Node

_FIRST = tag_of("OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity")
_RECORDS = tag_of("DirectoryRecordSequence")
_NEXT = tag_of("OffsetOfTheNextDirectoryRecord")
_IN_USE = tag_of("RecordInUseFlag")
_LOWER = tag_of("OffsetOfReferencedLowerLevelDirectoryEntity")
_TYPE = tag_of("DirectoryRecordType")
_FILE = tag_of("ReferencedFileID")
_SOP_CLASS = tag_of("ReferencedSOPClassUIDInFile")
_INSTANCE = tag_of("ReferencedSOPInstanceUIDInFile")
_ITEM_HEAD = 8
_LAYOUTS = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)
_UP = ".."
_Place = tuple[str, str]  # Study and Series Instance UID


@dataclass(frozen=True)
class ReferencedFile:
    """One file that a record names; a UID that the directory does not tell is ""."""

    path: tuple[str, ...] = field(repr=False)
    """Names of folders and file below the directory; empty where it leads out of the disc."""
    record_type: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str


@dataclass(frozen=True)
class MediaDirectory:
    """What a DICOMDIR names; `is_sound` tells whether every record was found where an offset said."""

    files: tuple[ReferencedFile, ...]
    is_sound: bool

    def expected(self) -> dict[str, int]:
        """Return how many Instances each Study has according to the directory, by Study Instance UID."""
        return dict(Counter(file.study_instance_uid for file in self._instances()))

    def expected_in_series(self) -> dict[str, int]:
        """Return the same by Series Instance UID."""
        return dict(Counter(file.series_instance_uid for file in self._instances()))

    def missing(self, arrived: Iterable[str]) -> tuple[ReferencedFile, ...]:
        """Return the files whose SOP Instance UID is not among those that arrived."""
        there = set(arrived)
        return tuple(file for file in self._instances() if file.sop_instance_uid not in there)

    def _instances(self) -> Iterator[ReferencedFile]:
        """Yield the files that are Instances, each UID once: some discs name a file twice."""
        seen: set[str] = set()
        for file in self.files:
            if file.sop_instance_uid not in seen:
                yield file
            if file.sop_instance_uid:
                seen.add(file.sop_instance_uid)


@dataclass
class _Record:
    """A directory record; `at` is the offset of its item."""

    at: int
    texts: dict[int, str]
    numbers: dict[int, int]

    @property
    def is_in_use(self) -> bool:
        return self.numbers.get(_IN_USE, 0xFFFF) != 0


def is_media_directory(data: bytes | memoryview) -> bool:
    """Tell whether a file says of itself that it is a DICOMDIR."""
    with suppress(Defect, Refused):
        meta = locate(data).meta
        kind = meta.text(data, part10.META_SOP_CLASS) if meta else ""
        return kind == part10.MEDIA_DIRECTORY_CLASS
    return False


def read_media_directory(data: bytes | memoryview) -> MediaDirectory:
    """Return what a DICOMDIR names; an empty one names nothing.

    Raises Refused: NOT_DICOM or TRUNCATED where nothing of it can be read, TOO_DEEP or TOO_MANY_ELEMENTS.
    """
    frame = locate(data)
    declared = frame.meta.text(data, part10.META_TRANSFER_SYNTAX) if frame.meta else ""
    best: _Reading | None = None
    for codec in dict.fromkeys((codec_of(declared) or EXPLICIT_LITTLE, *_LAYOUTS)):
        reading = _Reading(data, frame.data_set, codec)
        if best is None or len(reading.records) > len(best.records):
            best = reading
        if best.records:
            break
    assert best is not None
    if not best.is_directory:
        raise Refused(RefusalReason.NOT_DICOM)
    return best.directory()


class _Reading:
    """The records of a directory in one layout, as far as they can be read."""

    def __init__(self, data: bytes | memoryview, start: int, codec: Codec) -> None:
        self._data, self._whole = data, True
        walk = self._walk(start, codec)
        self._sets = ItemCharsets(data, walk.found)
        root = [found for found in walk.found if not found.depth]
        self.is_directory = any(found.tag in (_FIRST, _RECORDS) for found in root)
        self._first = max((self._number(found) for found in root if found.tag == _FIRST), default=0)
        self.records = self._gathered(walk.found)

    def _walk(self, start: int, codec: Codec) -> HeaderWalk:
        """Walk the records; where one is cut off or its length is wrong, as far as they go."""
        while True:
            walk = HeaderWalk(self._data, frozenset(), everything=True, ordered=False)
            try:
                walk.run(start, len(self._data), codec)
            except Defect as defect:
                self._whole = False
                mended = _to_the_end(self._data, defect, codec)
                if mended == self._data:
                    return walk
                self._data = mended
            else:
                return walk

    def _gathered(self, found: list[Found]) -> list[_Record]:
        records: dict[Node, _Record] = {}
        for each in found:
            if each.depth != 1 or each.node.parent is None or each.node.parent.group != _RECORDS >> 16:
                continue
            record = records.get(each.node)
            if record is None:  # its first element stands behind the head of its item
                record = records[each.node] = _Record(each.start - _ITEM_HEAD, {}, {})
            if each.tag in (_NEXT, _IN_USE, _LOWER):
                record.numbers[each.tag] = self._number(each)
            elif each.tag in (_TYPE, _FILE, _SOP_CLASS, _INSTANCE, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID):
                raw = bytes(self._data[each.value : each.end])
                record.texts[each.tag] = charsets.decode(raw, self._sets.of(each.node))
        return list(records.values())

    def _number(self, found: Found) -> int:
        raw = bytes(self._data[found.value : found.end])
        return int.from_bytes(raw, "little" if found.node.codec.order == "<" else "big")

    def directory(self) -> MediaDirectory:
        """Follow the offsets; what they do not lead to is taken in the order in which it stands."""
        used = [record for record in self.records if record.is_in_use]
        by_offset = {record.at: record for record in self.records}
        if used and self._first and self._first not in by_offset:  # all may be wrong by as much
            shift = used[0].at - self._first
            by_offset = {record.at - shift: record for record in self.records}
            self._whole = False
        places: dict[int, _Place] = {}
        is_sound = self._follow([(self._first, "", "")] if self._first else [], by_offset, places)
        place = ("", "")
        for record in used:
            if record.at not in places:
                is_sound = False
                places[record.at] = _below(record, *place)
                self._follow(_ways_on(record, place, places[record.at]), by_offset, places)
            place = places[record.at]
        files = [_referenced(record, *places[record.at]) for record in used if _FILE in record.texts]
        return MediaDirectory(tuple(files), is_sound and self._whole)

    def _follow(
        self, waiting: list[tuple[int, str, str]], by_offset: dict[int, _Record], places: dict[int, _Place]
    ) -> bool:
        """Note Study and Series of every record that an offset leads to; False where one leads nowhere."""
        is_sound = True
        while waiting:
            offset, study, series = waiting.pop()
            record = by_offset.get(offset)
            known = places.get(record.at) if record else None
            if record is None or (known and (known[0] or not study)):
                is_sound = False
                continue
            is_sound = is_sound and known is None
            places[record.at] = _below(record, study, series)
            waiting += _ways_on(record, (study, series), places[record.at])
        return is_sound


def _ways_on(record: _Record, beside: _Place, below: _Place) -> list[tuple[int, str, str]]:
    """Return where a record leads to; one that is not in use any more leads to the next (PS3.3 F.4)."""
    ways = [(record.numbers.get(_NEXT, 0), *beside)]
    if record.is_in_use:
        ways.append((record.numbers.get(_LOWER, 0), *below))
    return [way for way in ways if way[0]]


def _to_the_end(data: bytes | memoryview, defect: Defect, codec: Codec) -> bytes | memoryview:
    """Return the directory with the record, or all of them, that go beyond its end going just to its end."""
    if defect.kind is not DefectKind.BEYOND_END:
        return data
    group, number, _ = codec.item.unpack_from(data, defect.offset)
    tag = group << 16 | number
    field_at = defect.offset + (8 if tag == _RECORDS and codec.explicit else 4)
    if tag not in (ITEM, _RECORDS) or field_at + 4 > len(data):
        return data
    mended = bytearray(data)
    codec.u32.pack_into(mended, field_at, len(data) - field_at - 4)
    return bytes(mended)


def _below(record: _Record, study: str, series: str) -> _Place:
    """Return Study and Series that hold for a record and below it."""
    kind = record.texts.get(_TYPE, "").upper()
    if kind == "PATIENT":
        return "", ""
    if kind == "STUDY":
        return record.texts.get(STUDY_INSTANCE_UID, ""), ""
    if kind == "SERIES":
        return study, record.texts.get(SERIES_INSTANCE_UID, "")
    return study, series


def _referenced(record: _Record, study: str, series: str) -> ReferencedFile:
    texts = record.texts
    return ReferencedFile(
        _path(texts[_FILE]),
        texts.get(_TYPE, ""),
        texts.get(STUDY_INSTANCE_UID) or study,
        texts.get(SERIES_INSTANCE_UID) or series,
        texts.get(_INSTANCE, ""),
        texts.get(_SOP_CLASS, ""),
    )


def _path(file_id: str) -> tuple[str, ...]:
    """Return the components of a File ID, whichever stroke parts them; empty when one of them leads up."""
    components = [part.strip(" \0") for part in file_id.replace("/", "\\").split("\\")]
    parts = tuple(part for part in components if part not in ("", "."))
    return () if _UP in parts else parts
