"""The memory of the stand-in archive: instances on disk, seeded orders, and what a query finds in them.

Every instance is one file `<study>/<series>/<instance>.dcm` below the root, byte for byte as it came. The
index is built from these files at start, so it survives any end of the process. Seeds (local patients and
their orders) lie beside them in `orders.json`: they answer queries like studies without images.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue

from importal.demo.pacs_matching import matches

PATIENT_KEYS = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex")
STUDY_KEYS = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription",
    "ReferringPhysicianName",
)  # fmt: skip
SERIES_KEYS = ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined")
IMAGE_KEYS = ("SOPInstanceUID", "SOPClassUID", "InstanceNumber")
LEVELS: Mapping[str, tuple[str, ...]] = {
    "PATIENT": PATIENT_KEYS,
    "STUDY": PATIENT_KEYS + STUDY_KEYS,
    "SERIES": PATIENT_KEYS + STUDY_KEYS + SERIES_KEYS,
    "IMAGE": PATIENT_KEYS + STUDY_KEYS + SERIES_KEYS + IMAGE_KEYS,
}
_IDENTITY = {
    "PATIENT": ("PatientID", "IssuerOfPatientID"),
    "STUDY": ("StudyInstanceUID",),
    "SERIES": ("SeriesInstanceUID",),
    "IMAGE": ("SOPInstanceUID",),
}
_ORDERS_FILE = "orders.json"

Record = dict[str, str]


@dataclass(frozen=True, slots=True)
class LocalOrder:
    """A local patient with an order that waits for images (dates as YYYYMMDD, names as DICOM PN)."""

    patient_id: str
    issuer_of_patient_id: str
    patient_name: str = field(repr=False)
    patient_birth_date: str = field(repr=False)
    patient_sex: str
    accession_number: str
    study_instance_uid: str
    study_date: str
    study_description: str
    modality: str

    def record(self) -> Record:
        return {
            "PatientID": self.patient_id,
            "IssuerOfPatientID": self.issuer_of_patient_id,
            "PatientName": self.patient_name,
            "PatientBirthDate": self.patient_birth_date,
            "PatientSex": self.patient_sex,
            "AccessionNumber": self.accession_number,
            "StudyInstanceUID": self.study_instance_uid,
            "StudyDate": self.study_date,
            "StudyDescription": self.study_description,
            "ModalitiesInStudy": self.modality,
        }


class UnreadableInstance(Exception):
    """What was sent cannot be read as a DICOM instance, or its UIDs cannot be file names."""


class ArchiveIndex:
    """All records by SOP Instance UID. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._instances: dict[str, Record] = {}
        self._orders: list[LocalOrder] = []
        root.mkdir(parents=True, exist_ok=True)
        self._reread()

    def _reread(self) -> None:
        for path in sorted(self._root.glob("*/*/*.dcm")):
            try:
                record = _record_of(path.read_bytes())
            except UnreadableInstance:
                continue  # not ours: an incomplete file never gets this name
            self._instances[record["SOPInstanceUID"]] = record
        orders = self._root / _ORDERS_FILE
        if orders.exists():
            self._orders = [LocalOrder(**row) for row in json.loads(orders.read_text(encoding="utf-8"))]

    def seed(self, orders: Sequence[LocalOrder]) -> None:
        """Add local orders; one with a Study Instance UID that is known already replaces the old."""
        with self._lock:
            known = {order.study_instance_uid: order for order in (*self._orders, *orders)}
            self._orders = list(known.values())
            text = json.dumps([asdict(order) for order in self._orders], ensure_ascii=False, indent=1)
            _write_durably(self._root / _ORDERS_FILE, text.encode())

    def add(self, content: bytes) -> None:
        """Store one DICOM file durably; the same SOP Instance UID replaces what was there."""
        record = _record_of(content)
        parts = (record["StudyInstanceUID"], record["SeriesInstanceUID"], record["SOPInstanceUID"])
        if not all(part and set(part) <= set("0123456789.") for part in parts):
            raise UnreadableInstance
        folder = self._root / parts[0] / parts[1]
        with self._lock:
            folder.mkdir(parents=True, exist_ok=True)
            _write_durably(folder / f"{parts[2]}.dcm", content)
            self._instances[parts[2]] = record

    def sop_class_of(self, sop_instance_uid: str) -> str | None:
        """Return the SOP Class UID of an instance that is on disk, else None."""
        with self._lock:
            record = self._instances.get(sop_instance_uid)
            if record is None or not self._path(record).exists():
                return None
            return record["SOPClassUID"]

    def __len__(self) -> int:
        with self._lock:
            return len(self._instances)

    def find(self, level: str, keys: Mapping[str, str]) -> Iterator[Record]:
        """Yield one record per entity of the level that matches all keys which exist at this level."""
        with self._lock:
            rows = list(self._rows(level))
        usable = {*LEVELS[level], "ModalitiesInStudy"}
        wanted = {key: value for key, value in keys.items() if value and key in usable}
        seen: set[tuple[str, ...]] = set()
        for row in rows:
            identity = tuple(row.get(key, "") for key in _IDENTITY[level])
            if identity in seen or not _fits(row, wanted):
                continue
            seen.add(identity)
            yield row

    def _rows(self, level: str) -> Iterable[Record]:
        if level == "PATIENT":
            yield from self._instances.values()
            yield from (order.record() for order in self._orders)
        elif level == "STUDY":
            held = self._summed_up()
            yield from held
            uids = {row["StudyInstanceUID"] for row in held}
            empty = {"NumberOfStudyRelatedSeries": "0", "NumberOfStudyRelatedInstances": "0"}
            for order in self._orders:
                if order.study_instance_uid not in uids:
                    yield order.record() | empty
        else:
            yield from self._instances.values()

    def _summed_up(self) -> list[Record]:
        by_study: dict[str, list[Record]] = {}
        for record in self._instances.values():
            by_study.setdefault(record["StudyInstanceUID"], []).append(record)
        return [
            records[0]
            | {
                "ModalitiesInStudy": "\\".join(sorted({record["Modality"] for record in records})),
                "NumberOfStudyRelatedSeries": str(len({record["SeriesInstanceUID"] for record in records})),
                "NumberOfStudyRelatedInstances": str(len(records)),
            }
            for records in by_study.values()
        ]

    def _path(self, record: Record) -> Path:
        name = f"{record['SOPInstanceUID']}.dcm"
        return self._root / record["StudyInstanceUID"] / record["SeriesInstanceUID"] / name


def _fits(row: Record, wanted: Mapping[str, str]) -> bool:
    return all(matches(dictionary_VR(key), value, row.get(key, "")) for key, value in wanted.items())


def _record_of(content: bytes) -> Record:
    keys = LEVELS["IMAGE"]
    try:
        header = pydicom.dcmread(
            BytesIO(content), stop_before_pixels=True, specific_tags=[*keys, "SpecificCharacterSet"]
        )
        return {keyword_for_tag(elem.tag): text_of(elem.value) for elem in header} | {
            key: text_of(header.get(key, "")) for key in keys
        }
    except (InvalidDicomError, ValueError, TypeError, KeyError, AttributeError, EOFError, OSError) as error:
        raise UnreadableInstance from error


def text_of(value: object) -> str:
    """Return a value as query text: multiple values joined by a backslash, None as empty."""
    if value is None:
        return ""
    if isinstance(value, MultiValue | list):
        return "\\".join(str(part) for part in value)
    return str(value)


def _write_durably(path: Path, content: bytes) -> None:
    """Write beside, sync, rename, sync the folder: an archive that commits must hold after a power cut."""
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
