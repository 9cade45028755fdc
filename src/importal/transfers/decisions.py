"""What becomes of arrived files in view of what the submission holds already.

An Instance is kept once; another object under the same UID, a pseudonym that stands for two things, or one
study too many sets a file aside. Decided before anything is written, and again under the submission's lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from importal import dicom, institutions, submissions, vault
from importal.site import Site
from importal.transfers.arrival import Arrival, Arrived, ArrivedDocument, ArrivedInstance, SetAside
from importal.transfers.states import FileState
from importal.transfers.tables import TransferFile

# Settled, and no Instances.
_OTHERS = [FileState.KEPT.value, FileState.REFUSED.value, FileState.UNPACKED.value]


@dataclass(frozen=True)
class Decision:
    """The final state of a file and the code that explains it."""

    state: FileState
    code: str | None = None


@dataclass(frozen=True)
class KnownInstance:
    """By what an Instance is recognised as the same or as another."""

    study_instance_uid: str
    series_instance_uid: str
    patient_pseudonym: str
    content_sha256: str


def decide(
    session: Session, site: Site, submission: submissions.Submission, arrived: Sequence[Arrived]
) -> dict[int, Decision]:
    """Return a decision per file number; a row that is final already keeps what was decided then."""
    final = _final(session, submission.id, [item.arrival.number for item in arrived])
    instances = [item for item in arrived if isinstance(item, ArrivedInstance)]
    known = _known(session, submission.id, [item.neutralised.facts.sop_instance_uid for item in instances])
    studies = stored_studies(session, submission.id)
    limit = max_studies(session, site, submission)
    collided = vault.collisions(session, site, _replacements(instances))
    there = there_before(session, submission.id, [item.arrival for item in arrived])
    decisions: dict[int, Decision] = {}
    for item in sorted(arrived, key=lambda each: each.arrival.number):
        number = item.arrival.number
        if number in final:
            decisions[number] = final[number]
        elif not isinstance(item, ArrivedInstance):
            decisions[number] = _decision_beside(item, there)
        else:
            facts = item.neutralised.facts
            code = _objection(item, known, collided)
            if code is None and len(studies | {facts.study_instance_uid}) > limit:
                code = "limit.studies"
            decisions[number] = _decision(code)
            if code is None:
                studies.add(facts.study_instance_uid)
                known[facts.sop_instance_uid] = _recognised(item)
    return decisions


def _decision_beside(item: ArrivedDocument | SetAside, there: set[str]) -> Decision:
    """Decide on what is no Instance; a tus client whose answer was lost sends the same file once more."""
    if item.arrival.is_upload:
        if item.arrival.fingerprint in there:
            return Decision(FileState.DUPLICATE, "file.duplicate")
        there.add(item.arrival.fingerprint)
    if isinstance(item, SetAside):
        return Decision(FileState.REFUSED, item.code)
    return Decision(FileState.KEPT)


def max_studies(session: Session, site: Site, submission: submissions.Submission) -> int:
    """Return how many studies the institution accepts at once."""
    institution = institutions.get(session, submission.institution_id)
    return institution.max_studies or site.settings.default_max_studies


def stored_studies(session: Session, submission_id: str) -> set[str]:
    """Return the Study Instance UIDs that have arrived."""
    found = session.scalars(
        select(TransferFile.study_instance_uid)
        .where(TransferFile.submission_id == submission_id, TransferFile.state == FileState.STORED.value)
        .distinct()
    )
    return {uid for uid in found if uid is not None}


def _decision(code: str | None) -> Decision:
    if code is None:
        return Decision(FileState.STORED)
    return Decision(FileState.DUPLICATE if code == "dicom.duplicate" else FileState.REFUSED, code)


def _objection(
    item: ArrivedInstance, known: dict[str, KnownInstance], collided: frozenset[str]
) -> str | None:
    neutralised = item.neutralised
    if any(replacement.pseudonym in collided for replacement in neutralised.replacements):
        return "dicom.pseudonym_collision"
    twin = known.get(neutralised.facts.sop_instance_uid)
    if twin is None:
        return None
    # The same pictures under another patient are no repetition: a person has to look.
    return "dicom.duplicate" if twin == _recognised(item) else "dicom.conflict"


def _recognised(item: ArrivedInstance) -> KnownInstance:
    facts = item.neutralised.facts
    return KnownInstance(
        facts.study_instance_uid, facts.series_instance_uid, facts.patient_pseudonym, item.content_sha256
    )


def _replacements(instances: Iterable[ArrivedInstance]) -> list[dicom.Replacement]:
    return [replacement for item in instances for replacement in item.neutralised.replacements]


def _final(session: Session, submission_id: str, numbers: Sequence[int]) -> dict[int, Decision]:
    rows = session.execute(
        select(TransferFile.number, TransferFile.state, TransferFile.code).where(
            TransferFile.submission_id == submission_id,
            TransferFile.number.in_(numbers),
            TransferFile.confirmed_at.is_not(None),
        )
    )
    return {number: Decision(FileState(state), code) for number, state, code in rows}


def there_before(session: Session, submission_id: str, arrivals: Iterable[Arrival]) -> set[str]:
    """Return the fingerprints, among those of these uploads, of files that were settled before."""
    prints = {arrival.fingerprint for arrival in arrivals if arrival.is_upload}
    if not prints:
        return set()
    return set(
        session.scalars(
            select(TransferFile.fingerprint).where(
                TransferFile.submission_id == submission_id,
                TransferFile.state.in_(_OTHERS),
                TransferFile.is_upload,
                TransferFile.fingerprint.in_(prints),
            )
        )
    )


def _known(session: Session, submission_id: str, uids: Sequence[str]) -> dict[str, KnownInstance]:
    rows = session.execute(
        select(
            TransferFile.sop_instance_uid,
            TransferFile.study_instance_uid,
            TransferFile.series_instance_uid,
            TransferFile.patient_pseudonym,
            TransferFile.content_sha256,
        ).where(
            TransferFile.submission_id == submission_id,
            TransferFile.state == FileState.STORED.value,
            TransferFile.sop_instance_uid.in_(uids),
        )
    )
    return {
        uid: KnownInstance(study or "", series or "", patient or "", content or "")
        for uid, study, series, patient, content in rows
        if uid is not None
    }
