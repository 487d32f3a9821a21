"""Letters: the job ``mail.send`` renders one in its reader's language and hands it to the mail server.

A letter is two templates, ``templates/email/<name>.txt`` and ``.html``; its subject is the block ``title`` of
the second. Without ``SMTP_URL`` the demo puts letters into ``var/mail/``, for whoever tries it to read.
"""

from __future__ import annotations

import smtplib
import ssl
import uuid
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import structlog
from flask import Flask, current_app, render_template

from accounts import resetting
from app.config import VAR, Config
from app.i18n import reader
from kernel import jobs
from kernel.db import transaction
from oversight import notifying

log = structlog.get_logger()
_SECONDS = 20


class NoMailServer(Exception):
    """There is a letter to send, and SMTP_URL is not set."""


def init_mail(app: Flask, config: Config) -> None:
    """Say where letters go when there is no mail server: a folder in the demo, nowhere in production."""
    app.config["MAIL_FOLDER"] = config.media_root.parent / "mail" if config.app_env == "test" else VAR / "mail"


@jobs.handles("mail.send")
def _send(args: dict[str, Any], now: datetime) -> None:
    """Send one letter. args: template, to, language ("vi" or "en"), facts (what the template is given)."""
    config: Config = current_app.config["OCOP"]
    letter = compose(config, now=now, **args)
    if config.smtp_url is not None:
        deliver(config.smtp_url, letter)
        log.info("letter sent", template=args["template"])
    elif config.is_production:
        raise NoMailServer("SMTP_URL is not set: the letter waits, and is tried again.")
    else:
        path = _keep(letter, current_app.config["MAIL_FOLDER"], now)
        log.warning("no SMTP_URL: the letter was put into a file", path=str(path))


@jobs.handles("accounts.forgotten")
def _forgotten(args: dict[str, Any], now: datetime) -> None:
    """Write the letter for a forgotten password, if there is an account. args: identity."""
    with transaction():
        resetting.send_link(args["identity"], now=now)


@jobs.handles("oversight.tell")
def _tell(args: dict[str, Any], now: datetime) -> None:
    """Write the letters of a notice of a recall, or leave it to the telephone. args: notice (its id)."""
    with transaction():
        notifying.tell(args["notice"], now=now)


@jobs.handles("oversight.tell_buyers")
def _tell_buyers(args: dict[str, Any], now: datetime) -> None:
    """Write to those who bought recalled goods online. args: recall (its id)."""
    with transaction():
        notifying.tell_buyers(args["recall"], now=now)


def compose(
    config: Config, *, template: str, to: str, language: str, facts: dict[str, Any], now: datetime
) -> EmailMessage:
    """Render a letter in its reader's language."""
    base = urlsplit(config.base_url)
    host = base.hostname or "localhost"
    with reader(language, config.base_url):
        given = {**facts, "url": config.base_url + facts["path"]} if "path" in facts else facts
        html = render_template(f"email/{template}.html", **given)
        text = render_template(f"email/{template}.txt", **given)
        subject = _title(html)
    letter = EmailMessage(policy=policy.SMTP)
    letter["Subject"] = subject
    letter["From"] = Address(display_name="OCOP Ba Tơ", addr_spec=_sender(config, host))
    letter["To"] = to
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{uuid.uuid4().hex}@{host}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["Content-Language"] = language
    letter.set_content(text.strip() + "\n")
    letter.add_alternative(html, subtype="html")
    return letter


def deliver(smtp_url: str, letter: EmailMessage) -> None:
    """Hand a letter to the mail server: smtp://[user:password@]host[:port] (STARTTLS when offered) or smtps://."""
    server = urlsplit(smtp_url)
    host = server.hostname or ""
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, server.port or 465, timeout=_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(host, server.port or 25, timeout=_SECONDS)
    with connection:
        if server.scheme == "smtp":
            connection.ehlo()
            if connection.has_extn("starttls"):
                connection.starttls(context=ssl.create_default_context())
            elif server.username:
                raise smtplib.SMTPNotSupportedError("the mail server offers no TLS: the password is not sent in clear")
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(letter)


def _sender(config: Config, host: str) -> str:
    """Give the address letters come from: ``?from=`` of SMTP_URL, its user if that is one, else ocop@<our host>."""
    if config.smtp_url is not None:
        server = urlsplit(config.smtp_url)
        said = parse_qs(server.query).get("from", [unquote(server.username or "")])[0]
        if "@" in said:
            return said
    return f"ocop@{host}"


def _title(html: str) -> str:
    return " ".join(unescape(html.partition("<title>")[2].partition("</title>")[0]).split())


def _keep(letter: EmailMessage, folder: Path, now: datetime) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # letters hold links that open accounts
    path = folder / f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}.eml"
    path.write_bytes(letter.as_bytes())
    path.chmod(0o600)
    return path
