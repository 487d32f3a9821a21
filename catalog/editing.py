"""Write a product: its words, label, photos and trade items. Each saving is a new version; none is ever changed.

What is on show (``published_version_id``) and what waits for the office (``submitted_version_id``) stay as they
are: a draft reaches the public only through ``catalog.publishing``. A version takes over from the draft before it
whatever the saving does not name, photos and items too, so two people who save different steps lose nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from accounts.models import Organisation
from catalog import labels, sets
from catalog.alcohol import ALCOHOL_SETS
from catalog.models import (
    Product,
    ProductReview,
    ProductStatus,
    ProductVersion,
    Subgroup,
    TradeItem,
    Unit,
    VersionItem,
    VersionPhoto,
)
from kernel import audit, gs1, pages
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.models import AdministrativeUnit
from kernel.text import nfc, one_line, search_text, slug, sort_key

SERVICE_SET = 26  #: community tourism: no batches, no stock. Source: QĐ 26/2026/QĐ-TTg, Phụ lục I
MOST_PHOTOS = 8
MOST_ITEMS = 20
MOST_LEAST = 999
LONGEST_STORY = 5_000
LONGEST_ALT = 200

#: What a version says in words, with how much of it there may be; the two stories keep their lines.
LENGTHS = {
    "name_vi": 160,
    "name_en": 160,
    "summary_vi": 300,
    "summary_en": 300,
    "story_vi": LONGEST_STORY,
    "story_en": LONGEST_STORY,
    "brand": 120,
    "standards": 300,
    "village": 120,
}
_TRIES = 5  #: at an address, when others take it at the same time
_SEVERAL_LINES = frozenset({"story_vi", "story_en"})
_ITEM_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,19}")


class NoName(InvalidInput):
    message = N_("Please give the product's name.")
    field = "name_vi"


class TooLong(InvalidInput):
    message = N_("This is too long: %(length)s signs, at most %(most)s are possible.")

    def __init__(self, *, field: str, **facts: object) -> None:
        self.field = field
        super().__init__(**facts)


class NoFreeAddress(Conflict):
    message = N_("Many products of this name are being made just now. Please try again.")


class NotACommuneOfToday(InvalidInput):
    message = N_("Please choose a commune of today.")
    field = "commune"


class SubgroupIsSettled(Conflict):
    message = N_("The office has approved this product in its sub-group; the sub-group no longer changes.")
    field = "subgroup"


class NoSuchLabelField(InvalidInput):
    message = N_("The label of this kind of product has no field “%(key)s”.")


class NoAlternative(InvalidInput):
    message = N_("Please say what the photo shows, for people who cannot see it.")
    field = "alt_vi"


class TooManyPhotos(InvalidInput):
    message = N_("A product has at most %(most)s photos. Remove one first.")
    field = "photo"


class NoSuchPhoto(NotFound):
    message = N_("This photo is no longer part of the product.")


class NoSuchItem(NotFound):
    message = N_("There is no such trade item.")


class NoItemName(InvalidInput):
    message = N_("Please say what is sold, for example “500 g pack”.")
    field = "name_vi"


class BadItemCode(InvalidInput):
    message = N_("A code has up to 20 capital letters without marks, digits and the signs - . _")
    field = "code"


class CodeTaken(InvalidInput):
    message = N_("This product already has a trade item with the code %(code)s.")
    field = "code"


class BadNetContent(InvalidInput):
    message = N_("The net content must be more than nothing.")
    field = "net_content"


class ByWeightInGrams(InvalidInput):
    message = N_("Only what is measured in grams or kilograms can be sold by weight.")
    field = "by_weight"


class BadLeast(InvalidInput):
    """``step_g`` says of what it has to be a multiple."""

    message = N_("The least weight is 1 to %(most)s times the net content, without a rest.")
    field = "least_g"


class GtinTaken(InvalidInput):
    message = N_("The GTIN %(gtin)s already belongs to another trade item. Each size of each product has its own.")
    field = "gtin"


class BadGtin(InvalidInput):
    """What ``kernel.gs1`` says of the number, beside its field."""

    message = N_("This is not a GTIN.")
    field = "gtin"

    def __init__(self, cause: InvalidInput) -> None:
        self.message = cause.message
        super().__init__(**cause.facts)


class SampleGtin(InvalidInput):
    message = N_("Numbers that begin with 952 are for samples and tests; a product on sale has one of its own.")
    field = "gtin"


class TooManyItems(InvalidInput):
    message = N_("A product has at most %(most)s trade items.")


class ItemIsSettled(Conflict):
    message = N_(
        "%(name)s has been approved as it is; packs and orders name it so. Stop selling it and add a new trade item"
        " instead."
    )
    changed: frozenset[str] = frozenset()  #: fields that were to be changed


class LastItemOnShow(Conflict):
    message = N_("%(name)s is the last trade item on show. Withdraw the product instead, or add another one first.")


@dataclass(frozen=True)
class Photo:
    """A photo of a version: which, and its words for those who do not see it."""

    digest: str
    alt_vi: str
    alt_en: str = ""


# --- Words ------------------------------------------------------------------------------------------------


def create(
    producer: Organisation,
    actor: Actor,
    *,
    name_vi: str,
    subgroup: Subgroup,
    commune: AdministrativeUnit,
    now: datetime,
    name_en: str = "",
    village: str = "",
    is_sample: bool = False,
) -> Product:
    """Begin a product as a draft.

    :raises NoName: :raises TooLong: :raises NotACommuneOfToday:
    """
    words = _tidy({"name_vi": name_vi, "name_en": name_en, "village": village})
    _check_commune(commune)
    for _ in range(_TRIES):
        product = Product(
            producer_id=producer.id,
            slug=_free_slug(words["name_vi"], producer),
            scheme=subgroup.scheme,
            criteria_set_no=subgroup.criteria_set_no,
            is_alcohol=subgroup.criteria_set_no in ALCOHOL_SETS,
            is_service=subgroup.criteria_set_no == SERVICE_SET,
            is_sample=is_sample or producer.is_sample,
            status=ProductStatus.DRAFT,
            created_at=now,
        )
        try:
            with db.session.begin_nested():
                db.session.add(product)
                db.session.flush()
            break
        except IntegrityError:  # another took the address at the same time
            continue
    else:
        raise NoFreeAddress()
    facts = words | {
        "commune_code": commune.code,
        "commune_valid_from": commune.valid_from,
        "label_kind": subgroup.label_kind,
    }
    _write(product, actor, facts, photos=(), items=(), now=now)
    audit.record(actor, "catalog.create", f"product:{product.id}", now=now, producer=producer.code)
    return product


def save_words(product: Product, actor: Actor, *, now: datetime, **words: str) -> ProductVersion:
    """Save some of the words of ``LENGTHS`` as a new draft; without a change nothing is written.

    :return: the draft as it stands then
    :raises NoName: :raises TooLong:
    """
    draft = _draft(product)
    return _save(product, actor, _changed(draft, _tidy(words)), now=now)


def save_origin(
    product: Product,
    actor: Actor,
    *,
    subgroup: Subgroup,
    commune: AdministrativeUnit,
    now: datetime,
    **words: str,
) -> ProductVersion:
    """Save the first step anew: sub-group and commune, and with them name and village.

    Fields of the label that another kind of label has not are left behind.

    :raises SubgroupIsSettled: once the office approved the product
    :raises NotACommuneOfToday: unless it is the commune the draft has
    """
    draft = _draft(product)
    if subgroup.criteria_set_no != product.criteria_set_no or subgroup.scheme != product.scheme:
        if product.approved_version_id is not None or product.first_published_at is not None:
            raise SubgroupIsSettled()
        product.scheme, product.criteria_set_no = subgroup.scheme, subgroup.criteria_set_no
        product.is_alcohol = subgroup.criteria_set_no in ALCOHOL_SETS
        product.is_service = subgroup.criteria_set_no == SERVICE_SET
        db.session.flush()
        db.session.expire(product, ["subgroup"])
    if (commune.code, commune.valid_from) != (draft.commune_code, draft.commune_valid_from):
        _check_commune(commune)
    facts: dict[str, Any] = _tidy(words) | {
        "commune_code": commune.code,
        "commune_valid_from": commune.valid_from,
        "label_kind": subgroup.label_kind,
    }
    if subgroup.label_kind != draft.label_kind:
        known = {field.key for field in labels.fields_for(subgroup.label_kind)}
        facts["label"] = {key: value for key, value in draft.label.items() if key in known}
    return _save(product, actor, _changed(draft, facts), now=now)


def save_label(
    product: Product, actor: Actor, *, values: Mapping[str, Mapping[str, str]], now: datetime
) -> ProductVersion:
    """Save label fields of the product's kind: {field key: {"vi": text, "en": text}}; empty ones are taken away.

    Fields that are not named stay. Source of the kinds: NĐ 37/2026/NĐ-CP, Điều 42 and Phụ lục I.

    :raises NoSuchLabelField: :raises TooLong:
    """
    draft = _draft(product)
    known = {field.key: field for field in labels.fields_for(draft.label_kind)}
    label = dict(draft.label)
    for key, texts in values.items():
        if key not in known:
            raise NoSuchLabelField(key=key)
        tidy = {language: nfc(texts.get(language, "")) for language in ("vi", "en")}
        for language, words in tidy.items():
            _bounded(f"{key}_{language}", words, known[key].max_length)
        if any(tidy.values()):
            label[key] = tidy
        else:
            label.pop(key, None)
    return _save(product, actor, _changed(draft, {"label": label}), now=now)


# --- Photos -----------------------------------------------------------------------------------------------


def add_photo(product: Product, actor: Actor, photo: Photo, *, now: datetime) -> ProductVersion:
    """Put a stored picture after the others. One that is there already only gets its new words.

    :raises TooManyPhotos: :raises NoAlternative: :raises TooLong:
    """
    photo = _checked_photo(photo)
    photos = photos_of(_draft(product))
    if any(row.digest == photo.digest for row in photos):
        return _save_photos(product, actor, [photo if row.digest == photo.digest else row for row in photos], now)
    if len(photos) >= MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    return _save_photos(product, actor, [*photos, photo], now)


def replace_photo(product: Product, actor: Actor, digest: str, photo: Photo, *, now: datetime) -> ProductVersion:
    """Put another picture, or other words, in the place of the photo ``digest``.

    :raises NoSuchPhoto: :raises NoAlternative: :raises TooLong:
    """
    photo = _checked_photo(photo)
    photos = photos_of(_draft(product))
    place = _place_of(digest, photos)
    photos[place] = photo
    kept = [row for at, row in enumerate(photos) if at == place or row.digest != photo.digest]
    return _save_photos(product, actor, kept, now)


def move_photo(product: Product, actor: Actor, digest: str, *, by: int, now: datetime) -> ProductVersion:
    """Move a photo by so many places, -1 towards the front; the first photo is the one lists show.

    :raises NoSuchPhoto:
    """
    photos = photos_of(_draft(product))
    photo = photos.pop(place := _place_of(digest, photos))
    photos.insert(max(0, min(len(photos), place + by)), photo)
    return _save_photos(product, actor, photos, now)


def remove_photo(product: Product, actor: Actor, digest: str, *, now: datetime) -> ProductVersion:
    """Take a photo out of the draft; versions before keep it.

    :raises NoSuchPhoto:
    """
    photos = photos_of(_draft(product))
    photos.pop(_place_of(digest, photos))
    return _save_photos(product, actor, photos, now)


def photos_of(version: ProductVersion) -> list[Photo]:
    """List the photos of a version in their order."""
    return [Photo(row.digest, row.alt_vi, row.alt_en) for row in version.photos]


# --- Trade items ------------------------------------------------------------------------------------------


def add_item(
    product: Product,
    actor: Actor,
    *,
    name_vi: str,
    net_content: int,
    unit: Unit,
    now: datetime,
    name_en: str = "",
    code: str = "",
    gtin: str = "",
    is_gift: bool = False,
    parts: Mapping[int, int] | None = None,
    by_weight: bool = False,
    least_g: int | None = None,
) -> TradeItem:
    """Add what is priced and sold: the product in one net content. The draft offers it, after the others.

    :param net_content: in base units of ``unit``; of a set it is how many packs are in it, whatever is given
    :param code: the producer's own; made of the net content when it is empty
    :param is_gift: it is packed to be given
    :param parts: it is a set of these: {trade item id: packs}
    :param by_weight: it is sold by weight, in steps of its net content, from ``least_g`` on (None: from one step)
    :raises NoItemName: :raises BadNetContent: :raises BadItemCode: :raises CodeTaken: :raises TooManyItems:
    :raises BadGtin: :raises GtinTaken: :raises SampleGtin: :raises ByWeightInGrams: :raises BadLeast:
    :raises catalog.sets.NothingInIt: and as ``catalog.sets.checked``
    """
    draft = _draft(product)
    offered = [row.trade_item_id for row in draft.items]
    if len(offered) >= MOST_ITEMS:
        raise TooManyItems(most=MOST_ITEMS)
    taken = set(db.session.scalars(select(TradeItem.code).where(TradeItem.product_id == product.id)))
    held = sets.checked(product, parts) if parts is not None else ()
    if held:
        net_content, unit = sum(part.quantity for part in held), Unit.PIECE
    item = TradeItem(
        product_id=product.id,
        code=_checked_code(code, taken) if code.strip() else _free_code(net_content, unit, taken),
        name_vi=_item_name(name_vi),
        name_en=_bounded("name_en", one_line(name_en), 80),
        net_content=_net_content(net_content),
        unit=unit,
        gtin=_checked_gtin(gtin, product),
        is_gift=is_gift,
        is_set=bool(held),
        **_weighed(net_content, unit, by_weight, least_g),
        created_at=now,
    )
    _flush_item(item)
    sets.write(item, held)
    audit.record(actor, "catalog.add_item", f"product:{product.id}", now=now, item=item.id, gtin=item.gtin)
    _write(product, actor, _facts_of(draft), photos=photos_of(draft), items=[*offered, item.id], now=now)
    return item


def change_item(
    item: TradeItem,
    actor: Actor,
    *,
    name_vi: str,
    net_content: int,
    unit: Unit,
    now: datetime,
    name_en: str = "",
    gtin: str = "",
    is_gift: bool | None = None,
    parts: Mapping[int, int] | None = None,
    by_weight: bool | None = None,
    least_g: int | None = None,
) -> None:
    """Correct a trade item that the office has not approved yet.

    An approved one is what packs, orders and batches name: of it only a GTIN may still be added, and whether it is
    packed to be given and the least weight of it that is sold may be said.

    :param is_gift: None leaves it as it is
    :param parts: what is in it, if it is a set; None leaves it as it is
    :param by_weight: None leaves it as it is, and the least with it

    :raises ItemIsSettled: :raises NoItemName: :raises BadNetContent:
    :raises BadGtin: :raises GtinTaken: :raises SampleGtin: :raises ByWeightInGrams: :raises BadLeast:
    :raises catalog.sets.NothingInIt: and as ``catalog.sets.checked``
    """
    product = lock(_product_of(item))
    lock(item)
    before = held = sets.parts_of([item.id])[item.id] if item.is_set else ()
    if item.is_set:
        if parts is not None and dict(before) != {part: packs for part, packs in parts.items() if packs}:
            held = sets.checked(product, parts)
        net_content, unit = sum(part.quantity for part in held), Unit.PIECE
    facts = {
        "name_vi": _item_name(name_vi),
        "name_en": _bounded("name_en", one_line(name_en), 80),
        "net_content": _net_content(net_content),
        "unit": unit,
        "gtin": _checked_gtin(gtin, product, item),
        "is_gift": item.is_gift if is_gift is None else is_gift,
    }
    if by_weight is not None:
        facts |= _weighed(net_content, unit, by_weight, least_g)
    changed = {name: value for name, value in facts.items() if getattr(item, name) != value}
    if held != before:
        changed["parts"] = held
    if not changed:
        return
    may_change = {"is_gift", "least"} | ({"gtin"} if item.gtin is None else set())
    if not set(changed) <= may_change and is_settled(item):
        refusal = ItemIsSettled(name=item.name_vi)
        refusal.changed = frozenset(changed)
        raise refusal
    for name in changed.keys() & facts.keys():
        setattr(item, name, facts[name])
    _flush_item(item)
    if held != before:
        sets.write(item, held)
    audit.record(actor, "catalog.change_item", f"product:{product.id}", now=now, item=item.id, gtin=item.gtin)
    if set(changed) <= may_change:  # the same goods: what else changes is on no page before it is approved
        pages.bump(pages.product(product.id), pages.SHOP)


def retire_item(item: TradeItem, actor: Actor, *, now: datetime) -> None:
    """Stop selling a trade item, at once and everywhere; its batches and past orders stay.

    :raises LastItemOnShow: if the page on show would be left without one
    """
    product = lock(_product_of(item))
    lock(item)
    draft = _draft(product, locked=True)
    if item.is_active:
        if product.published_version_id is not None and not product.is_service:
            others = select(VersionItem.trade_item_id).join(TradeItem, TradeItem.id == VersionItem.trade_item_id)
            on_show = set(
                db.session.scalars(
                    others.where(VersionItem.version_id == product.published_version_id, TradeItem.is_active)
                )
            )
            if on_show == {item.id}:
                raise LastItemOnShow(name=item.name_vi)
        item.is_active = False
        audit.record(actor, "catalog.retire_item", f"product:{product.id}", now=now, item=item.id)
        pages.bump(pages.product(product.id), pages.SHOP)
    left = [row.trade_item_id for row in draft.items if row.trade_item_id != item.id]
    if len(left) < len(draft.items):
        _write(product, actor, _facts_of(draft), photos=photos_of(draft), items=left, now=now)


def resume_item(item: TradeItem, actor: Actor, *, now: datetime) -> None:
    """Sell a retired trade item again: at once where the page on show still offers it, else with the next approval.

    :raises TooManyItems:
    """
    product = lock(_product_of(item))
    lock(item)
    draft = _draft(product, locked=True)
    offered = [row.trade_item_id for row in draft.items]
    if item.id not in offered:
        if len(offered) >= MOST_ITEMS:
            raise TooManyItems(most=MOST_ITEMS)
        _write(product, actor, _facts_of(draft), photos=photos_of(draft), items=[*offered, item.id], now=now)
    if not item.is_active:
        item.is_active = True
        audit.record(actor, "catalog.resume_item", f"product:{product.id}", now=now, item=item.id)
        pages.bump(pages.product(product.id), pages.SHOP)


def get_item(product: Product, item_id: int) -> TradeItem:
    """Find a trade item of a product one may see.

    :raises NoSuchItem:
    """
    item = db.session.scalar(select(TradeItem).where(TradeItem.id == item_id, TradeItem.product_id == product.id))
    if item is None:
        raise NoSuchItem()
    return item


def is_settled(item: TradeItem) -> bool:
    """Tell whether the office has approved, or is looking at, a version that offers this item."""
    return item.id in settled_items([item.product_id])


def settled_items(product_ids: Sequence[int]) -> set[int]:
    """Give the ids of the items of these products that are settled (one statement)."""
    approved = select(ProductReview.version_id).where(
        ProductReview.product_id.in_(product_ids), ProductReview.decision == "approved"
    )
    version_id = VersionItem.version_id
    return set(
        db.session.scalars(
            select(VersionItem.trade_item_id)
            .join(ProductVersion, ProductVersion.id == version_id)
            .join(Product, Product.id == ProductVersion.product_id)
            .where(
                Product.id.in_(product_ids),
                or_(
                    version_id.in_(approved),
                    version_id == Product.approved_version_id,
                    version_id == Product.published_version_id,
                    # a version that was sent back is the producer's again
                    and_(version_id == Product.submitted_version_id, Product.status != ProductStatus.RETURNED),
                ),
            )
        )
    )


# --- The steps --------------------------------------------------------------------------------------------

_FACTS = (*LENGTHS, "commune_code", "commune_valid_from", "label_kind", "label")
#: What the audit trail names of a change.
EDITABLE = (*LENGTHS, "commune_code", "label_kind", "label", "photos")


def _draft(product: Product, *, locked: bool = False) -> ProductVersion:
    """Lock the product and give its working copy."""
    if not locked:
        lock(product)
    version_id = product.draft_version_id or product.published_version_id
    return db.session.get_one(ProductVersion, version_id)


def _facts_of(version: ProductVersion) -> dict[str, Any]:
    return {name: getattr(version, name) for name in _FACTS}


def _changed(draft: ProductVersion, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Lay new facts over the draft's; None when they change nothing."""
    before = _facts_of(draft)
    after = before | dict(facts)
    return None if after == before else after


def _save(product: Product, actor: Actor, facts: dict[str, Any] | None, *, now: datetime) -> ProductVersion:
    draft = _draft(product, locked=True)
    if facts is None:
        return draft
    items = [row.trade_item_id for row in draft.items]
    before = _facts_of(draft)
    changed = sorted(name for name in EDITABLE if name in before and facts[name] != before[name])
    version = _write(product, actor, facts, photos=photos_of(draft), items=items, now=now)
    audit.record(actor, "catalog.edit", f"product:{product.id}", now=now, version=version.id, fields=changed)
    return version


def _save_photos(product: Product, actor: Actor, photos: Sequence[Photo], now: datetime) -> ProductVersion:
    draft = _draft(product, locked=True)
    if list(photos) == photos_of(draft):
        return draft
    items = [row.trade_item_id for row in draft.items]
    version = _write(product, actor, _facts_of(draft), photos=photos, items=items, now=now)
    audit.record(actor, "catalog.edit", f"product:{product.id}", now=now, version=version.id, fields=["photos"])
    return version


def _write(
    product: Product,
    actor: Actor,
    facts: Mapping[str, Any],
    *,
    photos: Sequence[Photo],
    items: Sequence[int],
    now: datetime,
) -> ProductVersion:
    producer, commune = db.session.execute(
        select(Organisation.name_vi, AdministrativeUnit.name_vi)
        .join(
            AdministrativeUnit,
            (AdministrativeUnit.code == facts["commune_code"])
            & (AdministrativeUnit.valid_from == facts["commune_valid_from"]),
        )
        .where(Organisation.id == product.producer_id)
    ).one()
    words = dict.fromkeys(LENGTHS, "") | dict(facts)
    version = ProductVersion(
        product_id=product.id,
        **{"label": {}, **words},
        search=search_text(
            words["name_vi"], words["name_en"], words["brand"], producer, words["village"], commune,
            words["summary_vi"], words["summary_en"],
        ),
        sort_key=sort_key(words["name_vi"]),
        saved_by_id=actor.user_id,
        saved_at=now,
        photos=[
            VersionPhoto(position=place, digest=photo.digest, alt_vi=photo.alt_vi, alt_en=photo.alt_en)
            for place, photo in enumerate(photos, 1)
        ],
        items=[VersionItem(position=place, trade_item_id=item) for place, item in enumerate(items, 1)],
    )  # fmt: skip
    db.session.add(version)
    db.session.flush()
    product.draft_version_id = version.id
    db.session.flush()
    db.session.expire(product, ["draft_version"])
    return version


def _tidy(words: Mapping[str, str]) -> dict[str, str]:
    tidy = {name: (nfc if name in _SEVERAL_LINES else one_line)(text) for name, text in words.items()}
    if "name_vi" in tidy and not tidy["name_vi"]:
        raise NoName()
    return {name: _bounded(name, text, LENGTHS[name]) for name, text in tidy.items()}


def _bounded(field: str, text: str, most: int) -> str:
    if len(text) > most:
        raise TooLong(field=field, length=len(text), most=most)
    return text


def _check_commune(commune: AdministrativeUnit) -> None:
    if commune.level != "commune" or commune.valid_until is not None:
        raise NotACommuneOfToday()


def _free_slug(name: str, producer: Organisation) -> str:
    """Find an address nobody has: the name, then with the producer's code, then numbered."""
    base = slug(name) or producer.code
    stem = f"{base}-{producer.code}"
    taken = set(
        db.session.scalars(select(Product.slug).where(or_(Product.slug == base, Product.slug.like(f"{stem}%"))))
    )
    numbered = (f"{stem}-{number}" for number in range(2, 10_000))
    return next(candidate for candidate in (base, stem, *numbered) if candidate not in taken)


def _checked_photo(photo: Photo) -> Photo:
    alt_vi = _bounded("alt_vi", one_line(photo.alt_vi), LONGEST_ALT)
    if not alt_vi:
        raise NoAlternative()
    return Photo(photo.digest, alt_vi, _bounded("alt_en", one_line(photo.alt_en), LONGEST_ALT))


def _place_of(digest: str, photos: Sequence[Photo]) -> int:
    for place, photo in enumerate(photos):
        if photo.digest == digest:
            return place
    raise NoSuchPhoto()


def _product_of(item: TradeItem) -> Product:
    return db.session.get_one(Product, item.product_id)


def _item_name(text: str) -> str:
    name = one_line(text)
    if not name:
        raise NoItemName()
    return _bounded("name_vi", name, 80)


def _net_content(value: int) -> int:
    if value <= 0:
        raise BadNetContent()
    return value


def _weighed(net_content: int, unit: Unit, by_weight: bool, least_g: int | None) -> dict[str, Any]:
    """Say in how many steps of its net content a trade item is sold at least."""
    if not by_weight:
        return {"by_weight": False, "least": 1}
    if unit is not Unit.GRAM:
        raise ByWeightInGrams()
    least, rest = divmod(least_g or net_content, net_content)
    if rest or not 1 <= least <= MOST_LEAST:
        raise BadLeast(most=MOST_LEAST)
    return {"by_weight": True, "least": least}


def _checked_code(text: str, taken: set[str]) -> str:
    code = one_line(text).upper()
    if not _ITEM_CODE.fullmatch(code):
        raise BadItemCode()
    if code in taken:
        raise CodeTaken(code=code)
    return code


def _free_code(net_content: int, unit: Unit, taken: set[str]) -> str:
    letters = {Unit.PIECE: "PC", Unit.GRAM: "G", Unit.MILLILITRE: "ML"}[unit]
    stem = f"{net_content}{letters}"
    return next(code for code in (stem, *(f"{stem}-{number}" for number in range(2, 1_000))) if code not in taken)


def check_gtin(text: str) -> str | None:
    """Give the 14 digits of a GTIN; None where none is written.

    :raises BadGtin: if it cannot be one
    """
    if not text.strip():
        return None
    try:
        return gs1.gtin14(text)
    except InvalidInput as problem:
        raise BadGtin(problem) from problem


def _checked_gtin(text: str, product: Product, item: TradeItem | None = None) -> str | None:
    gtin = check_gtin(text)
    if gtin is None:
        return None
    if item is not None and gtin == item.gtin:
        return gtin
    if gs1.is_sample_gtin(gtin) and not product.is_sample:
        raise SampleGtin()
    if db.session.scalar(select(TradeItem.id).where(TradeItem.gtin == gtin)) is not None:
        raise GtinTaken(gtin=gtin)
    return gtin


def _flush_item(item: TradeItem) -> None:
    """Write an item; of two that claim one GTIN at once the database lets one through."""
    gtin, code = item.gtin, item.code
    try:
        with db.session.begin_nested():
            db.session.add(item)
            db.session.flush()
    except IntegrityError as clash:
        if gtin is not None and "gtin" in str(clash.orig):
            raise GtinTaken(gtin=gtin) from clash
        raise CodeTaken(code=code) from clash


__all__ = [
    "LENGTHS",
    "MOST_ITEMS",
    "MOST_PHOTOS",
    "Photo",
    "add_item",
    "add_photo",
    "change_item",
    "create",
    "get_item",
    "move_photo",
    "photos_of",
    "remove_photo",
    "replace_photo",
    "resume_item",
    "retire_item",
    "save_label",
    "save_origin",
    "save_words",
    "settled_items",
]
