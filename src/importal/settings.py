"""What an operator can set, read once by an entry point and passed on as a value.

Every setting is an environment variable ``IMPORTAL_<NAME>`` in capitals. Unknown or insecure
values stop the start with all problems in one message.
"""

import secrets
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from importal.errors import ConfigurationRefused

AETitle = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[\x21-\x5b\x5d-\x7e]+$")]

GIB = 1024**3


class DestinationSettings(BaseModel):
    """One PACS that Importal delivers to and asks for patients (PS3.8 presentation address)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="PACS", description="What the desk reads.")
    called_ae_title: AETitle = Field(description="AE title of the PACS.")
    host: str = Field(description="Host name or address of the PACS.")
    port: int = Field(ge=1, le=65535, description="DICOM port of the PACS.")
    associations: int = Field(
        default=2, ge=1, le=16, description="Associations in parallel for one delivery."
    )
    timeout_seconds: float = Field(
        default=30.0, gt=0, description="How long to wait for an answer of the PACS."
    )
    commitment: Literal["n-action", "query"] = Field(
        default="query", description="The proof of a delivery: a commitment report, or a query that counts."
    )


class Settings(BaseSettings):
    """All settings. The defaults run everything on one machine."""

    model_config = SettingsConfigDict(env_prefix="IMPORTAL_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default=Path("importal-data"), description="Folder of everything that Importal keeps."
    )
    database_url: str = Field(
        default="", description="PostgreSQL URL; empty means SQLite inside the data folder."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="The address under which senders and staff reach Importal; it may have a path.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port that the web server listens on.")
    secret_file: Path | None = Field(
        default=None,
        description="File with the site secret, the root of all keys; inside the data folder when empty.",
    )
    ae_title: AETitle = Field(default="IMPORTAL", description="Our own AE title.")
    issuer_of_patient_id: str = Field(
        default="IMPORTAL", min_length=1, max_length=64, description="Issuer written beside every pseudonym."
    )
    pseudonym_prefix: str = Field(
        default="IM", pattern=r"^[A-Z]{1,4}$", description="First letters of every pseudonym."
    )
    pseudonym_key_version: int = Field(
        default=1,
        ge=1,
        description="Version of the key of pseudonyms; a higher one gives new pseudonyms from then on.",
    )
    destination: DestinationSettings | None = Field(
        default=None, description="The PACS, as JSON: called_ae_title, host, port and so on."
    )
    commitment_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port that receives storage commitment reports; 0 switches it off.",
    )
    commitment_wait_seconds: float = Field(
        default=600.0, gt=0, description="How long to wait for a commitment report before asking by query."
    )
    default_max_bytes: int = Field(
        default=10 * GIB,
        gt=0,
        description="Size limit of an upload in bytes where the institution sets none.",
    )
    default_max_studies: int = Field(
        default=20, gt=0, description="Limit on studies of an upload where the institution sets none."
    )
    retry_seconds: float = Field(
        default=30.0, gt=0, description="Pause before a failed delivery is tried again; doubled each time."
    )
    delivery_attempts: int = Field(
        default=8, gt=0, description="Attempts of a delivery before a person has to look."
    )
    retention_days: int = Field(
        default=30, ge=1, description="Days after commitment until the images are purged."
    )
    draft_days: int = Field(
        default=7, ge=1, description="Days until an upload that was never finished expires."
    )
    worker_slots: int = Field(
        default=4, ge=1, le=64, description="Numbered places for workers; each running worker holds one."
    )
    secure_cookies: bool = Field(
        default=False, description="Mark the session cookie Secure; implied by an https public address."
    )
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Addresses whose X-Forwarded-For is believed, comma separated."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe event that is logged."
    )

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL in SQLAlchemy's form."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir.resolve() / 'importal.sqlite3'}"
        for scheme in ("postgresql://", "postgres://"):
            if self.database_url.startswith(scheme):
                return "postgresql+psycopg://" + self.database_url.removeprefix(scheme)
        return self.database_url

    @property
    def objects_dir(self) -> Path:
        """Folder of the objects when they are kept on the local disk."""
        return self.data_dir.resolve() / "objects"

    @property
    def public_path(self) -> str:
        """The path of the public address, below which a proxy has placed us; ends with a slash."""
        return urlsplit(self.public_url).path.rstrip("/") + "/"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether the session cookie may travel over TLS only."""
        return self.secure_cookies or self.public_url.startswith("https://")

    def site_secret(self) -> bytes:
        """Return the site secret (32 bytes), making it on the first start.

        Raises:
            ConfigurationRefused: when the file holds something else.
        """
        path = self.secret_file or self.data_dir / "site-secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, secrets.token_hex(32))
        try:
            secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError as error:
            raise ConfigurationRefused(["secret_file"]) from error
        if len(secret) != 32:
            raise ConfigurationRefused(["secret_file"])
        return secret


def _write_once(path: Path, text: str) -> None:
    # Web and worker may start together: the first to link its file wins, the other reads that one.
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="ascii")
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def load() -> Settings:
    """Read the settings from the environment.

    Raises:
        ConfigurationRefused: naming every setting that is wrong, without its value.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        names = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})
        raise ConfigurationRefused(names) from error
    if settings.database_url and not settings.sqlalchemy_url.startswith("postgresql+psycopg://"):
        raise ConfigurationRefused(["database_url"])
    return settings
