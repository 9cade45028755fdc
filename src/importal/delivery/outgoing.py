"""What goes out: stored instances with the local identity written in, and documents made into instances.

Nothing localised is stored: it is made when its turn comes, and again with the same bytes when repeated.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from importal import dicom, institutions, logs, studies, transfers, vault
from importal.delivery import errors
from importal.delivery.destinations import OutgoingInstance
from importal.delivery.destinations.part10 import read_file_meta
from importal.delivery.outcomes import OutcomeBook
from importal.dicom import Localisation, conversion
from importal.dicom.derived_objects import StudyContext
from importal.dicom.document_flaws import DocumentFlaw, DocumentRefused
from importal.dicom.documents import DocumentKind
from importal.ids import new_id
from importal.sealing import SealBroken
from importal.site import Site
from importal.studies import Document, Instance, InstanceDelivery, LocalIdentity, Study

log = logs.get("delivery")

UID_PURPOSE = "document-uids"


class InstanceDamaged(Exception):
    """A stored object is not what arrived; it must not be sent. Carries no value."""


def localisation_of(session: Session, site: Site, study: Study, identity: LocalIdentity) -> Localisation:
    """Return what is written into every instance of a study."""
    return Localisation(
        patient_id=identity.patient_id,
        issuer_of_patient_id=identity.issuer_of_patient_id,
        patient_name=identity.patient_name,
        patient_birth_date=identity.birth_date,
        patient_sex=identity.sex,
        accession_number=identity.accession_number,
        issuer_of_accession_number="",
        requested_procedure_id=identity.requested_procedure_id,
        institution_name=institutions.get(session, study.institution_id).name[:64],
        station_ae_title=site.settings.ae_title,
        software_version=identity.software_version,
        coerced_at=identity.decided_at,
        source_of_previous_values=study.institution_name[:64],
        names_nobody=study.is_deidentified,
    )


def plan(session: Session, study_id: str) -> None:
    """Make sure that every stored instance has its delivery row."""
    planned = select(InstanceDelivery.instance_id).where(
        InstanceDelivery.study_id == study_id, InstanceDelivery.instance_id.is_not(None)
    )
    missing = select(Instance).where(
        Instance.study_id == study_id, Instance.id.not_in(planned), Instance.hold.in_(studies.SENDABLE)
    )
    for instance in session.scalars(missing):
        session.add(
            InstanceDelivery(
                id=new_id(),
                study_id=study_id,
                sop_instance_uid=instance.sop_instance_uid,
                sop_class_uid=instance.sop_class_uid,
                transfer_syntax_uid=instance.transfer_syntax_uid,
                instance_id=instance.id,
            )
        )


class Workshop:
    """Makes outgoing instances of one study."""

    def __init__(self, site: Site, study: Study, localisation: Localisation, book: OutcomeBook) -> None:
        self._site = site
        self._study = study
        self._localisation = localisation
        self._book = book

    def plan_documents(self) -> None:
        """Make sure that every deliverable document has its delivery rows, or the reason why it has none."""
        with self._site.database.reading() as session:
            planned = select(InstanceDelivery.document_id).where(
                InstanceDelivery.study_id == self._study.id, InstanceDelivery.document_id.is_not(None)
            )
            waiting = session.scalars(
                select(Document).where(
                    Document.study_id == self._study.id,
                    Document.assigned_by != "nobody",
                    Document.conversion_code == "",
                    Document.id.not_in(planned),
                )
            ).all()
        for document in waiting:
            if studies.is_deliverable(document):
                self._plan_document(document)

    def _plan_document(self, document: Document) -> None:
        code = ""
        made: tuple[bytes, ...] = ()
        try:
            made = self._encapsulated(document)
        except DocumentRefused as refused:
            code = refused.code
        except InstanceDamaged:
            code = errors.DAMAGED.code
        except (OSError, MemoryError, DBAPIError):
            raise
        except Exception as defect:
            # What a library trips over in one document must not hold up the images of the study.
            log.error("delivery.document_not_made", document_id=document.id, exc_info=defect)
            code = DocumentFlaw.BROKEN.code

        def verb(session: Session) -> None:
            rows = [self._row(document, part, content) for part, content in enumerate(made)]
            uids = [row.sop_instance_uid for row in rows]
            repeated = session.scalar(
                select(InstanceDelivery.id).where(
                    InstanceDelivery.study_id == self._study.id, InstanceDelivery.sop_instance_uid.in_(uids)
                )
            )
            if repeated is None:
                session.add_all(rows)
            reason = code or (errors.DOCUMENT_REPEATED.code if repeated is not None else "")
            session.get_one(Document, document.id).conversion_code = reason

        self._site.database.run(verb)

    def _row(self, document: Document, part: int, content: bytes) -> InstanceDelivery:
        meta = read_file_meta(content)
        return InstanceDelivery(
            id=new_id(),
            study_id=self._study.id,
            sop_instance_uid=meta.sop_instance_uid,
            sop_class_uid=meta.sop_class_uid,
            transfer_syntax_uid=meta.transfer_syntax_uid,
            document_id=document.id,
            part=part,
        )

    def outgoing(self, session: Session, rows: Sequence[InstanceDelivery]) -> list[OutgoingInstance]:
        """Return the instances of these rows, each to be made when the archive is ready for it."""
        instances = {
            instance.id: instance
            for instance in session.scalars(select(Instance).where(Instance.study_id == self._study.id))
        }
        documents = {
            document.id: document
            for document in session.scalars(select(Document).where(Document.study_id == self._study.id))
        }
        found = []
        for row in rows:
            if row.instance_id is not None:
                read = partial(self._localised, instances[row.instance_id])
            else:
                assert row.document_id is not None
                read = partial(self._part, documents[row.document_id], row.part)
            made = partial(self._made, row.sop_instance_uid, read)
            found.append(
                OutgoingInstance(row.sop_class_uid, row.sop_instance_uid, row.transfer_syntax_uid, made)
            )
        return found

    def _made(self, sop_instance_uid: str, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except Exception:
            # The archive port reports one that cannot be made as refused; the reason is ours to give.
            self._book.codes[sop_instance_uid] = errors.DAMAGED.code
            raise

    def _localised(self, instance: Instance) -> bytes:
        try:
            stored = studies.view(self._site.storage, instance.storage_key)
        except KeyError as error:
            raise InstanceDamaged from error
        if len(stored) != instance.length:
            raise InstanceDamaged
        localised = dicom.localise(stored, self._localisation)
        if localised.bulk_sha256 != instance.bulk_sha256:
            raise InstanceDamaged
        if localised.reencoded:
            self._book.reencoded.add(instance.sop_instance_uid)
        return b"".join(localised.chunks)

    def _part(self, document: Document, part: int) -> bytes:
        return self._encapsulated(document)[part]

    def _encapsulated(self, document: Document) -> tuple[bytes, ...]:
        with self._site.database.reading() as session:
            arrived = transfers.arrived(session, document.submission_id)
        file = next((item for item in arrived if item.id == document.file_id), None)
        if file is None:
            raise InstanceDamaged
        try:
            content = transfers.read_content(self._site, file)
        except (KeyError, SealBroken) as error:
            raise InstanceDamaged from error
        study = self._study
        name = transfers.open_name(self._site, document.file_id, document.name_sealed)
        title = PurePosixPath(name.replace("\\", "/")).name
        pseudonyms = {study.patient_pseudonym, study.accession_pseudonym, study.study_id}
        with self._site.database.reading() as session:
            # People name a letter after the patient's number; it is replaced there as in the images.
            title = vault.without_originals(session, self._site, title, pseudonyms)
        return conversion.convert(
            content,
            DocumentKind(document.kind),
            title=title,
            context=StudyContext(
                study_instance_uid=study.study_instance_uid,
                study_id=study.study_id,
                study_date=study.study_date,
                study_time=study.study_time,
                referring_physician_name=study.referring_physician_name,
                study_description=study.description,
            ),
            localisation=self._localisation,
            uid_key=self._site.keys.derive(UID_PURPOSE),
        )
