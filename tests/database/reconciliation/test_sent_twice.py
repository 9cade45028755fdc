"""A study that was sent twice is filed under one person, whoever decides first and however close together."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from importal.site import Site
from importal.studies import LocalIdentity
from tests.database.reconciliation.test_desk import ANNA, ORDER, signed_in, waiting

OTHER = ANNA | {"patient_id": "LOCAL-2"}


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    target = "importal.inspection.thumbnails.rendering.render_thumbnails"
    monkeypatch.setattr(target, lambda jobs, **_limits: [False] * len(jobs))


def file_under(client: TestClient, study_id: str, patient: dict[str, str]):
    body = {"local_patient": patient, "order": ORDER, "differences_confirmed": True}
    return client.post(f"/api/desk/studies/{study_id}/reconciliation", json=body)


def test_a_repetition_is_not_filed_under_somebody_else(site: Site) -> None:
    client, person = signed_in(site)
    first, second = waiting(site, person), waiting(site, person)
    assert file_under(client, first, ANNA).status_code == 200
    refused = file_under(client, second, OTHER)
    assert (refused.status_code, refused.json()["code"]) == (409, "reconciliation.filed_elsewhere")
    assert client.get(f"/api/desk/studies/{second}").json()["state"] == "inspected"
    assert file_under(client, second, ANNA).status_code == 200


def test_the_repetition_at_another_institution_counts_for_the_archive_is_the_same(site: Site) -> None:
    client, person = signed_in(site)
    neighbour, stranger = signed_in(site, "neighbour")
    first, second = waiting(site, person), waiting(site, stranger)
    assert file_under(client, first, ANNA).status_code == 200
    assert file_under(neighbour, second, OTHER).json()["code"] == "reconciliation.filed_elsewhere"


def test_a_rejected_repetition_does_not_bind_the_other(site: Site) -> None:
    client, person = signed_in(site)
    first, second = waiting(site, person), waiting(site, person)
    client.post(f"/api/desk/studies/{first}/rejection", json={"reason": "wrong_patient", "note": ""})
    assert file_under(client, second, OTHER).status_code == 200


def test_two_clerks_at_the_same_moment_never_file_it_under_two_persons(site: Site) -> None:
    client, person = signed_in(site)
    for _ in range(5):
        pair = [(waiting(site, person), ANNA), (waiting(site, person), OTHER)]
        with ThreadPoolExecutor(2) as clerks:
            answers = list(clerks.map(lambda item: file_under(client, *item).status_code, pair))
        assert sorted(answers) in ([200, 409], [409, 409])
        for study_id, _patient in pair:
            # Make room for the next round.
            _end(site, study_id)


def _end(site: Site, study_id: str) -> None:
    with site.database.transaction() as session:
        session.execute(delete(LocalIdentity).where(LocalIdentity.study_id == study_id))
