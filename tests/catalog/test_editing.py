"""A product is written in versions: each saving makes one, none is ever changed, nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from accounts.actor import Actor
from accounts.models import Organisation
from catalog import editing, labels, publishing, queries
from catalog.models import Product, ProductStatus, ProductVersion, TradeItem, Unit
from kernel.db import db, transaction
from kernel.errors import DomainError
from kernel.gs1 import check_digit
from kernel.models import AdministrativeUnit, AuditEntry
from tests.factories import BA_DONG, BA_TO, BA_TO_CIRCUMFLEX, Factories

Begin = Callable[..., Product]
Store = Callable[[str], str]


def _draft(product: Product) -> ProductVersion:
    return db.session.get_one(ProductVersion, product.draft_version_id)


def _versions(product: Product) -> int:
    count = select(func.count()).select_from(ProductVersion).where(ProductVersion.product_id == product.id)
    return db.session.scalar(count) or 0


def _gtin(digits: str) -> str:
    return digits + check_digit(digits)


def _commune(code: str = BA_DONG) -> AdministrativeUnit:
    found = queries.find_commune(code)
    assert found is not None
    return found


# --- Beginning -------------------------------------------------------------------------------------------


def test_a_product_begins_as_a_draft_that_nobody_sees(begun: Begin) -> None:
    product = begun("  Gạo   rẫy Ba Tô ", village="Làng Teng")

    assert product.status is ProductStatus.DRAFT
    assert product.slug == "gao-ray-ba-to"
    assert product.published_version_id is None
    draft = _draft(product)
    assert (draft.name_vi, draft.village, draft.label_kind) == ("Gạo rẫy Ba Tô", "Làng Teng", "luong_thuc")
    assert " lang teng" in draft.search
    assert " ba dong" in draft.search
    assert queries.find_published(product.slug) is None


def test_names_that_fold_alike_get_addresses_of_their_own(begun: Begin, producer: Organisation) -> None:
    slugs = [begun(name).slug for name in ("Gạo Ba Tơ", "Gạo Ba Tô", "GẠO BA TÔ")]

    assert slugs == ["gao-ba-to", f"gao-ba-to-{producer.code}", f"gao-ba-to-{producer.code}-2"]


def test_a_name_without_a_latin_letter_gets_the_producers_code_as_address(begun: Begin, producer: Organisation) -> None:
    assert begun("米").slug == producer.code


@pytest.mark.parametrize(
    ("subgroup", "alcohol", "service"), [(3, False, False), (14, True, False), (15, True, False), (26, False, True)]
)
def test_the_sub_group_says_whether_it_is_alcohol_or_a_service(
    begun: Begin, subgroup: int, alcohol: bool, service: bool
) -> None:
    product = begun(subgroup=subgroup)

    assert (product.is_alcohol, product.is_service) == (alcohol, service)


def test_a_name_is_needed_and_has_an_end(begun: Begin) -> None:
    with pytest.raises(editing.NoName):
        begun("  ")
    with pytest.raises(editing.TooLong) as refusal:
        begun("a" * 161)
    assert refusal.value.field == "name_vi"


# --- Versions --------------------------------------------------------------------------------------------


def test_the_trail_tells_what_an_officer_changed_for_a_producer(
    complete: Begin, photo: Callable[[str], str], maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    acting = replace(maker, user_id=officer.user_id, officer_organisation_id=officer.organisation_id)
    with transaction():
        editing.save_words(product, acting, summary_vi="Một câu khác.", brand="Mật Rừng", now=now)
        editing.save_words(product, acting, summary_vi="Một câu khác.", now=now)
        editing.save_label(product, acting, values={"warnings": {"vi": "Đậy kín."}}, now=now)
        editing.add_photo(product, acting, editing.Photo(photo("f"), "Túi gạo"), now=now)

    lines = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "catalog.edit", AuditEntry.user_id == officer.user_id)
    ).all()

    assert [line.facts["fields"] for line in lines] == [["brand", "summary_vi"], ["label"], ["photos"]]
    assert {(line.subject, line.organisation_id, line.officer_organisation_id) for line in lines} == {
        (f"product:{product.id}", maker.organisation_id, officer.organisation_id)
    }


def test_saving_makes_a_new_version_that_takes_over_all_the_rest(complete: Begin, maker: Actor, now: datetime) -> None:
    product = complete()
    before = _draft(product)

    with transaction():
        after = editing.save_words(product, maker, summary_vi="Một câu khác.", now=now)

    assert after.id != before.id
    assert before.summary_vi == "Gạo nương."
    assert (after.summary_vi, after.story_vi, after.label) == ("Một câu khác.", before.story_vi, before.label)
    assert editing.photos_of(after) == editing.photos_of(before)
    assert [row.trade_item_id for row in after.items] == [row.trade_item_id for row in before.items]


def test_saving_what_stands_there_already_writes_nothing(complete: Begin, maker: Actor, now: datetime) -> None:
    product = complete()
    count = _versions(product)

    with transaction():
        editing.save_words(product, maker, summary_vi=" Gạo  nương. ", now=now)
        editing.save_label(product, maker, values={"warnings": {"vi": "Có ghi."}}, now=now)

    assert _versions(product) == count


words = st.text(alphabet="aăđệ ơ", max_size=12)
saving = st.one_of(
    st.tuples(st.just("summary_vi"), words),
    st.tuples(st.just("story_vi"), words),
    st.tuples(st.just("photo"), st.sampled_from("abc")),
    st.tuples(st.just("unphoto"), st.sampled_from("abc")),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(savings=st.lists(saving, max_size=6))
def test_no_saving_ever_changes_a_version_that_was_there_before(
    begun: Begin, maker: Actor, photo: Store, now: datetime, savings: list[tuple[str, str]]
) -> None:
    product = begun()
    digests = {letter: photo(letter) for letter in "abc"}
    seen = {_draft(product).id: _as_stored(_draft(product).id)}

    for what, value in savings:
        try:
            with transaction():
                if what == "photo":
                    editing.add_photo(product, maker, editing.Photo(digests[value], "Ảnh"), now=now)
                elif what == "unphoto":
                    editing.remove_photo(product, maker, digests[value], now=now)
                else:
                    editing.save_words(product, maker, now=now, **{what: value})
        except editing.NoSuchPhoto:
            continue
        seen[_draft(product).id] = _as_stored(_draft(product).id)

    assert {version_id: _as_stored(version_id) for version_id in seen} == seen


def _as_stored(version_id: int) -> object:
    row = db.session.execute(text("SELECT * FROM product_version WHERE id = :id"), {"id": version_id}).one()
    photos = db.session.execute(
        text("SELECT position, digest, alt_vi FROM version_photo WHERE version_id = :id ORDER BY position"),
        {"id": version_id},
    ).all()
    return tuple(map(str, row)), tuple(photos)


def test_a_commune_must_be_one_of_today(begun: Begin, maker: Actor, now: datetime) -> None:
    product = begun()
    unit = AdministrativeUnit
    province = db.session.scalars(select(unit).where(unit.code == "51", unit.valid_until.is_(None))).one()

    with pytest.raises(editing.NotACommuneOfToday), transaction():
        editing.save_origin(product, maker, subgroup=queries.get_subgroup(3), commune=province, now=now)


def test_xa_ba_to_and_xa_ba_to_with_a_circumflex_are_two_communes(begun: Begin, maker: Actor, now: datetime) -> None:
    product = begun()

    for code in (BA_TO, BA_TO_CIRCUMFLEX):
        with transaction():
            editing.save_origin(product, maker, subgroup=queries.get_subgroup(3), commune=_commune(code), now=now)
        assert _draft(product).commune_code == code


def test_another_kind_of_label_leaves_behind_the_fields_it_has_not(
    complete: Begin, maker: Actor, now: datetime
) -> None:
    product = complete(subgroup=3)

    with transaction():
        editing.save_origin(product, maker, subgroup=queries.get_subgroup(22), commune=_commune(), now=now)

    draft = _draft(product)
    assert (product.criteria_set_no, draft.label_kind) == (22, "det_may")
    assert draft.label
    assert set(draft.label) <= {field.key for field in labels.fields_for("det_may")}


def test_the_sub_group_no_longer_changes_once_the_office_approved(shown: Begin, maker: Actor, now: datetime) -> None:
    product = shown()

    with pytest.raises(editing.SubgroupIsSettled), transaction():
        editing.save_origin(product, maker, subgroup=queries.get_subgroup(22), commune=_commune(), now=now)


def test_a_label_takes_no_field_of_another_kind_and_no_endless_text(begun: Begin, maker: Actor, now: datetime) -> None:
    product = begun(subgroup=3)

    with pytest.raises(editing.NoSuchLabelField), transaction():
        editing.save_label(product, maker, values={"alcohol_content": {"vi": "14 %"}}, now=now)
    with pytest.raises(editing.TooLong) as refusal, transaction():
        editing.save_label(product, maker, values={"warnings": {"vi": "a" * 10_000}}, now=now)
    assert refusal.value.field == "warnings_vi"


# --- Photos ----------------------------------------------------------------------------------------------


def _order(product: Product) -> str:
    return "".join(photo.digest[0] for photo in editing.photos_of(_draft(product)))


def test_photos_keep_the_order_they_are_put_in(begun: Begin, maker: Actor, photo: Store, now: datetime) -> None:
    product = begun()
    digests = {letter: photo(letter) for letter in "abc"}

    with transaction():
        for letter in "abc":
            editing.add_photo(product, maker, editing.Photo(digests[letter], letter), now=now)
    assert _order(product) == "abc"

    with transaction():
        editing.move_photo(product, maker, digests["c"], by=-1, now=now)
    assert _order(product) == "acb"

    with transaction():
        editing.move_photo(product, maker, digests["a"], by=-1, now=now)
        editing.remove_photo(product, maker, digests["c"], now=now)
    assert _order(product) == "ab"


def test_the_same_picture_twice_stands_there_once(begun: Begin, maker: Actor, photo: Store, now: datetime) -> None:
    product = begun()
    first, second = photo("a"), photo("b")

    with transaction():
        editing.add_photo(product, maker, editing.Photo(first, "Một"), now=now)
        editing.add_photo(product, maker, editing.Photo(second, "Hai"), now=now)
        editing.add_photo(product, maker, editing.Photo(first, "Một, viết lại"), now=now)
    assert [row.alt_vi for row in editing.photos_of(_draft(product))] == ["Một, viết lại", "Hai"]

    with transaction():
        editing.replace_photo(product, maker, first, editing.Photo(second, "Chỉ còn một"), now=now)
    assert [row.alt_vi for row in editing.photos_of(_draft(product))] == ["Chỉ còn một"]


def test_a_photo_needs_words_and_there_is_an_end_to_photos(
    begun: Begin, maker: Actor, photo: Store, now: datetime
) -> None:
    product = begun()
    digests = [photo(letter) for letter in "0123456789"]

    with pytest.raises(editing.NoAlternative), transaction():
        editing.add_photo(product, maker, editing.Photo(digests[0], "  "), now=now)
    with transaction():
        for digest in digests[: editing.MOST_PHOTOS]:
            editing.add_photo(product, maker, editing.Photo(digest, "Ảnh"), now=now)
    with pytest.raises(editing.TooManyPhotos), transaction():
        editing.add_photo(product, maker, editing.Photo(digests[-1], "Ảnh"), now=now)
    with pytest.raises(editing.NoSuchPhoto), transaction():
        editing.remove_photo(product, maker, digests[-1], now=now)


# --- Trade items -----------------------------------------------------------------------------------------


def _add(product: Product, maker: Actor, now: datetime, **facts: Any) -> TradeItem:
    given: dict[str, Any] = {"name_vi": "gói 500 g", "net_content": 500, "unit": Unit.GRAM} | facts
    with transaction():
        return editing.add_item(product, maker, now=now, **given)


def test_a_code_is_made_of_the_net_content_and_is_unique(begun: Begin, maker: Actor, now: datetime) -> None:
    product = begun()

    assert [_add(product, maker, now).code for _ in range(3)] == ["500G", "500G-2", "500G-3"]
    assert _add(product, maker, now, code=" hop-to ").code == "HOP-TO"
    with pytest.raises(editing.CodeTaken):
        _add(product, maker, now, code="hop-to")
    with pytest.raises(editing.BadItemCode):
        _add(product, maker, now, code="gói to")
    assert [row.trade_item.code for row in _draft(product).items] == ["500G", "500G-2", "500G-3", "HOP-TO"]


@pytest.mark.parametrize(
    ("gtin", "refusal"),
    [
        ("8938505974191", editing.BadGtin),  # its last digit does not fit
        ("893850597419", editing.BadGtin),
        ("2001234567893", editing.BadGtin),
        ("không có", editing.BadGtin),
        (_gtin("952123456789"), editing.SampleGtin),
    ],
)
def test_a_wrong_gtin_is_refused_beside_its_field(
    begun: Begin, maker: Actor, now: datetime, gtin: str, refusal: type[DomainError]
) -> None:
    product = begun()

    with pytest.raises(refusal) as raised:
        _add(product, maker, now, gtin=gtin)
    assert raised.value.field == "gtin"


def test_a_gtin_belongs_to_one_trade_item_of_all_producers(
    make: Factories, begun: Begin, maker: Actor, now: datetime
) -> None:
    gtin, another = _gtin("893123456789"), _gtin("893123456780")
    make.product(gtin="0" + gtin)
    product = begun()

    with pytest.raises(editing.GtinTaken):
        _add(product, maker, now, gtin=gtin)
    assert _add(product, maker, now, gtin=another).gtin == "0" + another


def test_an_item_can_be_corrected_until_it_is_approved(
    complete: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    item = queries.items_of(product.id)[0]
    with transaction():
        editing.change_item(item, maker, name_vi="gói 400 g", net_content=400, unit=Unit.GRAM, now=now)
    assert item.net_content == 400

    with transaction():
        publishing.submit(product, maker, now=now)
    with pytest.raises(editing.ItemIsSettled), transaction():
        editing.change_item(item, maker, name_vi="gói 300 g", net_content=300, unit=Unit.GRAM, now=now)

    with transaction():
        publishing.give_back(product, officer, version_id=product.submitted_version_id or 0, reason="Sai.", now=now)
        editing.change_item(item, maker, name_vi="gói 300 g", net_content=300, unit=Unit.GRAM, now=now)
    assert item.net_content == 300


def test_an_approved_item_may_still_get_a_gtin_and_nothing_else(shown: Begin, maker: Actor, now: datetime) -> None:
    item = queries.items_of(shown().id)[0]
    facts: dict[str, Any] = {"name_vi": item.name_vi, "net_content": item.net_content, "unit": item.unit}

    with transaction():
        editing.change_item(item, maker, **facts, gtin=_gtin("893123456789"), now=now)
    assert item.gtin == "0" + _gtin("893123456789")
    with pytest.raises(editing.ItemIsSettled), transaction():
        editing.change_item(item, maker, **facts, gtin="", now=now)


def test_a_retired_item_leaves_the_shop_at_once_and_may_come_back(
    complete: Begin, maker: Actor, officer: Actor, now: datetime
) -> None:
    product = complete()
    big = _add(product, maker, now, name_vi="gói 1 kg", net_content=1000)
    with transaction():
        publishing.submit(product, maker, now=now)
        publishing.approve_and_publish(product, officer, version_id=product.submitted_version_id or 0, now=now)

    with transaction():
        editing.retire_item(big, maker, now=now)
    assert not big.is_active
    assert big.id not in [row.trade_item_id for row in _draft(product).items]

    with transaction():
        editing.resume_item(big, maker, now=now)
    assert big.is_active
    assert big.id in [row.trade_item_id for row in _draft(product).items]


def test_the_last_item_on_show_is_not_taken_away(shown: Begin, maker: Actor, now: datetime) -> None:
    item = queries.items_of(shown().id)[0]

    with pytest.raises(editing.LastItemOnShow), transaction():
        editing.retire_item(item, maker, now=now)


def test_somebody_elses_item_is_not_found(begun: Begin, make: Factories) -> None:
    other = make.item(make.product())

    with pytest.raises(editing.NoSuchItem):
        editing.get_item(begun(), other.id)
