"""``make proof``: every readable object of the corpus through the engine and back, seen by other readers.

Says for each finding the file and what is wrong, in the end the counts; the exit code tells whether there
was a finding. Needs IMPORTAL_CORPUS, and dcmdump and dciodvfy on the path.
"""

import csv
import hashlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from importal import dicom
from importal.dicom import part10
from importal.dicom.codec import DEFLATED_UIDS, EXPLICIT_LITTLE_UID
from importal.dicom.defects import Defect
from importal.dicom.neutralisation import inflated
from importal.dicom.recovery import recover
from tools.proof.readings import UNREADABLE, dcmdump_reading, errors, pydicom_reading

PROFILE = dicom.Profile(dicom.Pseudonyms(bytes(range(32))), "IMPORTAL")
LOCAL = dicom.Localisation(
    patient_id="LOCAL-1",
    issuer_of_patient_id="HOSPITAL",
    patient_name="Local^Person",
    patient_birth_date="19500607",
    patient_sex="F",
    accession_number="ORDER-9",
    issuer_of_accession_number="RIS",
    institution_name="General Hospital",
    station_ae_title="IMPORTAL",
    software_version="0.1",
    coerced_at=datetime(2026, 1, 2, tzinfo=UTC),
    source_of_previous_values="Disc",
    requested_procedure_id="PROC-3",
)


def main() -> int:
    """Prove all, or the files whose path begins with an argument."""
    root = Path(os.environ["IMPORTAL_CORPUS"])
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in _objects(root, tuple(sys.argv[1:])):
            for finding in _prove(root / path, Path(folder), counts):
                counts["findings"] += 1
                print(f"{path}: {finding}", flush=True)
    for name, count in sorted(counts.items()):
        print(f"{count:>6} {name}")
    return 1 if counts["findings"] else 0


def _objects(root: Path, wanted: tuple[str, ...]) -> Iterator[str]:
    with (root / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["is_dicom"] != "no" and (not wanted or row["path"].startswith(wanted)):
                yield row["path"]


def _prove(path: Path, folder: Path, counts: Counter[str]) -> Iterator[str]:
    original = path.read_bytes()
    try:
        neutralised = dicom.neutralise(original, PROFILE)
    except dicom.Refused as refused:
        counts[f"refused: {refused.reason}"] += 1
        return
    stored = b"".join(neutralised.chunks)
    localised = b"".join(dicom.localise(stored, LOCAL).chunks)
    yield from _bytes(original, stored, neutralised)
    counts["repaired" if neutralised.repairs else "rewritten"] += 1
    if neutralised.repairs:
        # Other readers stop at what was broken: they compare with the object as it was mended.
        original = recover(memoryview(original))[0]
    files = {"original": original, "stored": stored, "localised": localised}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / f"{name}-inflated").write_bytes(_inflated(data))
    yield from _readings(original, stored, folder, neutralised.replaced_text, counts)
    yield from _validity(folder, counts)


def _bytes(original: bytes, stored: bytes, neutralised: dicom.Neutralised) -> Iterator[str]:
    again = dicom.neutralise(memoryview(original), PROFILE)
    if b"".join(again.chunks) != stored or again.reverse_patch != neutralised.reverse_patch:
        yield "a repetition gives other bytes"
    if dicom.restore(stored, neutralised.reverse_patch) != original:
        yield "restore gives other bytes"
    bulk = stored[neutralised.bulk_offset :]
    if bulk and hashlib.sha256(bulk).hexdigest() != neutralised.bulk_sha256:
        yield "the digest of the bulk is wrong"


def _readings(
    original: bytes, stored: bytes, folder: Path, texts: tuple[str, ...], counts: Counter[str]
) -> Iterator[str]:
    try:
        before = pydicom_reading(original, texts)
    except UNREADABLE:
        counts["pydicom does not read the original"] += 1
    else:
        counts["seen alike by pydicom"] += 1
        yield from _difference("pydicom", before, pydicom_reading(stored, texts))
    dumped = dcmdump_reading(folder / "original", texts)
    if dumped is None:
        counts["dcmdump does not read the original"] += 1
    else:
        counts["seen alike by dcmdump"] += 1
        yield from _difference("dcmdump", dumped, dcmdump_reading(folder / "stored", texts))


def _difference(
    reader: str, before: list[tuple[str, str]], after: list[tuple[str, str]] | None
) -> Iterator[str]:
    if after is None:
        yield f"{reader} does not read the result"
    elif before != after:
        left, right = Counter(before), Counter(after)
        one = next(iter((left - right) + (right - left)), ("the order", ""))
        yield f"{reader} sees a difference at {one[0]}"


def _validity(folder: Path, counts: Counter[str]) -> Iterator[str]:
    before = errors(folder / "original-inflated")
    if before is None:
        counts["dciodvfy does not read the original"] += 1
        return
    counts["judged by dciodvfy"] += 1
    for name in ("stored", "localised"):
        after = errors(folder / f"{name}-inflated")
        if after is None:
            yield f"{name}: dciodvfy does not read it"
        for error in sorted((after or set()) - before):
            yield f"{name}: {error}"


def _inflated(data: bytes) -> bytes:
    """Return the file with its data set inflated, because the validator reads no deflated one."""
    if not part10.has_magic(data):
        return data
    with suppress(Defect, dicom.Refused):
        meta = part10.read_file_meta(data)
        if meta.text(data, part10.META_TRANSFER_SYNTAX) in DEFLATED_UIDS:
            syntax = part10.meta_element(part10.META_TRANSFER_SYNTAX, "UI", EXPLICIT_LITTLE_UID)
            changed = part10.rewritten_meta(data, meta, {part10.META_TRANSFER_SYNTAX: syntax})
            return data[: part10.META_AT] + changed + inflated(data[meta.end :])
    return data


if __name__ == "__main__":
    sys.exit(main())
