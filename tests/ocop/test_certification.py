"""Certificates are issued, lapse by themselves and are revoked; what was shown is never rewritten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from accounts.actor import SYSTEM
from kernel.clock import business_date
from kernel.db import db, transaction
from kernel.models import PageRevision
from ocop import certification, queries
from ocop.certification import CertificateState, state
from ocop.models import Certificate
from tests.factories import Factories

TODAY = date(2026, 11, 24)
COUNTED = {
    "number": "MAU-2026-001",
    "stars": 4,
    "decision_number": "01/QĐ-MẪU",
    "issuer": "Cơ quan mẫu",
    "issued_on": date(2026, 8, 31),
}


def issue(product, now: datetime, **facts) -> Certificate:
    with transaction():
        return certification.issue(product, actor=SYSTEM, now=now, **{**COUNTED, **facts})


def test_a_certificate_stands_for_36_months_to_the_day(ctx: Flask, make: Factories, now: datetime) -> None:
    certificate = issue(make.product(), now)

    assert certificate.expires_on == date(2029, 8, 31)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 8, 30), CertificateState.NOT_YET),
        (date(2026, 8, 31), CertificateState.VALID),
        (date(2029, 3, 3), CertificateState.VALID),
        (date(2029, 3, 4), CertificateState.EXPIRING),
        (date(2029, 8, 30), CertificateState.EXPIRING),
        (date(2029, 8, 31), CertificateState.EXPIRED),
    ],
)
def test_its_state_follows_from_its_dates(on: date, expected: CertificateState) -> None:
    certificate = Certificate(issued_on=date(2026, 8, 31), expires_on=date(2029, 8, 31), revoked_on=None)

    assert state(certificate, on) is expected
    assert expected.stands == (expected in (CertificateState.VALID, CertificateState.EXPIRING))


def test_a_revoked_certificate_is_called_revoked_even_after_its_end() -> None:
    certificate = Certificate(
        issued_on=date(2020, 1, 1), expires_on=date(2023, 1, 1), revoked_on=date(2022, 1, 1), revocation_reason="."
    )

    assert state(certificate, date(2021, 12, 31)) is CertificateState.VALID
    assert state(certificate, date(2022, 1, 1)) is CertificateState.REVOKED
    assert state(certificate, date(2026, 1, 1)) is CertificateState.REVOKED


def test_what_has_lapsed_is_not_revoked_but_may_have_been(ctx: Flask, make: Factories, now: datetime) -> None:
    lapsed = issue(make.product(), now, issued_on=date(2023, 1, 10))

    with pytest.raises(certification.LapsedAlready), transaction():
        certification.revoke(lapsed, reason="Sai", actor=SYSTEM, now=now)
    with transaction():
        certification.revoke(lapsed, reason="Sai", revoked_on=date(2026, 1, 9), actor=SYSTEM, now=now)
    assert state(lapsed, TODAY) is CertificateState.REVOKED


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"number": "mau-1"}, certification.MalformedNumber),
        ({"number": "MAU/1"}, certification.MalformedNumber),
        ({"number": "MẪU-1"}, certification.MalformedNumber),
        ({"number": ""}, certification.MalformedNumber),
        ({"number": "-1"}, certification.MalformedNumber),
        ({"number": "M" * 41}, certification.MalformedNumber),
        ({"stars": 2}, certification.StarsOutOfRange),
        ({"stars": 6}, certification.StarsOutOfRange),
        ({"decision_number": "  "}, certification.NoDecision),
        ({"decision_number": "x" * 81}, certification.DecisionTooLong),
        ({"issuer": ""}, certification.NoIssuer),
        ({"issuer": "x" * 161}, certification.IssuerTooLong),
        ({"issued_on": date(2026, 11, 25)}, certification.IssuedInTheFuture),
        ({"issued_on": date(1900, 1, 1)}, certification.IssuedBeforeOcop),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    facts: dict, refusal: type, ctx: Flask, make: Factories, now: datetime
) -> None:
    product = make.product()

    with pytest.raises(refusal) as refused:
        issue(product, now, **facts)

    assert refused.value.field == next(iter(facts))
    assert db.session.query(Certificate).count() == 0


def test_a_number_is_used_once(ctx: Flask, make: Factories, now: datetime) -> None:
    issue(make.product(), now)

    with pytest.raises(certification.NumberTaken):
        issue(make.product(), now)


def test_one_decision_may_cover_many_products(ctx: Flask, make: Factories, now: datetime) -> None:
    issue(make.product(), now)
    issue(make.product(), now, number="MAU-2026-002")

    assert db.session.query(Certificate).count() == 2


def test_revoking_needs_a_reason_and_happens_once(ctx: Flask, make: Factories, now: datetime) -> None:
    certificate = issue(make.product(), now)

    with pytest.raises(certification.NoReason):
        certification.revoke(certificate, reason=" ", actor=SYSTEM, now=now)
    with transaction():
        certification.revoke(certificate, reason="Hồ sơ không trung thực", actor=SYSTEM, now=now)
    with pytest.raises(certification.AlreadyRevoked), transaction():
        certification.revoke(certificate, reason="Lần nữa", actor=SYSTEM, now=now)

    assert certificate.revoked_on == TODAY
    assert certificate.revocation_reason == "Hồ sơ không trung thực"


@pytest.mark.parametrize("day", [date(2026, 8, 30), date(2026, 11, 25)])
def test_it_is_not_revoked_before_it_was_issued_nor_on_a_day_to_come(
    day: date, ctx: Flask, make: Factories, now: datetime
) -> None:
    certificate = issue(make.product(), now)

    with pytest.raises(certification.ClaimsEarlierDay):
        certification.revoke(certificate, reason="Lý do", revoked_on=day, actor=SYSTEM, now=now)


def test_issuing_and_revoking_let_the_shop_the_product_and_the_producer_be_shown_anew(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    product = make.product()
    keys = ("shop", f"product:{product.id}", f"organisation:{product.producer_id}")

    certificate = issue(product, now)
    after_issue = {key: db.session.get(PageRevision, key).number for key in keys}
    with transaction():
        certification.revoke(certificate, reason="Lý do", actor=SYSTEM, now=now)
    db.session.expire_all()

    assert all(db.session.get(PageRevision, key).number > after_issue[key] for key in keys)


def test_of_several_that_stand_the_most_stars_are_shown(ctx: Flask, make: Factories, now: datetime) -> None:
    product, bare = make.product(), make.product()
    make.certificate(product, stars=3, issued_on=date(2026, 6, 1))
    best = make.certificate(product, stars=4, issued_on=date(2025, 6, 1))
    make.certificate(product, stars=5, issued_on=date(2026, 1, 1), revoked_on=TODAY, revocation_reason="Lý do")

    assert {key: row.id for key, row in queries.in_force([product.id, bare.id], TODAY).items()} == {product.id: best.id}


def test_a_lapsed_certificate_is_told_of_until_a_new_one_stands(ctx: Flask, make: Factories, now: datetime) -> None:
    product = make.product()
    old = make.certificate(product, stars=4, issued_on=date(2022, 1, 1))
    ended = make.certificate(product, stars=3, issued_on=date(2023, 10, 1))

    assert queries.in_force([product.id], TODAY) == {}
    assert queries.latest([product.id], TODAY)[product.id].id == ended.id
    assert queries.latest([product.id], date(2025, 12, 1))[product.id].id == ended.id
    assert queries.latest([product.id], date(2023, 11, 1))[product.id].id == old.id, "both stood: more stars"


def test_expiry_is_counted_in_days_of_viet_nam(ctx: Flask, make: Factories, now: datetime) -> None:
    product = make.product()
    make.certificate(product, issued_on=date(2023, 11, 25))
    last_second = datetime(2026, 11, 24, 16, 59, 59, tzinfo=now.tzinfo)

    assert queries.in_force([product.id], business_date(last_second))
    assert not queries.in_force([product.id], business_date(last_second + timedelta(seconds=1)))


@pytest.mark.parametrize("chosen", list(CertificateState))
def test_the_list_finds_by_state_what_the_rule_calls_so(
    chosen: CertificateState, ctx: Flask, make: Factories, now: datetime
) -> None:
    product = make.product()
    for issued in (date(2023, 11, 24), date(2023, 11, 25), date(2024, 5, 22), date(2024, 5, 23), date(2024, 5, 24)):
        make.certificate(product, issued_on=issued)
    make.certificate(product, issued_on=date(2026, 11, 25))
    make.certificate(product, issued_on=date(2025, 1, 1), revoked_on=TODAY, revocation_reason="x")
    make.certificate(product, issued_on=date(2020, 1, 1), revoked_on=date(2021, 1, 1), revocation_reason="x")

    found = queries.list_certificates(SYSTEM, on=TODAY, state=chosen)

    assert {row.certificate.id for row in found.rows} == {
        row.id for row in db.session.query(Certificate) if state(row, TODAY) is chosen
    }
    assert found.total == found.counts[chosen] == len(found.rows) > 0
    assert found.counts[None] == 8


@pytest.mark.parametrize("words", ["rẫy mẫu", "RAY", "mau-77", "so mau", "hop tac xa"])
def test_the_list_is_searched_by_product_producer_number_and_decision(
    words: str, ctx: Flask, make: Factories, now: datetime
) -> None:
    make.certificate(make.product(), number="MAU-77")
    with transaction():
        for organisation in db.session.query(queries.Organisation):
            organisation.search = " hop tac xa mau"
        for certificate in db.session.query(Certificate):
            certificate.decision_number = "So mau 5"

    assert queries.public_register(on=TODAY, words=words).total == 1
    assert queries.public_register(on=TODAY, words="khong co").total == 0
