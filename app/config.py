"""The environment as validated settings: every variable begins with ASTERISM_ and is listed here."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import ConfigurationError

LAB_DATA = Path(__file__).parent.parent / "instance" / "lab"

WEAK_SECRETS = {"secret", "secret_key", "changeme", "change-me", "dev", "development", "test", "password", "asterism"}
SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """What an operator may set. Paths below the data folder are derived, not set one by one."""

    model_config = SettingsConfigDict(env_prefix="ASTERISM_", extra="ignore")

    data: Path = LAB_DATA
    database_url: str = ""
    secret_key: str = ""
    base_url: str = ""
    proxy_hops: int = Field(default=0, ge=0, le=5)
    secure_cookies: bool = False
    rate_limits: bool = True
    max_clip_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    max_clip_seconds: float = Field(default=120.0, gt=0)
    max_clips: int = Field(default=2000, gt=0)
    least_free_bytes: int = Field(default=500 * 1024 * 1024, ge=0)
    session_hours: float = Field(default=12.0, gt=0)

    @property
    def media_folder(self) -> Path:
        """Converted clips and posters, named by their SHA-256."""
        return self.data / "media"

    @property
    def source_folder(self) -> Path:
        """The experimenter's own files, byte for byte, named by their SHA-256."""
        return self.data / "sources"

    @property
    def work_folder(self) -> Path:
        """Half-made files of running conversions; safe to empty when nothing runs."""
        return self.data / "work"

    @property
    def jobs_file(self) -> Path:
        """The queue of background jobs."""
        return self.data / "jobs.sqlite3"

    @property
    def database(self) -> str:
        """The database's URL: the given one, or an SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{(self.data / 'asterism.sqlite3').resolve()}"


def load_settings(**given: object) -> Settings:
    """Settings from the environment, overridden by `given`; the data folder and a secret exist afterwards.

    Raises
    ------
    ConfigurationError
        When a variable has a value that cannot be used, the data folder cannot be made, or the secret is weak.
    """
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "ASTERISM_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"{name}: {first['msg']}") from error
    try:
        for folder in (settings.data, settings.media_folder, settings.source_folder, settings.work_folder):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the data folder {settings.data} cannot be made: {error.strerror}") from error
    secret = settings.secret_key or _generated_secret(settings.data / "secret_key")
    if len(secret) < SHORTEST_SECRET or secret.lower() in WEAK_SECRETS or len(set(secret)) < 8:
        raise ConfigurationError(
            f"ASTERISM_SECRET_KEY is weak: use at least {SHORTEST_SECRET} random characters, or leave it unset "
            "and one is generated in the data folder"
        )
    return settings.model_copy(update={"secret_key": secret})


def _generated_secret(file: Path) -> str:
    """The secret kept in the data folder, made at the first start and readable by its owner alone."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as handle:
        secret = secrets.token_urlsafe(48)
        handle.write(secret + "\n")
    return secret
