"""Accounts, money and refunds of before are brought by a migration to what the database holds to from then on."""

from __future__ import annotations

import importlib
from datetime import datetime

import pytest
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import select, text

from kernel.db import db, transaction
from storefront.order_models import BankAccount, Credit, CreditOutcome
from tests.factories import BA_DONG, Factories

MIGRATION = importlib.import_module("migrations.versions.0024_one_account_of_one_payee")


def migrate(step: str) -> None:
    with (
        transaction() as session,
        Operations.context(MigrationContext.configure(session.connection())),
    ):
        getattr(MIGRATION, step)()


def account(owner: int, number: str, now: datetime) -> BankAccount:
    return BankAccount(organisation_id=owner, bank_bin="970405", number=number, holder="MAU", added_at=now)


@pytest.fixture
def before(ctx: Flask) -> None:
    """A database of before."""
    migrate("downgrade")


def test_of_several_accounts_one_stays_in_use(ctx: Flask, before: None, make: Factories, now: datetime) -> None:
    first, second = make.producer("Hộ một"), make.producer("Hộ hai")
    commune, province = make.office("Văn phòng xã", of=(BA_DONG,)), make.office("Văn phòng tỉnh")
    with transaction() as session:
        for owner, number in (
            (first.id, "111"), (first.id, "222"), (second.id, "222"), (commune.id, "333"), (province.id, "444"),
        ):  # fmt: skip
            session.add(account(owner, number, now))
            session.flush()

    migrate("upgrade")

    in_use = select(BankAccount.organisation_id, BankAccount.number).where(BankAccount.is_active)
    assert {(row[0], row[1]) for row in db.session.execute(in_use)} == {(first.id, "222"), (province.id, "444")}
    for owner, number in ((first.id, "555"), (second.id, "222")):
        with pytest.raises(sqlalchemy.exc.IntegrityError), transaction() as session:
            session.add(account(owner, number, now))


@pytest.mark.parametrize(
    ("identity", "reference", "after"),
    [
        ("111:5214:9000", "5214 - 53391", "{payee}/111:5214-53391:9000"),
        ("111:FT1:9000", "FT1\\BNK", "{payee}/111:FT1:9000"),
        ("111:0123456789abcdef0123456789abcdef", "", "{payee}/111:0123456789abcdef0123456789abcdef"),
        ("111:0123456789abcdef0123456789abcdef", "FT1", "{payee}/111:0123456789abcdef0123456789abcdef"),
        ("bank:777", "", "bank:777"),
    ],
)
def test_money_of_before_is_known_when_it_is_told_of_again(
    ctx: Flask, before: None, make: Factories, now: datetime, identity: str, reference: str, after: str
) -> None:
    payee = make.producer().id
    with transaction() as session:
        session.add(
            Credit(
                identity=identity, source="statement", payee_id=payee, account="111", bank_reference=reference,
                amount_vnd=9_000, arrived_at=now, recorded_at=now, outcome=CreditOutcome.SETTLED, decision="",
            )
        )  # fmt: skip

    migrate("upgrade")

    assert db.session.scalars(select(Credit.identity)).all() == [after.format(payee=payee)]
    with pytest.raises(sqlalchemy.exc.IntegrityError), transaction() as session:
        session.execute(text("UPDATE bank_credit SET decision = ''"))
    migrate("downgrade")
    assert db.session.scalars(select(Credit.identity)).all() == [identity]
    migrate("upgrade")
