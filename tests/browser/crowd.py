"""Uploads that nobody sent by hand: many of them, and one with values as long as objects hold them."""

import random

from importal import inspection
from importal.accounts import ActingPerson
from importal.dicom.documents import DocumentKind
from importal.ids import new_id
from importal.site import Site
from importal.studies import Study
from tests.database.road import make_object, send

LONG_WORD = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"
UNBROKEN = "X" * 60
SURNAMES = "Okafor Lindqvist Größmüller Tanaka Novák Haddad Silva Kowalski Yılmaz O’Brien".split()
GIVEN = "Ada Noor Emil Mirai Tomáš Ines Jonas Leila Oskar Maeve".split()
WORDS = ("CT Abdomen", "MR Knie links", "CT Schädel nativ", "XR Thorax", "PET CT whole body")


def seed(site: Site, person: ActingPerson, count: int) -> list[str]:
    """Let so many uploads of different people arrive, inspected; return the ids of their studies."""
    dice = random.Random(7)
    ids = []
    for number in range(count):
        born = f"19{dice.randrange(30, 99)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}"
        ids.append(
            _arrive(
                site,
                person,
                PatientName=f"{dice.choice(SURNAMES)}^{dice.choice(GIVEN)}",
                PatientID=f"CROWD-{number:04}",
                PatientBirthDate=born,
                PatientSex=dice.choice("FMO"),
                AccessionNumber=f"CRACC{number:05}",
                StudyDescription=dice.choice(WORDS),
            )
        )
    return ids


def seed_longest(site: Site, person: ActingPerson) -> str:
    """Let a study arrive whose texts are as long as DICOM allows, without a place to break them."""
    return _arrive(
        site,
        person,
        document=f"{UNBROKEN}{UNBROKEN}.pdf",
        is_mended=True,
        PatientName=f"{UNBROKEN}^{LONG_WORD}",
        PatientID="L" * 64,
        AccessionNumber="A" * 16,
        PatientBirthDate="",
        StudyDescription="D" * 64,
        SeriesDescription="S" * 64,
        InstitutionName="I" * 64,
        BodyPartExamined="B" * 16,
    )


def _arrive(
    site: Site, person: ActingPerson, document: str = "", *, is_mended: bool = False, **attributes: object
) -> str:
    uid = f"2.25.{int(new_id(), 16)}"
    image = make_object(
        StudyInstanceUID=uid,
        SeriesInstanceUID=f"{uid[:50]}.1",
        SOPInstanceUID=f"{uid[:50]}.1.1",
        **attributes,
    )
    # Without the preamble it is no valid file, and can be read all the same.
    sent = send(site, person, [image[132:] if is_mended else image])
    if document:
        sent.add_document(b"%PDF-1.4\n%%EOF\n", DocumentKind.PDF, uid, document)
        sent.add_refused("dicom.damaged")
    inspection.inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        found: str = session.query(Study.id).filter_by(submission_id=sent.submission_id).one()[0]
        return found
