"""A PatientLookup in memory that keeps the contract: for tests of the desk, without a network."""

from collections.abc import Iterable

from importal.reconciliation.patient_lookup import Candidate, LookupTooBroad, LookupUnreachable, PatientQuery
from importal.reconciliation.patient_lookup.grouping import FoundStudy, candidates_of, check, fits
from importal.reconciliation.patient_lookup.names import family_name, spellings


class MemoryPatientLookup:
    """Knows the candidates it was given. `down` makes it unreachable."""

    def __init__(self, candidates: Iterable[Candidate] = (), *, limit: int = 200) -> None:
        self._studies = [
            FoundStudy(
                one.patient_id, one.issuer_of_patient_id, one.patient_name, one.birth_date, one.sex, order
            )
            for one in candidates
            for order in one.orders
        ]
        self._limit = limit
        self.down = False

    def find(self, query: PatientQuery) -> list[Candidate]:
        check(query)
        if self.down:
            raise LookupUnreachable
        family = family_name(query.patient_name)
        beginnings = tuple(spelling.casefold() for spelling in spellings(family)) if family else ("",)
        named = [study for study in self._studies if study.patient_name.casefold().startswith(beginnings)]
        found = [study for study in named if fits(query, study)]
        if len(found) > self._limit:
            raise LookupTooBroad
        return candidates_of(found)
