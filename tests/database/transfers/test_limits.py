"""Announcing: limits are enforced by the server, as announced and as it really came."""

from importal.site import Site
from tests.database.transfers.sending import ROOT, Sender, make_instance


def test_announcing_is_idempotent_and_a_contradiction_is_refused(site: Site):
    sender = Sender(site).begin({0: make_instance(1)})
    again = sender.announce({0: make_instance(1)})
    answer = again.json()
    assert (answer["announced"], answer["bytes"]) == (1, len(make_instance(1)))
    answer = sender.announce({0: b"shorter"})
    assert (answer.status_code, answer.json()["code"]) == (409, "files.conflict")
    assert answer.json()["params"] == {"number": 0}


def test_a_document_that_is_assigned_anew_follows_the_last_word(site: Site):
    sender = Sender(site).begin({0: b"%PDF-1.7 report"}, role="document", study_instance_uid="1.2.1")
    sender.announce(sender.files, role="document", study_instance_uid="1.2.2")
    sender.send_whole()
    assert [file.announced_study_uid for file in sender.arrived()] == ["1.2.2"]
    sender.announce(sender.files, role="document")
    assert [file.announced_study_uid for file in sender.arrived()] == [None]


def test_more_bytes_than_the_hospital_accepts_are_refused_early(site: Site):
    sender = Sender(site, limits={"max_bytes": 1000})
    sender.create()
    answer = sender.announce({0: bytes(1001)})
    assert (answer.status_code, answer.json()["code"]) == (413, "limit.bytes")
    assert answer.json()["params"] == {"max_bytes": 1000}
    assert sender.states() == {}
    assert sender.announce({0: bytes(1000)}).status_code == 200


def test_more_studies_than_the_hospital_accepts_are_refused_when_announced(site: Site):
    sender = Sender(site, limits={"max_studies": 1}).begin({0: b"x"}, study_instance_uid="1.2.1")
    answer = sender.announce({1: b"x"}, study_instance_uid="1.2.2")
    assert (answer.status_code, answer.json()["code"]) == (422, "limit.studies")


def test_a_sender_who_hides_studies_is_caught_when_they_arrive(site: Site):
    files = {0: make_instance(1), 1: make_instance(1, study=2), 2: make_instance(2)}
    sender = Sender(site, limits={"max_studies": 1}).begin(files, study_instance_uid=f"{ROOT}.1")
    assert sender.send_whole() == [("confirmed", None), ("confirmed", "limit.studies"), ("confirmed", None)]
    assert sender.finish().json()["refused"][0]["code"] == "limit.studies"


def test_an_empty_file_is_settled_when_it_is_announced(site: Site):
    sender = Sender(site).begin({0: b"", 1: make_instance(1)})
    assert sender.states()[0].items() >= {"number": 0, "state": "refused", "code": "file.empty"}.items()
    assert sender.send((0, 0, b"")) == [("known", "file.empty")]


def test_the_list_of_files_comes_in_pages(site: Site):
    sender = Sender(site).begin(dict.fromkeys(range(5), b"x"))
    url = f"/api/submissions/{sender.id}/files"
    first = sender.http.get(url, params={"limit": 3}).json()
    assert [file["number"] for file in first["files"]] == [0, 1, 2]
    second = sender.http.get(url, params={"limit": 3, "after": first["next"]}).json()
    assert [file["number"] for file in second["files"]] == [3, 4]
    assert second.get("next") is None
