"""The table of states, row by row."""

import pytest

from importal.studies import TABLE, StudyEvent, StudyState

BEFORE_DELIVERED = {
    StudyState.RECEIVED,
    StudyState.INSPECTED,
    StudyState.QUARANTINED,
    StudyState.RECONCILED,
}


def test_every_state_has_its_row() -> None:
    assert set(TABLE) == set(StudyState)


@pytest.mark.parametrize("state", StudyState)
def test_only_before_delivery_may_a_study_be_withdrawn_or_expire(state: StudyState) -> None:
    assert (StudyEvent.WITHDRAWN in TABLE[state]) == (state in BEFORE_DELIVERED)
    assert (StudyEvent.EXPIRED in TABLE[state]) == (state in BEFORE_DELIVERED)


def test_nothing_follows_a_purge() -> None:
    assert TABLE[StudyState.PURGED] == {}


def test_only_a_proof_leads_to_committed() -> None:
    ways = [(state, event) for state, row in TABLE.items() for event in row if row[event] == "committed"]
    assert ways == [(StudyState.DELIVERED, StudyEvent.COMMITTED)]


def test_quarantine_is_left_towards_no_archive() -> None:
    assert StudyState.RECONCILED not in TABLE[StudyState.QUARANTINED].values()


def test_what_the_archive_may_hold_is_only_purged_when_proved() -> None:
    ways = {state for state, row in TABLE.items() if StudyEvent.PURGED in row}
    assert ways == {StudyState.COMMITTED, StudyState.REJECTED, StudyState.WITHDRAWN, StudyState.EXPIRED}
