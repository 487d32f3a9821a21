"""Handing short messages to who sends them: over the network, outside any transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
    """Nobody took the message: the job is tried again later, and then waits for a person."""


@jobs.handles(short_messages.JOB)
def _send(args: dict[str, Any], now: datetime) -> None:
    """Send one message. args: key, purchase, what, language, path, facts.

    Nobody is written to once the number was erased, or an e-mail was left, or nobody sends messages any more.
    """
    senders = short_messages.senders()
    contact = db.session.get(Contact, args["purchase"])
    if not senders or contact is None or contact.email is not None:
        return
    message = _message(args, contact.phone)
    db.session.rollback()  # nothing is held while others are asked
    _hand_over(senders, message)


def _hand_over(senders: Sequence[Texts], message: ShortMessage) -> None:
    """Let the first take the message who has a way to say it. Who refuses leaves it to the next.

    Who may have taken it (no answer, or one that nobody can read) is asked again later, and nobody else: a buyer is
    not to be told twice.
    """
    why = "no way"
    for texts in senders:
        request = texts.sending(message)
        if request is None:
            continue
        headers = {"Content-Type": "application/json", **request.headers}
        reply = exchange.exchange(request.url, json.dumps(request.body).encode(), headers=headers)
        answer = exchange.judged(reply)
        refusal = texts.refusal(reply.body) if answer.is_taken else answer.error
        if refusal is None or (refusal and not answer.is_taken and not answer.is_final):
            raise NotTaken(refusal or exchange.GARBLED)
        if not refusal:
            log.info("text sent", key=message.key)
            return
        why = refusal
        log.warning("text refused", key=message.key, why=why)
    raise NotTaken(why)


def _message(args: dict[str, Any], to: str) -> ShortMessage:
    config: Config = current_app.config["OCOP"]
    facts, said = dict(args["facts"]), short_messages.WORDS[args["what"]]
    link = config.base_url + args["path"]
    with reader(args["language"], config.base_url):
        if "amount_vnd" in facts:
            facts["amount"] = dong(facts.pop("amount_vnd"))
        words = short_messages.fit(gettext(said, **facts), link)
    told = {**{name: str(value) for name, value in facts.items()}, "link": link, "path": args["path"].removeprefix("/")}
    return ShortMessage(args["key"], to, words, args["what"], told)
