"""The environment as validated settings: every variable begins with ASTERISM_ and is listed here."""

from __future__ import annotations

import difflib
import os
import re
import secrets
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.errors import ConfigurationError
from app.files import keep_private, what_is_wrong, write_once

LAB_DATA = Path(__file__).parent.parent / "instance" / "lab"

PREFIX = "ASTERISM_"
# Read by the launcher and the tests, not by the app.
OTHER_VARIABLES = {"ASTERISM_CHROMIUM"}
WEAK_SECRETS = {"secret", "secret_key", "changeme", "change-me", "dev", "development", "test", "password", "asterism"}
MIN_SECRET = 32
MIN_TOKEN = 20


class Settings(BaseSettings):
    """What an operator may set. Paths below the data folder are derived, not set one by one."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", str_strip_whitespace=True, allow_inf_nan=False
    )

    data: Path = LAB_DATA
    database_url: str = ""
    secret_key: str = ""
    base_url: str = ""
    processes: int = Field(default=1, ge=1, le=64)
    proxy_hops: int = Field(default=0, ge=0, le=5)
    secure_cookies: bool = False
    rate_limits: bool = True
    joins_per_address: int = Field(default=600, gt=0)
    connections_per_address: int = Field(default=2000, gt=0)
    max_clip_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    max_clip_seconds: float = Field(default=120.0, gt=0, le=24 * 3600)
    max_clips: int = Field(default=2000, gt=0)
    least_free_bytes: int = Field(default=500 * 1024 * 1024, ge=0)
    log_file: Path | None = None
    log_bytes: int = Field(default=10_000_000, ge=1000)
    log_files: int = Field(default=9, ge=0, le=1000)
    metrics_token: str = Field(default="", repr=False)
    update_backups: int = Field(default=5, ge=1, le=1000)
    bucket_url: str = ""
    bucket_key: str = Field(default="", repr=False)
    bucket_secret: str = Field(default="", repr=False)
    bucket_region: str = "us-east-1"
    session_hours: float = Field(default=12.0, gt=0, le=24 * 366)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, gt=0, le=65535)
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    smtp_from: str = ""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"

    @field_validator("data", "log_file")
    @classmethod
    def _from_home(cls, value: Path | None) -> Path | None:
        """A shell fills in ~ only where it stands without quotes; systemd and containers never do."""
        if value is None:
            return None
        try:
            return value.expanduser()
        except RuntimeError as error:
            raise ValueError(f"nobody on this machine has the home {value.parts[0]}") from error

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        # What is printed is this address and a path behind it.
        if value and (not known or parts.query or parts.fragment or any(sign.isspace() for sign in value)):
            raise ValueError("must be a full http or https address, such as https://asterism.example.org")
        return value.rstrip("/")

    @field_validator("bucket_url")
    @classmethod
    def _is_the_address_of_a_bucket(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment):
            raise ValueError(
                "must be the bucket's full address, such as https://s3.eu-central-1.amazonaws.com/my-clips"
            )
        if "@" in parts.netloc:
            raise ValueError(
                "must hold no key or password: they go into ASTERISM_BUCKET_KEY and ASTERISM_BUCKET_SECRET"
            )
        # As browsers write it, which the signatures hold: in small letters, and without the port that is meant anyway.
        host = parts.netloc.lower().removesuffix({"http": ":80", "https": ":443"}.get(parts.scheme, ""))
        return parts._replace(netloc=host).geturl().rstrip("/")

    @field_validator("smtp_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
            raise ValueError("must be an e-mail address, such as asterism@lab.example")
        return value

    @field_validator("database_url")
    @classmethod
    def _has_a_known_driver(cls, value: str) -> str:
        return _with_driver(value) if value else value

    @field_validator("metrics_token")
    @classmethod
    def _cannot_be_guessed(cls, value: str) -> str:
        if value and len(value) < MIN_TOKEN:
            raise ValueError(f"must have at least {MIN_TOKEN} random characters, or be unset")
        return value

    @property
    def media_folder(self) -> Path:
        """Converted clips and posters, named by their SHA-256."""
        return self.data / "media"

    @property
    def source_folder(self) -> Path:
        """The experimenter's own files, byte for byte, named by their SHA-256."""
        return self.data / "sources"

    @property
    def uploads_folder(self) -> Path:
        """Files on their way from browsers, and what each is to become; whoever empties it lets them be sent again."""
        return self.data / "uploads"

    @property
    def work_folder(self) -> Path:
        """Half-made files of running conversions; safe to empty when nothing runs."""
        return self.data / "work"

    @property
    def database(self) -> URL:
        """The database's URL: the given one, or an SQLite file in the data folder."""
        if self.database_url:
            return make_url(self.database_url)
        # As a text it would end at a question mark in a folder's name.
        return URL.create("sqlite", database=str((self.data / "asterism.sqlite3").resolve()))


def read_settings(**given: object) -> Settings:
    """Settings from the environment, overridden by `given`; nothing is written.

    Raises
    ------
    ConfigurationError
        When a variable is unknown, or has a value that cannot be used.
    """
    _refuse_unknown_variables()
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"{name}: {_reason(first)}", field=name) from error
    _check_mail(settings)
    _check_bucket(settings)
    return settings


def _reason(problem: Any) -> str:
    """The reason of one of pydantic's errors, in words."""
    kind = problem["type"]
    for begins, wanted in (("int_", "a whole number"), ("float_", "a number"), ("bool_", "true or false")):
        if kind.startswith(begins):
            return f"must be {wanted}, not {str(problem['input'])!r}"
    reason = str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return reason.replace("valid number", "number")


def _check_mail(settings: Settings) -> None:
    """A link in a mail must lead here: without an address of its own the program would take it from a request."""
    for name in ("smtp_from", "base_url"):
        if settings.smtp_host and not getattr(settings, name):
            variable = PREFIX + name.upper()
            raise ConfigurationError(f"{variable}: is needed to send mail (ASTERISM_SMTP_HOST is set)", field=variable)


def _check_bucket(settings: Settings) -> None:
    """A bucket needs its keys; and a page that came encrypted loads nothing that does not."""
    for name in ("bucket_key", "bucket_secret"):
        if settings.bucket_url and not getattr(settings, name):
            variable = PREFIX + name.upper()
            raise ConfigurationError(
                f"{variable}: is needed for the bucket (ASTERISM_BUCKET_URL is set)", field=variable
            )
    if settings.base_url.startswith("https:") and settings.bucket_url.startswith("http:"):
        variable = "ASTERISM_BUCKET_URL"
        raise ConfigurationError(f"{variable}: must begin with https, as ASTERISM_BASE_URL does", field=variable)


def load_settings(**given: object) -> Settings:
    """As `read_settings`; the data folder, which only its owner can read, and a secret exist afterwards.

    Raises
    ------
    ConfigurationError
        As `read_settings`, and when the data folder cannot be made or written to, or the secret is weak or empty.
    """
    settings = read_settings(**given)
    try:
        folders = (settings.media_folder, settings.source_folder, settings.uploads_folder, settings.work_folder)
        keep_private(settings.data, *folders)
        secret = settings.secret_key or _kept_secret(settings.data / "secret_key")
    except OSError as error:
        reason = what_is_wrong(error, settings.data)
        raise ConfigurationError(f"the data folder {settings.data} cannot be used: {reason}") from error
    if len(secret) < MIN_SECRET or secret.lower() in WEAK_SECRETS or len(set(secret)) < 8:
        named = "ASTERISM_SECRET_KEY" if settings.secret_key else str(settings.data / "secret_key")
        raise ConfigurationError(
            f"{named} is weak: use at least {MIN_SECRET} random characters, or leave it unset "
            "and one is generated in the data folder",
            field="ASTERISM_SECRET_KEY",
        )
    return settings.model_copy(update={"secret_key": secret})


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the SQLite database; None when it is PostgreSQL."""
    url = settings.database
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _refuse_unknown_variables() -> None:
    """A misspelt variable would silently leave its setting at the default."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | OTHER_VARIABLES
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigurationError(f"{name}: there is no such setting{hint}", field=name)


def _with_driver(value: str) -> str:
    """A database's URL with the driver that Asterism uses; hosting services write postgres:// or postgresql://.

    Raises
    ------
    ValueError
        When it is no URL, or that of another kind of database. The message never holds the URL, and so no password.
    """
    try:
        url = make_url(value)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise ValueError("is not a database URL, such as postgresql://user:password@host/name") from error
    if backend in {"postgres", "postgresql"}:
        if "@" in (url.host or ""):
            raise ValueError("has more than one @: write one that is in the password as %40")
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if backend != "sqlite":
        raise ValueError(f"{backend} is not supported; use postgresql://… or sqlite:///…")
    if "+" in url.drivername and url.drivername != "sqlite+pysqlite":
        raise ValueError(f"{url.drivername} is not supported; use sqlite:///…")
    if str(url.database).startswith("~"):
        raise ValueError("~ is not filled in here; name the SQLite file by its whole path: sqlite:////home/…")
    if url.database in {None, "", ":memory:"}:
        raise ValueError("an SQLite database in memory would be lost with the process; name a file: sqlite:////srv/…")
    if str(url.database).startswith("file:"):
        raise ValueError("name the SQLite file by a plain path: sqlite:////srv/asterism/asterism.sqlite3")
    return value


def _kept_secret(file: Path) -> str:
    """The secret kept in the data folder, made at the first start and readable by its owner alone.

    Raises
    ------
    ConfigurationError
        When the file is empty, as a full disk leaves it. A new secret ends log-ins and signed links, so it is not made
        behind the operator's back.
    """
    write_once(file, secrets.token_urlsafe(48) + "\n")
    secret = file.read_text(encoding="utf-8", errors="replace").strip()
    if not secret:
        raise ConfigurationError(
            f"{file} is empty, as a full disk may leave it. Restore it from a backup, or delete it: then a new secret "
            "is made, experimenters log in again, and signed links must be sent again"
        )
    return secret
