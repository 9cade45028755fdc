"""The ledger of consents: who agreed to exactly which words, in which language, and when.

Kept as long as the submission's record, beyond its images; rows are only ever added.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from importal import institutions
from importal.site import Site
from importal.submissions.tables import Consent, ConsentGiven, ConsentText, Submission


@dataclass(frozen=True)
class ConsentRecord:
    """One consent: the words, their language and that of the page, what was ticked, for which upload."""

    reference: str
    given_at: datetime
    policy_version: str
    language: str
    texts_language: str
    privacy_policy: bool
    sharing: bool
    privacy_policy_text: str
    sharing_text: str


def keep_consent(
    session: Session,
    site: Site,
    submission: Submission,
    institution: institutions.Institution,
    given: ConsentGiven,
) -> None:
    """Keep what was agreed to, word by word, in the caller's transaction."""
    session.add(
        Consent(
            submission_id=submission.id,
            policy_version=given.policy_version,
            privacy_policy_sha256=_keep_text(session, site, institution.privacy_policy_text),
            sharing_sha256=_keep_text(session, site, institution.sharing_consent_text),
            privacy_policy=given.privacy_policy,
            sharing=given.sharing,
            language=given.language,
            texts_language=institution.texts_language,
            given_at=site.clock(),
        )
    )


def consent_of(session: Session, submission_id: str) -> ConsentRecord | None:
    """Return the consent that a submission rests on."""
    row = session.execute(_RECORDS.where(Consent.submission_id == submission_id)).one_or_none()
    return None if row is None else ConsentRecord(*row)


def consents(
    session: Session, institution_id: str, since: datetime, until: datetime
) -> Iterator[ConsentRecord]:
    """Yield the consents that were given to an institution in this time, the oldest first."""
    in_time = (Consent.given_at >= since) & (Consent.given_at < until)
    found = _RECORDS.where(Submission.institution_id == institution_id, in_time)
    for row in session.execute(found.order_by(Consent.given_at, Consent.submission_id)):
        yield ConsentRecord(*row)


def _keep_text(session: Session, site: Site, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    if session.get(ConsentText, digest) is None:
        session.add(ConsentText(sha256=digest, text=text, first_used_at=site.clock()))
        session.flush()
    return digest


_POLICY, _SHARING = aliased(ConsentText), aliased(ConsentText)
_RECORDS = (
    select(
        Submission.reference,
        Consent.given_at,
        Consent.policy_version,
        Consent.language,
        Consent.texts_language,
        Consent.privacy_policy,
        Consent.sharing,
        _POLICY.text,
        _SHARING.text,
    )
    .join(Submission, Submission.id == Consent.submission_id)
    .join(_POLICY, _POLICY.sha256 == Consent.privacy_policy_sha256)
    .join(_SHARING, _SHARING.sha256 == Consent.sharing_sha256)
)
