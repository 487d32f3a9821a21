"""Many at once: tries are counted, invitations used once, and a manager always stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from accounts import membership, passwords, resetting, signing_in
from accounts.actor import SYSTEM
from accounts.models import Invitation, Membership, Organisation, ResetCode, Role, User
from kernel.db import db, retrying, transaction
from kernel.errors import DomainError
from tests.factories import Factories

pytestmark = pytest.mark.race


def at_once(app: Flask, count: int, act: Callable[[int], Any]) -> list[Any]:
    """Let ``count`` threads begin together, each with its own context; give what each answered or refused with."""
    ready, answers = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                answers[number] = retrying(act)(number)
            except DomainError as refusal:
                answers[number] = refusal
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_twelve_tries_at_once_five_are_compared(app: Flask, make: Factories, now) -> None:
    make.user(make.producer(), email="lan@demo.example")

    def try_once(_number: int) -> signing_in.Attempt:
        with transaction():
            return signing_in.begin("lan@demo.example", now=now)

    attempts = at_once(app, 12, try_once)

    assert sum(attempt.user_id is not None for attempt in attempts) == signing_in.MOST_TRIES


def test_looking_first_and_counting_later_would_let_all_twelve_through(app: Flask, make: Factories) -> None:
    """The control: what :func:`signing_in.begin` does not do."""
    user = make.user(make.producer(), email="lan@demo.example")
    all_looked = threading.Barrier(12)

    def try_once(_number: int) -> bool:
        tries = db.session.scalar(select(User.failed_sign_ins).where(User.id == user.id))
        db.session.rollback()
        all_looked.wait()
        return (tries or 0) < signing_in.MOST_TRIES

    assert sum(at_once(app, 12, try_once)) == 12


def test_of_six_who_accept_one_invitation_at_once_one_becomes_a_member(app: Flask, make: Factories, now) -> None:
    producer = make.producer()
    people = [make.user() for _ in range(6)]
    with app.app_context(), transaction():
        token = membership.invite(
            SYSTEM, db.session.get_one(Organisation, producer.id), name="Lan", role=Role.STAFF, now=now
        )

    def accept(number: int) -> str:
        with transaction():
            membership.accept_as(token, db.session.get_one(User, people[number].id), now=now)
        return "member"

    answers = at_once(app, 6, accept)

    assert answers.count("member") == 1
    assert all(isinstance(answer, membership.InvitationUsed) for answer in answers if answer != "member")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Membership)) == 1
        assert db.session.scalars(select(Invitation)).one().accepted_at == now


def test_two_managers_cannot_remove_each_other(app: Flask, make: Factories, now) -> None:
    producer = make.producer()
    managers = [make.user(producer), make.user(producer)]

    def remove(number: int) -> str:
        with transaction():
            organisation = db.session.get_one(Organisation, producer.id)
            membership.remove(SYSTEM, organisation, managers[1 - number].id, now=now)
        return "removed"

    answers = at_once(app, 2, remove)

    assert answers.count("removed") == 1
    assert sum(isinstance(answer, membership.LastManager) for answer in answers) == 1


def test_a_link_followed_twice_at_once_sets_one_password(app: Flask, make: Factories, now) -> None:
    user = make.user(make.producer(), email="lan@demo.example")
    with app.app_context(), transaction():
        resetting.send_link("lan@demo.example", now=now)
    with app.app_context():
        from kernel.models import Job

        job = db.session.scalars(select(Job).where(Job.kind == "mail.send")).one()
        token = job.args["facts"]["path"].rpartition("/")[2]
    hashes = [passwords.hashed(f"mật khẩu số {number} này") for number in range(4)]

    def follow(number: int) -> int:
        with transaction():
            resetting.use_link(token, hashes[number], now=now)
        return number

    answers = at_once(app, 4, follow)

    winners = [answer for answer in answers if isinstance(answer, int)]
    assert len(winners) == 1
    with app.app_context():
        assert db.session.get_one(User, user.id).password == hashes[winners[0]]
        assert db.session.scalars(select(ResetCode)).one().used_at == now
