"""What the office decides on products: approve, send back, publish, withdraw, restore; licences for alcohol."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as Answer

from accounts.actor import Permission
from accounts.web.forms import answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.product_forms import AlcoholForm, DecisionForm, ReasonForm
from admin.products import DECISIONS, as_csv, in_english
from admin.saying import quantity, unit
from catalog import alcohol, labels, publishing, queries
from catalog.models import Product, ProductStatus, ProductVersion, TradeItem
from kernel import clock, media
from kernel.db import transaction
from kernel.errors import N_, DomainError
from storefront.queries import Contents, contents_of

blueprint = Blueprint("product_approval", __name__, url_prefix="/quan-tri/duyet-san-pham")

WAITING = (ProductStatus.SUBMITTED, ProductStatus.APPROVED)

#: Longest text whose words are compared one by one: beyond it, both are shown as they are.
MOST_COMPARED = 4_000


@dataclass(frozen=True)
class Act:
    """A decision the office is asked to confirm."""

    title: str  #: msgid of the question, naming the product
    consequences: tuple[str, ...]  #: msgids
    label: str  #: msgid of the button
    done: str  #: msgid of what is said afterwards
    takes_reason: bool = False


ACTS = {
    "duyet": Act(
        N_("Approve %(name)s and put it on show?"),
        (
            N_("The version you have read goes on show at once, in place of the one before."),
            N_("The producer sees your name and the time beside the decision."),
        ),
        N_("Approve and publish"),
        N_("%(name)s is approved and on show."),
    ),
    "chi-duyet": Act(
        N_("Approve %(name)s without putting it on show yet?"),
        (
            N_("The version you have read counts as approved."),
            N_("What is on show stays as it is until somebody of the office publishes it."),
        ),
        N_("Approve only"),
        N_("%(name)s is approved. It is not on show yet."),
    ),
    "tra-lai": Act(
        N_("Send %(name)s back to its producer?"),
        (N_("What is on show stays as it is."), N_("The producer reads your reason, mends it and submits it again.")),
        N_("Send back"),
        N_("%(name)s was sent back to its producer."),
        takes_reason=True,
    ),
    "cong-bo": Act(
        N_("Publish %(name)s?"),
        (N_("The approved version goes on show at once, in place of the one before."),),
        N_("Publish"),
        N_("%(name)s is on show."),
    ),
    "rut": Act(
        N_("Withdraw %(name)s from the shop?"),
        (
            N_("Its page leaves the shop at once; a version that waits for a decision waits no longer."),
            N_("Batches that were made keep their pages, so that what was sold stays traceable."),
            N_("The producer reads your reason and cannot bring it back without the office."),
        ),
        N_("Withdraw the product"),
        N_("%(name)s was withdrawn."),
        takes_reason=True,
    ),
    "mo-lai": Act(
        N_("Bring %(name)s back?"),
        (N_("The version that was approved last goes on show again at once."),),
        N_("Bring it back"),
        N_("%(name)s is back."),
    ),
}


# --- The queue --------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.APPROVE_PRODUCTS)
def index() -> str | Response:
    """List the products that wait for the office, the longest waiting first."""
    as_file = listing.asks_for_csv()
    order = listing.order_asked(queries.SORTS, "saved")
    found = queries.list_products(
        current_actor(),
        today=clock.business_date(clock.now()),
        words=request.args.get("q", "").strip(),
        statuses=WAITING,
        sort=order[0],
        descending=order[1],
        page=listing.page_asked(),
        per_page=None if as_file else queries.PER_PAGE,
    )
    if as_file:
        return as_csv(found.rows)
    columns = [
        listing.heading(gettext("Product"), "name", order),
        listing.heading(gettext("Producer"), "producer", order),
        listing.heading(gettext("Status"), "status", order),
        listing.heading(gettext("Last saved"), "saved", order),
    ]
    return render_template(
        "admin/product_approval/index.html", found=found, columns=columns, words=request.args.get("q", "").strip()
    )


# --- What has changed -------------------------------------------------------------------------------------


@blueprint.get("/<int:product_id>")
@requires(Permission.APPROVE_PRODUCTS)
def show(product_id: int) -> str:
    """Lay what was submitted beside what is on show, and offer what may be decided now."""
    return _page(queries.get_product(current_actor(), product_id), None)


def _page(product: Product, form: AlcoholForm | None) -> str:
    new = _version_to_read(product)
    old = product.published_version if product.published_version_id not in (None, new.id) else None
    versions = [new] if old is None else [old, new]
    ids = [version.id for version in versions]
    items, photos = queries.items_offered(ids), queries.photos_of_versions(ids)
    prices = queries.prices_on(
        (item.id for offered in items.values() for item in offered), clock.business_date(clock.now())
    )
    return render_template(
        "admin/product_approval/show.html",
        product=product,
        version=new,
        old=old,
        rows=_differences(old, new, items, prices),
        photos={version.id: photos[version.id] for version in versions},
        pictures=media.pictures(photo.digest for rows in photos.values() for photo in rows),
        photos_changed=old is not None and _photo_key(photos[old.id]) != _photo_key(photos[new.id]),
        missing=publishing.missing_fields(product, new),
        acts=_acts_for(product),
        all_acts=ACTS,
        history=queries.reviews(product.id),
        decisions=DECISIONS,
        is_alcohol=alcohol.is_alcohol(product),
        is_alcohol_by_kind=product.criteria_set_no in alcohol.ALCOHOL_SETS,
        may_be_ordered=alcohol.ordering_allowed(product),
        form=form
        or AlcoholForm(data={"licence": product.producer.alcohol_licence, "is_alcohol": alcohol.is_alcohol(product)}),
    )


def _version_to_read(product: Product) -> ProductVersion:
    """Choose what the office reads: what waits, else what is on show, else the draft."""
    by_status = {
        ProductStatus.SUBMITTED: product.submitted_version_id,
        ProductStatus.RETURNED: product.submitted_version_id,
        ProductStatus.APPROVED: product.approved_version_id,
        ProductStatus.WITHDRAWN: product.approved_version_id,
    }
    version_id = by_status.get(product.status) or product.published_version_id or product.draft_version_id
    return queries.get_version(product, version_id or 0)


def _acts_for(product: Product) -> list[str]:
    if product.status is ProductStatus.SUBMITTED:
        acts = ["duyet", "chi-duyet", "tra-lai"]
    elif product.status is ProductStatus.APPROVED:
        acts = ["cong-bo"]
    elif product.status is ProductStatus.WITHDRAWN:
        return ["mo-lai"] if product.approved_version_id is not None else []
    else:
        acts = []
    return [*acts, "rut"] if product.published_version_id is not None else acts


@dataclass(frozen=True)
class Difference:
    """One thing a version says, as it stands on show and as it was submitted."""

    name: str
    old: Markup | str
    new: Markup | str
    changed: bool


def _differences(
    old: ProductVersion | None, new: ProductVersion, items: dict[int, list[TradeItem]], prices: dict[int, int]
) -> list[Difference]:
    holds = contents_of(item.id for offered in items.values() for item in offered if item.is_set)

    def values(version: ProductVersion) -> dict[str, str]:
        said = {
            gettext("Name in Vietnamese"): version.name_vi,
            gettext("Name in English"): version.name_en,
            gettext("Commune"): unit(version.commune.full_name),
            gettext("Village or hamlet"): version.village,
            gettext("One sentence about it"): version.summary_vi,
            gettext("One sentence, in English"): version.summary_en,
            gettext("Its story"): version.story_vi,
            gettext("Its story, in English"): version.story_en,
            gettext("Brand or trade mark"): version.brand,
            gettext("Standards it is made to"): version.standards,
        }
        kind = labels.kind(new.label_kind)
        for field in kind.product_fields:
            name = field.name_en if in_english() else field.name_vi
            texts = version.label.get(field.key, {})
            said[name] = texts.get("vi", "")
            if texts.get("en"):
                said[gettext("%(name)s, in English", name=name)] = texts["en"]
        said[gettext("Sizes and prices")] = "\n".join(_item_line(item, prices, holds) for item in items[version.id])
        return said

    after = values(new)
    before = values(old) if old is not None else {}
    rows = []
    for name in dict.fromkeys([*before, *after]):
        was, is_now = before.get(name, ""), after.get(name, "")
        if not was and not is_now:
            continue
        changed = old is not None and was != is_now
        shown = _marked(was, is_now) if changed else (_lines(was), _lines(is_now))
        rows.append(Difference(name, shown[0], shown[1], changed))
    return rows


def _item_line(item: TradeItem, prices: dict[int, int], holds: dict[int, Contents]) -> str:
    price = f"{prices[item.id]:,} ₫".replace(",", ".") if item.id in prices else gettext("No price yet")
    said = [item.name_vi, price]
    if item.id in holds:
        said.append(gettext("In it: %(goods)s", goods=holds[item.id].vi))
    if item.by_weight:
        said.append(gettext("by weight, %(least)s or more", least=quantity(item.least * item.net_content, item.unit)))
    return " – ".join([*said, *([f"GTIN {item.gtin}"] if item.gtin else [])])


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _marked(was: str, is_now: str) -> tuple[Markup, Markup]:
    """Mark the words that went and those that came."""
    if len(was) + len(is_now) > MOST_COMPARED:
        return _lines(was), _lines(is_now)
    before, after = re.findall(r"\s+|\S+", was), re.findall(r"\s+|\S+", is_now)
    left, right = Markup(), Markup()
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        went, came = "".join(before[a:b]), "".join(after[c:d])
        left += _lines(went) if tag == "equal" or not went else Markup("<del>{}</del>").format(_lines(went))
        right += _lines(came) if tag == "equal" or not came else Markup("<ins>{}</ins>").format(_lines(came))
    return left, right


def _photo_key(photos: Sequence[Any]) -> list[tuple[str, str, str]]:
    return [(photo.digest, photo.alt_vi, photo.alt_en) for photo in photos]


# --- Decisions --------------------------------------------------------------------------------------------


@blueprint.route(
    "/<int:product_id>/<any('duyet','chi-duyet','tra-lai','cong-bo','rut','mo-lai'):act>", methods=["GET", "POST"]
)
@requires(Permission.APPROVE_PRODUCTS)
def decide(product_id: int, act: str) -> str | Answer | tuple[str, int]:
    """Ask, naming the product, and do it; of two who decide at once the second is told."""
    product = queries.get_product(current_actor(), product_id)
    version = _version_to_read(product)
    asked = ACTS[act]
    form = ReasonForm() if asked.takes_reason else DecisionForm()
    if request.method == "GET":
        form.version_id.data = str(version.id)
    if form.validate_on_submit():
        try:
            with transaction():
                _do(act, product, _number(form.version_id.data), form)
        except publishing.MissingFields as refusal:
            flash(gettext("It cannot be shown: compulsory things are missing."), "bad")
            del refusal
            return redirect(url_for("product_approval.show", product_id=product_id), 303)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext(asked.done, name=version.name_vi), "good")
            return redirect(url_for("product_approval.index"), 303)
    page = render_template(
        "admin/product_approval/decide.html",
        form=form,
        product=product,
        version=version,
        title=gettext(asked.title, name=version.name_en if in_english() and version.name_en else version.name_vi),
        consequences=[gettext(sentence) for sentence in asked.consequences],
        label=gettext(asked.label),
        act=act,
        takes_reason=asked.takes_reason,
        is_possible=act in _acts_for(product),
    )
    return page, answer_status(form)


def _do(act: str, product: Product, version_id: int, form: Any) -> None:
    actor, now = current_actor(), clock.now()
    verbs: dict[str, Callable[[], None]] = {
        "duyet": lambda: publishing.approve_and_publish(product, actor, version_id=version_id, now=now),
        "chi-duyet": lambda: publishing.approve(product, actor, version_id=version_id, now=now),
        "tra-lai": lambda: publishing.give_back(
            product, actor, version_id=version_id, reason=cast(str, form.reason.data), now=now
        ),
        "cong-bo": lambda: publishing.publish(product, actor, now=now),
        "rut": lambda: publishing.withdraw(product, actor, reason=cast(str, form.reason.data), now=now),
        "mo-lai": lambda: publishing.restore(product, actor, now=now),
    }
    verbs[act]()


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 12 else 0


# --- Alcohol ----------------------------------------------------------------------------------------------


@blueprint.post("/<int:product_id>/ruou")
@requires(Permission.APPROVE_PRODUCTS)
def save_alcohol(product_id: int) -> str | Answer | tuple[str, int]:
    """Put the producer's licence on record or take it off, and mark the product as alcohol or not."""
    product = queries.get_product(current_actor(), product_id)
    form = AlcoholForm()
    if form.validate_on_submit():
        try:
            with transaction():
                actor, now = current_actor(), clock.now()
                if product.criteria_set_no not in alcohol.ALCOHOL_SETS:
                    alcohol.mark(product, actor, is_alcohol=bool(form.is_alcohol.data), now=now)
                if form.licence.data:
                    alcohol.enter_licence(product.producer, actor, licence=form.licence.data, now=now)
                else:
                    alcohol.remove_licence(product.producer, actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            said = (
                gettext("Its alcohol may be ordered now.")
                if product.producer.alcohol_licence
                else gettext("No licence is on record: alcohol cannot be ordered.")
            )
            flash(said if alcohol.is_alcohol(product) else gettext("Saved."), "good")
            return redirect(url_for("product_approval.show", product_id=product_id), 303)
    return _page(product, form), answer_status(form)
