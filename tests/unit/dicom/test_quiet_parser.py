"""Whatever an object holds, neither standard error nor a log shows a value of it."""

import subprocess
import sys

from tests.unit.dicom import samples

PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from importal import dicom
try:
    dicom.neutralise(sys.stdin.buffer.read(), dicom.Profile(dicom.Pseudonyms(b"k" * 32), "IMPORTAL"))
except dicom.Refused:
    pass
"""


def test_a_broken_object_leaves_no_trace_of_its_values():
    elements = samples.image()
    elements[0x00080005] = ("CS", "ISO 2022 SECRET")
    elements[0x0020000D] = ("UI", "1.2.SECRET")
    elements[0x00081030] = ("LO", "SECRET " * 30)
    elements[0x00100010] = ("PN", b"SECRET\x1b$Z^SECRET")
    layout = samples.Layout()
    body = samples.data_set(samples.as_list(elements), layout)
    odd = samples.element(0x00080070, "LO", "SECRET", layout).replace(b"\x06\0SECRET", b"\x05\0SECRE")
    at = body.index(b"\x08\0\x30\x10")
    broken = bytes(128) + b"DICM" + samples.file_meta("explicit") + body[:at] + odd + body[at:]
    command = [sys.executable, "-W", "always", "-c", PROGRAM]
    done = subprocess.run(command, input=broken, capture_output=True, check=True)
    assert b"SECRE" not in done.stderr + done.stdout
