"""Looking up local patients and orders in an archive: C-FIND on STUDY level, Study Root (PS3.4 C.6.2)."""

from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind

from importal.dimse import NoAssociation, Peer, Proposal, association_with
from importal.reconciliation.patient_lookup import (
    Candidate,
    LookupRefused,
    LookupTooBroad,
    LookupUnreachable,
    Order,
    PatientQuery,
)
from importal.reconciliation.patient_lookup.grouping import FoundStudy, candidates_of, check, fits
from importal.reconciliation.patient_lookup.names import family_name, spellings

_FIND = str(StudyRootQueryRetrieveInformationModelFind)
_PENDING = frozenset({0xFF00, 0xFF01})
_RETURN_KEYS = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
    "StudyDate", "StudyDescription", "AccessionNumber", "ModalitiesInStudy",
)  # fmt: skip


class CFindPatientLookup:
    """A PatientLookup. `limit` is the number of studies up to which an answer is complete enough to show."""

    def __init__(self, peer: Peer, *, limit: int = 200) -> None:
        self._peer = peer
        self._limit = limit

    def find(self, query: PatientQuery) -> list[Candidate]:
        check(query)
        studies: dict[tuple[str, ...], FoundStudy] = {}
        syntaxes = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
        try:
            with association_with(self._peer, [Proposal(_FIND, syntaxes)]) as association:
                for identifier in _identifiers(query):
                    for answer in self._ask(association, identifier):
                        study = _study_of(answer)
                        key = (study.patient_id, study.issuer_of_patient_id, study.order.study_instance_uid)
                        studies[(*key, study.order.accession_number)] = study
        except NoAssociation as error:
            raise LookupUnreachable from error
        return candidates_of(study for study in studies.values() if fits(query, study))

    def _ask(self, association: Any, identifier: Dataset) -> Iterator[Dataset]:
        if not association.is_established:
            raise LookupUnreachable
        for count, (status, answer) in enumerate(association.send_c_find(identifier, _FIND)):
            code = status.get("Status")
            if code is None:
                raise LookupUnreachable
            if code not in _PENDING:
                if code != 0x0000:
                    raise LookupRefused
                return
            if count >= self._limit:
                raise LookupTooBroad  # leaving the body aborts the association, and with it the query
            if answer is None:
                raise LookupRefused("lookup.answer_unreadable")
            yield answer


def _identifiers(query: PatientQuery) -> Iterator[Dataset]:
    """Yield one identifier per spelling of the family name, or a single one when no name was given."""
    family = family_name(query.patient_name)
    for pattern in [f"{spelling}*" for spelling in spellings(family)] if family else [""]:
        identifier = Dataset()
        identifier.SpecificCharacterSet = "ISO_IR 192"
        identifier.QueryRetrieveLevel = "STUDY"
        for keyword in _RETURN_KEYS:
            setattr(identifier, keyword, "")
        identifier.PatientName = pattern
        identifier.PatientBirthDate = query.birth_date
        identifier.PatientID = query.patient_id.strip()
        identifier.AccessionNumber = query.accession_number.strip()
        yield identifier


def _study_of(answer: Dataset) -> FoundStudy:
    return FoundStudy(
        patient_id=_text(answer, "PatientID"),
        issuer_of_patient_id=_text(answer, "IssuerOfPatientID"),
        patient_name=_text(answer, "PatientName").rstrip("^"),
        birth_date=_text(answer, "PatientBirthDate"),
        sex=_text(answer, "PatientSex"),
        order=Order(
            accession_number=_text(answer, "AccessionNumber"),
            study_date=_text(answer, "StudyDate"),
            study_description=_text(answer, "StudyDescription"),
            modality=_text(answer, "ModalitiesInStudy"),
            study_instance_uid=_text(answer, "StudyInstanceUID"),
        ),
    )


def _text(answer: Dataset, keyword: str) -> str:
    value = answer.get(keyword)
    if value is None:
        return ""
    if isinstance(value, MultiValue):
        return "/".join(str(part).strip() for part in value)
    return str(value).strip()
