"""Other tools on the same files, each with the processor time it takes; run by ``make bench-dicom``.

``python tools/bench/peers.py TOOL SOURCES TARGETS`` prints one line of JSON. The Python ones run in an
environment of their own (.bench/venv), used as their documentation says; loading them is not counted. The
programs get all files at once. What the tools leave in place is another matter than what they cost.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EDITS = ("(0010,0020)", "(0010,0021)", "(0008,0050)", "(0020,0010)", "(0040,1001)", "(0040,0009)")


def pydicom(targets: Path) -> Callable[[Path], None]:
    """Read, replace the identifiers at every depth, write: what a program of one's own would do."""
    import pydicom as library

    tags = {int(edit[1:5] + edit[6:10], 16) for edit in EDITS}

    def edit(_: object, element: Any) -> None:
        if element.tag in tags:
            element.value = "PSEUDONYM1234567"[:16]

    def run(source: Path) -> None:
        data = library.dcmread(source)
        data.walk(edit)
        data.save_as(targets / source.name)

    return run


def dicognito(targets: Path) -> Callable[[Path], None]:
    """Use dicognito with its defaults."""
    import pydicom as library
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer(seed="bench")

    def run(source: Path) -> None:
        data = library.dcmread(source)
        anonymizer.anonymize(data)
        data.save_as(targets / source.name)

    return run


def dicom_anonymizer(targets: Path) -> Callable[[Path], None]:
    """Use dicom-anonymizer with its defaults."""
    from dicomanonymizer import anonymize_dicom_file

    return lambda source: anonymize_dicom_file(str(source), str(targets / source.name))


def deid(targets: Path) -> Callable[[Path], None]:
    """Use deid with a recipe that replaces identifiers only."""
    from deid.config import DeidRecipe
    from deid.dicom import replace_identifiers

    keywords = ("PatientID", "IssuerOfPatientID", "AccessionNumber", "StudyID", "RequestedProcedureID")
    lines = "".join(f"REPLACE {keyword} PSEUDONYM\n" for keyword in keywords)
    path = targets / "recipe"
    path.write_text(f"FORMAT dicom\n\n%header\n\n{lines}", encoding="utf-8")
    recipe = DeidRecipe(deid=str(path))

    def run(source: Path) -> None:
        (data,) = replace_identifiers([str(source)], deid=recipe, save=False, disable_skip=True)
        data.save_as(targets / source.name)

    return run


def dcmodify(sources: list[Path], targets: Path) -> None:
    """Use dcmodify, which edits in place and so needs a copy first."""
    for source in sources:
        shutil.copyfile(source, targets / source.name)
    edits = [part for edit in EDITS for part in ("-ma", f"{edit}=PSEUDONYM1234567")]
    names = [str(targets / source.name) for source in sources]
    subprocess.run(["dcmodify", "-nb", "-imt", *edits, *names], check=True, capture_output=True)


def gdcmanon(sources: list[Path], targets: Path) -> None:
    """Use gdcmanon in the mode that edits what it is told, on the top level only."""
    edits = [
        part for edit in EDITS[:4] for part in ("--replace", f"{edit[1:5]},{edit[6:10]}=PSEUDONYM1234567")
    ]
    folder = str(sources[0].parent)
    command = ["gdcmanon", "--dumb", *edits, "-r", "-i", folder, "-o", str(targets)]
    subprocess.run(command, check=True, capture_output=True)


LIBRARIES = {"pydicom": pydicom, "dicognito": dicognito, "dicom-anonymizer": dicom_anonymizer, "deid": deid}
PROGRAMS = {"dcmodify": dcmodify, "gdcmanon": gdcmanon}


def forget_peak() -> int:
    """Begin to count the most memory anew; return what the process holds now."""
    with Path("/proc/self/clear_refs").open("w", encoding="ascii") as file:
        file.write("5")
    return _status("VmRSS")


def peak_bytes() -> int:
    """Return the most memory this process held; what the system calls the maximum begins with a parent's."""
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    """Measure one tool on all files of a folder."""
    tool, folder, out = sys.argv[1:]
    sources, targets = sorted(Path(folder).glob("*.dcm")), Path(out)
    if tool in PROGRAMS:
        PROGRAMS[tool](sources, targets)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = usage.ru_utime + usage.ru_stime + time.process_time()
        peak, loaded = usage.ru_maxrss << 10, 0
    else:
        run = LIBRARIES[tool](targets)
        loaded = forget_peak()
        run(sources[0])
        begun = time.process_time()
        for source in sources:
            run(source)
        seconds = time.process_time() - begun
        peak = peak_bytes()
    print(json.dumps({"seconds": seconds / len(sources), "peak_bytes": [peak, loaded]}))


if __name__ == "__main__":
    os.environ.setdefault("MESSAGELEVEL", "0")
    main()
