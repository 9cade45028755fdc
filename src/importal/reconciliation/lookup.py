"""Asking the patient lookup and the archive on behalf of the desk; no transaction is open meanwhile."""

from collections.abc import Iterable
from typing import Protocol

from importal import logs
from importal.errors import ImportalError
from importal.reconciliation import actions, schemas
from importal.reconciliation.errors import (
    LOOKUP_REFUSED,
    LOOKUP_TOO_BROAD,
    LOOKUP_UNREACHABLE,
    OTHER_PATIENT,
)
from importal.reconciliation.patient_lookup import (
    Candidate,
    LookupFailed,
    LookupRefused,
    LookupTooBroad,
    LookupUnreachable,
    PatientLookup,
    PatientQuery,
)
from importal.studies import Comparison, Study

log = logs.get("reconciliation")

_WEIGHTS = {Comparison.SAME: 3, Comparison.SIMILAR: 2, Comparison.MISSING: 1, Comparison.DIFFERENT: 0}


class Archive(Protocol):
    """What reconciliation asks of the archive."""

    def patient_of_study(self, study_instance_uid: str) -> str | None:
        """Return the Patient ID under which it holds a study, or None."""
        ...


def find(lookup: PatientLookup, query: PatientQuery) -> list[Candidate]:
    """Return what the lookup finds.

    Raises:
        ImportalError: ``lookup.unreachable``, ``lookup.too_broad`` or ``lookup.refused``.
    """
    try:
        return lookup.find(query)
    except LookupTooBroad as error:
        raise ImportalError(LOOKUP_TOO_BROAD) from error
    except LookupRefused as error:
        raise ImportalError(LOOKUP_REFUSED) from error
    except (LookupUnreachable, LookupFailed) as error:
        raise ImportalError(LOOKUP_UNREACHABLE) from error


def candidates_for(lookup: PatientLookup, study: Study) -> list[schemas.CandidateShown]:
    """Return local patients that may be the one in the images, the most alike first.

    The name finds namesakes of another birth date, the birth date finds changed or misspelt names.
    """
    found: dict[tuple[str, str], Candidate] = {}
    for query in _queries(study):
        try:
            answers = lookup.find(query)
        except (LookupTooBroad, LookupRefused):
            continue
        except LookupFailed as error:
            raise ImportalError(LOOKUP_UNREACHABLE) from error
        for candidate in answers:
            found.setdefault((candidate.patient_id, candidate.issuer_of_patient_id), candidate)
    return sorted(
        (shown(candidate, study) for candidate in found.values()),
        key=lambda candidate: (-_likeness(candidate), candidate.patient_name, candidate.patient_id),
    )


def shown(candidate: Candidate, study: Study | None = None) -> schemas.CandidateShown:
    """Return a candidate for the desk, compared with the patient of a study where one is given."""
    result = schemas.CandidateShown.model_validate(
        {
            "patient_id": candidate.patient_id,
            "issuer_of_patient_id": candidate.issuer_of_patient_id,
            "patient_name": candidate.patient_name,
            "birth_date": candidate.birth_date,
            "sex": candidate.sex,
            "orders": list(candidate.orders),
        }
    )
    if study is not None:
        comparison = actions.compare(study, result)
        result.comparison = schemas.ComparisonShown.model_validate(comparison)
    return result


def require_free(archive: Archive | None, study_instance_uid: str, patient_id: str) -> None:
    """Raise ``reconciliation.other_patient`` when the archive holds the study under another Patient ID.

    An archive that does not answer now is asked again before the first instance is sent.
    """
    if archive is None:
        return
    try:
        holder = archive.patient_of_study(study_instance_uid)
    except Exception as error:
        log.warning("reconciliation.archive_not_asked", exc_info=error)
        return
    if holder is not None and holder.strip(" \0") != patient_id:
        raise ImportalError(OTHER_PATIENT)


def _queries(study: Study) -> Iterable[PatientQuery]:
    birth_date = study.birth_date if len(study.birth_date) == 8 and study.birth_date.isdigit() else ""
    if study.patient_name and birth_date:
        yield PatientQuery(patient_name=study.patient_name, birth_date=birth_date)
    if study.patient_name:
        yield PatientQuery(patient_name=study.patient_name)
    if birth_date:
        yield PatientQuery(birth_date=birth_date)


def _likeness(candidate: schemas.CandidateShown) -> int:
    comparison = candidate.comparison
    if comparison is None:
        return 0
    return 3 * _WEIGHTS[comparison.birth_date] + 2 * _WEIGHTS[comparison.name] + _WEIGHTS[comparison.sex]
