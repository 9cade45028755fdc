"""Samples that the tests of the engine share."""

import datetime

import pytest

from importal import dicom


@pytest.fixture(scope="session")
def profile():
    return dicom.Profile(dicom.Pseudonyms(b"a key of thirty-two bytes, to wit"), "IMPORTAL")


@pytest.fixture(scope="session")
def local():
    return dicom.Localisation(
        patient_id="LOCAL-1",
        issuer_of_patient_id="HOSPITAL",
        patient_name="Local^Person",
        patient_birth_date="19500607",
        patient_sex="F",
        accession_number="ORDER-9",
        issuer_of_accession_number="RIS",
        institution_name="General Hospital",
        station_ae_title="IMPORTAL",
        software_version="0.1",
        coerced_at=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        source_of_previous_values="Patient's disc",
        requested_procedure_id="PROC-3",
    )
