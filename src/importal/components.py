"""Builds the adapters of one installation from its settings; the entry points call this once."""

from dataclasses import dataclass

from importal import clock, schema
from importal.database import Database, create_engine, create_jobs_engine
from importal.delivery import commitment_reported
from importal.delivery.destinations import Destination
from importal.delivery.destinations.dimse import DimseConfig, DimseDestination
from importal.dimse import Peer
from importal.jobs import JobQueue, install_jobs
from importal.reconciliation.patient_lookup import PatientLookup
from importal.reconciliation.patient_lookup.cfind import CFindPatientLookup
from importal.sealing import Keys
from importal.settings import DestinationSettings, Settings
from importal.site import Site
from importal.storage import LocalStorage


@dataclass(frozen=True)
class Components:
    """The site and what it talks to; the PACS may not be connected yet."""

    site: Site
    destination: Destination | None
    patient_lookup: PatientLookup | None


def build(settings: Settings) -> Components:
    """Return the components of these settings; nothing is connected yet."""
    url = settings.sqlalchemy_url
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    site = Site(
        settings=settings,
        database=Database(create_engine(url)),
        storage=LocalStorage(settings.objects_dir),
        keys=Keys(settings.site_secret()),
        jobs=JobQueue(create_jobs_engine(url)),
        clock=clock.now,
    )
    if settings.destination is None:
        return Components(site, None, None)
    destination = DimseDestination(
        _dimse_config(settings, settings.destination), lambda report: commitment_reported(site, report)
    )
    return Components(site, destination, CFindPatientLookup(_peer(settings, settings.destination)))


def prepare(components: Components, *, with_jobs: bool = True) -> None:
    """Bring the database up to date; safe while other processes do the same.

    Whoever never enqueues a job may leave out the job engine's tables, which take seconds to look after.
    """
    schema.upgrade(components.site.database.engine)
    if with_jobs:
        install_jobs(components.site.settings.sqlalchemy_url)


def _peer(settings: Settings, wanted: DestinationSettings) -> Peer:
    return Peer(
        called_ae_title=wanted.called_ae_title,
        host=wanted.host,
        port=wanted.port,
        calling_ae_title=settings.ae_title,
        timeout_seconds=wanted.timeout_seconds,
    )


def _dimse_config(settings: Settings, wanted: DestinationSettings) -> DimseConfig:
    return DimseConfig(
        name=wanted.name,
        called_ae_title=wanted.called_ae_title,
        host=wanted.host,
        port=wanted.port,
        calling_ae_title=settings.ae_title,
        associations=wanted.associations,
        timeout_seconds=wanted.timeout_seconds,
    )
