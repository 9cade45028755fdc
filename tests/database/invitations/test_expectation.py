"""Whom an invitation expects: kept sealed, told to whoever opens it; and the birth date beside the code."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import select
from starlette.testclient import TestClient

from importal import institutions, invitations, submissions
from importal.audit import AuditMessage
from importal.errors import ImportalError
from importal.inspection import inspect_submission
from importal.invitations import Expectation, NewInvitation, SenderKind
from importal.site import Site
from importal.studies import Study
from importal.submissions import SubmissionStudy
from tests.database.browserless import client_of
from tests.database.invitations.test_invitations import OPERATOR
from tests.database.reconciliation import test_desk
from tests.database.road import NOBODY, make_series, send

without_pictures = test_desk.without_pictures

ANNA = Expectation("Muster^Anna", "19480503", "F", "MRI of the knee since 2025")


def make(site: Site, expected: Expectation = ANNA, **wanted: Any) -> str:
    """Return the code of a new invitation."""
    with site.database.transaction() as session:
        home = institutions.only(session) or institutions.create(session, "Hospital")
        new = NewInvitation(home.id, SenderKind.PATIENT, timedelta(days=30), expectation=expected, **wanted)
        return invitations.invite(session, site, new, OPERATOR)[1]


def open_with(client: TestClient, code: str, birth_date: str = "") -> Any:
    return client.post("/api/invitations/open", json={"code": code, "birth_date": birth_date})


def test_whom_the_hospital_expects_is_told_to_who_opens_the_invitation(site: Site) -> None:
    answer = open_with(client_of(site), make(site)).json()["expected"]
    assert answer == {
        "patient_name": "Muster^Anna",
        "birth_date": "19480503",
        "sex": "F",
        "asked_for": "MRI of the knee since 2025",
    }


def test_no_table_holds_the_expected_patient_in_clear(site: Site) -> None:
    make(site)
    with site.database.engine.connect() as connection:
        for table in sqlalchemy.inspect(connection).get_table_names():
            rows = connection.execute(sqlalchemy.text(f'SELECT * FROM "{table}"')).all()
            assert "Muster" not in repr(rows)
            assert "19480503" not in repr(rows)


def test_without_the_birth_date_a_code_that_asks_for_it_opens_nothing(site: Site) -> None:
    client, code = client_of(site), make(site, asks_birth_date=True)
    answer = open_with(client, code)
    assert (answer.status_code, answer.json()["code"]) == (403, "invitation.birth_date_needed")
    assert "Muster" not in answer.text
    answer = open_with(client, code, "19480504")
    assert (answer.status_code, answer.json()["code"]) == (403, "invitation.birth_date_wrong")
    assert "token" not in answer.json()
    answer = open_with(client, code, "19480503")
    assert answer.status_code == 200
    assert answer.json()["expected"]["patient_name"] == "Muster^Anna"


def test_after_five_wrong_birth_dates_not_even_the_right_one_opens_before_a_day_is_over(site: Site):
    client, code = client_of(site), make(site, asks_birth_date=True)
    for day in range(1, 6):
        assert open_with(client, code, f"194801{day:02}").json()["code"] == "invitation.birth_date_wrong"
    answer = open_with(client, code, "19480503")
    assert (answer.status_code, answer.json()["code"]) == (429, "invitation.locked")
    site.clock.advance(days=1)
    assert open_with(client, code, "19480503").status_code == 200


def test_the_desk_sees_that_wrong_birth_dates_shut_a_code_and_opens_it_again(site: Site):
    desk, _person = test_desk.signed_in(site)
    sender, code = client_of(site), make(site, asks_birth_date=True)

    def row() -> Any:
        return desk.get("/api/desk/invitations").json()["invitations"][0]

    def reopen() -> int:
        return desk.post(f"/api/desk/invitations/{row()['id']}/reopening").status_code

    for day in range(1, 6):
        assert row()["shut_until"] is None
        open_with(sender, code, f"194801{day:02}")
    assert row()["shut_until"].startswith("2026-03-03T09:00:00")
    assert open_with(sender, code, "19480503").json()["code"] == "invitation.locked"
    assert (reopen(), reopen()) == (204, 204)
    assert row()["shut_until"] is None
    assert open_with(sender, code, "19480503").status_code == 200
    with site.database.reading() as session:
        messages = session.scalars(select(AuditMessage)).all()
    kinds = [message.actor_kind for message in messages if message.action == "invitation.reopened"]
    assert kinds == ["staff"]


def test_a_code_that_wrong_birth_dates_shut_is_not_shut_any_more_after_a_day(site: Site):
    desk, _person = test_desk.signed_in(site)
    sender, code = client_of(site), make(site, asks_birth_date=True)
    for day in range(1, 6):
        open_with(sender, code, f"194801{day:02}")
    site.clock.advance(days=1)
    desk.post("/api/desk/session", json={"username": "desk", "password": "a long password"})
    rows = desk.get("/api/desk/invitations").json()["invitations"]
    assert [row["shut_until"] for row in rows] == [None]


def test_a_code_of_another_hospital_is_not_opened_again(site: Site):
    desk, _person = test_desk.signed_in(site)
    answer = desk.post("/api/desk/invitations/unknown/reopening")
    assert answer.json()["code"] == "not_found"


def test_each_wrong_birth_date_is_in_the_audit_trail_and_none_of_them_is_told(site: Site) -> None:
    client, code = client_of(site), make(site, asks_birth_date=True)
    for birth_date in ("19480101", "19480102", "19480503"):
        open_with(client, code, birth_date)
    with site.database.reading() as session:
        messages = session.scalars(select(AuditMessage).order_by(AuditMessage.number)).all()
    actions = [message.action for message in messages if message.action.startswith("invitation.")]
    assert actions == ["invitation.created", *["invitation.birth_date_wrong"] * 2, "invitation.opened"]
    assert "1948" not in repr([message.params for message in messages])


def test_a_right_birth_date_begins_the_count_anew(site: Site) -> None:
    client, code = client_of(site), make(site, asks_birth_date=True)
    for _round in range(3):
        for day in range(1, 5):
            assert open_with(client, code, f"194801{day:02}").status_code == 403
        assert open_with(client, code, "19480503").status_code == 200


@pytest.mark.parametrize(
    ("expected", "wanted", "code"),
    [
        (ANNA, {"deidentified": True}, "invitation.expects_nobody"),
        (NOBODY, {"asks_birth_date": True}, "invitation.birth_date_unknown"),
        (Expectation("Muster^Anna", "19480231"), {}, "invitation.birth_date_unknown"),
    ],
)
def test_an_invitation_promises_only_what_it_can_hold(
    site: Site, expected: Expectation, wanted: dict[str, Any], code: str
) -> None:
    with pytest.raises(ImportalError) as refused:
        make(site, expected, **wanted)
    assert refused.value.code == code


def test_what_the_page_said_and_the_sender_answered_is_kept_with_the_study(site: Site) -> None:
    client = client_of(site)
    opened = open_with(client, make(site)).json()
    consent = {
        "privacy_policy_version": opened["institution"]["privacy_policy"]["version"],
        "privacy_policy": True,
        "sharing": True,
    }
    study = {"study_instance_uid": "1.2.3", "verdict": "differs", "is_confirmed": True}
    answer = client.post(
        "/api/submissions",
        json={"client_key": "key-12345", "consent": consent, "studies": [study]},
        headers={"Authorization": f"Bearer {opened['token']}"},
    )
    assert answer.status_code == 201
    with site.database.reading() as session:
        words = submissions.words_of(session, site, answer.json()["id"], "1.2.3")
    assert (words.verdict, words.is_confirmed) == ("differs", True)


@pytest.mark.parametrize(
    ("attributes", "verdict", "differing"),
    [
        ({"PatientName": "MUSTER^ANNA"}, "matches", []),
        ({"PatientName": "Beispiel^Anna"}, "differs", ["name"]),
        ({"PatientName": "Muster^Greta"}, "another_person", ["name"]),
        ({"PatientBirthDate": ""}, "not_stated", ["birth_date"]),
    ],
)
def test_the_desk_sees_what_the_server_thinks_beside_what_the_sender_answered(
    site: Site, attributes: dict[str, str], verdict: str, differing: list[str]
) -> None:
    client, person = test_desk.signed_in(site)
    sent = send(site, person, make_series(1, **attributes), ANNA)
    inspect_submission(site, sent.submission_id)
    with site.database.transaction() as session:
        study = session.scalars(select(Study)).one()
        session.add(
            SubmissionStudy(
                submission_id=sent.submission_id,
                study_instance_uid=study.study_instance_uid,
                comment_sealed=site.keys.sealer("submissions").seal_text(
                    "", f"{sent.submission_id}/{study.study_instance_uid}/comment"
                ),
                verdict="matches",
                is_confirmed=False,
            )
        )
    shown = client.get(f"/api/desk/studies/{study.id}").json()
    assert (shown["verdict"], shown["expected"]["differing"]) == (verdict, differing)
    assert shown["expected"]["asked_for"] == "MRI of the knee since 2025"
    assert shown["expected"]["sender_verdict"] == "matches"
    page = client.post("/api/desk/inbox/search", json={"view": "all", "limit": 10}).json()
    assert [row["verdict"] for upload in page["uploads"] for row in upload["studies"]] == [verdict]


def test_where_nobody_is_expected_there_is_no_verdict(site: Site) -> None:
    client, person = test_desk.signed_in(site)
    sent = send(site, person, make_series(1))
    inspect_submission(site, sent.submission_id)
    with site.database.reading() as session:
        study_id = session.scalars(select(Study.id)).one()
    shown = client.get(f"/api/desk/studies/{study_id}").json()
    assert (shown["verdict"], shown["expected"]) == (None, None)
