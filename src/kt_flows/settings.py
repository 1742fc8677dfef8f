"""What an administrator may set: environment variables that begin with KT_FLOWS_, read once at start.

`docs/reference/settings.md` has a heading for each.  Nothing of the regulation is here: deadlines, texts and
recipients' roles live in `bpmn/`; only addresses and secrets of a site are settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kt_flows import crash
from kt_flows.errors import FlowsError

PREFIX = "KT_FLOWS_"

PLACEHOLDER_PROVIDER = "[email protected]"
"""What the printed instruction has where the provider's address was (clause 4.2, gap G7)."""

DEFAULT_SECRET = "change-me-before-production"  # noqa: S105 - refused in production, that is its purpose

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_RESERVED = ("example", "invalid", "test", "localhost", "local")
"""Top-level domains that never reach anyone (RFC 2606, RFC 6762)."""


class BadSettings(FlowsError):
    """The settings do not allow to start."""

    code = "settings"


class Settings(BaseSettings):
    """One site's settings, immutable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    mode: Literal["production", "sandbox"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str | None = None
    database_url: str | None = None
    var_dir: Path = Path("var")
    bpmn_dir: Path | None = None
    secret: str = Field(default=DEFAULT_SECRET, repr=False)
    bootstrap_token: str | None = Field(default=None, repr=False)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    request_threads: int = Field(default=10, ge=1, le=64)
    stop_seconds: float = Field(default=20, gt=0, le=600)
    finished_days: float = Field(default=30, ge=0.1, le=3650)
    drill: bool = False
    crash_at: str | None = None

    providers: Mapping[str, str] = Field(default={"default": PLACEHOLDER_PROVIDER})
    group_mail: Mapping[str, str] = Field(default={})
    mail_from: str = "kt-flows@example.invalid"
    smtp_url: str | None = Field(default=None, repr=False)
    imap_url: str | None = Field(default=None, repr=False)
    mail_poll_seconds: float = Field(default=30, gt=0, le=3600)
    unsorted_process: str = "unsorted_mail"

    siebel_url: str | None = None
    cabinet_url: str | None = None
    billing_url: str | None = None
    line_url: str | None = None
    broadband_url: str | None = None
    platform_url: str | None = None

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql+psycopg://", "postgresql://")):
            raise ValueError("must be a PostgreSQL address: postgresql+psycopg://user:password@host/database")
        return url

    @field_validator("smtp_url", "imap_url")
    @classmethod
    def _mail_server(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in ("smtp", "smtps", "imap", "imaps") or not parts.hostname:
                raise ValueError("must be like smtp://host:port or imap://user:password@host:port/INBOX")
        return url

    @field_validator("bootstrap_token")
    @classmethod
    def _long(cls, token: str | None) -> str | None:
        if token is not None and len(token) < 32:
            raise ValueError("must have 32 characters or more")
        return token

    @field_validator("crash_at")
    @classmethod
    def _crash_point(cls, text: str | None, before: ValidationInfo) -> str | None:
        if text is not None:
            crash.parse(text)
            if before.data.get("mode") == "production" and not before.data.get("drill"):
                raise ValueError(
                    f"kills this process on purpose: unset it, or set {PREFIX}DRILL=1 on a site for drills"
                )
        return text

    @property
    def sandbox(self) -> bool:
        return self.mode == "sandbox"

    @property
    def base_url(self) -> str:
        """Where clients reach the service; without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def diagrams(self) -> Path:
        """The folder with the shipped processes: as set, in the working copy, or as installed."""
        here = Path(__file__).resolve().parent
        for folder in (self.bpmn_dir, here.parents[1] / "bpmn", here / "_bpmn"):
            if folder is not None and folder.is_dir():
                return folder
        return Path("bpmn")


def read_settings(**given: Any) -> Settings:
    """The settings from the environment, `given` ones winning; BadSettings names each one at fault."""
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_input=False, include_url=False):
            name = PREFIX + str(fault["loc"][0]).upper() if fault["loc"] else PREFIX
            lines.append(f"{name}: {fault['msg']}")
        raise BadSettings("; ".join(lines)) from None
    except Exception as error:  # a value that is not JSON: pydantic-settings has its own error class for it
        if type(error).__name__ == "SettingsError":
            raise BadSettings(f"A {PREFIX}… variable that holds JSON cannot be read: {error}") from None
        raise


def require_ready(settings: Settings, *, keys_exist: bool) -> None:
    """Refuses to serve as `settings` say; the error names every setting to set (acceptance 8).

    `keys_exist`: whether the database has a live API key, the other way to be authenticated.
    """
    faults = _sandbox_faults(settings) if settings.sandbox else _production_faults(settings, keys_exist)
    if faults:
        raise BadSettings(f"kt-flows does not start in {settings.mode} mode:\n  " + "\n  ".join(faults))


def _sandbox_faults(settings: Settings) -> list[str]:
    if settings.host in ("127.0.0.1", "::1", "localhost"):
        return []
    return [f"{PREFIX}HOST must be 127.0.0.1: the sandbox has ready tokens and is not for a network"]


def _production_faults(settings: Settings, keys_exist: bool) -> list[str]:
    faults = []
    if settings.secret == DEFAULT_SECRET or len(settings.secret) < 32:
        faults.append(f"{PREFIX}SECRET must be set to 32 random characters or more (openssl rand -hex 32)")
    if not settings.providers:
        faults.append(f'{PREFIX}PROVIDERS must name the providers\' addresses: {{"default": "support@provider.kz"}}')
    for name, address in settings.providers.items():
        if placeholder(address):
            faults.append(f"{PREFIX}PROVIDERS: the address of provider {name!r} is a placeholder ({address!r})")
    for group, address in settings.group_mail.items():
        if placeholder(address):
            faults.append(f"{PREFIX}GROUP_MAIL: the address of group {group!r} is a placeholder ({address!r})")
    if placeholder(settings.mail_from):
        faults.append(f"{PREFIX}MAIL_FROM must be the mailbox that the service writes from")
    if settings.smtp_url is None:
        faults.append(f"{PREFIX}SMTP_URL must name the mail server for outgoing mail (smtp://host:port)")
    if settings.imap_url is None:
        faults.append(f"{PREFIX}IMAP_URL must name the mailbox (imaps://user:password@host:port/INBOX)")
    if not keys_exist and settings.bootstrap_token is None:
        faults.append(
            "there is no API key: make one with `kt-flows key create --name N --role R`, "
            f"or set {PREFIX}BOOTSTRAP_TOKEN"
        )
    return faults


def placeholder(address: str) -> bool:
    """True for a text that is no address that mail could reach: the instruction's blank, example domains."""
    if not _ADDRESS.fullmatch(address):
        return True
    domain = address.rpartition("@")[2].lower()
    labels = domain.split(".")
    return (
        labels[-1] in _RESERVED
        or len(labels) < 2
        or (len(labels) > 1 and labels[-2] == "example")
        or "placeholder" in address.lower()
        or "changeme" in address.lower()
    )


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """KT_FLOWS_ variables that mean nothing here: most likely a slip of the pen."""
    names = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(
        name for name in (environment or os.environ) if name.upper().startswith(PREFIX) and name.upper() not in names
    )
