"""One study as the desk sees it, put together from the spine."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importal import audit, dicom, invitations, submissions, transfers
from importal.accounts import Account, ActingPerson
from importal.dicom import documents
from importal.dicom.document_flaws import DocumentFlaw
from importal.site import Site
from importal.studies import holds, progress, queries, schemas
from importal.studies.errors import DOCUMENT_HELD, DOCUMENT_LEFT_OUT, DOCUMENT_UNASSIGNED
from importal.studies.expected import expectation_of, judgement_of
from importal.studies.identity import Verdict
from importal.studies.states import StudyState
from importal.studies.tables import Document, Instance, LocalIdentity, Study


def study_detail(
    acting_person: ActingPerson, session: Session, site: Site, study_id: str
) -> schemas.StudyDetail:
    """Return everything the desk knows of a study of the person's institution, or raise ``not_found``."""
    study = queries.get_study(acting_person, session, study_id)
    history = audit.history(
        session, [audit.Subject("study", study.id), audit.Subject("submission", study.submission_id)]
    )
    names = _names(session, history)
    now = progress.standing(session, study)
    found = transfers.mended(session, select(Instance.file_id).where(Instance.study_id == study.id))
    words = submissions.words_of(session, site, study.submission_id, study.study_instance_uid)
    expectation = expectation_of(session, site, study.submission_id)
    return schemas.StudyDetail(
        **queries.row_of(study, expectation).model_dump(exclude={"documents"}),
        study_instance_uid=study.study_instance_uid,
        patient_pseudonym=study.patient_pseudonym,
        accession_pseudonym=study.accession_pseudonym,
        institution_name=study.institution_name,
        comment=words.comment,
        expected=_expected(study, expectation, words),
        consent=_consent(session, study),
        upload=queries.source_of(session, site, study.submission_id),
        series=queries.series_of(session, study.id),
        documents=_documents(session, site, study),
        held=holds.held_items(session, study),
        refused=_refused(session, site, study),
        repairs=[schemas.RepairShown(code=code, instances=count) for code, count in found.repairs.items()],
        with_original_numbers=found.with_hits,
        contents=_contents(session, study),
        reconciliation=_reconciliation(session, study, names),
        rejection=_rejection(study, history, names),
        delivery=progress.shown(session, study, now),
        history=[
            schemas.HistoryEntry(
                at=message.at, actor=_actor(message, names), action=message.action, params=message.params
            )
            for message in history
        ],
        can=progress.possible(study, now),
    )


def _expected(
    study: Study, expectation: invitations.Expectation, words: submissions.StudyWords
) -> schemas.ExpectedShown | None:
    if expectation == invitations.Expectation():
        return None
    judgement = judgement_of(study, expectation)
    return schemas.ExpectedShown(
        **asdict(expectation),
        differing=[] if judgement is None else [each.value for each in judgement.fields],
        sender_verdict=None if words.verdict is None else Verdict(words.verdict).value,
        sender_confirmed=words.is_confirmed,
    )


def _consent(session: Session, study: Study) -> schemas.ConsentShown | None:
    record = submissions.consent_of(session, study.submission_id)
    return None if record is None else schemas.ConsentShown.model_validate(record)


def _contents(session: Session, study: Study) -> list[schemas.ContentShown]:
    classes = session.execute(
        select(Instance.sop_class_uid, func.count())
        .where(Instance.study_id == study.id)
        .group_by(Instance.sop_class_uid)
    )
    counts: Counter[str] = Counter()
    for sop_class_uid, instances in classes:
        kind = dicom.content_kind(sop_class_uid)
        if kind is not None:
            counts[kind.value] += instances
    return [schemas.ContentShown(kind=kind, instances=count) for kind, count in sorted(counts.items())]


def is_deliverable(document: Document) -> bool:
    """Whether a document becomes a DICOM object: somebody assigned it, and its kind can be converted."""
    convertible = documents.deliverable(documents.DocumentKind(document.kind))
    is_free = document.hold in holds.SENDABLE
    return convertible and is_free and document.assigned_by != "nobody" and not document.conversion_code


def note_of(document: Document) -> str:
    """Return the code of why a document stays at the desk; empty for one that goes to the archive."""
    if document.conversion_code:
        return document.conversion_code
    if not documents.deliverable(documents.DocumentKind(document.kind)):
        return DocumentFlaw.KEPT.code
    if document.hold not in holds.SENDABLE:
        return DOCUMENT_HELD.code if document.hold == holds.HoldState.WAITING else DOCUMENT_LEFT_OUT.code
    return DOCUMENT_UNASSIGNED.code if document.assigned_by == "nobody" else ""


def _names(session: Session, history: list[audit.AuditMessage]) -> dict[str, str]:
    ids = {message.actor_id for message in history if message.actor_kind == "staff"}
    found = session.execute(select(Account.id, Account.display_name).where(Account.id.in_(ids)))
    return {row.id: row.display_name for row in found}


def _actor(message: audit.AuditMessage, names: Mapping[str, str]) -> str:
    return names.get(message.actor_id, "") if message.actor_kind == "staff" else message.actor_kind


def _documents(session: Session, site: Site, study: Study) -> list[schemas.DocumentShown]:
    rows = session.scalars(
        select(Document).where(Document.study_id == study.id).order_by(Document.file_number)
    )
    return [
        schemas.DocumentShown(
            id=row.id,
            name=transfers.open_name(site, row.file_id, row.name_sealed) or f"#{row.file_number}",
            media_type=documents.media_type(documents.DocumentKind(row.kind)),
            size=row.size,
            deliverable=is_deliverable(row),
            note=note_of(row),
            url=f"api/desk/documents/{row.id}/content",
        )
        for row in rows
    ]


def _refused(session: Session, site: Site, study: Study) -> list[schemas.RefusedShown]:
    return [
        schemas.RefusedShown(name=file.name, code=file.code)
        for file in transfers.refused(session, site, study.submission_id)
    ]


def _reconciliation(
    session: Session, study: Study, names: Mapping[str, str]
) -> schemas.ReconciliationShown | None:
    identity = session.get(LocalIdentity, study.id)
    if identity is None:
        return None
    return schemas.ReconciliationShown(
        local_patient=schemas.LocalPatientShown.model_validate(identity),
        order=schemas.OrderShown.model_validate(identity),
        by=names.get(identity.decided_by, ""),
        at=identity.decided_at,
    )


def _rejection(
    study: Study, history: list[audit.AuditMessage], names: Mapping[str, str]
) -> schemas.RejectionShown | None:
    if not study.rejection_reason:
        return None
    rejected = next(
        message for message in reversed(history) if message.action == f"study.{StudyState.REJECTED}"
    )
    return schemas.RejectionShown(
        reason=study.rejection_reason,
        note=study.rejection_note,
        by=_actor(rejected, names),
        at=rejected.at,
    )
