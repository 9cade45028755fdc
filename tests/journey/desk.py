"""What a clerk does, through the desk's own interface."""

from typing import Any

import httpx2

from tests.journey.portal import wait_until
from tests.journey.proof import LocalPatient


def studies_of_inbox(desk: httpx2.Client, view: str = "all") -> list[dict[str, Any]]:
    """Return the rows of all studies in the inbox."""
    answer = desk.post("/api/desk/inbox/search", json={"view": view, "limit": 50})
    assert answer.status_code == 200, answer.text
    return [study for upload in answer.json()["uploads"] for study in upload["studies"]]


def await_inspected(desk: httpx2.Client, count: int) -> list[dict[str, Any]]:
    """Wait until so many studies have passed inspection; return their rows."""

    def inspected() -> list[dict[str, Any]] | None:
        rows = studies_of_inbox(desk)
        return rows if len(rows) >= count and all(row["state"] != "received" for row in rows) else None

    found: list[dict[str, Any]] = wait_until(f"{count} studies are inspected", inspected)
    return found


def reconcile(desk: httpx2.Client, study_id: str, local: LocalPatient) -> None:
    """Choose the local patient and order of a study."""
    answer = desk.post(f"/api/desk/studies/{study_id}/reconciliation", json=local.reconciliation())
    assert answer.status_code == 200, answer.text


def detail(desk: httpx2.Client, study_id: str) -> dict[str, Any]:
    """Return all about a study."""
    answer = desk.get(f"/api/desk/studies/{study_id}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def await_committed(desk: httpx2.Client, study_id: str) -> dict[str, Any]:
    """Wait until the archive has proved that it holds the study."""

    def committed() -> dict[str, Any] | None:
        shown = detail(desk, study_id)
        assert shown["state"] not in {"quarantined", "rejected"}, shown["state"]
        return shown if shown["state"] == "committed" else None

    found: dict[str, Any] = wait_until("the study is committed", committed, 180)
    return found
