"""Rows for what arrived: studies, series, instances, documents. A repetition adds only what is missing."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import audit, dicom, invitations, studies, submissions
from importal.dicom import documents
from importal.ids import new_id
from importal.site import Site
from importal.studies import Document, HoldState, Instance, Series, Study, StudyState, Tally
from importal.transfers import ArrivedFile


def register(
    session: Session, site: Site, submission: submissions.Submission, arrived: Sequence[ArrivedFile]
) -> list[str]:
    """Make sure that everything that arrived has its row; return the ids of the studies."""
    registration = _Registration(session, site, submission)
    if any(study.state == StudyState.PURGED for study in registration.studies.values()):
        # All of it was registered, in one transaction; the rows that are missing now were deleted.
        return [study.id for study in registration.studies.values()]
    for file in arrived:
        if file.kind == "instance" and file.facts is not None:
            registration.add_instance(file, file.facts)
    registration.note_named_studies(arrived)
    registration.add_documents([file for file in arrived if file.kind == "document"])
    session.flush()
    registration.count(arrived)
    return [study.id for study in registration.studies.values()]


class _Registration:
    """The rows of one submission while they are completed."""

    def __init__(self, session: Session, site: Site, submission: submissions.Submission) -> None:
        self._session = session
        self._site = site
        self._submission = submission
        of_submission = Study.submission_id == submission.id
        found = session.scalars(select(Study).where(of_submission).order_by(Study.study_instance_uid))
        self.studies = {study.study_instance_uid: study for study in found}
        series = session.scalars(select(Series).join(Study).where(of_submission))
        self._series = {(row.study_id, row.series_instance_uid): row for row in series}
        instances = select(Instance.study_id, Instance.sop_instance_uid).join(Study).where(of_submission)
        self._instances = {(row.study_id, row.sop_instance_uid) for row in session.execute(instances)}
        self._named: set[str] = set()
        invitation = invitations.get(session, submission.invitation_id)
        self._is_deidentified = invitation.deidentification is not None

    def add_instance(self, file: ArrivedFile, facts: dicom.InstanceFacts) -> None:
        study = self.studies.get(facts.study_instance_uid) or self._add_study(facts)
        key = (study.id, facts.sop_instance_uid)
        if key in self._instances:
            return
        self._instances.add(key)
        series = self._series.get((study.id, facts.series_instance_uid)) or self._add_series(study, facts)
        self._session.add(
            Instance(
                id=new_id(),
                study_id=study.id,
                series_id=series.id,
                file_id=file.id,
                sop_instance_uid=facts.sop_instance_uid,
                sop_class_uid=facts.sop_class_uid,
                transfer_syntax_uid=facts.transfer_syntax_uid,
                storage_key=file.storage_key,
                length=file.length,
                bulk_sha256=file.bulk_sha256,
                held_for=list(file.held_for),
                hold=(HoldState.WAITING if file.held_for else HoldState.FREE).value,
            )
        )
        study.instance_count += 1

    def note_named_studies(self, arrived: Sequence[ArrivedFile]) -> None:
        """Remember every study that a file says or its sender named, also where nothing of it was kept."""
        said = {file.facts.study_instance_uid for file in arrived if file.facts is not None}
        self._named = said | {file.announced_study_uid for file in arrived if file.announced_study_uid}

    def add_documents(self, files: Sequence[ArrivedFile]) -> None:
        of_submission = Document.submission_id == self._submission.id
        known = set(self._session.scalars(select(Document.file_id).where(of_submission)))
        for file in files:
            if file.id not in known:
                self._add_document(file)

    def count(self, arrived: Sequence[ArrivedFile]) -> None:
        """Write what came in beside what became of it; the table refuses a difference."""
        kinds = [file.kind for file in arrived]
        papers = select(Document.id).where(Document.submission_id == self._submission.id)
        counted = Tally(
            submission_id=self._submission.id,
            files=len(arrived),
            instances=len(self._instances),
            duplicates=kinds.count("duplicate"),
            documents=len(self._session.scalars(papers).all()),
            refused=kinds.count("refused"),
            counted_at=self._site.clock(),
        )
        self._session.merge(counted)

    def _add_study(self, facts: dicom.InstanceFacts) -> Study:
        submission, now = self._submission, self._site.clock()
        study = Study(
            id=new_id(),
            institution_id=submission.institution_id,
            submission_id=submission.id,
            study_instance_uid=facts.study_instance_uid,
            state=StudyState.RECEIVED.value,
            state_since=now,
            submitted_at=submission.submitted_at or now,
            patient_pseudonym=facts.patient_pseudonym,
            modalities=[],
            instance_count=0,
            document_count=0,
            delivery_round=1,
            is_deidentified=self._is_deidentified,
        )
        self._session.add(study)
        self._session.flush()
        audit.record(self._session, now, studies.SYSTEM, "study.received", audit.Subject("study", study.id))
        self.studies[study.study_instance_uid] = study
        return study

    def _add_series(self, study: Study, facts: dicom.InstanceFacts) -> Series:
        series = Series(
            id=new_id(),
            study_id=study.id,
            series_instance_uid=facts.series_instance_uid,
            modality=facts.modality,
        )
        self._session.add(series)
        self._session.flush()
        self._series[(study.id, series.series_instance_uid)] = series
        return series

    def _add_document(self, file: ArrivedFile) -> None:
        study, assigned_by = self._study_of_document(file)
        if study is None:
            return  # the count below will not agree, and nothing is lost silently
        self._session.add(
            Document(
                id=new_id(),
                study_id=study.id,
                submission_id=self._submission.id,
                file_id=file.id,
                file_number=file.number,
                name_sealed=file.name_sealed,
                kind=file.document_kind,
                size=file.size,
                assigned_by=assigned_by,
                hold=(HoldState.WAITING if self._must_be_read(file) else HoldState.FREE).value,
            )
        )
        study.document_count += 1

    def _must_be_read(self, file: ArrivedFile) -> bool:
        """Whether a document could leave: then, among what names nobody, a person has to read it first."""
        kind = file.document_kind
        return self._is_deidentified and kind is not None and documents.deliverable(kind)

    def _study_of_document(self, file: ArrivedFile) -> tuple[Study | None, str]:
        chosen = self.studies.get(file.announced_study_uid or "")
        if chosen is not None:
            return chosen, "sender"
        first = next((self.studies[uid] for uid in sorted(self.studies)), None)
        # The last study that is left of several is not the only one that there was: a document that was
        # meant for another, perhaps of another person, must not follow it into the archive.
        return first, "only_study" if self._named == set(self.studies) and len(self._named) == 1 else "nobody"
