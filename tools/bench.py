"""Measure the engine and the store on this machine: ``make bench``. Medians; one process, one thread."""

import hashlib
import io
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from importal import dicom
from importal.storage import LocalStorage

ROUNDS = 7
REPETITIONS = 100
PACK_FILES = 16
MEGABYTE = 1_000_000


def main() -> int:
    """Print one line per measurement."""
    original = _slice()
    profile = dicom.Profile(dicom.Pseudonyms(b"k" * 32), "IMPORTAL")
    neutralised = dicom.neutralise(original, profile)
    stored = b"".join(neutralised.chunks)
    localisation = _localisation()
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"a CT slice of {len(original)} bytes, median of {ROUNDS} rounds of {REPETITIONS}")
    _report("SHA-256 alone, for comparison", len(original), lambda: hashlib.sha256(original).digest())
    _report("neutralise", len(original), lambda: dicom.neutralise(original, profile))
    _report("restore", len(original), lambda: dicom.restore(stored, neutralised.reverse_patch))
    _report("localise", len(original), lambda: dicom.localise(stored, localisation))
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        storage = LocalStorage(Path(folder))
        numbers = iter(range(sys.maxsize))

        def write_pack() -> None:
            storage.write_all([(f"bench/{next(numbers)}", [stored]) for _ in range(PACK_FILES)])

        _report(f"store durably, {PACK_FILES} at a time", len(stored) * PACK_FILES, write_pack, repetitions=5)
    return 0


def _report(title: str, length: int, verb: Callable[[], object], *, repetitions: int = REPETITIONS) -> None:
    verb()
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(repetitions):
            verb()
        rounds.append((time.perf_counter() - begun) / repetitions)
    seconds = statistics.median(rounds)
    print(f"{title:<32} {seconds * 1000:9.3f} ms {length / MEGABYTE / seconds:9.0f} MB/s")


def _slice() -> bytes:
    """Return a CT slice with identifiers at the top and in a sequence."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item = Dataset()
    item.AccessionNumber = "A4711"
    item.RequestedProcedureID = "RP-1"
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = (
        "Phantom^Bench",
        "12345",
        "19500101",
        "O",
    )
    data.AccessionNumber, data.StudyID, data.Modality = "A4711", "1", "CT"
    data.RequestAttributesSequence = [item]
    data.Rows = data.Columns = 512
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = bytes(512 * 512 * 2)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _localisation() -> dicom.Localisation:
    return dicom.Localisation(
        patient_id="L1",
        issuer_of_patient_id="LOCAL",
        patient_name="Phantom^Bench",
        patient_birth_date="19500101",
        patient_sex="O",
        accession_number="L4711",
        issuer_of_accession_number="",
        institution_name="Bench",
        station_ae_title="IMPORTAL",
        software_version="0",
        coerced_at=datetime(2026, 1, 1, tzinfo=UTC),
        source_of_previous_values="",
    )


if __name__ == "__main__":
    sys.exit(main())
