"""A CT slice such as scanners write, for measuring: 170 top-level elements, 12 kB of header, 536 kB in all.

Made in the order and the lengths that are usual, with nobody's data in it; the same bytes every time.
"""

import io

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

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
    """Return the file, Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, f"{ROOT}.1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword in _KEYWORDS:
        setattr(data, keyword, _value(keyword))
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, f"{ROOT}.1.2.3"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.1.2"
    data.PatientName, data.PatientID, data.IssuerOfPatientID = "Phantom^Bench", "P1234567", "SITE"
    data.PatientBirthDate, data.PatientSex, data.Modality = "19500101", "O", "CT"
    data.AccessionNumber, data.StudyID, data.PerformedProcedureStepID = "A4711001", "S1", "PPS77001"
    _add_sequences(data)
    for group, count in _PRIVATE_BLOCKS:
        block = data.private_block(group, f"BENCH {group:04X}", create=True)
        for number in range(count):
            block.add_new(number, "DS", "12.5")
        block.add_new(0x80, "OB", bytes(range(256)) * 8)
    data.PixelData = bytes(range(256)) * (512 * 512 * 2 // 256)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


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


def _item(**values: str) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
