"""Products: the list, a product's own page, the steps in which it is entered, its prices, withdrawal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as Answer

from accounts.actor import Permission
from accounts.queries import get_organisation
from accounts.web.forms import BaseForm, answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.product_forms import (
    BASE_UNIT,
    NOT_STATED,
    ItemForm,
    OriginForm,
    PhotoForm,
    PhotoWordsForm,
    PriceForm,
    ReasonForm,
    SubmitForm,
    VatForm,
    WordsForm,
    label_form,
    set_form,
)
from admin.saying import vat_words
from catalog import alcohol, editing, labels, pricing, publishing, queries, sets, vat
from catalog.models import Product, ProductStatus, ProductVersion, TradeItem, Unit
from kernel import clock, media, replays
from kernel.db import transaction
from kernel.errors import N_, DomainError
from kernel.models import AdministrativeUnit

blueprint = Blueprint("products", __name__, url_prefix="/quan-tri/san-pham")

#: A status in words, and the tone of its badge.
STATUS: dict[ProductStatus, tuple[str, str]] = {
    ProductStatus.DRAFT: (N_("Draft"), "off"),
    ProductStatus.SUBMITTED: (N_("Waiting for approval"), "wait"),
    ProductStatus.RETURNED: (N_("Sent back"), "bad"),
    ProductStatus.APPROVED: (N_("Approved, not on show yet"), "info"),
    ProductStatus.PUBLISHED: (N_("On show"), "good"),
    ProductStatus.WITHDRAWN: (N_("Withdrawn"), "off"),
}
#: The same in addresses.
STATUS_IN_ADDRESS = {
    "nhap": ProductStatus.DRAFT,
    "cho-duyet": ProductStatus.SUBMITTED,
    "tra-lai": ProductStatus.RETURNED,
    "da-duyet": ProductStatus.APPROVED,
    "dang-ban": ProductStatus.PUBLISHED,
    "da-rut": ProductStatus.WITHDRAWN,
}
#: The steps of entering a product: key → (endpoint, its name).
STEPS: dict[str, tuple[str, str]] = {
    "origin": ("products.edit_origin", N_("Name and origin")),
    "words": ("products.edit_words", N_("Its story")),
    "label": ("products.edit_label", N_("Label")),
    "photos": ("products.edit_photos", N_("Photos")),
    "items": ("products.edit_items", N_("Sizes and prices")),
    "check": ("products.check", N_("Check and submit")),
}
DECISIONS = {"approved": N_("Approved"), "returned": N_("Sent back"), "withdrawn": N_("Withdrawn by the office")}


@blueprint.app_template_filter("product_status")
def status_in_words(status: ProductStatus) -> str:
    """Say a status in the reader's language."""
    return str(gettext(STATUS[status][0]))


@blueprint.app_template_filter("product_tone")
def tone_of_status(status: ProductStatus) -> str:
    """Give the tone of a status's badge."""
    return STATUS[status][1]


def in_english() -> bool:
    """Tell whether the reader reads English."""
    return str(get_locale()) == "en"


# --- The list ---------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.READ_PRODUCTS)
def index() -> str | Response:
    """List the products one may see, searched, by status, sorted, a page at a time or as a file."""
    actor = current_actor()
    words = request.args.get("q", "").strip()
    status = STATUS_IN_ADDRESS.get(request.args.get("trang-thai", ""))
    order = listing.order_asked(queries.SORTS, "-saved")
    as_file = listing.asks_for_csv()
    found = queries.list_products(
        actor,
        today=clock.business_date(clock.now()),
        words=words,
        status=status,
        sort=order[0],
        descending=order[1],
        page=listing.page_asked(),
        per_page=None if as_file else queries.PER_PAGE,
    )
    if as_file:
        return as_csv(found.rows)
    tabs = [
        {
            "label": gettext("All"),
            "url": listing.address(**{"trang-thai": None, "trang": None}),
            "current": status is None,
            "count": sum(found.counts.values()),
        }
    ]
    tabs += [
        {
            "label": status_in_words(state),
            "url": listing.address(**{"trang-thai": word, "trang": None}),
            "current": state is status,
            "count": found.counts[state],
        }
        for word, state in STATUS_IN_ADDRESS.items()
        if found.counts[state] or state is status
    ]
    columns = [
        listing.heading(gettext("Product"), "name", order),
        listing.heading(gettext("Producer"), "producer", order),
        listing.heading(gettext("Status"), "status", order),
        listing.heading(gettext("Price from"), number=True),
        listing.heading(gettext("Last saved"), "saved", order),
    ]
    return render_template(
        "admin/products/index.html",
        found=found,
        tabs=tabs,
        columns=columns,
        words=words,
        pictures=media.pictures(row.photo for row in found.rows),
        may_edit=actor.may(Permission.EDIT_PRODUCTS),
        of_many=actor.is_office,
    )


def as_csv(rows: tuple[queries.ProductRow, ...]) -> Response:
    """Give rows of a list of products as a file."""
    header = (
        gettext("Page address"),
        gettext("Name in Vietnamese"),
        gettext("Name in English"),
        gettext("Producer"),
        gettext("Kind of product"),
        gettext("Commune"),
        gettext("Status"),
        gettext("Trade items"),
        gettext("Price from"),
        gettext("Last saved"),
    )
    english = in_english()
    lines = (
        (
            row.slug,
            row.name_vi,
            row.name_en,
            row.producer_vi,
            row.subgroup_en if english and row.subgroup_en else row.subgroup_vi,
            row.commune,
            status_in_words(row.status),
            row.items,
            row.price_vnd,
            f"{clock.business_date(row.saved_at):%d/%m/%Y}",
        )
        for row in rows
    )
    return listing.csv_file("san-pham", header, lines)


# --- A product's own page ---------------------------------------------------------------------------------


@blueprint.get("/<int:product_id>")
@requires(Permission.READ_PRODUCTS)
def show(product_id: int) -> str:
    """Show where a product stands, what is next, and all that is known of it."""
    actor = current_actor()
    product = queries.get_product(actor, product_id)
    draft = _draft_of(product)
    offered = queries.items_offered([draft.id])[draft.id]
    photos = queries.photos_of_versions([draft.id])[draft.id]
    missing = publishing.missing_fields(product, draft)
    history = queries.reviews(product.id)
    return render_template(
        "admin/products/show.html",
        product=product,
        version=draft,
        kind=labels.kind(draft.label_kind),
        items=offered,
        prices=queries.prices_on((item.id for item in offered), clock.business_date(clock.now())),
        photos=photos,
        pictures=media.pictures(photo.digest for photo in photos),
        missing_steps={row.step for row in missing},
        missing=missing,
        steps=_steps_of(product),
        history=history,
        decisions=DECISIONS,
        has_changes=publishing.has_unsubmitted_changes(product),
        is_alcohol=alcohol.is_alcohol(product),
        may_be_ordered=alcohol.ordering_allowed(product),
        may_edit=actor.may(Permission.EDIT_PRODUCTS),
        may_decide=actor.may(Permission.APPROVE_PRODUCTS),
        office_withdrew=bool(history and history[0].decision == "withdrawn"),
    )


@blueprint.get("/<int:product_id>/xem-truoc")
@requires(Permission.READ_PRODUCTS)
def preview(product_id: int) -> str:
    """Show the draft as the shop would show it; nobody else sees this page."""
    product = queries.get_product(current_actor(), product_id)
    version = _draft_of(product)
    offered = [item for item in queries.items_offered([version.id])[version.id] if item.is_active]
    photos = queries.photos_of_versions([version.id])[version.id]
    return render_template(
        "admin/products/preview.html",
        product=product,
        version=version,
        kind=labels.kind(version.label_kind),
        items=offered,
        prices=queries.prices_on((item.id for item in offered), clock.business_date(clock.now())),
        photos=photos,
        pictures=media.pictures(photo.digest for photo in photos),
        may_be_ordered=alcohol.ordering_allowed(product),
    )


# --- Entering a product, step by step ---------------------------------------------------------------------


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def new() -> str | Answer | tuple[str, int]:
    """Begin a product: its name, its kind, where it comes from."""
    actor = current_actor()
    producer = get_organisation(actor, actor.organisation_code)
    form = OriginForm(data={"commune": producer.commune_code})
    form.offer(queries.subgroups(), _communes_near(producer.commune), in_english())
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
                if earlier is None:
                    product = editing.create(
                        producer,
                        actor,
                        name_vi=form.name_vi.data,
                        name_en=form.name_en.data or "",
                        subgroup=queries.get_subgroup(int(form.subgroup.data)),
                        commune=_commune(form.commune.data),
                        village=form.village.data or "",
                        now=now,
                    )
                    replays.answer(actor.user_id, form.request_key.data, product.id)
                product_id = int(earlier) if earlier is not None else product.id
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return redirect(url_for("products.edit_words", product_id=product_id), 303)
    return (
        render_template("admin/products/origin.html", form=form, product=None, version=None, **_wizard(None, "origin")),
        answer_status(form),
    )


@blueprint.route("/<int:product_id>/ten", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def edit_origin(product_id: int) -> str | Answer | tuple[str, int]:
    """Step 1: name, kind, commune, village."""
    product, draft = _own(product_id)
    form = OriginForm(
        data={
            "name_vi": draft.name_vi,
            "name_en": draft.name_en,
            "subgroup": str(product.criteria_set_no),
            "commune": draft.commune_code,
            "village": draft.village,
        }
    )
    form.offer(queries.subgroups(product.scheme), _communes_near(draft.commune), in_english())

    def save() -> None:
        commune = draft.commune if form.commune.data == draft.commune_code else _commune(form.commune.data)
        editing.save_origin(
            product,
            current_actor(),
            subgroup=queries.get_subgroup(int(form.subgroup.data), product.scheme),
            commune=commune,
            name_vi=form.name_vi.data,
            name_en=form.name_en.data or "",
            village=form.village.data or "",
            now=clock.now(),
        )

    return _step(form, save, product, draft, "origin")


@blueprint.route("/<int:product_id>/cau-chuyen", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def edit_words(product_id: int) -> str | Answer | tuple[str, int]:
    """Step 2: what is told of it."""
    product, draft = _own(product_id)
    names = ("summary_vi", "summary_en", "story_vi", "story_en", "brand", "standards")
    form = WordsForm(data={name: getattr(draft, name) for name in names})

    def save() -> None:
        words = {name: form[name].data or "" for name in names}
        editing.save_words(product, current_actor(), now=clock.now(), **words)

    return _step(form, save, product, draft, "words")


@blueprint.route("/<int:product_id>/nhan", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def edit_label(product_id: int) -> str | Answer | tuple[str, int]:
    """Step 3: the label fields of its kind."""
    product, draft = _own(product_id)
    form, fields = label_form(draft, in_english())

    def save() -> None:
        values = {
            field.key: {
                "vi": form[f"{field.key}_vi"].data or "",
                "en": form[f"{field.key}_en"].data or "",
            }
            for field in fields
        }
        editing.save_label(product, current_actor(), values=values, now=clock.now())

    return _step(form, save, product, draft, "label", fields=fields, kind=labels.kind(draft.label_kind))


@blueprint.route("/<int:product_id>/anh", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def edit_photos(product_id: int) -> str | Answer | tuple[str, int]:
    """Step 4: photos in their order. A refused picture leaves the words that were typed."""
    product, draft = _own(product_id)
    form = PhotoForm(data={"alt_vi": "" if draft.photos else draft.name_vi})
    if form.validate_on_submit():
        try:
            prepared = media.prepare_picture(form.photo.data.read())
            with transaction():
                now = clock.now()
                photo = editing.Photo(media.keep_picture(prepared, now=now), form.alt_vi.data, form.alt_en.data or "")
                editing.add_photo(product, current_actor(), photo, now=now)
        except DomainError as refusal:
            _beside(form, refusal, "photo")
        else:
            flash(gettext("The photo was added."), "good")
            return redirect(url_for("products.edit_photos", product_id=product_id), 303)
    return _photos_page(product, form)


@blueprint.route("/<int:product_id>/anh/<digest>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def edit_photo(product_id: int, digest: str) -> str | Answer | tuple[str, int]:
    """Say what a photo shows, or put another picture in its place."""
    product, draft = _own(product_id)
    shown = next((photo for photo in draft.photos if photo.digest == digest), None)
    if shown is None:
        raise editing.NoSuchPhoto()
    form = PhotoWordsForm(data={"alt_vi": shown.alt_vi, "alt_en": shown.alt_en})
    if form.validate_on_submit():
        try:
            prepared = media.prepare_picture(form.photo.data.read()) if form.photo.data else None
            with transaction():
                now = clock.now()
                kept = media.keep_picture(prepared, now=now) if prepared else digest
                photo = editing.Photo(kept, form.alt_vi.data, form.alt_en.data or "")
                editing.replace_photo(product, current_actor(), digest, photo, now=now)
        except DomainError as refusal:
            _beside(form, refusal, "photo")
        else:
            flash(gettext("The photo was saved."), "good")
            return redirect(url_for("products.edit_photos", product_id=product_id), 303)
    return (
        render_template(
            "admin/products/photo.html",
            form=form,
            product=product,
            version=draft,
            photo=shown,
            picture_of=media.picture(digest),
        ),
        answer_status(form),
    )


@blueprint.post("/<int:product_id>/anh/<digest>/<any(len,xuong):act>")
@requires(Permission.EDIT_PRODUCTS)
def order_photo(product_id: int, digest: str, act: str) -> Answer:
    """Move a photo towards the front or the end."""
    product, _ = _own(product_id)
    with transaction():
        editing.move_photo(product, current_actor(), digest, by=-1 if act == "len" else 1, now=clock.now())
    return redirect(url_for("products.edit_photos", product_id=product_id), 303)


@blueprint.route("/<int:product_id>/anh/<digest>/bo", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def drop_photo(product_id: int, digest: str) -> str | Answer:
    """Show the photo once more and ask; then remove it."""
    product, draft = _own(product_id)
    shown = next((photo for photo in draft.photos if photo.digest == digest), None)
    if shown is None:
        raise editing.NoSuchPhoto()
    if request.method == "POST":
        with transaction():
            editing.remove_photo(product, current_actor(), digest, now=clock.now())
        flash(gettext("The photo was removed."), "good")
        return redirect(url_for("products.edit_photos", product_id=product_id), 303)
    return render_template(
        "admin/products/drop_photo.html", product=product, version=draft, photo=shown, picture_of=media.picture(digest)
    )


def _photos_page(product: Product, form: PhotoForm) -> tuple[str, int]:
    draft = _draft_of(product)
    photos = queries.photos_of_versions([draft.id])[draft.id]
    page = render_template(
        "admin/products/photos.html",
        form=form,
        product=product,
        version=draft,
        photos=photos,
        pictures=media.pictures(photo.digest for photo in photos),
        most=editing.MOST_PHOTOS,
        **_wizard(product, "photos"),
    )
    return page, answer_status(form)


# --- Sizes and prices -------------------------------------------------------------------------------------


@blueprint.get("/<int:product_id>/quy-cach")
@requires(Permission.EDIT_PRODUCTS)
def edit_items(product_id: int) -> str:
    """Step 5: what is sold, in which sizes, at what price."""
    product, draft = _own(product_id)
    today = clock.business_date(clock.now())
    items = queries.items_of(product.id)
    offered = {row.trade_item_id for row in draft.items}
    prices = queries.prices_of(item.id for item in items)
    settled = editing.settled_items([product.id])
    held = sets.parts_of(item.id for item in items if item.is_set)
    names = sets.names_of(part.item_id for parts in held.values() for part in parts)
    rows = [
        {
            "item": item,
            "price": pricing.price_on(prices[item.id], today),
            "coming": pricing.coming(prices[item.id], today),
            "is_offered": item.id in offered and item.is_active,
            "is_settled": item.id in settled,
            "vat": vat.statement_on(vat.statements_of(item.id), today),
            "parts": [(part.quantity, names[part.item_id]) for part in held.get(item.id, ())],
        }
        for item in items
    ]
    return render_template(
        "admin/products/items.html",
        product=product,
        version=draft,
        rows=rows,
        said_rate=vat_words,
        may_have_sets=not product.is_service and bool(sets.choices(product.producer_id)),
        **_wizard(product, "items"),
    )


@blueprint.route("/<int:product_id>/quy-cach/moi", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def new_item(product_id: int) -> str | Answer | tuple[str, int]:
    """Add a size, and its price."""
    product, draft = _own(product_id)
    form = ItemForm(data={"unit": "piece" if product.is_service else "g"})
    form.offer_units()
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                item = editing.add_item(
                    product, current_actor(), **_item_facts(form), code=form.code.data or "", now=now
                )
                if form.amount_vnd.data is not None:
                    pricing.set_price(item, current_actor(), amount_vnd=form.amount_vnd.data, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The size was added."), "good")
            return redirect(url_for("products.edit_items", product_id=product_id), 303)
    return (
        render_template(
            "admin/products/item.html", form=form, product=product, version=draft, item=None, settled=False
        ),
        answer_status(form),
    )


@blueprint.route("/<int:product_id>/quy-cach/<int:item_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def edit_item(product_id: int, item_id: int) -> str | Answer | tuple[str, int]:
    """Correct a size that was not approved yet; to an approved one a GTIN may be added, and that it is to be given."""
    product, draft = _own(product_id)
    item = editing.get_item(product, item_id)
    settled = editing.is_settled(item)
    if item.is_set and not settled:
        return _edit_set(product, draft, item)
    form = ItemForm(
        data={
            "name_vi": item.name_vi,
            "name_en": item.name_en,
            "net_content": item.net_content,
            "unit": item.unit.value,
            "gtin": item.gtin or "",
            "code": item.code,
            "is_gift": item.is_gift,
            "by_weight": item.by_weight,
            "least_g": item.least * item.net_content if item.by_weight else None,
        }
    )
    form.offer_units()
    if form.validate_on_submit():
        try:
            with transaction():
                editing.change_item(item, current_actor(), **_item_facts(form), now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The size was saved."), "good")
            return redirect(url_for("products.edit_items", product_id=product_id), 303)
    return (
        render_template(
            "admin/products/item.html", form=form, product=product, version=draft, item=item, settled=settled
        ),
        answer_status(form),
    )


@blueprint.route("/<int:product_id>/quy-cach/bo-moi", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def new_set(product_id: int) -> str | Answer | tuple[str, int]:
    """Put a set of one's goods together, and say its price."""
    product, draft = _own(product_id)
    form, fields = set_form(sets.choices(product.producer_id), {"is_gift": True}, {})
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                item = editing.add_item(
                    product, current_actor(), **_set_facts(form, fields), code=form.code.data or "", now=now
                )
                if form.amount_vnd.data is not None:
                    pricing.set_price(item, current_actor(), amount_vnd=form.amount_vnd.data, now=now)
        except DomainError as refusal:
            _beside_parts(form, refusal, fields)
        else:
            flash(gettext("The set was added."), "good")
            return redirect(url_for("products.edit_items", product_id=product_id), 303)
    return _set_page(product, draft, form, fields, None)


def _edit_set(product: Product, draft: ProductVersion, item: TradeItem) -> Answer | tuple[str, int]:
    held = dict(sets.parts_of([item.id])[item.id])
    facts = {"name_vi": item.name_vi, "name_en": item.name_en, "gtin": item.gtin or "", "is_gift": item.is_gift}
    form, fields = set_form(sets.choices(product.producer_id), facts, held)
    if form.validate_on_submit():
        try:
            with transaction():
                editing.change_item(item, current_actor(), **_set_facts(form, fields), now=clock.now())
        except DomainError as refusal:
            _beside_parts(form, refusal, fields)
        else:
            flash(gettext("The set was saved."), "good")
            return redirect(url_for("products.edit_items", product_id=product.id), 303)
    return _set_page(product, draft, form, fields, item)


def _set_facts(form: Any, fields: Mapping[int, str]) -> dict[str, Any]:
    return {
        "name_vi": form.name_vi.data,
        "name_en": form.name_en.data or "",
        "net_content": 1,  # a set's is how many packs are in it
        "unit": Unit.PIECE,
        "gtin": form.gtin.data or "",
        "is_gift": form.is_gift.data,
        "parts": {item_id: form[name].data or 0 for item_id, name in fields.items()},
    }


def _beside_parts(form: BaseForm, refusal: DomainError, fields: Mapping[int, str]) -> None:
    if refusal.field == "parts":
        refusal.field = next(iter(fields.values()), None)
    show_refusal(form, refusal)


def _set_page(
    product: Product, draft: ProductVersion, form: Any, fields: Mapping[int, str], item: TradeItem | None
) -> tuple[str, int]:
    page = render_template(
        "admin/products/set.html",
        form=form,
        product=product,
        version=draft,
        item=item,
        parts=[form[name] for name in fields.values()],
    )
    return page, answer_status(form)


@blueprint.post("/<int:product_id>/quy-cach/<int:item_id>/<any('ngung','ban-lai'):act>")
@requires(Permission.EDIT_PRODUCTS)
def stop_item(product_id: int, item_id: int, act: str) -> Answer:
    """Stop selling a size, at once, or sell it again. What can be taken back needs no question."""
    product, _ = _own(product_id)
    item = editing.get_item(product, item_id)
    with transaction():
        if act == "ngung":
            editing.retire_item(item, current_actor(), now=clock.now())
        else:
            editing.resume_item(item, current_actor(), now=clock.now())
    said = gettext("%(name)s is no longer sold.") if act == "ngung" else gettext("%(name)s is sold again.")
    flash(said % {"name": item.name_vi}, "good")
    return redirect(url_for("products.edit_items", product_id=product_id), 303)


@blueprint.route("/<int:product_id>/quy-cach/<int:item_id>/gia", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def set_price(product_id: int, item_id: int) -> str | Answer | tuple[str, int]:
    """Set the price of a size from a day on; it needs no approval."""
    product, draft = _own(product_id)
    item = editing.get_item(product, item_id)
    today = clock.business_date(clock.now())
    form = PriceForm(data={"valid_from": today})
    if form.validate_on_submit():
        try:
            with transaction():
                price = pricing.set_price(
                    item,
                    current_actor(),
                    amount_vnd=form.amount_vnd.data or 0,
                    valid_from=form.valid_from.data,
                    now=clock.now(),
                )
                first_day: date = price.valid_from
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            said = gettext("The new price holds now.") if first_day <= today else gettext("The new price is announced.")
            flash(said, "good")
            return redirect(url_for("products.edit_items", product_id=product_id), 303)
    prices = queries.prices_of([item.id])[item.id]
    page = render_template(
        "admin/products/price.html",
        form=form,
        product=product,
        version=draft,
        item=item,
        now_holds=pricing.price_on(prices, today),
        coming=pricing.coming(prices, today),
        before=[price for price in reversed(prices) if price.valid_from <= today],
    )
    return page, answer_status(form)


@blueprint.route("/<int:product_id>/quy-cach/<int:item_id>/thue", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def state_vat(product_id: int, item_id: int) -> str | Answer | tuple[str, int]:
    """State the VAT that the price of a size contains, from a day on; it needs no approval."""
    product, draft = _own(product_id)
    item = editing.get_item(product, item_id)
    now = clock.now()
    today = clock.business_date(now)
    rows = vat.statements_of(item.id)
    holds = vat.statement_on(rows, today)
    present = NOT_STATED if holds is None or holds.rate_bp is None else str(holds.rate_bp)
    form = VatForm(data={"valid_from": today, "rate": present})
    form.offer(vat.known())
    if form.validate_on_submit():
        try:
            with transaction():
                vat.state(item, current_actor(), form.rate_bp(), valid_from=form.valid_from.data, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The VAT is on record. Orders that were placed keep theirs."), "good")
            return redirect(url_for("products.edit_items", product_id=product_id), 303)
    page = render_template(
        "admin/products/vat.html", form=form, product=product, version=draft, item=item, rows=rows, said_rate=vat_words
    )
    return page, answer_status(form)


def _item_facts(form: ItemForm) -> dict[str, Any]:
    return {
        "name_vi": form.name_vi.data,
        "name_en": form.name_en.data or "",
        "net_content": form.net_content.data,
        "unit": Unit(BASE_UNIT[form.unit.data]),
        "gtin": form.gtin.data or "",
        "is_gift": form.is_gift.data,
        "by_weight": form.by_weight.data,
        "least_g": form.least_g.data,
    }


# --- Check, submit, withdraw ------------------------------------------------------------------------------


@blueprint.route("/<int:product_id>/gui", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def check(product_id: int) -> str | Answer | tuple[str, int]:
    """Step 6: say what is still missing, each with its step; or hand it to the office."""
    product, draft = _own(product_id)
    form = SubmitForm()
    if form.validate_on_submit():
        try:
            with transaction():
                publishing.submit(product, current_actor(), now=clock.now())
        except publishing.MissingFields as refusal:
            form.form_errors = [gettext("Some things are still missing. They are listed below.")]
            del refusal
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("%(name)s was sent to the office for approval.", name=draft.name_vi), "good")
            return redirect(url_for("products.show", product_id=product_id), 303)
    missing = publishing.missing_fields(product, draft)
    offered = queries.items_offered([draft.id])[draft.id]
    photos = queries.photos_of_versions([draft.id])[draft.id]
    page = render_template(
        "admin/products/check.html",
        form=form,
        product=product,
        version=draft,
        missing=missing,
        step_urls={key: url_for(endpoint, product_id=product.id) for key, (endpoint, _) in STEPS.items()},
        kind=labels.kind(draft.label_kind),
        items=offered,
        prices=queries.prices_on((item.id for item in offered), clock.business_date(clock.now())),
        photos=photos,
        pictures=media.pictures(photo.digest for photo in photos),
        can_submit=publishing.has_unsubmitted_changes(product)
        or product.status in (ProductStatus.DRAFT, ProductStatus.WITHDRAWN),
        **_wizard(product, "check"),
    )
    return page, answer_status(form)


@blueprint.route("/<int:product_id>/rut", methods=["GET", "POST"])
@requires(Permission.EDIT_PRODUCTS)
def withdraw(product_id: int) -> str | Answer | tuple[str, int]:
    """Ask, naming the product, and take it off show."""
    product, draft = _own(product_id)
    form = ReasonForm()
    if request.method == "POST":
        with transaction():
            publishing.withdraw(product, current_actor(), now=clock.now())
        flash(gettext("%(name)s was withdrawn.", name=draft.name_vi), "good")
        return redirect(url_for("products.show", product_id=product_id), 303)
    return render_template("admin/products/withdraw.html", form=form, product=product, version=draft)


@blueprint.post("/<int:product_id>/mo-lai")
@requires(Permission.EDIT_PRODUCTS)
def restore(product_id: int) -> Answer:
    """Bring a product back that one has withdrawn oneself."""
    product, draft = _own(product_id)
    with transaction():
        publishing.restore(product, current_actor(), now=clock.now())
    if product.status is ProductStatus.PUBLISHED:
        flash(gettext("%(name)s is on show again.", name=draft.name_vi), "good")
    else:
        flash(gettext("%(name)s was taken up again.", name=draft.name_vi), "good")
    return redirect(url_for("products.show", product_id=product_id), 303)


# --- What the steps share ---------------------------------------------------------------------------------


def _own(product_id: int) -> tuple[Product, ProductVersion]:
    product = queries.get_product(current_actor(), product_id)
    return product, _draft_of(product)


def _draft_of(product: Product) -> ProductVersion:
    version_id = product.draft_version_id or product.published_version_id
    return queries.get_version(product, version_id or 0)


def _step(
    form: BaseForm, save: Callable[[], None], product: Product, draft: ProductVersion, step: str, **context: Any
) -> Answer | tuple[str, int]:
    """Save a step and go on to the next, or show it with what is wrong."""
    if form.validate_on_submit():
        try:
            with transaction():
                save()
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            keys = list(STEPS)
            following = STEPS[keys[keys.index(step) + 1]][0]
            return redirect(url_for(following, product_id=product.id), 303)
    page = render_template(
        f"admin/products/{step}.html", form=form, product=product, version=draft, **context, **_wizard(product, step)
    )
    return page, answer_status(form)


def _wizard(product: Product | None, step: str) -> dict[str, Any]:
    keys = list(STEPS)
    before = keys[keys.index(step) - 1] if keys.index(step) else None
    back = url_for("products.index")
    if product is not None:
        back = url_for(STEPS[before][0] if before else "products.show", product_id=product.id)
    return {
        "step_names": [gettext(name) for _, name in STEPS.values()],
        "step_now": keys.index(step) + 1,
        "back_url": back,
    }


def _steps_of(product: Product) -> list[dict[str, str]]:
    return [
        {"key": key, "label": gettext(name), "url": url_for(endpoint, product_id=product.id)}
        for key, (endpoint, name) in STEPS.items()
        if key != "check"
    ]


def _communes_near(commune: AdministrativeUnit) -> list[AdministrativeUnit]:
    """List the communes of a commune's province; the commune itself first if it is one of before."""
    found = queries.communes_of_today(commune.parent_code or "")
    return found if any(row.code == commune.code for row in found) else [commune, *found]


def _commune(code: str) -> AdministrativeUnit:
    commune = queries.find_commune(code)
    if commune is None:
        raise editing.NotACommuneOfToday()
    return commune


def _beside(form: BaseForm, refusal: DomainError, field: str) -> None:
    """Show a refusal that names no field (of a picture, of a file) beside the field it came from."""
    if refusal.field is None:
        refusal.field = field
    show_refusal(form, refusal)


__all__ = ["DECISIONS", "STATUS", "STEPS", "blueprint", "in_english"]
