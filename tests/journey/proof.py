"""What must hold at the end of a road, checked with means of its own (pydicom and plain byte search)."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

# The identifiers of the other hospital, wherever they stand: patient, order, visit and request.
IDENTIFIERS = {
    Tag(keyword)
    for keyword in (
        "PatientID OtherPatientIDs MedicalRecordLocator IssuerOfPatientID AccessionNumber StudyID "
        "AdmissionID ServiceEpisodeID RequestedProcedureID ScheduledProcedureStepID PerformedProcedureStepID "
        "PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest"
    ).split()
}
# Shorter values occur everywhere by chance; a search for them would prove nothing.
SHORTEST = 5
TOKEN = rb"(?<![0-9A-Za-z])%s(?![0-9A-Za-z])"


def instances_in(folder: Path) -> Iterator[tuple[Path, Dataset]]:
    """Yield every instance of a disc, by content; media directories are none."""
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        try:
            dataset = pydicom.dcmread(path)
        except (InvalidDicomError, OSError):
            continue
        if "SOPInstanceUID" in dataset and "DirectoryRecordSequence" not in dataset:
            yield path, dataset


def identifiers_of(datasets: Iterable[Dataset]) -> set[str]:
    """Return all original identifier values, at every depth, that are long enough to be searched for."""
    found = {
        str(element.value).strip()
        for dataset in datasets
        for element in dataset.iterall()
        if element.tag in IDENTIFIERS and element.VM == 1 and element.VR != "SQ"
    }
    return {value for value in found if len(value) >= SHORTEST}


def pixel_digest(dataset: Dataset) -> str:
    """Return the digest of the pixel bytes as they are stored."""
    return hashlib.sha256(dataset.get("PixelData", b"")).hexdigest()


def found_in(blob: bytes, values: Iterable[str]) -> set[str]:
    """Return those values that occur in the bytes as whole words."""
    # Plain search first: it is a hundred times faster than the expression, and mostly finds nothing.
    there = (value for value in values if value.encode() in blob)
    return {value for value in there if re.search(TOKEN % re.escape(value.encode()), blob)}


def found_in_folder(folder: Path, values: Iterable[str]) -> dict[str, set[str]]:
    """Return file → values that occur in it; file names are searched as well."""
    wanted, found = set(values), {}
    for path in (item for item in folder.rglob("*") if item.is_file()):
        hits = found_in(path.read_bytes(), wanted) | found_in(str(path).encode(), wanted)
        if hits:
            found[str(path.relative_to(folder))] = hits
    return found


@dataclass(frozen=True)
class LocalPatient:
    """Whom the desk chose."""

    patient_id: str
    name: str
    birth_date: str
    sex: str
    accession_number: str
    issuer: str = "CITY"

    def reconciliation(self) -> dict[str, object]:
        """Return the body of the desk's request."""
        return {
            "local_patient": {
                "patient_id": self.patient_id,
                "issuer_of_patient_id": self.issuer,
                "patient_name": self.name,
                "birth_date": self.birth_date,
                "sex": self.sex,
            },
            "order": {"accession_number": self.accession_number, "requested_procedure_id": ""},
            "differences_confirmed": True,
        }


def assert_local(delivered: Dataset, local: LocalPatient) -> None:
    """The object carries the local patient and order, and says that and how it was coerced."""
    assert delivered.PatientID == local.patient_id
    assert delivered.IssuerOfPatientID == local.issuer
    assert str(delivered.PatientName) == local.name
    assert delivered.PatientBirthDate == local.birth_date
    assert delivered.PatientSex == local.sex
    assert delivered.AccessionNumber == local.accession_number
    assert delivered.InstanceOriginStatus == "IMPORTED"
    assert delivered.ContributingEquipmentSequence[-1].PurposeOfReferenceCodeSequence[0].CodeValue == "MEDIM"
    coerced = delivered.OriginalAttributesSequence[-1]
    assert coerced.ReasonForTheAttributeModification == "COERCE"
    assert "PatientID" in coerced.ModifiedAttributesSequence[0]
    assert delivered.get("PatientIdentityRemoved", "NO") != "YES"


def without_original_attributes(blob: bytes) -> bytes:
    """Return the object's bytes without its Original Attributes Sequence, for a search of the rest."""
    dataset = pydicom.dcmread(BytesIO(blob))
    if "OriginalAttributesSequence" in dataset:
        del dataset.OriginalAttributesSequence
    target = BytesIO()
    pydicom.dcmwrite(target, dataset, enforce_file_format=False)
    return target.getvalue()
