"""Submissions: consent to exact words, details that stay sealed, withdrawal and expiry."""

import hashlib
from datetime import timedelta

import pytest

from importal import audit, institutions, submissions
from importal.errors import ImportalError
from importal.site import Site
from importal.submissions import Consent, ConsentText, State, Submission
from importal.submissions.states import TRANSITIONS
from tests.database.transfers.sending import Sender, everything_in_clear, make_instance

MACHINE = audit.Actor("system", "test")


def actions_about(site: Site, submission_id: str) -> list[str]:
    with site.database.reading() as session:
        found = audit.history(session, [audit.Subject("submission", submission_id)])
    return [message.action for message in found]


def test_creating_twice_with_one_key_makes_one_submission(site: Site):
    sender = Sender(site)
    first = sender.create().json()
    assert sender.create().json() == first == {"id": sender.id, "state": "draft"}
    assert sender.create("another-key").json()["id"] != first["id"]
    assert actions_about(site, first["id"]) == ["submission.created"]


def test_without_both_consents_nothing_begins(site: Site):
    sender = Sender(site)
    for missing in ("privacy_policy", "sharing"):
        answer = sender.create(consent=sender.consent(**{missing: False}))
        assert (answer.status_code, answer.json()["code"]) == (422, "consent.missing")


def test_consent_to_an_older_policy_is_asked_for_again(site: Site):
    sender = Sender(site)
    with site.database.transaction() as session:
        institutions.only(session).privacy_policy_text += " One more sentence."
    answer = sender.create()
    assert (answer.status_code, answer.json()["code"]) == (409, "consent.outdated")


def test_the_exact_words_of_a_consent_are_kept(site: Site):
    sender = Sender(site)
    sender.create(consent=sender.consent(language="de"))
    with site.database.reading() as session:
        consent = session.get_one(Consent, sender.id)
        text = session.get_one(ConsentText, consent.privacy_policy_sha256)
        sharing = session.get_one(ConsentText, consent.sharing_sha256)
    assert text.text == sender.opened["institution"]["privacy_policy"]["text"]
    assert sharing.text == sender.opened["institution"]["sharing_consent_text"]
    assert text.sha256 == hashlib.sha256(text.text.encode()).hexdigest()
    assert (consent.language, consent.given_at) == ("de", site.clock())


def test_contact_and_comments_are_sealed_and_can_be_changed_until_the_end(site: Site):
    sender = Sender(site)
    sender.create(studies=[{"study_instance_uid": "1.2.3", "comment": "left knee"}])
    url = f"/api/submissions/{sender.id}/details"
    body = {"contact": {"email": "new@example.org", "phone": ""}, "studies": []}
    body["studies"] = [{"study_instance_uid": "1.2.4", "comment": "right knee"}]
    assert sender.http.put(url, json=body).status_code == 204
    with site.database.reading() as session:
        submission = submissions.get(session, sender.id)
        assert submissions.contact_of(site, submission).email == "new@example.org"
        assert submissions.comments_of(session, site, sender.id) == {"1.2.4": "right knee"}
        assert submissions.words_of(session, site, sender.id, "1.2.4").comment == "right knee"
        assert submissions.words_of(session, site, sender.id, "1.2.9") == submissions.StudyWords()
    assert b"new@example.org" not in everything_in_clear(site)
    sender.announce({0: make_instance(1)})
    sender.send_whole()
    sender.finish()
    assert sender.http.put(url, json=body).json()["code"] == "submission.closed"


def test_withdrawing_is_audited_once_and_purges(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    for _ in range(2):
        site.clock.advance(minutes=1)
        assert sender.http.delete(f"/api/submissions/{sender.id}").status_code == 204
    assert actions_about(site, sender.id) == ["submission.created", "submission.withdrawn"]
    # The second round comes later, for what was on its way at that moment.
    assert site.jobs.enqueued == [("purge_submission", sender.id)] * 2
    assert sender.http.get(f"/api/submissions/{sender.id}").json()["state"] == "withdrawn"
    assert sender.post(b"IMPACK01").json()["code"] == "submission.closed"


def test_a_draft_without_activity_expires_and_an_active_one_does_not(site: Site):
    idle, active = Sender(site).begin({0: make_instance(1)}), Sender(site).begin({0: make_instance(1)})
    site.clock.advance(days=2)
    active.open()
    active.send_whole()
    site.clock.advance(days=site.settings.draft_days - 1)
    with site.database.transaction() as session:
        assert submissions.expire_drafts(session, site) == 1
    with site.database.reading() as session:
        assert submissions.get(session, idle.id).state == State.EXPIRED
        assert submissions.get(session, active.id).state == State.DRAFT
    assert site.jobs.enqueued == [("purge_submission", idle.id)] * 2


@pytest.mark.parametrize("begin", list(State))
@pytest.mark.parametrize("end", list(State))
def test_only_what_the_table_allows_may_follow(sqlite_site: Site, begin: State, end: State):
    sender = Sender(sqlite_site)
    sender.create()
    path = {
        State.DRAFT: [],
        State.SUBMITTED: [State.SUBMITTED],
        State.CLOSED: [State.SUBMITTED, State.CLOSED],
        State.WITHDRAWN: [State.WITHDRAWN],
        State.EXPIRED: [State.EXPIRED],
    }[begin]
    with sqlite_site.database.transaction() as session:
        submission = session.get_one(Submission, sender.id)
        for state in path:
            submissions.move_to(session, sqlite_site, submission, state, MACHINE)
        if (begin, end) in TRANSITIONS:
            submissions.move_to(session, sqlite_site, submission, end, MACHINE)
            assert submission.state == end
        else:
            with pytest.raises(ImportalError, match=r"submission\.closed"):
                submissions.move_to(session, sqlite_site, submission, end, MACHINE)


def test_the_ledger_tells_the_language_of_the_words_apart_from_that_of_the_page(site: Site):
    """The page speaks more languages than the hospital has written its texts in."""
    german_page, polish_page = Sender(site), Sender(site)
    german_page.create(consent=german_page.consent(language="de"))
    with site.database.transaction() as session:
        institutions.only(session).texts_language = "uk"
    polish_page.open()
    assert polish_page.opened["institution"]["texts_language"] == "uk"
    polish_page.create(consent=polish_page.consent(language="pl"))
    with site.database.reading() as session:
        records = [submissions.consent_of(session, one.id) for one in (german_page, polish_page)]
    assert [(one.language, one.texts_language) for one in records] == [("de", "en"), ("pl", "uk")]


def test_the_ledger_tells_who_agreed_to_which_words_and_keeps_them_when_the_texts_change(site: Site):
    first = Sender(site)
    first.create(consent=first.consent(language="de"))
    old = first.opened["institution"]["sharing_consent_text"]
    site.clock.advance(days=2)
    with site.database.transaction() as session:
        home = institutions.only(session)
        home.sharing_consent_text = "Other words."
    second = Sender(site)
    second.create()
    with site.database.reading() as session:
        record = submissions.consent_of(session, first.id)
        day = timedelta(days=1)
        later = list(submissions.consents(session, home.id, site.clock() - day, site.clock() + day))
    assert (record.sharing_text, record.language) == (old, "de")
    assert (record.privacy_policy, record.sharing) == (True, True)
    assert record.policy_version == first.opened["institution"]["privacy_policy"]["version"]
    assert [one.sharing_text for one in later] == ["Other words."]
