"""The environment, read once into a frozen struct; a wrong setting stops the start with a line."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import msgspec

PREFIX = "PORTECARTE_"
LOG_LEVELS = ("debug", "info", "warning", "error")
Mode = Literal["sandbox", "live"]

_APPLE_PRODUCTION = "https://api.push.apple.com"
_GOOGLE_SAVE = "https://pay.google.com/gp/v/save/"
_GOOGLE_API = "https://walletobjects.googleapis.com"
_GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
_GOOGLE_ROOT_KEYS = "https://pay.google.com/gp/m/issuer/keys"
_SANDBOX_GOOGLE = "/sandbox/google"
_URLS = (
    *("public_url", "pass_url", "apns_url", "google_api_url", "google_token_url"),
    *("google_root_keys_url", "google_save_url"),
)


class WrongSetting(ValueError):
    """A setting's value cannot be used; the text names the setting and the cure."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the environment may say; each field is `PORTECARTE_` and its name in capitals.

    URLs end without a slash. None is "not set": in the sandbox the fake of that kind is used.
    """

    database_url: str = "sqlite:///data/portecarte.db"
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    pass_url: str = "http://127.0.0.1:8000"  # noqa: S105  # an address
    mode: Mode = "sandbox"
    secrets_file: Path = Path("data/secrets.json")
    erased_file: Path | None = None
    apple_pass_type_id: str | None = None
    apple_team_id: str | None = None
    apple_cert_file: Path | None = None
    apple_key_file: Path | None = None
    apple_wwdr_file: Path | None = None
    apple_key_password_file: Path | None = None
    apns_url: str | None = None
    apns_ca_file: Path | None = None
    apns_token_key_file: Path | None = None
    apns_token_key_id: str | None = None
    sandbox_apns_port: int = 2197
    google_issuer_id: str | None = None
    google_service_account_file: Path | None = None
    google_api_url: str | None = None
    google_token_url: str | None = None
    google_root_keys_url: str | None = None
    google_save_url: str | None = None
    smtp_url: str | None = None
    mail_from: str = "Portecarte <no-reply@localhost>"
    trusted_proxies: tuple[str, ...] = ()
    webhook_allow_loopback: bool = False
    merchant_rate: int | None = None
    sign_in_codes_per_ip: int = 20
    log_level: str = "info"
    workers: int = 1

    @property
    def is_live(self) -> bool:
        """Whether this server talks to the real Apple, Google and mail."""
        return self.mode == "live"

    @property
    def erased_list(self) -> Path:
        """Where it stands who was erased: away from the database, which a backup sets back."""
        return self.erased_file or self.secrets_file.with_name("erased.jsonl")

    @property
    def token_mode(self) -> str:
        """The part of every token that names the mode."""
        return "live" if self.is_live else "test"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and judge the settings. Raises WrongSetting for the first one that cannot be used."""
    given = {
        name.removeprefix(PREFIX).lower(): value.strip()
        for name, value in environment.items()
        if name.startswith(PREFIX) and value.strip()
    }
    known = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name in given:
        if name not in known:
            raise WrongSetting(f"{PREFIX}{name.upper()} is no setting")
    values = {name: _value(name, text, known[name].type) for name, text in given.items()}
    values.setdefault("public_url", f"http://127.0.0.1:{values.get('port', 8000)}")
    values.setdefault("pass_url", values["public_url"])
    settings = Settings(**values)  # type: ignore[arg-type]
    _judge(settings)
    return settings


def _value(name: str, text: str, kind: object) -> object:
    setting = PREFIX + name.upper()
    if kind is bool:
        if text.lower() not in {"true", "false", "1", "0"}:
            raise WrongSetting(f"{setting} must be true or false")
        return text.lower() in {"true", "1"}
    if kind in (int, int | None):
        if not text.isascii() or not text.isdigit():
            raise WrongSetting(f"{setting} must be a whole number")
        return int(text)
    if kind in (Path, Path | None):
        return Path(text)
    if name == "trusted_proxies":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name.endswith("_url") and name not in {"database_url", "google_save_url"}:
        return text.rstrip("/")
    return text


def _judge(settings: Settings) -> None:
    if settings.mode not in get_args(Mode):
        raise WrongSetting(f"{PREFIX}MODE must be sandbox or live")
    if settings.log_level not in LOG_LEVELS:
        raise WrongSetting(f"{PREFIX}LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
    for name in ("port", "sandbox_apns_port"):
        if not 0 <= getattr(settings, name) <= 65_535:
            raise WrongSetting(f"{PREFIX}{name.upper()} must be 0 to 65535")
    for name in _URLS:
        _judge_url(name, getattr(settings, name))
    if not settings.database_url.startswith(("sqlite:///", "postgresql://")):
        raise WrongSetting(f"{PREFIX}DATABASE_URL must be sqlite:///… or postgresql://…")
    if settings.smtp_url and urlsplit(settings.smtp_url).scheme not in {"smtp", "smtps"}:
        raise WrongSetting(f"{PREFIX}SMTP_URL must be smtp://host:port or smtps://host:port")
    if (issuer := settings.google_issuer_id) and not (issuer.isascii() and issuer.isdigit()):
        raise WrongSetting(f"{PREFIX}GOOGLE_ISSUER_ID is a number, as the Wallet console shows it")
    for proxy in settings.trusted_proxies:
        _judge_proxy(proxy)
    _judge_processes(settings)
    if settings.is_live:
        _judge_live(settings)


def _judge_url(name: str, url: str | None) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise WrongSetting(f"{PREFIX}{name.upper()} must be http://host or https://host")


def _judge_proxy(proxy: str) -> None:
    try:
        ipaddress.ip_network(proxy)
    except ValueError:
        text = f"{PREFIX}TRUSTED_PROXIES: {proxy} is no address or network"
        raise WrongSetting(text) from None


def _judge_processes(settings: Settings) -> None:
    if settings.workers < 1:
        raise WrongSetting(f"{PREFIX}WORKERS must be at least 1")
    if settings.workers > 1 and settings.database_url.startswith("sqlite:"):
        text = "WORKERS above 1 needs PostgreSQL: one process writes a SQLite file"
        raise WrongSetting(PREFIX + text)
    if settings.sign_in_codes_per_ip < 1:
        raise WrongSetting(f"{PREFIX}SIGN_IN_CODES_PER_IP must be at least 1")
    if settings.merchant_rate is not None and settings.merchant_rate < 1:
        raise WrongSetting(f"{PREFIX}MERCHANT_RATE must be at least 1, or not set")


def _judge_live(settings: Settings) -> None:
    if settings.webhook_allow_loopback:
        raise WrongSetting(f"{PREFIX}WEBHOOK_ALLOW_LOOPBACK is for the sandbox only")
    if urlsplit(settings.pass_url).scheme != "https":
        raise WrongSetting(f"{PREFIX}PASS_URL must be https:// in live mode: phones refuse http")
    needed = ("apple_pass_type_id", "apple_team_id", "apple_cert_file", "apple_key_file")
    for name in (*needed, "apple_wwdr_file", "smtp_url"):
        if getattr(settings, name) is None:
            raise WrongSetting(f"{PREFIX}{name.upper()} is needed in live mode")
    for name in ("google_api_url", "google_token_url", "google_root_keys_url", "google_save_url"):
        parts = urlsplit(getattr(settings, name) or "https:")
        if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            # Tokens travel there, and what callbacks are believed by comes from there.
            raise WrongSetting(f"{PREFIX}{name.upper()} must be https:// in live mode")
    if (settings.google_issuer_id is None) != (settings.google_service_account_file is None):
        text = "GOOGLE_ISSUER_ID and GOOGLE_SERVICE_ACCOUNT_FILE go together: both, or no Google"
        raise WrongSetting(PREFIX + text)
    if settings.google_issuer_id and urlsplit(settings.public_url).scheme != "https":
        text = "PUBLIC_URL must be https:// in live mode: Google fetches pictures and calls back"
        raise WrongSetting(PREFIX + text)


def apns_url(settings: Settings) -> str:
    """Return where pushes go: the setting, else the fake's port, else Apple's production host."""
    if settings.apns_url:
        return settings.apns_url
    if settings.is_live:
        return _APPLE_PRODUCTION
    return f"https://127.0.0.1:{settings.sandbox_apns_port}"


def google_save_url(settings: Settings) -> str:
    """Return what a save link begins with, up to its token; the sandbox has a page of its own."""
    if settings.google_save_url:
        return settings.google_save_url.rstrip("/") + "/"
    return _GOOGLE_SAVE if settings.is_live else f"{_sandbox_google(settings)}/save/"


def google_api_url(settings: Settings) -> str:
    """Return where classes and objects are written; in the sandbox its own Google."""
    if settings.google_api_url:
        return settings.google_api_url
    return _GOOGLE_API if settings.is_live else _sandbox_google(settings)


def google_token_url(settings: Settings) -> str:
    """Return where OAuth tokens come from."""
    if settings.google_token_url:
        return settings.google_token_url
    return _GOOGLE_TOKEN if settings.is_live else f"{_sandbox_google(settings)}/token"


def google_root_keys_url(settings: Settings) -> str:
    """Return where the keys are published that vouch for callbacks."""
    if settings.google_root_keys_url:
        return settings.google_root_keys_url
    return _GOOGLE_ROOT_KEYS if settings.is_live else f"{_sandbox_google(settings)}/keys"


def _sandbox_google(settings: Settings) -> str:
    return settings.public_url + _SANDBOX_GOOGLE
