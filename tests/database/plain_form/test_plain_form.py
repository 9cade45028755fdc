"""The whole road in plain pages: the same submission, the same store, and nothing of what was not chosen."""

import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from importal import status, submissions
from importal.errors import ImportalError
from importal.invitations import Expectation
from importal.plain_form.markup import tag
from importal.plain_form.multipart import FileBegins, FileBytes, FormReader, name_of
from importal.site import Site
from importal.submissions import Submission
from importal.transfers import TransferFile
from tests.database.plain_form.filling import BOUNDARY, Filling, body_of
from tests.database.transfers.sending import everything_in_clear, make_instance
from tests.database.transfers.uploading import make_zip

PDF = b"%PDF-1.7\nFOREIGN-4711 wrote this letter\n%%EOF"
JANE = Expectation(patient_name="Doe^Jane", birth_date="19500101")


def other(number: int = 1) -> bytes:
    return make_instance(number, 2, PatientName="Roe^Rita", PatientID="OTHER-1", PatientBirthDate="19720202")


def only_submission(site: Site) -> Submission:
    with site.database.reading() as session:
        return session.scalars(select(Submission)).one()


def test_a_zip_goes_the_whole_road_and_ends_in_a_receipt(site: Site):
    form = Filling(site, JANE).enter()
    images = {f"DICOM/IM{number}": make_instance(number) for number in (1, 2, 3)}
    form.send_files(("disc.zip", make_zip(images | {"letter.pdf": PDF})))
    assert form.place.endswith("/form/check")
    assert "3 images, 1 examination, 1 document" in form.text()
    assert "Jane Doe" in form.text()
    assert "This is the person whom the hospital expects." in form.text()
    assert form.boxes("person") == {}
    form.send("check", email="jane@example.org")
    assert form.place.endswith("/form/sent")
    assert "1 examination, 3 images, 1 document" in form.text()
    submission = only_submission(site)
    assert submission.reference in form.text()
    assert submission.state == "submitted"
    with site.database.reading() as session:
        consent = submissions.consent_of(session, submission.id)
        assert consent is not None
        assert (consent.privacy_policy, consent.sharing, consent.language) == (True, True, "en")
        assert submissions.contact_of(site, submission).email == "jane@example.org"
        (uid,) = submissions.comments_of(session, site, submission.id)
        assert submissions.words_of(session, site, submission.id, uid).verdict == "matches"
    assert ("inspect_submission", submission.id) in site.jobs.enqueued
    kept = everything_in_clear(site)
    for secret in (b"FOREIGN-4711", b"ACC-0815-X"):
        assert secret not in kept
    assert "Doe" not in form.place


def test_of_several_people_nobody_else_is_ticked_and_what_is_not_chosen_is_deleted(site: Site):
    form = Filling(site, JANE).enter()
    form.send_files(("a.dcm", make_instance(1)), ("b.dcm", other()), ("c.dcm", other(2)), ("l.pdf", PDF))
    assert "2 different people" in form.text()
    assert sorted(form.boxes("person").values()) == [False, True]
    jane = next(name for name, ticked in form.boxes("person").items() if ticked)
    studies = dict.fromkeys(form.boxes("study"), "1")
    form.send("check", **studies)
    assert form.status == 422
    assert "Please tick whose images" in form.text()
    form.send("check", **{jane: "1"}, **studies)
    assert form.place.endswith("/form/sent")
    assert "1 examination, 1 image, 1 document" in form.text()
    with site.database.reading() as session:
        rows = session.scalars(select(TransferFile)).all()
        words = session.scalars(select(submissions.SubmissionStudy)).one()
    assert sorted(row.state for row in rows) == ["kept", "removed", "removed", "stored"]
    assert (words.verdict, words.is_confirmed) == ("matches", True)
    kept = {row.storage_key for row in rows if row.storage_key}
    left = {key for key in site.storage.keys("submissions/") if not key.endswith(".patch")}
    assert left == kept
    document = next(row for row in rows if row.state == "kept")
    assert document.announced_study_uid == words.study_instance_uid


def test_a_document_asks_for_its_study_where_there_are_several(site: Site):
    form = Filling(site).enter()
    form.send_files(("a", make_instance(1)), ("b", make_instance(1, 3)), ("letter.pdf", PDF))
    studies = dict.fromkeys(form.boxes("study"), "1")
    assert len(studies) == 2
    form.send("check", **studies, **{"document-2": ""})
    assert form.status == 422
    assert "letter.pdf" in form.text()
    first = form.options(2)[1]
    form.send("check", **studies, **{"document-2": first})
    assert form.place.endswith("/form/sent")


def test_a_kept_archive_goes_when_something_in_it_is_left_out(site: Site):
    form = Filling(site).enter()
    broken = bytearray(make_zip({"a": make_instance(1), "b": other(), "broken": b"x" * 500}))
    place = broken.rindex(b"broken")
    broken[place - 46 + 16] ^= 0xFF  # its CRC in the table of contents
    form.send_files(("disc.zip", bytes(broken)))
    with site.database.reading() as session:
        assert session.scalars(select(TransferFile.archive_id)).all()
    person = next(iter(form.boxes("person")))
    form.send("check", **{person: "1"}, **dict.fromkeys(form.boxes("study"), "1"))
    with site.database.reading() as session:
        archive = session.scalars(select(TransferFile).where(TransferFile.state == "unpacked")).one()
    assert archive.storage_key is None


def test_entering_the_code_again_shows_what_arrived_and_a_repetition_is_kept_once(site: Site):
    form = Filling(site).enter()
    form.send_files(("a", make_instance(1)), ("viewer.exe", b"MZ" + bytes(90)), ("odd.bin", bytes(range(50))))
    form.http.cookies.clear()
    form.look("check")
    assert form.status == 401
    form.enter()
    assert form.place.endswith("/form/check")
    assert "1 image" in form.text()
    assert "odd.bin" in form.text()
    form.send_files(("a", make_instance(1)))
    assert "1 image" in form.text()
    assert "there twice" in form.text()


def test_consents_come_before_any_file(site: Site):
    form = Filling(site)
    form.look("start")
    form.send("start", code=form.code)
    form.send("agree", version=form.hidden("version"), privacy="1")
    assert form.status == 422
    form.send_body(body_of(form.token, [("a", make_instance(1))]))
    assert form.place.endswith("/form/agree")
    with site.database.reading() as session:
        assert session.scalars(select(TransferFile)).all() == []


def test_the_words_beside_the_box_are_those_of_the_ledger_and_say_their_language(site: Site):
    form = Filling(site, texts_language="de", sharing_consent_text="Ich willige <ein>.")
    form.look("start")
    form.send("start", code=form.code)
    label = re.search(r'<label[^>]*><input[^>]*name="sharing".*?</label>', form.page)
    assert label is not None
    assert 'lang="de"' in label.group()
    assert unescape(re.sub(r"<[^>]+>", "", label.group())) == "Ich willige <ein>."
    form.send("agree", version=form.hidden("version"), privacy="1", sharing="1")
    with site.database.reading() as session:
        consent = submissions.consent_of(session, session.scalars(select(Submission.id)).one())
    assert consent is not None
    assert (consent.sharing_text, consent.texts_language) == ("Ich willige <ein>.", "de")


def test_wrong_codes_and_birth_dates_are_told_and_counted(site: Site):
    form = Filling(site, JANE, asks_birth_date=True)
    form.look("start")
    form.send("start", code="K7QF-2MXR-9TBD")
    assert form.status == 422
    assert "do not know this upload code" in form.text()
    form.send("start", code=form.code)
    assert 'name="year"' in form.page
    for _attempt in range(5):
        form.send("start", code=form.code, day="2", month="1", year="1950")
    form.send("start", code=form.code, day="1", month="1", year="1950")
    assert "too many wrong dates" in form.text()
    site.clock.advance(days=1, seconds=1)
    form.send("start", code=form.code, day="1", month="1", year="1950")
    assert form.place.endswith("/form/agree")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_form_from_elsewhere_is_refused(sqlite_site: Site, headers: dict[str, str]):
    form = Filling(sqlite_site).enter()
    form.http.headers.update(headers)
    form.send_files(("a", make_instance(1)))
    assert form.status == 403


def test_a_form_without_its_token_is_refused_before_its_files(sqlite_site: Site):
    form = Filling(sqlite_site).enter()
    for token in ("", "0" * 64):
        form.send_body(body_of(token, [("a", make_instance(1))]))
        assert form.status == 403
    with sqlite_site.database.reading() as session:
        assert session.scalars(select(TransferFile)).all() == []


def test_what_is_too_large_is_refused_with_a_page(sqlite_site: Site):
    form = Filling(sqlite_site, max_bytes=1000).enter()
    form.send_files(("a", bytes(3 * 1024 * 1024)))
    assert form.status == 413
    assert "more data than the hospital accepts" in form.text()


def test_a_large_file_grows_and_a_cut_one_is_forgotten(site: Site):
    form = Filling(site).enter()
    large = make_instance(1, pixels=bytes(256)) + bytes(0)
    archive = make_zip({"pad.txt": b"\0" * (9 * 1024 * 1024), "a": large}, 0)
    form.look("files")
    whole = body_of(form.token, [("disc.zip", archive)])
    form.send_body(whole[:-40])
    assert form.status == 400
    form.send_body(whole)
    assert form.place.endswith("/form/check")
    assert "1 image" in form.text()
    form.send("check")
    assert form.place.endswith("/form/sent")


def test_pages_say_who_may_do_what_with_them(sqlite_site: Site):
    form = Filling(sqlite_site)
    form.look("start")
    policy = form.answer.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    cookie = form.answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/form/" in cookie
    assert "samesite=strict" in cookie.lower()
    assert re.search(r"<script|style=", form.page) is None


def test_the_status_stands_behind_the_code(sqlite_site: Site):
    form = Filling(sqlite_site).enter()
    form.send_files(("a", make_instance(1)))
    form.send("check")
    form.look("start")
    form.send("start", code=form.code)
    form.look("sent")
    assert "What became of your images" in form.text()
    assert status.uploads_of


# ---- hostile bodies ----


def read(body: bytes, cut: int = 7) -> tuple[str, bytes] | str:
    chunks = [body[start : start + cut] for start in range(0, len(body), cut)]
    try:
        reader = FormReader(f"multipart/form-data; boundary={BOUNDARY}")
        found = [event for chunk in chunks for event in reader.feed(chunk)]
        reader.close()
    except ImportalError as refused:
        return refused.code
    names = [event.name for event in found if isinstance(event, FileBegins)]
    data = b"".join(event.data for event in found if isinstance(event, FileBytes))
    return names[0] if names else "", data


@given(data=st.binary(max_size=300), cut=st.integers(1, 400))
def test_every_file_comes_through_however_the_body_is_cut(data: bytes, cut: int):
    if BOUNDARY.encode() not in data:
        assert read(body_of("t", [("a", data)]), cut) == ("a", data)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    edits=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=40)), max_size=6),
    end=st.integers(0, 500),
    cut=st.integers(1, 600),
)
def test_no_body_raises_anything_but_the_refusal(edits: list[tuple[int, bytes]], end: int, cut: int):
    body = bytearray(body_of("t", [("a", b"1" * 100), ("b", b"2")]))
    for place, piece in edits:
        body[place : place + len(piece)] = piece
    outcome = read(bytes(body[: len(body) - end]), cut)
    assert isinstance(outcome, tuple) or outcome == "form.broken"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        f"--{BOUNDARY}\r\nX: {'y' * 100_000}\r\n\r\n".encode(),
        f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 1000 + b"\r\n",
        (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"\r\n\r\n'.encode() + b"v" * 20_000),
        (f"--{BOUNDARY}\r\nA: b\r\n\r\nx\r\n".encode() * 20_001) + f"--{BOUNDARY}--\r\n".encode(),
    ],
)
def test_huge_headers_fields_and_thousands_of_parts_are_refused(body: bytes):
    assert read(body, 65_536) == "form.broken"


def test_of_a_name_its_last_part_without_controls_is_kept():
    assert name_of("C:\\Users\\doe\\a.dcm") == "a.dcm"
    assert name_of("../../etc/pass\x00wd\r\n") == "passwd"
    assert len(name_of("x" * 10_000)) == 255


@given(st.text())
def test_no_text_becomes_markup(text: str):
    made = tag("p", text, title=text)
    assert made.count("<") == 2
    assert made.count('"') == 2
