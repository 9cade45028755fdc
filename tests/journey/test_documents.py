"""Letters, scans and files for the staff on the whole road: real processes, and an archive that is one."""

from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from importal.demo.sample_documents import pdf, skin_photo
from tests.corpus import corpus_path
from tests.journey.desk import await_committed, await_inspected, detail, reconcile
from tests.journey.portal import Portal
from tests.journey.test_road import LOCAL, await_sent, sender
from tests.orthanc import Orthanc
from tests.unit.imaging.making import complaints, encoded, gradient
from tests.unit.imaging.test_clinical_documents import binary_stl, cda

IMAGE = ("cd", "pydicom-dicomdirtests", "98892001", "CT2N", "6293")
TEXT = "Größe 12 µm. 日本語\n"
LETTERS = {
    "report.pdf": pdf("Report", ["line"]),
    "befund.xml": cda("utf-16"),
    "bone.stl": binary_stl(),
    "note.txt": TEXT.encode("utf-16"),
    "phone.jpg": skin_photo(1),
    "fax.tif": encoded(
        Image.new("1", (200, 300), 1), "TIFF", save_all=True, append_images=[gradient().convert("1")],
        compression="group4",
    ),
}  # fmt: skip
EXPECTED = {
    "Encapsulated PDF Storage": 2,
    "Encapsulated CDA Storage": 1,
    "Encapsulated STL Storage": 1,
    "VL Photographic Image Storage": 1,
    "Multi-frame Grayscale Byte Secondary Capture Image Storage": 1,
}
STAYS = {
    "arztbrief.docx": "document.kept",
    "with-javascript.pdf": "document.script",
    "report-password-befund.pdf": "document.encrypted",
    "cut.jpg": "document.broken",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "image.dcm").write_bytes(corpus_path(*IMAGE).read_bytes())
    for name, content in LETTERS.items():
        (folder / name).write_bytes(content)
    for name in STAYS:
        source = next(corpus_path("documents").rglob(name))
        (folder / name).write_bytes(source.read_bytes())
    return folder


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_document_is_in_the_archive_or_at_the_desk_with_its_reason(
    portal: Portal, orthanc: Orthanc, folder: Path
) -> None:
    await_sent(portal, sender(portal, folder, portal.invite()))
    desk = portal.desk()
    (study,) = await_inspected(desk, 1)
    shown = {one["name"].rsplit("/")[-1]: one for one in detail(desk, study["id"])["documents"]}
    assert set(shown) == set(LETTERS) | set(STAYS)
    assert {name: one["note"] for name, one in shown.items() if not one["deliverable"]} == STAYS
    for name in STAYS:
        answer = desk.get(shown[name]["url"])
        assert answer.content == (folder / name).read_bytes()
        assert answer.headers["content-disposition"].startswith("attachment;")

    reconcile(desk, study["id"], LOCAL)
    await_committed(desk, study["id"])
    held = [pydicom.dcmread(BytesIO(content)) for content in orthanc.files().values()]
    image = pydicom.dcmread(BytesIO((folder / "image.dcm").read_bytes()))
    made = [data for data in held if data.SOPInstanceUID != image.SOPInstanceUID]
    classes = [data.SOPClassUID.name for data in made]
    assert {name: classes.count(name) for name in set(classes)} == EXPECTED
    assert {(data.StudyInstanceUID, data.PatientID, data.AccessionNumber) for data in held} == {
        (image.StudyInstanceUID, "L-4711", "A-0815")
    }
    inside = {
        bytes(data.EncapsulatedDocument[: data.EncapsulatedDocumentLength])
        for data in made
        if "EncapsulatedDocument" in data
    }
    assert {LETTERS["report.pdf"], LETTERS["befund.xml"], LETTERS["bone.stl"]} < inside
    assert all(data.pixel_array.size for data in made if "PixelData" in data)
    for data in made:
        out = BytesIO()
        pydicom.dcmwrite(out, data)
        assert complaints(out.getvalue(), folder.parent) == [], data.SOPClassUID.name
