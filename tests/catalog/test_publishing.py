"""From a draft to the shop: what must be there, who decides, and that the public sees no draft."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from accounts import membership
from accounts.actor import Actor
from catalog import editing, labels, pricing, publishing, queries
from catalog.models import Product, ProductReview, ProductStatus, Unit
from kernel import clock, pages
from kernel.db import db, transaction
from kernel.errors import Conflict, DomainError
from kernel.models import AuditEntry
from tests.factories import BA_TO, Factories
from tests.races import meet, race

Begin = Callable[..., Product]


def _submit(product: Product, maker: Actor, now: datetime) -> int:
    with transaction():
        publishing.submit(product, maker, now=now)
    return product.submitted_version_id or 0


# --- What is compulsory ----------------------------------------------------------------------------------


def test_what_is_missing_is_named_field_by_field(begun: Begin, maker: Actor, now: datetime) -> None:
    product = begun(subgroup=3)
    with pytest.raises(publishing.MissingFields) as raised, transaction():
        publishing.submit(product, maker, now=now)

    compulsory = [field.key for field in labels.fields_for("luong_thuc") if field.required]
    assert [row.key for row in raised.value.missing] == ["summary_vi", "story_vi", *compulsory, "photos", "items"]
    assert product.status is ProductStatus.DRAFT


@pytest.mark.parametrize("kind", [kind.key for kind in labels.kinds()])
def test_each_kind_of_goods_has_compulsory_fields_of_its_own(
    complete: Begin, maker: Actor, now: datetime, kind: str
) -> None:
    subgroup = next(number for number in range(1, 27) if labels.kind_of_criteria_set(number) == kind)
    product = complete(subgroup=subgroup)
    field = next(field for field in labels.fields_for(kind) if field.required)
    with transaction():
        editing.save_label(product, maker, values={field.key: {"vi": "", "en": "only in English"}}, now=now)

    with pytest.raises(publishing.MissingFields) as raised, transaction():
        publishing.submit(product, maker, now=now)

    assert [(row.step, row.key) for row in raised.value.missing] == [("label", field.key)]


def test_an_item_without_a_price_is_not_enough_but_a_service_needs_none(
    complete: Begin, begun: Begin, maker: Actor, now: datetime
) -> None:
    product = complete()
    item = queries.items_of(product.id)[0]
    with transaction():
        editing.add_item(product, maker, name_vi="gói 1 kg", net_content=1000, unit=Unit.GRAM, now=now)
        editing.retire_item(item, maker, now=now)
    tour = complete("Tour Bùi Hui", subgroup=26)
    with transaction():
        editing.retire_item(queries.items_of(tour.id)[0], maker, now=now)

    with pytest.raises(publishing.MissingFields) as raised:
        _submit(product, maker, now)
    assert [row.key for row in raised.value.missing] == ["items"]
    assert _submit(tour, maker, now)


# --- The way to the shop ---------------------------------------------------------------------------------


def test_a_product_is_on_show_only_once_it_is_published(
    complete: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    version_id = _submit(product, maker, now)
    assert queries.find_published(product.slug) is None

    with transaction():
        publishing.approve(product, officer, version_id=version_id, now=now)
    assert (product.status, product.published_version_id) == (ProductStatus.APPROVED, None)

    with transaction():
        publishing.publish(product, officer, now=now)
    found = queries.find_published(product.slug)
    assert found is not None
    assert found.published_version_id == version_id
    assert found.first_published_at == now


def test_a_published_page_never_shows_a_draft_change(shown: Begin, maker: Actor, now: datetime) -> None:
    product = shown()

    with transaction():
        editing.save_words(product, maker, name_vi="Tên khác", story_vi="Chuyện khác.", now=now)
        editing.add_item(product, maker, name_vi="gói 1 kg", net_content=1000, unit=Unit.GRAM, now=now)

    found = queries.find_published(product.slug)
    assert found is not None
    assert found.published_version is not None
    assert found.published_version.name_vi == "Gạo rẫy"
    assert len(queries.items_offered([found.published_version.id])[found.published_version.id]) == 1
    assert product.status is ProductStatus.PUBLISHED


def test_a_change_takes_the_place_of_what_is_on_show_only_when_published(
    shown: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = shown()
    before = product.published_version_id
    with transaction():
        editing.save_words(product, maker, name_vi="Gạo rẫy đỏ", now=now)
    version_id = _submit(product, maker, now)
    assert (product.status, product.published_version_id) == (ProductStatus.SUBMITTED, before)

    with transaction():
        publishing.approve_and_publish(product, officer, version_id=version_id, now=now)
    assert product.published_version_id == version_id != before


def test_what_is_sent_back_carries_its_reason_and_may_be_submitted_again(
    complete: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    version_id = _submit(product, maker, now)

    with transaction():
        publishing.give_back(product, officer, version_id=version_id, reason=" Ảnh mờ. ", now=now)
    assert product.status is ProductStatus.RETURNED
    assert [(row.decision, row.reason) for row in queries.reviews(product.id)] == [("returned", "Ảnh mờ.")]

    _submit(product, maker, now)
    assert product.status is ProductStatus.SUBMITTED


def test_sending_back_and_withdrawing_by_the_office_need_a_reason(
    complete: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    version_id = _submit(product, maker, now)

    with pytest.raises(publishing.NoReason):
        publishing.give_back(product, officer, version_id=version_id, reason=" \n ", now=now)
    with pytest.raises(publishing.ReasonTooLong):
        publishing.give_back(product, officer, version_id=version_id, reason="a" * 1001, now=now)
    with pytest.raises(publishing.NoReason):
        publishing.withdraw(product, officer, now=now)


def test_the_office_decides_on_the_version_it_read(
    complete: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    read = _submit(product, maker, now)
    with transaction():
        editing.save_words(product, maker, summary_vi="Một câu mới.", now=now)
    _submit(product, maker, now)

    with pytest.raises(publishing.NewerVersion), transaction():
        publishing.approve(product, officer, version_id=read, now=now)


def test_submitting_what_was_submitted_changes_nothing(shown: Begin, maker: Actor, now: datetime) -> None:
    product = shown()

    with pytest.raises(publishing.NothingNew), transaction():
        publishing.submit(product, maker, now=now)


def test_every_step_out_of_order_is_a_conflict(complete: Begin, maker: Actor, officer: Actor, now: datetime) -> None:
    product = complete()
    draft = product.draft_version_id or 0
    steps: list[Callable[[], None]] = [
        lambda: publishing.approve(product, officer, version_id=draft, now=now),
        lambda: publishing.give_back(product, officer, version_id=draft, reason="x", now=now),
        lambda: publishing.publish(product, officer, now=now),
        lambda: publishing.restore(product, maker, now=now),
    ]

    for step in steps:
        with pytest.raises(Conflict), transaction():
            step()


# --- Withdrawing and coming back -------------------------------------------------------------------------


def test_a_producer_withdraws_and_brings_back_its_own(shown: Begin, maker: Actor, now: datetime) -> None:
    product = shown()
    version_id = product.published_version_id

    with transaction():
        publishing.withdraw(product, maker, now=now)
    assert queries.find_published(product.slug) is None

    with transaction():
        publishing.restore(product, maker, now=now)
    assert (product.status, product.published_version_id) == (ProductStatus.PUBLISHED, version_id)


def test_what_the_office_withdrew_only_the_office_brings_back(
    shown: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = shown()
    with transaction():
        publishing.withdraw(product, officer, reason="Nhãn sai.", now=now)

    with pytest.raises(publishing.OfficeWithdrew), transaction():
        publishing.restore(product, maker, now=now)
    with transaction():
        publishing.restore(product, officer, now=now)
        publishing.withdraw(product, maker, now=now)
        publishing.restore(product, maker, now=now)
    assert product.status is ProductStatus.PUBLISHED


def test_a_draft_is_put_away_and_taken_up_again(begun: Begin, maker: Actor, now: datetime) -> None:
    product = begun()
    with transaction():
        publishing.withdraw(product, maker, now=now)
    with pytest.raises(publishing.AlreadyWithdrawn), transaction():
        publishing.withdraw(product, maker, now=now)

    with transaction():
        publishing.restore(product, maker, now=now)
    assert product.status is ProductStatus.DRAFT


def test_a_product_whose_last_item_went_meanwhile_does_not_come_back_empty(
    shown: Begin, maker: Actor, now: datetime
) -> None:
    product = shown()
    with transaction():
        publishing.withdraw(product, maker, now=now)
        editing.retire_item(queries.items_of(product.id)[0], maker, now=now)

    with pytest.raises(publishing.MissingFields), transaction():
        publishing.restore(product, maker, now=now)
    db.session.rollback()
    assert db.session.get_one(Product, product.id).status is ProductStatus.WITHDRAWN


# --- Who, and what is written down -----------------------------------------------------------------------


def test_an_office_sees_products_of_its_jurisdiction_and_no_others(
    ctx: Flask, make: Factories, shown: Begin, maker: Actor
) -> None:
    product = shown()  # of a producer in xã Ba Động
    elsewhere = membership.actor_of(make.user(make.office("Xã Ba Tơ", of=(BA_TO,))).id)
    another = membership.actor_of(make.user(make.producer("Hộ khác")).id)

    for actor in (elsewhere, another):
        with pytest.raises(queries.NoSuchProduct):
            queries.get_product(actor, product.id)
    assert queries.get_product(maker, product.slug).id == product.id


def test_each_decision_is_written_down_with_who_took_it(
    shown: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = shown()

    rows = db.session.execute(
        select(AuditEntry.action, AuditEntry.user_id)
        .where(AuditEntry.subject == f"product:{product.id}", AuditEntry.action != "catalog.edit")  # what was written
        .order_by(AuditEntry.id)
    )
    assert [tuple(row) for row in rows] == [
        ("catalog.create", maker.user_id),
        ("catalog.add_item", maker.user_id),
        ("catalog.set_price", maker.user_id),
        ("catalog.submit", maker.user_id),
        ("catalog.approve", officer.user_id),
        ("catalog.publish", officer.user_id),
    ]


@pytest.mark.parametrize("act", ["publish", "withdraw", "restore"])
def test_what_changes_the_shop_renews_its_pages_and_a_draft_does_not(
    shown: Begin, complete: Begin, maker: Actor, officer: Actor, now: datetime, act: str
) -> None:
    product = complete("Bột gạo") if act == "publish" else shown()
    if act == "publish":
        version_id = _submit(product, maker, now)
        with transaction():
            publishing.approve(product, officer, version_id=version_id, now=now)
    if act == "restore":
        with transaction():
            publishing.withdraw(product, maker, now=now)
    keys = [(pages.SHOP,), (pages.product(product.id),), (pages.organisation(product.producer_id),)]
    before = [pages.revision(key) for key in keys]

    with transaction():
        editing.save_words(product, maker, summary_en="A draft.", now=now)
    assert [pages.revision(key) for key in keys] == before

    verbs: dict[str, Callable[[], None]] = {
        "publish": lambda: publishing.publish(product, officer, now=now),
        "withdraw": lambda: publishing.withdraw(product, maker, now=now),
        "restore": lambda: publishing.restore(product, maker, now=now),
    }
    with transaction():
        verbs[act]()
    assert [pages.revision(key) for key in keys] == [number + 1 for number in before]


# --- Two officers at once --------------------------------------------------------------------------------


def _naive_approve(product_id: int, officer: Actor, version_id: int, now: datetime) -> str:
    """Look first and act later, as one would without a lock: what the race must be seen to break."""
    product = db.session.get_one(Product, product_id)
    if product.status is not ProductStatus.SUBMITTED:
        return "told"
    db.session.rollback()
    meet()
    with transaction() as session:
        session.add(
            ProductReview(
                product_id=product_id, version_id=version_id, decision="approved", by_id=officer.user_id, at=now
            )
        )
        db.session.get_one(Product, product_id).status = ProductStatus.APPROVED
    return "decided"


def _approve(product_id: int, officer: Actor, version_id: int, now: datetime) -> str:
    try:
        with transaction():
            product = queries.get_product(officer, product_id)
            publishing.approve(product, officer, version_id=version_id, now=now)
    except DomainError as refusal:
        return "told" if isinstance(refusal, publishing.AlreadyDecided) else "lost"
    return "decided"


@pytest.mark.race
@pytest.mark.parametrize(("how", "decisions"), [(_approve, 1), (_naive_approve, 6)])
def test_of_officers_who_decide_at_once_one_decides_and_the_others_are_told(
    app: Flask,
    complete: Begin,
    maker: Actor,
    officer: Actor,
    how: Callable[..., str],
    decisions: int,
) -> None:
    now = clock.now()
    product = complete()
    version_id = _submit(product, maker, now)
    product_id = product.id

    said = sorted(race(app, 6, lambda _: how(product_id, officer, version_id, now)))

    count = select(func.count()).select_from(ProductReview).where(ProductReview.product_id == product_id)
    reviews = db.session.scalar(count)
    if decisions == 1:
        assert said == ["decided"] + ["told"] * 5
        assert reviews == 1
    else:  # the control: without a lock several decide
        assert said.count("decided") > 1
        assert reviews == said.count("decided")


# --- What is shown as missing ----------------------------------------------------------------------------


def test_a_price_that_begins_later_counts_as_a_price(complete: Begin, maker: Actor, now: datetime) -> None:
    product = complete()
    draft = queries.get_version(product, product.draft_version_id or 0)

    assert publishing.missing_fields(product, draft) == []
    assert pricing.price_on(
        queries.prices_of([queries.items_of(product.id)[0].id]).popitem()[1], clock.business_date(now)
    )
