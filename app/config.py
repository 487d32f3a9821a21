"""The settings, read once from the environment and checked: a malformed one stops the start with a sentence."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from storefront import zalo
from storefront.carriers import Carrier, ghn, ghtk, viettel_post, vnpost
from storefront.short_messages import Texts
from storefront.text_gateway import BODY, JsonGateway, is_usable
from storefront.zalo import Zalo

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")


class BadSetting(Exception):
    """A setting that cannot be used; the message names it and says what it should look like."""


@dataclass(frozen=True)
class Config:
    """All settings of the application (README has them in a table)."""

    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    base_url: str  #: without a slash at its end
    media_root: Path
    app_env: str = "demo"  #: "demo", "production" or "test"
    redis_url: str | None = None
    smtp_url: str | None = field(default=None, repr=False)
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    stripe_api_base: str | None = None
    bank_notice_secret: str | None = field(default=None, repr=False)
    carriers: tuple[Carrier, ...] = ()  #: those that are told of parcels; the others are served by their labels
    carrier_notice_secret: str | None = None  #: in the address at which carriers tell of parcels; None: nobody does
    texts: tuple[Texts, ...] = ()  #: who sends short messages; nobody: producers call buyers without e-mail
    log_level: str = "INFO"
    log_signing_key: bytes | None = field(
        default=None, repr=False
    )  #: 32 secret bytes, Ed25519; None: nothing is signed

    @property
    def is_production(self) -> bool:
        """Tell whether real people's data are served."""
        return self.app_env == "production"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read and check the environment.

        :raises BadSetting: naming the first setting that cannot be used
        """
        app_env = _one_of(environ, "APP_ENV", ("demo", "production", "test"), "demo")
        port = environ.get("PORT", "8000")
        if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
            raise BadSetting(f"PORT must be a number from 1 to 65535, not {port!r}.")
        return cls(
            app_env=app_env,
            database_url=_database_url(environ),
            secret_key=_secret_key(environ, app_env),
            base_url=_base_url(environ, f"http://127.0.0.1:{port}"),
            media_root=_folder(environ, "MEDIA_ROOT", VAR / "media"),
            redis_url=_url(environ, "REDIS_URL", ("redis", "rediss"), None),
            smtp_url=_url(environ, "SMTP_URL", ("smtp", "smtps"), None),
            stripe_secret_key=_starting(environ, "STRIPE_SECRET_KEY", ("sk_", "rk_")),
            stripe_webhook_secret=_starting(environ, "STRIPE_WEBHOOK_SECRET", ("whsec_",)),
            stripe_api_base=_url(environ, "STRIPE_API_BASE", ("http", "https"), None),
            bank_notice_secret=_long_enough(environ, "BANK_NOTICE_SECRET", 24),
            carriers=_carriers(environ),
            carrier_notice_secret=_notice_secret(environ),
            texts=(*_zalo(environ), *_texts(environ)),
            log_level=_log_level(environ),
            log_signing_key=_log_signing_key(environ),
        )


def _one_of(environ: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = environ.get(name) or default
    if value not in allowed:
        raise BadSetting(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _database_url(environ: Mapping[str, str]) -> str:
    url = environ.get("DATABASE_URL")
    if not url:
        VAR.mkdir(exist_ok=True)
        return f"sqlite:///{VAR / 'ocop.sqlite3'}"
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting(
            f"DATABASE_URL must start with sqlite:/// or postgresql://, not {url.split(':', 1)[0]!r}:"
            " for instance postgresql://user:password@host/name."
        )
    try:
        parts = make_url(url)
        usable = bool(parts.database)
    except (ArgumentError, ValueError):
        usable = False
    if not usable:
        raise BadSetting(
            "DATABASE_URL must name a database, and its port in digits: for instance"
            " postgresql://user:password@host:5432/name or sqlite:////folder/ocop.sqlite3."
        )
    if url.startswith("sqlite:") and not Path(parts.database or "").resolve().parent.is_dir():
        raise BadSetting(f"DATABASE_URL: there is no folder {Path(parts.database or '').resolve().parent}.")
    return url


def _folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """Give a folder one can write to; it is made if it is not there."""
    folder = Path(environ.get(name) or default).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadSetting(f"{name}: the folder {folder} cannot be made ({problem.strerror}).") from problem
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadSetting(f"{name}: one cannot write to {folder}.")
    return folder


def _base_url(environ: Mapping[str, str], default: str) -> str:
    """Read the address that codes and letters carry: no query, no fragment, no space."""
    url = _url(environ, "BASE_URL", ("http", "https"), default) or ""
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username or parts.path or not _HOST.fullmatch(parts.hostname or ""):
        raise BadSetting(f"BASE_URL must be a scheme and a host, such as https://ocop.example.vn, not {url!r}.")
    return url


def _secret_key(environ: Mapping[str, str], app_env: str) -> str:
    key = environ.get("SECRET_KEY")
    if key:
        if len(key) < 32:
            raise BadSetting("SECRET_KEY must have at least 32 characters.")
        return key
    if app_env == "production":
        raise BadSetting("SECRET_KEY is required when APP_ENV=production: 32 or more random characters.")
    return _made_once("secret_key", lambda: secrets.token_urlsafe(48))


def _log_signing_key(environ: Mapping[str, str]) -> bytes:
    given = environ.get("LOG_SIGNING_KEY")
    key = given or _made_once("log_signing_key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    try:
        seed = base64.b64decode(key.strip(), validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != 32:
        where = "LOG_SIGNING_KEY" if given else str(VAR / "log_signing_key")
        raise BadSetting(f"{where} must be 32 random bytes as base64, 44 characters that end in =.")
    return seed


def _made_once(name: str, make: Callable[[], str]) -> str:
    """Give a secret that is kept under ``var/``, and made when it is first asked for."""
    VAR.mkdir(exist_ok=True)
    path = VAR / name
    if not path.exists():
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            os.link(draft, path)  # the first of several processes wins; the others read its key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def _url(environ: Mapping[str, str], name: str, schemes: tuple[str, ...], default: str | None) -> str | None:
    value = environ.get(name) or default
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        shown = re.sub(r"(?<=://).*@", "…@", value)  # what stands before the host may be a password
        raise BadSetting(f"{name} must look like {schemes[0]}://host, not {shown!r}.")
    return value.rstrip("/")


def _starting(environ: Mapping[str, str], name: str, starts: tuple[str, ...]) -> str | None:
    value = environ.get(name)
    if value and not (value.startswith(starts) and value not in starts):
        raise BadSetting(f"{name} must start with {' or '.join(starts)} and be given whole.")
    return value or None


def _long_enough(environ: Mapping[str, str], name: str, least: int) -> str | None:
    value = environ.get(name)
    if value and (len(value) < least or not (value.isascii() and value.isprintable()) or " " in value):
        raise BadSetting(f"{name} must have at least {least} characters: letters, digits and signs, without spaces.")
    return value or None


def _carriers(environ: Mapping[str, str]) -> tuple[Carrier, ...]:
    """Give the carriers whose settings are there, each whole or not at all."""
    made: list[Carrier] = []
    ghn_ = _together(environ, "GHN_TOKEN", "GHN_SHOP_ID")
    if ghn_:
        if not (ghn_["GHN_SHOP_ID"].isascii() and ghn_["GHN_SHOP_ID"].isdigit()):
            raise BadSetting("GHN_SHOP_ID must be a number, as GHN's page of the shop shows it.")
        api = _url(environ, "GHN_API_BASE", ("http", "https"), ghn.API) or ""
        made.append(ghn.Ghn(token=ghn_["GHN_TOKEN"], shop_id=ghn_["GHN_SHOP_ID"], api=api))
    ghtk_ = _together(environ, "GHTK_TOKEN", "GHTK_PARTNER_CODE")
    if ghtk_:
        api = _url(environ, "GHTK_API_BASE", ("http", "https"), ghtk.API) or ""
        made.append(ghtk.Ghtk(token=ghtk_["GHTK_TOKEN"], partner_code=ghtk_["GHTK_PARTNER_CODE"], api=api))
    viettel = _together(environ, "VIETTEL_POST_TOKEN", "VIETTEL_POST_SERVICE")
    if viettel:
        api = _url(environ, "VIETTEL_POST_API_BASE", ("http", "https"), viettel_post.API) or ""
        token, service = viettel["VIETTEL_POST_TOKEN"], viettel["VIETTEL_POST_SERVICE"]
        made.append(viettel_post.ViettelPost(token=token, service=service, api=api))
    post = _together(environ, "VNPOST_USERNAME", "VNPOST_PASSWORD", "VNPOST_CUSTOMER_CODE", "VNPOST_SERVICE")
    if post:
        api = _url(environ, "VNPOST_API_BASE", ("http", "https"), vnpost.API) or ""
        username, password, customer, service = post.values()
        made.append(vnpost.VnPost(username, password, customer_code=customer, service=service, api=api))
    return tuple(made)


def _zalo(environ: Mapping[str, str]) -> tuple[Zalo, ...]:
    """Give the account of Zalo with its templates, if it is there: whole or not at all."""
    token, file, told = (environ.get(name, "") for name in ("ZALO_ACCESS_TOKEN", "ZALO_TOKEN_FILE", "ZALO_TEMPLATES"))
    if not (token or file or told):
        return ()
    if bool(token) == bool(file) or not told:
        raise BadSetting(
            "ZALO_TEMPLATES and one of ZALO_ACCESS_TOKEN and ZALO_TOKEN_FILE are set together or not at all."
        )
    if token and not zalo.is_token(token):
        raise BadSetting("ZALO_ACCESS_TOKEN must be letters, digits and signs without spaces.")
    if file and not Path(file).is_file():
        raise BadSetting("ZALO_TOKEN_FILE must name a file that holds the token.")
    try:
        templates = zalo.templates_of(json.loads(told))
    except ValueError:
        templates = None
    if templates is None:
        raise BadSetting(
            "ZALO_TEMPLATES must be a JSON object: what happened (order:placed, …) and the number of its template."
        )
    api = _url(environ, "ZALO_API_BASE", ("https", "http"), zalo.API) or ""
    return (Zalo(templates, token, Path(file) if file else None, api),)


def _texts(environ: Mapping[str, str]) -> tuple[JsonGateway, ...]:
    """Give the gateway of text messages, if it is there: whole or not at all."""
    given = _together(environ, "SMS_GATEWAY_URL", "SMS_GATEWAY_TOKEN", "SMS_SENDER")
    body = environ.get("SMS_GATEWAY_BODY")
    if not given:
        if body:
            raise BadSetting("SMS_GATEWAY_BODY says what SMS_GATEWAY_URL is sent: that one is missing.")
        return ()
    _url(environ, "SMS_GATEWAY_URL", ("https", "http"), None)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,15}|\+?[0-9]{3,15}", given["SMS_SENDER"]):
        raise BadSetting("SMS_SENDER must be the registered name of at most 15 letters and digits, or a number.")
    try:
        read = json.loads(body) if body else dict(BODY)
    except ValueError:
        read = None
    if not is_usable(read):
        raise BadSetting("SMS_GATEWAY_BODY must be a JSON object with {text} and {to} or {digits} in its texts.")
    return (JsonGateway(given["SMS_GATEWAY_URL"], given["SMS_GATEWAY_TOKEN"], given["SMS_SENDER"], read),)


def _together(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """Read settings that need one another: all of them, or none."""
    found = {name: environ.get(name, "") for name in names}
    if not any(found.values()):
        return {}
    for name, value in found.items():
        if not value:
            raise BadSetting(f"{name} is missing: {', '.join(names)} are set together or not at all.")
        if any(ord(sign) < 33 or ord(sign) > 126 for sign in value):
            raise BadSetting(f"{name} must be letters, digits and signs without spaces.")
    return found


def _notice_secret(environ: Mapping[str, str]) -> str | None:
    secret = environ.get("CARRIER_NOTICE_SECRET")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{24,100}", secret):
        raise BadSetting("CARRIER_NOTICE_SECRET must be 24 or more letters and digits: it stands in an address.")
    return secret or None


def _log_level(environ: Mapping[str, str]) -> str:
    level = (environ.get("LOG_LEVEL") or "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise BadSetting(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {level!r}.")
    return level
