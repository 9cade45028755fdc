"""One portal for all tests in the browser: real web and worker, and the stand-in archive beside them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pydicom

from importal import audit, components, institutions, invitations
from importal.demo.discs import SampleDisc, local_orders, make_discs
from importal.demo.pacs import StandInPacs
from importal.settings import Settings
from tests.journey.portal import PASSWORD, Portal, running_portal, wait_until
from tests.postgres import free_port

NOBODY = invitations.Expectation()
TESTER = audit.Actor("operator", "")
# Broken files come in more studies than a hospital usually wants at once; limits have tests of their own.
SETTINGS = {"IMPORTAL_DEFAULT_MAX_STUDIES": "1000"}


@dataclass
class Hospital:
    """The running portal, what it talks to, and sample discs to send to it."""

    portal: Portal = field(repr=False)
    archive: Path
    built: components.Components = field(repr=False)
    one_patient: SampleDisc
    two_patients: SampleDisc
    home_id: str
    clerk: httpx2.Client = field(repr=False)

    @property
    def url(self) -> str:
        return self.portal.url

    @property
    def password(self) -> str:
        """The clerk's password."""
        return PASSWORD

    @property
    def data(self) -> Path:
        """Where everything lies that the portal keeps."""
        return self.portal.folder / "data"

    def invite(
        self,
        *,
        institution_id: str = "",
        valid_for: timedelta = timedelta(days=3),
        kind: invitations.SenderKind = invitations.SenderKind.PATIENT,
        revoked: bool = False,
        deidentified: bool = False,
        expected: invitations.Expectation = NOBODY,
        asks_birth_date: bool = False,
    ) -> str:
        """Make an invitation; return its code."""
        site = self.built.site
        wanted = invitations.NewInvitation(
            institution_id or self.home_id,
            kind,
            valid_for,
            deidentified=deidentified,
            expectation=expected,
            asks_birth_date=asks_birth_date,
        )
        with site.database.transaction() as session:
            invitation, code = invitations.invite(session, site, wanted, TESTER)
            if revoked:
                invitations.revoke(session, site, invitation, TESTER)
        return code

    def institution(self, name: str, *, max_bytes: int | None = None, max_studies: int | None = None) -> str:
        """Add an institution with limits of its own; return its id."""
        with self.built.site.database.transaction() as session:
            institution = institutions.create(session, name, phone="+49 30 1111")
            institution.max_bytes, institution.max_studies = max_bytes, max_studies
            return institution.id

    def set_header(self, institution_id: str, *, email: str, manual_url: str) -> None:
        """Change what senders read at the top of the page."""
        with self.built.site.database.transaction() as session:
            institution = institutions.get(session, institution_id)
            institution.email, institution.manual_url = email, manual_url

    def uploads(self) -> list[dict[str, Any]]:
        """Return the newest uploads of the desk's inbox."""
        answer = self.clerk.post("/api/desk/inbox/search", json={"view": "all", "limit": 50})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["uploads"]
        return found

    def await_upload(self, reference: str) -> dict[str, Any]:
        """Return the upload with this reference once all of its studies are inspected."""

        def inspected() -> dict[str, Any] | None:
            for upload in self.uploads():
                if upload["reference"] == reference:
                    done = all(study["state"] != "received" for study in upload["studies"])
                    return upload if done and upload["studies"] else None
            return None

        found: dict[str, Any] = wait_until(f"upload {reference} is inspected", inspected)
        return found

    def study(self, study_id: str) -> dict[str, Any]:
        """Return all about a study, as the desk sees it."""
        answer = self.clerk.get(f"/api/desk/studies/{study_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def file_under_suggestion(self, study_id: str) -> None:
        """Match a study with the first patient and order that the archive suggests."""
        answer = self.clerk.get(f"/api/desk/studies/{study_id}/candidates").json()
        local = answer["candidates"][0]
        keys = ("patient_id", "issuer_of_patient_id", "patient_name", "birth_date", "sex")
        order = {"accession_number": local["orders"][0]["accession_number"], "requested_procedure_id": ""}
        body = {
            "local_patient": {key: local[key] for key in keys},
            "order": order,
            "differences_confirmed": False,
        }
        answered = self.clerk.post(f"/api/desk/studies/{study_id}/reconciliation", json=body)
        assert answered.status_code == 200, answered.text

    def count_in_archive(self, study_instance_uid: str, patient_id: str) -> int:
        """Return how many objects of the study the archive keeps under the Patient ID."""
        kept = [pydicom.dcmread(path, stop_before_pixels=True) for path in self.archive.rglob("*.dcm")]
        ours = [one for one in kept if one.StudyInstanceUID == study_instance_uid]
        return sum(one.PatientID == patient_id for one in ours)

    def resident_bytes_of_web(self) -> int:
        """Return the resident memory of the web process."""
        status = Path(f"/proc/{self.portal.processes['web'].pid}/status").read_text()
        kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        return int(kilobytes) * 1024


@contextmanager
def running_hospital(folder: Path) -> Iterator[Hospital]:
    """Start archive and portal in `folder`; stop both at the end."""
    commitment_port = free_port()
    pacs = StandInPacs(folder / "pacs", modalities={"IMPORTAL": ("127.0.0.1", commitment_port)})
    pacs.seed(local_orders())
    pacs.start()
    destination = {
        "name": "City PACS", "called_ae_title": "PACS", "host": "127.0.0.1", "port": pacs.port,
        "commitment": "n-action",
    }  # fmt: skip
    settings = {
        "IMPORTAL_DESTINATION": json.dumps(destination),
        "IMPORTAL_COMMITMENT_PORT": str(commitment_port),
        **SETTINGS,
    }
    try:
        with running_portal(folder / "portal", **settings) as portal:
            built = components.build(Settings(data_dir=portal.folder / "data", public_url=portal.url))
            with built.site.database.reading() as session:
                home = institutions.only(session)
                assert home is not None
                home_id = home.id
            one, two = make_discs(folder / "discs")
            yield Hospital(portal, folder / "pacs", built, one, two, home_id, portal.desk())
            built.site.database.dispose()
    finally:
        pacs.stop()
