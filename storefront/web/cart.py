"""The cart: one form for all of it, so that it works without JavaScript and nothing typed is lost.

Its key is in a cookie of its own (``gio``), beside the session: signing in or out leaves the cart as it is. A second
cookie (``gio-so``) only tells the shared pages how many packs to show beside the word.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from accounts.web.forms import words_of
from accounts.web.guard import current_person, public
from accounts.web.limits import limiter
from kernel import amounts, clock, media
from kernel.db import transaction
from kernel.errors import Conflict, DomainError, NotAllowed, NotFound
from kernel.text import one_line
from storefront import cart as carts
from storefront import purchase_queries, queries
from storefront.offers import offers
from storefront.order_models import Cart
from storefront.web.origin import check_own, unkept
from storefront.web.words import language, much, said, times

blueprint = Blueprint("cart", __name__, url_prefix="/gio-hang")

COOKIE, COUNT_COOKIE = "gio", "gio-so"
KEPT_SECONDS = 90 * 86_400
MANY = limiter.shared_limit("60 per minute", scope="cart", methods=["POST"])


@dataclass
class Typed:
    """What was typed into the cart's form, and what is wrong with it."""

    quantities: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    days: str | None = None
    wrong: dict[str, str] = field(default_factory=dict)  #: "so-7" or "loi-nhan-3" → a sentence
    problem: str | None = None
    adding: tuple[int, str] | None = None  #: what was to be put into it, with how much was typed
    status: int = 200

    def refuse(self, refusal: DomainError, name: str | None = None) -> None:
        """Put a refusal beside its field, or on top."""
        if isinstance(refusal, NotFound | NotAllowed):
            raise refusal
        if name is None:
            self.problem = words_of(refusal)
        else:
            self.wrong[name] = words_of(refusal)
        self.status = max(self.status, 409 if isinstance(refusal, Conflict) else 422)


def of_request() -> Cart | None:
    """Find the open cart of this browser, or the one that who is signed in left on another."""
    found = carts.find(request.cookies.get(COOKIE))
    person = current_person()
    if person is not None and (found is None or found.user_id != person.id):
        with transaction():
            taken = carts.take_over(carts.find(request.cookies.get(COOKIE)), person.id, now=clock.now())
        _tell(taken)
        found = taken.cart
    return found


def _tell(taken: carts.TakenOver) -> None:
    """Say what the cart of the account changed in the one at hand."""
    if taken.cart is None:
        return
    seen = carts.view(taken.cart, clock.now())
    names = {group.producer_id: said(group, "producer") for group in seen.groups}
    brought = [line for line in seen.lines if line.offer.item_id in taken.items]
    if brought:
        goods = "; ".join(f"{times(line)} {said(line.offer, 'full')}" for line in brought)
        flash(
            gettext(
                "Your account's cart had goods too. With them, you buy now: %(goods)s. Please look at the sum.",
                goods=goods,
            )
        )
    if taken.keeps_longer:
        flash(
            gettext(
                "As you asked in your account's cart, all goods are to keep at least %(days)s days.", days=seen.min_days
            )
        )
    for producer_id, words in taken.notes.items():
        if producer_id in names:
            flash(gettext("Your words to %(producer)s: “%(words)s”", producer=names[producer_id], words=words))
    for producer_id, words in taken.left_out.items():
        flash(
            gettext(
                "There was no room for your earlier words to %(producer)s: “%(words)s”",
                producer=said(taken.producers[producer_id], "name"),
                words=words,
            )
        )


@blueprint.get("")
@public
def show() -> Response:
    """Show the cart."""
    return _page(Typed())


@blueprint.post("/them")
@public
@MANY
def add() -> Response:
    """Put goods into the cart from a product's page, which is a shared copy: its form carries no token."""
    check_own()
    item, quantity = request.form.get("item", ""), one_line(request.form.get("quantity", "1"))
    typed = Typed()
    try:
        if not _is_number(item):
            raise carts.NotForSale()
        before = of_request()
        with transaction():
            now = clock.now()
            packs = _packs(quantity, carts.step_of(int(item)))
            cart = before or carts.start(now)
            carts.put(cart, int(item), packs, now=now, shown_vnd=_shown_vnd())
            count = carts.count(cart)
    except DomainError as refusal:
        typed.refuse(refusal)
        if _is_number(item) and refusal.field == "quantity":
            typed.adding = int(item), quantity[:12]
        return _page(typed)
    if request.form.get("act") == "order":
        return remember(redirect(url_for("checkout.show"), 303), cart, count)
    flash(gettext("It is in your cart."), "good")
    return remember(redirect(url_for("cart.show"), 303), cart, count)


def _shown_vnd() -> int | None:
    """Read the price on the page that the goods come from: the page may be older than the price."""
    text = request.form.get("shown_vnd", "")
    return int(text) if _is_number(text) and int(text) else None


@blueprint.post("")
@public
@MANY
def change() -> Response:
    """Keep what was typed, then do what the pressed button says."""
    cart = of_request()
    if cart is None:
        return redirect(url_for("cart.show"), 303)
    typed, act = _typed(), request.form.get("act", "")
    verb, _, key = act.partition(":")
    item = int(key) if _is_number(key) else 0
    now = clock.now()
    if verb in ("remove", "later", "back"):
        typed.quantities.pop(item, None)
    _save(cart, typed)
    try:
        with transaction():
            if verb == "remove":
                carts.change(cart, item, 0, now=now)
            elif verb in ("later", "back"):
                carts.put_aside(cart, item, later=verb == "later", now=now)
            elif verb == "agree":
                carts.agree(cart, now=now)
    except DomainError as refusal:
        typed.refuse(refusal)
    if typed.status != 200:
        return _page(typed)
    if verb == "order":
        return remember(redirect(url_for("checkout.show"), 303), cart)
    return remember(redirect(url_for("cart.show"), 303), cart)


def remember(answer: Response, cart: Cart | None, count: int | None = None) -> Response:
    """Let the browser keep the cart's key, and how many packs are in it (``count``, if that is known)."""
    options = {
        "max_age": KEPT_SECONDS,
        "path": "/",
        "samesite": "Lax",
        "secure": current_app.config["SESSION_COOKIE_SECURE"],
    }
    if cart is None:
        answer.delete_cookie(COOKIE)
        answer.delete_cookie(COUNT_COOKIE)
        return answer
    answer.set_cookie(COOKIE, cart.token, httponly=True, **options)
    answer.set_cookie(COUNT_COOKIE, str(carts.count(cart) if count is None else count), **options)
    return answer


def _save(cart: Cart, typed: Typed) -> None:
    """Keep quantities and notes, each by itself: one that is wrong loses no other."""
    now = clock.now()
    seen = {line.offer.item_id: line for line in carts.view(cart, now).lines}
    for item, words in typed.quantities.items():
        if item not in seen or words == one_line(much(seen[item])):
            continue
        try:
            packs = 0 if words == "0" else _packs(words, seen[item].step_g)
            with transaction():
                carts.change(cart, item, packs, now=now)
        except DomainError as refusal:
            typed.refuse(refusal, f"so-{item}")
    if typed.days is not None and typed.days != str(cart.min_days):
        try:
            with transaction():
                carts.ask_to_keep(cart, int(typed.days) if _is_number(typed.days) else -1, now=now)
        except DomainError as refusal:
            typed.refuse(refusal, "con-han")
    for producer, words in typed.notes.items():
        try:
            with transaction():
                carts.write_note(cart, producer, words, now=now)
        except carts.NoSuchLine:  # their goods were taken out in another tab: there is nobody left to say it to
            continue
        except DomainError as refusal:
            typed.refuse(refusal, f"loi-nhan-{producer}")


def _typed() -> Typed:
    typed = Typed(days=request.form.get("con-han"))
    for name, words in request.form.items():
        kind, _, key = name.rpartition("-")
        if not _is_number(key):
            continue
        if kind == "so":
            typed.quantities[int(key)] = one_line(words)[:12]
        elif kind == "loi-nhan":
            typed.notes[int(key)] = words[:2_000]
    return typed


def _packs(words: str, step_g: int | None) -> int:
    """Read how many packs were typed, or how many steps a weight is."""
    if step_g is not None:
        return amounts.steps(amounts.grams(words), step_g, language=language())
    if not _is_number(words):
        raise carts.BadQuantity()
    return int(words)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _page(typed: Typed) -> Response:
    cart = of_request()
    seen = carts.view(cart, clock.now())
    photos = queries.first_photos([line.offer.version_id for line in (*seen.lines, *seen.aside)])
    pictures = media.pictures([photo.digest for photo in photos.values()])
    page = render_template(
        "storefront/cart/show.html",
        cart=seen,
        keeps=carts.KEEPS,
        typed=typed,
        adding=offers([typed.adding[0]], clock.now()).get(typed.adding[0]) if typed.adding else None,
        photos={version: pictures.get(photo.digest) for version, photo in photos.items()},
        placed=purchase_queries.placed_with(request.cookies.get(COOKIE)) if cart is None else None,
    )
    answer = unkept(page, typed.status)
    return remember(answer, cart, seen.count) if cart is not None else answer
