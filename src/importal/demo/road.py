"""The whole road without a person: send a disc, match it, deliver it, see the proof; say what happened."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pydicom

from importal.demo.discs import SampleDisc

PATIENCE_SECONDS = 180.0


class RoadBlocked(Exception):
    """A stage did not end as it must; the text names the stage."""


@dataclass(frozen=True)
class Desk:
    """The desk's interface, signed in."""

    client: httpx2.Client

    def studies(self) -> list[dict[str, Any]]:
        """Return the rows of all studies in the inbox."""
        answer = self.client.post("/api/desk/inbox/search", json={"view": "all", "limit": 50})
        uploads = answer.raise_for_status().json()["uploads"]
        return [study for upload in uploads for study in upload["studies"]]

    def study(self, study_id: str) -> dict[str, Any]:
        """Return all about a study."""
        shown: dict[str, Any] = self.client.get(f"/api/desk/studies/{study_id}").raise_for_status().json()
        return shown


def run_road(url: str, login: tuple[str, str], code: str, discs: Sequence[SampleDisc], folder: Path) -> int:
    """Walk the road with every sample disc; return 0 when all of it arrived, else 1."""
    try:
        with httpx2.Client(base_url=url, headers={"X-Importal-Desk": "1"}, timeout=60) as client:
            body = {"username": login[0], "password": login[1]}
            client.post("/api/desk/session", json=body).raise_for_status()
            for disc in discs:
                _walk(Desk(client), url, code, disc, folder / "pacs")
    except (RoadBlocked, httpx2.HTTPError) as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    print("\nThe whole road works.")
    return 0


def _walk(desk: Desk, url: str, code: str, disc: SampleDisc, archive: Path) -> None:
    print(f"\n{disc.folder.name}")
    known = {study["id"] for study in desk.studies()}
    _send(url, code, disc.folder)
    new = _await("inspection", lambda: _inspected(desk, known))
    _say("sent and inspected", f"{len(new)} studies, {sum(study['instances'] for study in new)} images")
    for study in new:
        local = _match(desk, study)
        shown = _await("proof by the archive", lambda row=study: _committed(desk, row["id"]))  # type: ignore[misc]  # the row is bound now
        delivery = shown["delivery"]
        _say(
            "delivered and proved",
            f"{delivery['delivered']} of {delivery['total']}, {delivery['commitment']}",
        )
        count = _count_in_archive(archive, shown["study_instance_uid"], local["patient_id"])
        if count != delivery["total"]:
            raise RoadBlocked("the archive does not hold every object under the local patient")
        _say("found in the archive", f"{count} objects under Patient ID {local['patient_id']}")


def _send(url: str, code: str, folder: Path) -> None:
    command = [sys.executable, "-m", "importal", "send", str(folder), "--code", code, "--url", url]
    command += ["--accept-privacy-policy", "--accept-sharing", "--all-patients"]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own program
        raise RoadBlocked("sending")


def _match(desk: Desk, study: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the local patient that the archive offers and agrees in name, birth date and sex."""
    answer = desk.client.get(f"/api/desk/studies/{study['id']}/candidates").raise_for_status().json()
    same = [
        candidate
        for candidate in answer["candidates"]
        if all(verdict == "same" for verdict in candidate["comparison"].values())
    ]
    if len(same) != 1:
        raise RoadBlocked("finding the local patient")
    local: dict[str, Any] = same[0]
    order = local["orders"][0] if local["orders"] else {"accession_number": ""}
    keys = ("patient_id", "issuer_of_patient_id", "patient_name", "birth_date", "sex")
    body = {
        "local_patient": {key: local[key] for key in keys},
        "order": {"accession_number": order["accession_number"], "requested_procedure_id": ""},
        "differences_confirmed": False,
    }
    desk.client.post(f"/api/desk/studies/{study['id']}/reconciliation", json=body).raise_for_status()
    _say("matched", f"local patient {local['patient_id']}, Accession Number {order['accession_number']}")
    return local


def _inspected(desk: Desk, known: set[str]) -> list[dict[str, Any]]:
    new = [study for study in desk.studies() if study["id"] not in known]
    return new if new and all(study["state"] == "inspected" for study in new) else []


def _committed(desk: Desk, study_id: str) -> dict[str, Any] | None:
    shown = desk.study(study_id)
    return shown if shown["state"] == "committed" else None


def _count_in_archive(archive: Path, study_instance_uid: str, patient_id: str) -> int:
    keys = ["StudyInstanceUID", "PatientID"]
    headers = (
        pydicom.dcmread(path, stop_before_pixels=True, specific_tags=keys) for path in archive.rglob("*.dcm")
    )
    return sum(
        header.StudyInstanceUID == study_instance_uid and patient_id == header.PatientID for header in headers
    )


def _await(what: str, ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.3)
    raise RoadBlocked(what)


def _say(stage: str, result: str) -> None:
    print(f"  {stage:24}{result}", flush=True)
