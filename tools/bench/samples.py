"""Objects such as scanners write, for measuring; with nobody's data in them, the same bytes every time.

A CT slice of 536 kB has 170 top-level elements and 12 kB of header, in the order and lengths that are usual.
"""

import io
import random
from collections.abc import Iterator

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
)

ROOT = "1.2.826.0.1.3680043.10.1717.7"
_VALUES = {"DA": "20250102", "TM": "101112.130000", "CS": "AXIAL", "DS": "1.250000", "IS": "120"}
_TEXTS = {"LO": "Standard value", "SH": "Short one", "LT": "Some words on it", "PN": "Phantom^Bench"}
# What stands beside the identifiers: geometry, acquisition, equipment, description.
_KEYWORDS = """
SpecificCharacterSet ImageType InstanceCreationDate InstanceCreationTime StudyDate SeriesDate AcquisitionDate
ContentDate StudyTime SeriesTime AcquisitionTime ContentTime Manufacturer InstitutionName InstitutionAddress
ReferringPhysicianName StationName StudyDescription SeriesDescription InstitutionalDepartmentName
PerformingPhysicianName OperatorsName ManufacturerModelName PatientAge PatientSize PatientWeight
AdditionalPatientHistory PatientComments ContrastBolusAgent BodyPartExamined ScanOptions SliceThickness KVP
SpacingBetweenSlices DataCollectionDiameter DeviceSerialNumber SoftwareVersions ProtocolName
ContrastBolusVolume ContrastBolusTotalDose ReconstructionDiameter DistanceSourceToDetector
DistanceSourceToPatient GantryDetectorTilt TableHeight RotationDirection ExposureTime XRayTubeCurrent
Exposure ExposureInuAs FilterType GeneratorPower FocalSpots DateOfLastCalibration TimeOfLastCalibration
ConvolutionKernel PatientPosition SeriesNumber AcquisitionNumber InstanceNumber ImagePositionPatient
ImageOrientationPatient FrameOfReferenceUID PositionReferenceIndicator SliceLocation ImageComments
SamplesPerPixel PhotometricInterpretation Rows Columns PixelSpacing BitsAllocated BitsStored HighBit
PixelRepresentation SmallestImagePixelValue LargestImagePixelValue WindowCenter WindowWidth
RescaleIntercept RescaleSlope RescaleType WindowCenterWidthExplanation RequestingPhysician
RequestedProcedureDescription RequestedContrastAgent CurrentPatientLocation
PerformedProcedureStepStartDate PerformedProcedureStepStartTime PerformedProcedureStepDescription
PresentationLUTShape LossyImageCompression
""".split()
_NUMBERS = {
    "Rows": 512,
    "Columns": 512,
    "SamplesPerPixel": 1,
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
}
_PRIVATE_BLOCKS = ((0x0009, 15), (0x0019, 15), (0x0021, 12), (0x0029, 6))


def ct_slice() -> bytes:
    """Return one slice, Explicit VR Little Endian."""
    return _written(_ct())


def ct_series(count: int, *, deflated: bool = False) -> Iterator[bytes]:
    """Yield the slices of a series: what differs from slice to slice differs, in value and length."""
    data = _ct()
    if deflated:
        data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        # Pixels with noise, as a detector gives them: a regular pattern would deflate to nothing.
        noise = random.Random(1).randbytes(512 * 512)
        data.PixelData = bytes(byte for value in noise for byte in (value, value >> 6))
    for number in range(1, count + 1):
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.1.2.{number}"
        data.InstanceNumber = number
        data.SliceLocation = f"{-312.5 + 1.25 * number:g}"
        data.ImagePositionPatient = ["-125", "-125", data.SliceLocation]
        data.ContentTime = f"1011{number % 60:02}.{number % 7 * 1000 or ''}"
        yield _written(data)


def slices(count: int, size: int) -> Iterator[bytes]:
    """Yield slices of one series with noise for pixels, each of this size: quickly made, for many of them."""
    one = ct_slice()
    tag = b"\xe0\x7f\x10\x00"
    start = one.rindex(tag)
    chance = random.Random(1)
    noise = b"".join(chance.randbytes(1_000_000) for _ in range((size + count * 2) // 1_000_000 + 1))
    pixels = (size - start - 12) // 2 * 2
    for number in range(count):
        head = _renumbered(one[:start], f"{ROOT}.1.{number + 1}".encode())
        element = tag + one[start + 4 : start + 8] + pixels.to_bytes(4, "little")
        yield head + element + noise[number * 2 : number * 2 + pixels]


def _renumbered(head: bytes, uid: bytes) -> bytes:
    """Give the slice another UID: two elements and the length of their group (PS3.10 7.1, PS3.5 9.1)."""
    value = uid + b"\0" * (len(uid) % 2)
    for tag in (b"\x02\x00\x03\x00UI", b"\x08\x00\x18\x00UI"):
        at = head.index(tag)
        length = int.from_bytes(head[at + 6 : at + 8], "little")
        if tag[0] == 2:
            group = head.index(b"\x02\x00\x00\x00UL\x04\x00") + 8
            known = int.from_bytes(head[group : group + 4], "little") + len(value) - length
            head = head[:group] + known.to_bytes(4, "little") + head[group + 4 :]
            at = head.index(tag)
        head = head[: at + 6] + len(value).to_bytes(2, "little") + value + head[at + 8 + length :]
    return head


def multi_frame(frames: int, side: int, *, encapsulated: bool = False) -> bytes:
    """Return an enhanced MR with one item of functional groups per frame; 16 bits, or fragments of half."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = EnhancedMRImageStorage, f"{ROOT}.2.2.3"
    meta.TransferSyntaxUID = JPEG2000Lossless if encapsulated else ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    _identify(data, EnhancedMRImageStorage, f"{ROOT}.2", "MR")
    _add_sequences(data)
    data.NumberOfFrames, data.Rows, data.Columns = frames, side, side
    data.BitsAllocated, data.BitsStored, data.HighBit, data.SamplesPerPixel = 16, 12, 11, 1
    data.PerFrameFunctionalGroupsSequence = Sequence([_functional_groups(at) for at in range(frames)])
    frame = bytes(range(256)) * (side * side * 2 // 256)
    # Which bytes the fragments hold does not matter: nothing is decoded.
    data.PixelData = encapsulate([frame] * frames) if encapsulated else frame * frames
    data["PixelData"].VR = "OB" if encapsulated else "OW"
    return _written(data)


def _functional_groups(at: int) -> Dataset:
    position = _item(ImagePositionPatient=["-125.0", "-125.0", f"{at * 1.25:g}"])
    content = _item(StackID="1", FrameAcquisitionDateTime="20250102101112.13")
    content.InStackPositionNumber, content.DimensionIndexValues = at + 1, [1, at + 1]
    echo, transform = Dataset(), _item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
    echo.EffectiveEchoTime = 4.5
    item = Dataset()
    item.FrameContentSequence, item.PlanePositionSequence = Sequence([content]), Sequence([position])
    item.MREchoSequence, item.PixelValueTransformationSequence = Sequence([echo]), Sequence([transform])
    return item


def _ct() -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, f"{ROOT}.1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword in _KEYWORDS:
        setattr(data, keyword, _value(keyword))
    _identify(data, CTImageStorage, f"{ROOT}.1", "CT")
    _add_sequences(data)
    for group, count in _PRIVATE_BLOCKS:
        block = data.private_block(group, f"BENCH {group:04X}", create=True)
        for number in range(count):
            block.add_new(number, "DS", "12.5")
        block.add_new(0x80, "OB", bytes(range(256)) * 8)
    data.PixelData = bytes(range(256)) * (512 * 512 * 2 // 256)
    return data


def _written(data: FileDataset) -> bytes:
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _identify(data: Dataset, sop_class: str, study: str, modality: str) -> None:
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID, data.SOPInstanceUID = sop_class, f"{study}.2.3"
    data.StudyInstanceUID, data.SeriesInstanceUID = study, f"{study}.2"
    data.PatientName, data.PatientID, data.IssuerOfPatientID = "Phantom^Bench", "P1234567", "SITE"
    data.PatientBirthDate, data.PatientSex, data.Modality = "19500101", "O", modality
    data.AccessionNumber, data.StudyID, data.PerformedProcedureStepID = "A4711001", "S1", "PPS77001"


def _value(keyword: str) -> object:
    vr = dictionary_VR(keyword)
    if vr == "UI":
        return f"{ROOT}.9"
    if "US" in vr:
        return _NUMBERS.get(keyword, 0)
    if keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        return ["-125.000000", "-125.000000", "31.250000"]
    return _VALUES.get(vr) or _TEXTS.get(vr) or ("030Y" if vr == "AS" else "Some words")


def _add_sequences(data: Dataset) -> None:
    """Add references, codes and requests; some of them carry identifiers."""
    for keyword in ("ReferencedStudySequence", "ReferencedImageSequence", "SourceImageSequence"):
        items = [
            _item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=f"{ROOT}.{at}")
            for at in "56"
        ]
        setattr(data, keyword, Sequence(items))
    code = {"CodeValue": "T-D1100", "CodingSchemeDesignator": "SRT", "CodeMeaning": "Head"}
    for keyword in ("ProcedureCodeSequence", "AnatomicRegionSequence"):
        setattr(data, keyword, Sequence([_item(**code)]))
    request = _item(
        RequestedProcedureID="RP001", ScheduledProcedureStepID="SPS001", AccessionNumber="A4711001"
    )
    request.ScheduledProtocolCodeSequence = Sequence([_item(**code)])
    data.RequestAttributesSequence = Sequence([request])
    data.PerformedProtocolCodeSequence = Sequence([_item(**code)])


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
