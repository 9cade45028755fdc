"""What the fuzzer starts from: small objects in every layout, patches that fit them, and packs."""

import hashlib
import io
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from importal import dicom
from importal.transfers import packs
from tools.fuzz.targets import PROFILE

REPOSITORY = Path(__file__).resolve().parents[2]
CASES = REPOSITORY / "tests" / "cases"
MOST_BYTES = 6000
ROOT = "1.2.826.0.1.3680043.10.1717.8"
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit,
)
UNDEFINED = "is_undefined_length"


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target starts from; what was found before comes with it."""
    for path in sorted((CASES / "fuzz").glob(f"{target}-*")):
        yield path.read_bytes()
    if target == "packs":
        yield from _packs()
    elif target == "coding":
        yield from _coded()
    elif target == "restore":
        for original in list(objects())[:6]:
            neutralised = dicom.neutralise(original, PROFILE)
            stored = b"".join(neutralised.chunks)
            yield len(stored).to_bytes(2, "big") + stored + neutralised.reverse_patch
    else:
        yield from objects()
        yield from _corpus()


def objects() -> Iterator[bytes]:
    """Yield one object per transfer syntax, with defined and undefined lengths, plain and with everything."""
    for syntax in SYNTAXES:
        for undefined in (False, True):
            for rich in (False, True):
                yield _written(_object(syntax, rich=rich), undefined=undefined)
    yield _directory()


def _object(syntax: str, *, rich: bool) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, f"{ROOT}.1.2.3"
    meta.TransferSyntaxUID = syntax
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, f"{ROOT}.1.2.3"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.1.2"
    data.PatientName, data.PatientID, data.Modality = "Phantom^Fuzz", "P12345", "CT"
    data.AccessionNumber, data.StudyID = "A4711", "S1"
    if rich:
        _add_everything(data)
    pixels = bytes(range(64))
    data.BitsAllocated, data.Rows, data.Columns = 8, 8, 8
    data.PixelData = encapsulate([pixels, pixels]) if syntax == JPEGBaseline8Bit else pixels
    data["PixelData"].VR = "OB"
    if rich:
        data.add_new(0xFFFCFFFC, "OB", b"\0\0\0\0")
    return data


def _add_everything(data: Dataset) -> None:
    data.SpecificCharacterSet = ["ISO 2022 IR 6", "ISO 2022 IR 87"]
    data.PatientName, data.IssuerOfPatientID, data.StudyDescription = "山田^太郎", "SITE", "see P12345"
    data.PatientName = "Yamada^Tarou=山田^太郎"
    data.OtherPatientIDsSequence = Sequence([_item(PatientID="OTHER-1", TypeOfPatientID="TEXT")])
    code = _item(CodeValue="T-D1100", CodingSchemeDesignator="SRT", CodeMeaning="Head")
    request = _item(AccessionNumber="A4711", RequestedProcedureID="RP1", ScheduledProcedureStepID="SPS1")
    request.ScheduledProtocolCodeSequence = Sequence([code])
    data.RequestAttributesSequence = Sequence([request, _item(AccessionNumber="A4711")])
    data.ReferencedRequestSequence = Sequence([_item(AccessionNumber="A4711", RequestedProcedureID="")])
    data.OriginalAttributesSequence = Sequence(
        [
            _item(
                ModifiedAttributesSequence=Sequence([_item(PatientID="OLD-1")]),
                ReasonForTheAttributeModification="COERCE",
            )
        ]
    )
    block = data.private_block(0x0031, "MITRA LINKED ATTRIBUTES 1.0", create=True)
    block.add_new(0x20, "LO", "GLOBAL-1")
    block = data.private_block(0x0029, "FUZZ", create=True)
    block.add_new(1, "UN", b"\xfe\xff\x00\xe0\x0c\0\0\0\x10\0\x20\0\x04\0\0\0P123")
    block.add_new(2, "OB", b"<id>P12345</id>\0")


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _written(data: FileDataset, *, undefined: bool) -> bytes:
    if undefined:
        _make_undefined(data)
    buffer = io.BytesIO()
    syntax = data.file_meta.TransferSyntaxUID
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian, None)
        dcmwrite(buffer, data, enforce_file_format=True)
    return buffer.getvalue()


def _make_undefined(data: Dataset) -> None:
    for element in data:
        if element.VR == "SQ":
            setattr(element, UNDEFINED, True)
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                _make_undefined(item)


def _directory() -> bytes:
    """Return a media directory with one record of each level."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dicom_directory = "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = f"{ROOT}.9", ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.FileSetID = "FUZZ"
    data.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    data.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    data.FileSetConsistencyFlag = 0
    records = [
        _item(
            OffsetOfTheNextDirectoryRecord=0,
            RecordInUseFlag=0xFFFF,
            OffsetOfReferencedLowerLevelDirectoryEntity=at,
            DirectoryRecordType=kind,
        )
        for at, kind in ((400, "PATIENT"), (520, "STUDY"), (640, "SERIES"), (0, "IMAGE"))
    ]
    records[0].PatientID, records[1].StudyInstanceUID = "P12345", f"{ROOT}.1"
    records[2].SeriesInstanceUID, records[3].ReferencedFileID = f"{ROOT}.1.2", ["DICOM", "..", "IM1"]
    records[3].ReferencedSOPInstanceUIDInFile = f"{ROOT}.1.2.3"
    data.DirectoryRecordSequence = Sequence(records)
    assert dicom_directory
    return _written(data, undefined=False)


def _packs() -> Iterator[bytes]:
    known = json.loads((CASES / "packs.json").read_text(encoding="utf-8"))
    for group in known.values():
        if isinstance(group, list):
            yield from (bytes.fromhex(case["pack"]) for case in group if len(case["pack"]) < 2 * MOST_BYTES)
    body = b"DICM" * 5
    header = {"file": 1, "offset": 0, "length": 20, "size": 20, "encoding": "identity"}
    raw = json.dumps(header | {"sha256": hashlib.sha256(body).hexdigest()}).encode()
    yield packs.MARK + (len(raw).to_bytes(4, "big") + raw + body) * 3


def _coded() -> Iterator[bytes]:
    known = json.loads((CASES / "coding.json").read_text(encoding="utf-8"))
    for case in (*known["valid"], *known["refused"]):
        length = case.get("length", len(case.get("original", "")) // 2)
        yield length.to_bytes(3, "big") + bytes.fromhex(case["coded"])


def _corpus() -> Iterator[bytes]:
    """Yield the small real and broken files of the corpus, where there is one."""
    root = os.environ.get("IMPORTAL_CORPUS")
    if not root:
        return
    for path in sorted(Path(root).rglob("*")):
        if path.is_file() and 132 < path.stat().st_size <= MOST_BYTES:
            data = path.read_bytes()
            if dicom.looks_like_dicom(data[:1024]):
                yield data
