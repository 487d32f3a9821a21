"""Letters: handed to the mail server, put into a folder in the demo, kept waiting when there is no server."""

from __future__ import annotations

import dataclasses
import socket
import threading
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import mail
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job


class Server(threading.Thread):
    """A mail server that takes one letter, as plainly as RFC 5321 allows."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.heard: list[str] = []
        self.letter = ""

    def run(self) -> None:
        with self._listening:
            connection, _ = self._listening.accept()
        with connection, connection.makefile("rwb") as stream:

            def say(text: str) -> None:
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            say("220 mail.test")
            while line := stream.readline().decode().rstrip("\r\n"):
                self.heard.append(line)
                match line.split()[0].upper():
                    case "DATA":
                        say("354 go on")
                        lines = iter(stream.readline, b".\r\n")
                        self.letter = b"".join(lines).decode()
                        say("250 taken")
                    case "QUIT":
                        say("221 bye")
                        return
                    case _:
                        say("250 yes")


@pytest.fixture
def configure(app: Flask) -> Any:
    before = app.config["OCOP"]

    def change(**settings: Any) -> None:
        app.config["OCOP"] = dataclasses.replace(before, **settings)

    yield change
    app.config["OCOP"] = before


def ask_for_letter(now, to: str = "lan@demo.example") -> None:
    with transaction():
        jobs.enqueue(
            "mail.send",
            now=now,
            template="new_password",
            to=to,
            language="vi",
            facts={"name": "Lan <b>&", "path": "/dat-lai-mat-khau/x"},
        )


def test_a_letter_reaches_the_mail_server(ctx: Flask, now, configure) -> None:
    server = Server()
    server.start()
    configure(smtp_url=f"smtp://127.0.0.1:{server.port}?from=ocop@demo.example")
    ask_for_letter(now)

    assert jobs.run_one(now) == "mail.send"
    server.join(5)

    assert "rcpt to:<lan@demo.example>" in [line.lower() for line in server.heard]
    assert any(line.lower().startswith("mail from:<ocop@demo.example>") for line in server.heard)
    assert "Auto-Submitted: auto-generated" in server.letter
    assert "multipart/alternative" in server.letter
    assert db.session.scalars(select(Job)).one().done_at == now


def test_a_letter_that_the_server_does_not_take_waits(ctx: Flask, now, configure) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    configure(smtp_url=f"smtp://127.0.0.1:{port}")
    ask_for_letter(now)

    jobs.run_one(now)

    job = db.session.scalars(select(Job)).one()
    assert job.done_at is None
    assert job.run_at > now
    assert job.args["to"] == "lan@demo.example"


def test_in_production_no_letter_goes_into_a_file(ctx: Flask, now, configure) -> None:
    configure(app_env="production", smtp_url=None)
    ask_for_letter(now)

    jobs.run_one(now)

    job = db.session.scalars(select(Job)).one()
    assert job.done_at is None
    assert "SMTP_URL" in (job.last_error or "")


def test_names_are_text_in_a_letter_and_never_markup(ctx: Flask, now) -> None:
    letter = mail.compose(
        ctx.config["OCOP"],
        template="new_password",
        to="lan@demo.example",
        language="vi",
        facts={"name": "Lan <b>&", "path": "/dat-lai-mat-khau/x"},
        now=now,
    )

    html = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Lan &lt;b&gt;&amp;" in html
    assert "Lan <b>&" in text
    assert "http://shop.test/dat-lai-mat-khau/x" in text


def test_a_line_break_in_a_name_makes_no_header_of_its_own(ctx: Flask, now) -> None:
    letter = mail.compose(
        ctx.config["OCOP"],
        template="invitation",
        to="lan@demo.example",
        language="en",
        facts={"name": "x", "organisation": "A\r\nBcc: all@demo.example", "path": "/x"},
        now=now,
    )

    assert letter["Bcc"] is None
    assert letter["Subject"] == "Invitation to A Bcc: all@demo.example"


def test_two_letters_of_one_worker_are_each_in_their_readers_language(app: Flask, now: datetime) -> None:
    facts = {
        "what": "shown",
        "name": "Mẫu",
        "goods": {"vi": "Gạo", "en": "Rice"},
        "reason": "",
        "words": "",
        "path": "/",
    }
    with app.app_context():
        letters = [
            mail.compose(app.config["OCOP"], template="review", to="a@b.example", language=lang, facts=facts, now=now)
            for lang in ("vi", "en", "vi")
        ]

    subjects = [str(letter["Subject"]) for letter in letters]
    assert subjects[0] == subjects[2] != subjects[1]
