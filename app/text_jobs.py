"""Handing text messages to the gateway: over the network, outside any transaction."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import structlog
from flask import current_app
from flask_babel import gettext

from app.config import Config
from app.i18n import dong, reader
from kernel import exchange, jobs
from kernel.db import db
from storefront import short_messages
from storefront.order_models import Contact
from storefront.short_messages import ShortMessage, Texts

log = structlog.get_logger()


class NotTaken(Exception):
    """The gateway did not take a message: the job is tried again later, and then waits for a person."""


@jobs.handles(short_messages.JOB)
def _send(args: dict[str, Any], now: datetime) -> None:
    """Send one message. args: key, purchase, what, language, path, facts.

    Nobody is written to once the number was erased, or an e-mail was left, or no gateway is configured any more.
    """
    texts = short_messages.sender()
    contact = db.session.get(Contact, args["purchase"])
    if texts is None or contact is None or contact.email is not None:
        return
    message = ShortMessage(args["key"], contact.phone, _words(args))
    db.session.rollback()  # nothing is held while the gateway is asked
    _hand_over(texts, message)


def _hand_over(texts: Texts, message: ShortMessage) -> None:
    request = texts.sending(message)
    answer = exchange.post(
        request.url,
        json.dumps(request.body).encode(),
        media_type="application/json",
        token=request.token,
        key=message.key,
    )
    if not answer.is_taken:
        raise NotTaken(answer.error)
    log.info("text sent", key=message.key)


def _words(args: dict[str, Any]) -> str:
    config: Config = current_app.config["OCOP"]
    facts, said = dict(args["facts"]), short_messages.WORDS[args["what"]]
    with reader(args["language"], config.base_url):
        if "amount_vnd" in facts:
            facts["amount"] = dong(facts.pop("amount_vnd"))
        return short_messages.fit(gettext(said, **facts), config.base_url + args["path"])
