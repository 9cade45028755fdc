"""From studies to candidates: what every adapter of the lookup does alike."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from importal.reconciliation.patient_lookup import Candidate, LookupRefused, Order, PatientQuery

_WITH_MEANING = frozenset("*?\\")


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """One study or order as an archive lists it; texts already decoded, empty when unknown."""

    patient_id: str = field(repr=False)
    issuer_of_patient_id: str
    patient_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str
    order: Order = field(repr=False)


def check(query: PatientQuery) -> None:
    """Refuse what must not be asked: everything at once, or an ID that would act as a wildcard.

    Raises:
        LookupRefused: `lookup.query_empty` or `lookup.query_invalid`.
    """
    exact = (query.patient_id, query.accession_number, query.birth_date)
    if any(set(value) & _WITH_MEANING for value in exact):
        raise LookupRefused("lookup.query_invalid")
    if query.birth_date and not (len(query.birth_date) == 8 and query.birth_date.isdecimal()):
        raise LookupRefused("lookup.query_invalid")
    if not any(value.strip() for value in (*exact, query.patient_name)):
        raise LookupRefused("lookup.query_empty")


def fits(query: PatientQuery, study: FoundStudy) -> bool:
    """Return whether an answer matches the exact keys: an archive may ignore those it need not support.

    Patient's Birth Date is such a key on the STUDY level (PS3.4 Table C.6-5).
    """
    pairs = (
        (query.birth_date, study.birth_date),
        (query.patient_id, study.patient_id),
        (query.accession_number, study.order.accession_number),
    )
    return all(not wanted.strip() or wanted.strip().lower() == held.lower() for wanted, held in pairs)


def candidates_of(studies: Iterable[FoundStudy]) -> list[Candidate]:
    """Group studies by Patient ID and Issuer; a study without a Patient ID cannot be a local patient."""
    groups: dict[tuple[str, str], list[FoundStudy]] = {}
    for study in studies:
        if study.patient_id:
            groups.setdefault((study.patient_id, study.issuer_of_patient_id), []).append(study)
    found = [_candidate(group) for group in groups.values()]
    return sorted(found, key=lambda one: (one.patient_name.lower(), one.patient_id))


def _candidate(group: list[FoundStudy]) -> Candidate:
    newest_first = sorted(group, key=lambda study: study.order.study_date, reverse=True)
    first = newest_first[0]
    return Candidate(
        patient_id=first.patient_id,
        issuer_of_patient_id=first.issuer_of_patient_id,
        patient_name=_first(study.patient_name for study in newest_first),
        birth_date=_first(study.birth_date for study in newest_first),
        sex=_first(study.sex for study in newest_first),
        orders=tuple(dict.fromkeys(study.order for study in newest_first)),
    )


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")
