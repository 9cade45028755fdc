"""Makes what a sender leaves behind, and a desk to work on it: real objects, through the real engine."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from importal import accounts, dicom, institutions, invitations, submissions, transfers, vault
from importal.accounts import ActingPerson
from importal.dicom.documents import DocumentKind
from importal.ids import new_code, new_id
from importal.invitations import Expectation, NewInvitation, SenderKind
from importal.site import Site
from importal.submissions import Submission
from importal.transfers import TransferFile

CT = "1.2.840.10008.5.1.4.1.1.2"
FOREIGN_ID = "FOREIGN-4711"
NOBODY = Expectation()


def make_person(site: Site, name: str = "desk") -> ActingPerson:
    """Return a member of staff of an institution of their own."""
    with site.database.transaction() as session:
        institution = institutions.create(session, f"Hospital of {name}")
        account = accounts.create_account(
            session, site, institution.id, name, "a long password", name.title()
        )
        return ActingPerson(account.id, account.username, account.display_name, institution.id)


def make_object(**attributes: object) -> bytes:
    """Return a small CT image as another hospital would have made it."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = CT
    data.SOPInstanceUID = "1.2.3.4.1"
    data.StudyInstanceUID = "1.2.3"
    data.SeriesInstanceUID = "1.2.3.4"
    data.PatientName = "Muster^Anna"
    data.PatientID = FOREIGN_ID
    data.IssuerOfPatientID = "ELSEWHERE"
    data.PatientBirthDate = "19480503"
    data.PatientSex = "F"
    data.AccessionNumber = "ACC-99"
    data.StudyID = "S1"
    data.StudyDate = "20260101"
    data.StudyTime = "101500"
    data.StudyDescription = "CT Thorax"
    data.SeriesNumber = 2
    data.InstanceNumber = 1
    data.Modality = "CT"
    data.InstitutionName = "Elsewhere Clinic"
    data.Rows = data.Columns = 4
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation, data.SamplesPerPixel = 15, 0, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.PixelData = bytes(range(32))
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = BytesIO()
    pydicom.dcmwrite(out, data, enforce_file_format=True)
    return out.getvalue()


def make_series(count: int, study: str = "1.2.3", **attributes: object) -> list[bytes]:
    """Return so many images of one series."""
    return [
        make_object(
            StudyInstanceUID=study,
            SeriesInstanceUID=f"{study}.4",
            SOPInstanceUID=f"{study}.4.{number}",
            InstanceNumber=number,
            PixelData=bytes([number % 256]) * 32,
            **attributes,
        )
        for number in range(1, count + 1)
    ]


@dataclass
class Sent:
    """A submission that was handed over."""

    site: Site
    submission_id: str
    next_number: int = 0
    instance_keys: list[str] = field(default_factory=list)

    def add_instance(self, original: bytes) -> None:
        """Let an image arrive, as the transfer keeps it."""
        made = dicom.neutralise(original, transfers.profile(self.site))
        row = self._row("instance", "stored", len(original))
        row.storage_key = f"submissions/{self.submission_id}/{row.number}-image"
        row.length, row.bulk_sha256, row.content_sha256 = made.length, made.bulk_sha256, made.bulk_sha256
        row.repairs, row.hits = [repair.value for repair in made.repairs], list(made.hits)
        self._describe(row, made.facts)
        self.site.storage.write_all([(row.storage_key, made.chunks)])
        self.instance_keys.append(row.storage_key)
        patch = vault.seal_patch(self.site, self.submission_id, row.id, row.storage_key, made.reverse_patch)
        with self.site.database.transaction() as session:
            session.add(row)
            vault.keep_patches(session, self.site, [patch])
            vault.remember(session, self.site, made.replacements)

    def add_repetition(self, original: bytes, *, is_conflict: bool) -> None:
        """Let an image arrive again: the same one, or another under the same UID."""
        made = dicom.neutralise(original, transfers.profile(self.site))
        row = self._row("instance", "refused" if is_conflict else "duplicate", len(original))
        row.code = "dicom.conflict" if is_conflict else "dicom.duplicate"
        self._describe(row, made.facts)
        with self.site.database.transaction() as session:
            session.add(row)

    def add_document(
        self, content: bytes, kind: DocumentKind, study: str | None = None, name: str = ""
    ) -> None:
        """Let a document arrive; it is kept sealed."""
        row = self._row("document", "kept", len(content))
        if name:
            row.path_sealed = self.site.keys.sealer("transfer-names").seal_text(name, f"{row.id}/path")
        row.document_kind, row.announced_study_uid = kind.value, study
        row.storage_key = f"submissions/{self.submission_id}/{row.number}-document.sealed"
        pieces = self.site.keys.sealer("transfers").seal_pieces([content], row.storage_key)
        self.site.storage.write_all([(row.storage_key, pieces)])
        with self.site.database.transaction() as session:
            session.add(row)

    def add_refused(self, code: str, study: str | None = None) -> None:
        """Let a file arrive that is set aside."""
        row = self._row("instance", "refused", 10)
        row.code, row.announced_study_uid = code, study
        with self.site.database.transaction() as session:
            session.add(row)

    def _row(self, role: str, state: str, size: int) -> TransferFile:
        row_id, number = new_id(), self.next_number
        self.next_number += 1
        name = self.site.keys.sealer("transfer-names").seal_text(f"disc/file {number}.pdf", f"{row_id}/path")
        return TransferFile(
            id=row_id,
            submission_id=self.submission_id,
            number=number,
            path_sealed=name,
            size=size,
            fingerprint=hashlib.sha256(f"print {number}".encode()).hexdigest(),
            role=role,
            state=state,
            sha256=hashlib.sha256(str(number).encode()).hexdigest(),
            repairs=[],
            hits=[],
            confirmed_at=self.site.clock(),
        )

    def _describe(self, row: TransferFile, facts: dicom.InstanceFacts) -> None:
        row.sop_instance_uid, row.sop_class_uid = facts.sop_instance_uid, facts.sop_class_uid
        row.study_instance_uid, row.series_instance_uid = facts.study_instance_uid, facts.series_instance_uid
        row.transfer_syntax_uid, row.modality = facts.transfer_syntax_uid, facts.modality
        row.patient_pseudonym = facts.patient_pseudonym


def send(site: Site, person: ActingPerson, originals: list[bytes], expected: Expectation = NOBODY) -> Sent:
    """Return a submission to this person's institution with these images in it."""
    with site.database.transaction() as session:
        wanted = NewInvitation(
            person.institution_id, SenderKind.PATIENT, timedelta(days=30), expectation=expected
        )
        invitation, _code = invitations.invite(session, site, wanted, person.actor)
        row_id, now = new_id(), site.clock()
        contact = site.keys.sealer("submissions").seal(
            b'{"email": "anna@example.org", "phone": ""}', f"{row_id}/contact"
        )
        session.add(
            Submission(
                id=row_id,
                invitation_id=invitation.id,
                institution_id=person.institution_id,
                client_key=new_id(),
                state=submissions.State.SUBMITTED.value,
                reference=new_code(2),
                contact_sealed=contact,
                created_at=now,
                active_at=now,
                submitted_at=now,
            )
        )
    sent = Sent(site, row_id)
    for original in originals:
        sent.add_instance(original)
    return sent
