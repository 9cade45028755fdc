"""The door of the desk: who gets in, who does not, and when it closes."""

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from importal import accounts, audit, http_api, institutions
from importal.site import Site
from tests.database.browserless import client_of

PASSWORD = "a long enough password"


@pytest.fixture
def client(site: Site) -> TestClient:
    with site.database.transaction() as session:
        home = institutions.create(session, "Hospital")
        accounts.create_account(session, site, home.id, "Desk", PASSWORD, "The Desk")
    return client_of(site)


def sign_in(client: TestClient, username: str = "desk", password: str = PASSWORD):
    return client.post("/api/desk/session", json={"username": username, "password": password})


def test_the_right_password_opens_a_session_and_the_name_is_not_case_sensitive(client: TestClient):
    answer = sign_in(client, "DESK ")
    assert answer.status_code == 200
    assert answer.json() == {
        "username": "desk",
        "display_name": "The Desk",
        "institution": {"name": "Hospital", "phone": "", "email": ""},
    }
    assert client.get("/api/desk/session").json()["display_name"] == "The Desk"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(client: TestClient):
    cookie = sign_in(client).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(("username", "password"), [("desk", "wrong password"), ("nobody", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    client: TestClient, username: str, password: str
):
    answer = sign_in(client, username, password)
    assert answer.status_code == 401
    assert answer.json()["code"] == "session.refused"
    assert PASSWORD not in answer.text


def test_guessing_is_stopped_even_with_the_right_password_until_the_window_ends(
    client: TestClient, site: Site
):
    for _ in range(10):
        sign_in(client, password="guess")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert answer.json()["code"] == "rate.limited"
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60
    site.clock.advance(minutes=16)
    assert sign_in(client).status_code == 200


def test_a_stranger_who_knows_the_name_locks_nobody_out(client: TestClient, site: Site):
    stranger = client_of(site, address="192.0.2.66")
    answers = [sign_in(stranger, password="guess").status_code for _ in range(80)]
    assert answers.count(401) == 10
    assert answers[-1] == 429
    assert sign_in(client).status_code == 200


def test_guesses_at_one_account_from_many_addresses_come_to_an_end(client: TestClient, site: Site):
    answers = []
    for number in range(15):
        bot = client_of(site, address=f"192.0.2.{number}")
        answers += [sign_in(bot, password="guess").status_code for _ in range(8)]
    assert answers.count(401) == 100
    assert sign_in(client).status_code == 429
    site.clock.advance(minutes=16)
    assert sign_in(client).status_code == 200


def test_spaces_around_the_name_give_no_further_guesses(client: TestClient):
    for number in range(10):
        sign_in(client, " " * number + "Desk\t", password="guess")
    assert sign_in(client).status_code == 429


def test_a_body_that_is_parsed_as_a_whole_is_bounded(client: TestClient):
    megabyte = b" " * 1024 * 1024
    answer = client.post("/api/invitations/open", content=(megabyte for _ in range(9)))
    assert (answer.status_code, answer.json()["code"]) == (413, "http.413")


def test_success_forgives_earlier_mistakes(client: TestClient):
    for _ in range(3):
        for _ in range(6):
            sign_in(client, password="typo")
        assert sign_in(client).status_code == 200


def test_a_session_ends_when_nobody_uses_it_and_at_the_end_of_the_day(client: TestClient, site: Site):
    sign_in(client)
    site.clock.advance(hours=1, minutes=59)
    assert client.get("/api/desk/session").status_code == 200
    site.clock.advance(hours=2, minutes=1)
    assert client.get("/api/desk/session").status_code == 401
    sign_in(client)
    for _ in range(12):
        site.clock.advance(hours=1)
        last = client.get("/api/desk/session").status_code
    site.clock.advance(minutes=1)
    assert last == 200
    assert client.get("/api/desk/session").status_code == 401


def test_signing_out_ends_the_session_on_the_server(client: TestClient):
    sign_in(client)
    token = client.cookies["importal_desk"]
    assert client.delete("/api/desk/session").status_code == 204
    client.cookies.set("importal_desk", token)
    assert client.get("/api/desk/session").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Importal-Desk": ""},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_request_from_elsewhere_changes_nothing(client: TestClient, headers: dict[str, str]):
    sign_in(client)
    answer = client.post("/api/desk/invitations", json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden.origin"
    assert client.get("/api/desk/invitations").json()["invitations"] == []


def test_a_changed_password_ends_all_sessions(client: TestClient, site: Site):
    sign_in(client)
    with site.database.transaction() as session:
        account = accounts.find_account(session, "desk")
        assert account is not None
        accounts.set_password(session, site, account, "another long password")
    assert client.get("/api/desk/session").status_code == 401


def test_a_deactivated_account_is_out_at_once(client: TestClient, site: Site):
    sign_in(client)
    with site.database.transaction() as session:
        account = accounts.find_account(session, "desk")
        assert account is not None
        account.is_active = False
    assert client.get("/api/desk/session").status_code == 401
    assert sign_in(client).status_code == 401


def test_neither_the_password_nor_the_session_secret_is_stored(client: TestClient, site: Site):
    sign_in(client)
    with site.database.reading() as session:
        row = session.query(accounts.DeskSession).one()
        account = accounts.find_account(session, "desk")
    assert row.token_digest != client.cookies["importal_desk"]
    assert account is not None
    assert account.password_hash.startswith("$argon2id$")


def test_signing_in_leaves_a_trace(client: TestClient, site: Site):
    sign_in(client)
    with site.database.reading() as session:
        actions = [message.action for message in session.query(audit.AuditMessage).all()]
    assert "session.opened" in actions


def test_every_answer_carries_the_security_headers(client: TestClient):
    answer = client.get("/api/desk/session")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_logging_in_and_out_and_every_refusal_is_on_record_without_what_was_typed(
    client: TestClient, site: Site
):
    sign_in(client, password="wrong password")
    sign_in(client, "somebody else")
    sign_in(client)
    client.delete("/api/desk/session")
    client.delete("/api/desk/session")
    with site.database.reading() as session:
        account = accounts.find_account(session, "desk")
        known = audit.history(session, [audit.Subject("account", account.id)])
        unknown = audit.history(session, [audit.Subject("account", "unknown")])
    assert [message.action for message in known] == [
        "account.created",
        "session.refused",
        "session.opened",
        "session.closed",
    ]
    assert [(message.action, message.params) for message in unknown] == [("session.refused", {})]


def test_logging_in_ends_the_session_that_the_browser_had_before(client: TestClient, site: Site):
    sign_in(client)
    before = client.cookies["importal_desk"]
    sign_in(client)
    assert client.cookies["importal_desk"] != before
    planted = client_of(site)
    planted.cookies.set("importal_desk", before)
    assert planted.get("/api/desk/session").status_code == 401


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_guesses_are_counted_per_network_where_one_caller_has_many_addresses(host: str, counted: str):
    scope = {"type": "http", "client": (host, 1), "headers": []}
    assert http_api.client_address(HTTPConnection(scope)) == counted
