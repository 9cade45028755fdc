"""The trail tells what happened in the order in which it happened, and nobody changes it."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from importal import audit
from importal.site import Site

CLERK = audit.Actor("staff", "clerk")
STUDY = audit.Subject("study", "study-1")


def test_messages_of_one_moment_come_back_in_the_order_in_which_they_were_written(site: Site):
    for start in (0, 20):
        with site.database.transaction() as session:
            for number in range(start, start + 20):
                audit.record(session, site.clock(), CLERK, "study.looked_at", STUDY, {"number": number})
    with site.database.reading() as session:
        numbers = [message.params["number"] for message in audit.history(session, [STUDY])]
    assert numbers == list(range(40))


@pytest.mark.parametrize(
    "change", [update(audit.AuditMessage).values(actor_id="someone else"), delete(audit.AuditMessage)]
)
def test_a_message_is_neither_changed_nor_removed(site: Site, change):
    with site.database.transaction() as session:
        audit.record(session, site.clock(), CLERK, "study.looked_at", STUDY)
    with pytest.raises(DatabaseError, match="only ever added"), site.database.transaction() as session:
        session.execute(change)
    with site.database.reading() as session:
        assert [message.actor_id for message in audit.history(session, [STUDY])] == ["clerk"]
