"""What a person decides about a study: whose it is, or that it is turned away. Each is one transaction."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from importal import __version__, studies
from importal.accounts import ActingPerson
from importal.errors import NOT_FOUND, ImportalError
from importal.reconciliation import schemas
from importal.reconciliation.errors import DIFFERS, FILED_ELSEWHERE, NAMES_SOMEBODY
from importal.site import Site
from importal.studies import (
    STUDY_HELD,
    STUDY_STATE,
    LocalIdentity,
    LocalPatientShown,
    PersonComparison,
    Possible,
    Study,
    StudyEvent,
    StudyState,
    compare_birth_dates,
    compare_names,
    compare_sexes,
)

FILED = frozenset({StudyState.RECONCILED, StudyState.DELIVERED, StudyState.COMMITTED})


@dataclass(frozen=True)
class Decision:
    """Whose the study is, and whether the person has confirmed what differs."""

    patient: schemas.LocalPatient
    order: schemas.Order
    differences_confirmed: bool


def reconcile(
    acting_person: ActingPerson, session: Session, site: Site, study_id: str, decision: Decision
) -> None:
    """File a study under a local patient and order.

    Raises:
        ImportalError: ``not_found``; ``study.state`` when somebody was faster or it is on its way;
            ``reconciliation.filed_elsewhere`` when it was sent twice and the other is somebody else's;
            ``reconciliation.differs`` when the persons differ and nobody has confirmed that; ``study.held``
            and ``reconciliation.names_somebody`` for a study that names nobody.
    """
    repetitions = studies.lock_with_repetitions(session, study_id)
    study = _lock(acting_person, session, study_id)
    standing = studies.standing(session, study)
    if standing.waiting_holds:
        raise ImportalError(STUDY_HELD)
    if not studies.possible(study, standing).reconcile:
        raise ImportalError(STUDY_STATE, {"state": study.state})
    _require_same_person(session, study, repetitions, decision.patient)
    doubtful = _doubtful(study, decision.patient)
    if doubtful and not decision.differences_confirmed:
        raise ImportalError(DIFFERS, {"fields": ", ".join(doubtful)})
    earlier = session.get(LocalIdentity, study.id)
    if earlier is not None:
        session.delete(earlier)
        session.flush()
        # A new decision begins a new delivery, with all its attempts.
        study.delivery_round += 1
    patient, order = decision.patient, decision.order
    session.add(
        LocalIdentity(
            study_id=study.id,
            patient_id=patient.patient_id,
            issuer_of_patient_id=patient.issuer_of_patient_id,
            patient_name=patient.patient_name,
            birth_date=patient.birth_date,
            sex=study.sex[:1] if study.is_deidentified else patient.sex,
            accession_number=order.accession_number,
            requested_procedure_id=order.requested_procedure_id,
            software_version=__version__,
            decided_by=acting_person.account_id,
            decided_at=site.clock(),
        )
    )
    params: dict[str, int | str] = {"confirmed": ", ".join(doubtful)} if doubtful else {}
    studies.move_to(session, site, study, StudyEvent.RECONCILED, acting_person.actor, params)


def reject(
    acting_person: ActingPerson, session: Session, site: Site, study_id: str, reason: str, note: str
) -> None:
    """Turn a study away; it stays readable until retention removes it.

    Raises:
        ImportalError: ``not_found``; ``study.state`` when it is on its way or somebody was faster.
    """
    study = _lock(acting_person, session, study_id)
    if not _possible(session, study).reject:
        raise ImportalError(STUDY_STATE, {"state": study.state})
    study.rejection_reason = reason
    study.rejection_note = note.strip()
    studies.move_to(session, site, study, StudyEvent.REJECTED, acting_person.actor, {"reason": reason})


def compare(study: Study, patient: LocalPatientShown | schemas.LocalPatient) -> PersonComparison:
    """Compare the patient in the images with a local one; the browser's own answer does not count."""
    return PersonComparison(
        compare_names(study.patient_name, patient.patient_name),
        compare_birth_dates(study.birth_date, patient.birth_date),
        compare_sexes(study.sex, patient.sex),
    )


def _doubtful(study: Study, patient: schemas.LocalPatient) -> tuple[str, ...]:
    """Return what must be confirmed; among what names nobody there is nothing to compare, and no name."""
    if not study.is_deidentified:
        return tuple(compare(study, patient).must_be_confirmed)
    if patient.patient_name != patient.patient_id or patient.birth_date:
        raise ImportalError(NAMES_SOMEBODY)
    return ()


def _require_same_person(
    session: Session, study: Study, repetitions: list[Study], patient: schemas.LocalPatient
) -> None:
    """Two uploads of one study become the same objects in the archive: they belong to one person.

    The archive alone cannot tell while neither of them has reached it.
    """
    for other in repetitions:
        if other.id == study.id or other.state not in FILED:
            continue
        identity = session.get(LocalIdentity, other.id)
        if identity is not None and not _is_same(identity, patient):
            raise ImportalError(FILED_ELSEWHERE)


def _is_same(identity: LocalIdentity, patient: schemas.LocalPatient) -> bool:
    issuers = {identity.issuer_of_patient_id, patient.issuer_of_patient_id} - {""}
    return identity.patient_id == patient.patient_id and len(issuers) < 2


def _lock(acting_person: ActingPerson, session: Session, study_id: str) -> Study:
    study = studies.lock(session, study_id)
    if study is None or study.institution_id != acting_person.institution_id:
        raise ImportalError(NOT_FOUND)
    return study


def _possible(session: Session, study: Study) -> Possible:
    return studies.possible(study, studies.standing(session, study))
