"""One installation: what every slice works with, built once by an entry point and passed on."""

from dataclasses import dataclass

from importal.clock import Clock
from importal.database import Database
from importal.jobs import Jobs
from importal.sealing import Keys
from importal.settings import Settings
from importal.storage import Storage


@dataclass(frozen=True)
class Site:
    """Settings, database, objects, keys, jobs and the time."""

    settings: Settings
    database: Database
    storage: Storage
    keys: Keys
    jobs: Jobs
    clock: Clock
