"""Keeping what the archive says about each instance, soon after it says it."""

import time

from sqlalchemy import update
from sqlalchemy.orm import Session

from importal import studies
from importal.delivery.destinations import StoreOutcome
from importal.site import Site
from importal.studies import DeliveryAttempt, InstanceDelivery

# What a crash can make us ask the archive about again; small, so that the desk sees progress as well.
MOST_KEPT_BACK = 20
LONGEST_KEPT_BACK_SECONDS = 1.0


class OutcomeBook:
    """Writes outcomes in small transactions. An instance that the archive holds stays held."""

    def __init__(self, site: Site, study_id: str, attempt_id: str) -> None:
        self._site = site
        self._study_id = study_id
        self._attempt_id = attempt_id
        self._waiting: list[StoreOutcome] = []
        self._written_at = time.monotonic()
        self.codes: dict[str, str] = {}
        self.reencoded: set[str] = set()

    def note(self, outcome: StoreOutcome) -> None:
        """Take one outcome; it is on record at the latest with the next :meth:`write`."""
        self._waiting.append(outcome)
        due = time.monotonic() - self._written_at >= LONGEST_KEPT_BACK_SECONDS
        if due or len(self._waiting) >= MOST_KEPT_BACK:
            self.write()

    def write(self) -> None:
        """Put everything on record."""
        waiting = self._waiting
        if waiting:
            self._site.database.run(lambda session: self._record(session, waiting))
        self._waiting = []
        self._written_at = time.monotonic()

    def _record(self, session: Session, outcomes: list[StoreOutcome]) -> None:
        delivered, now = 0, self._site.clock()
        for outcome in outcomes:
            changed = session.execute(
                update(InstanceDelivery)
                .where(
                    InstanceDelivery.study_id == self._study_id,
                    InstanceDelivery.sop_instance_uid == outcome.sop_instance_uid,
                    InstanceDelivery.outcome.not_in(studies.HELD),
                )
                .values(
                    outcome=outcome.kind,
                    status=outcome.status,
                    comment_code=self.codes.get(outcome.sop_instance_uid, outcome.comment_code),
                    is_reencoded=outcome.sop_instance_uid in self.reencoded,
                    outcome_at=now,
                )
                .returning(InstanceDelivery.id)
            ).all()
            delivered += len(changed) if outcome.kind in studies.HELD else 0
        attempt = session.get_one(DeliveryAttempt, self._attempt_id)
        attempt.delivered += delivered


def record_present(session: Session, site: Site, study_id: str, present: set[str]) -> None:
    """Note instances that the archive held before they were sent."""
    for start in range(0, len(ordered := sorted(present)), 500):
        session.execute(
            update(InstanceDelivery)
            .where(
                InstanceDelivery.study_id == study_id,
                InstanceDelivery.sop_instance_uid.in_(ordered[start : start + 500]),
                InstanceDelivery.outcome.not_in(studies.HELD),
            )
            .values(outcome="present", status=0, comment_code="", outcome_at=site.clock())
        )
