"""One's own account as a buyer: orders, addresses, wishes, consents, taking one's data along, and the end of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, PasswordField
from wtforms.validators import DataRequired

from accounts import email_links, oneself, passwords
from accounts.models import User
from accounts.signing_in import phone_as_written
from accounts.web.forms import BaseForm, answer_status, choice, line, phone_field, show_refusal
from accounts.web.guard import current_actor, current_person, signed_in
from accounts.web.limits import guesses, letters
from accounts.web.login import enter, leave
from catalog.models import Product
from kernel import addresses, clock
from kernel.db import db, transaction
from kernel.errors import N_, DomainError, InvalidInput
from kernel.models import AdministrativeUnit
from storefront import after_queries, buyers, queries, return_rules, stock_notices, taking_along
from storefront.web.browse import cards

blueprint = Blueprint("buyer_account", __name__, url_prefix="/tai-khoan")


class Act(BaseForm):
    """Nothing but the act itself."""


class ProfileForm(BaseForm):
    """One's name and language."""

    name = line(lazy_gettext("Your name"), longest=120)
    language = choice(lazy_gettext("Language of letters to you"), {"vi": "Tiếng Việt", "en": "English"})


class PasswordForm(BaseForm):
    """The present password, and the new one."""

    present = PasswordField(lazy_gettext("Present password"), [DataRequired()])
    password = PasswordField(lazy_gettext("New password"), [DataRequired()])


class AddressForm(BaseForm):
    """Where parcels go."""

    name = line(lazy_gettext("Name of who receives it"), longest=120)
    phone = phone_field(lazy_gettext("Telephone number"), required=True)
    street = line(lazy_gettext("House number, street or hamlet"), longest=200)
    place = line(lazy_gettext("Commune and province"), longest=120)
    agrees = BooleanField(lazy_gettext("Keep this address in my account for next time."))


class DeleteForm(BaseForm):
    """The present password: nobody else deletes an account at a browser left open."""

    present = PasswordField(lazy_gettext("Present password"), [DataRequired()])


@blueprint.get("")
@signed_in
def show() -> str:
    """Show one's orders, the latest first, and what else the account holds."""
    person = _person()
    return render_template(
        "storefront/account/show.html",
        person=person,
        purchases=after_queries.purchases_of(person.id),
        is_proved=email_links.is_proved(person),
        works_here=bool(current_actor().permissions),
    )


@blueprint.route("/ho-so", methods=["GET", "POST"])
@signed_in
def profile() -> tuple[str, int] | Answer:
    """Change one's name and the language of letters."""
    person = _person()
    form = ProfileForm(data={"name": person.name, "language": person.language})
    if form.validate_on_submit():
        with transaction():
            oneself.change(current_actor(), person, name=form.name.data, language=form.language.data, now=clock.now())
        flash(gettext("Your account is saved."), "good")
        return redirect(url_for("buyer_account.show", lang=form.language.data), 303)
    return render_template("storefront/account/profile.html", form=form, person=person), answer_status(form)


@blueprint.route("/mat-khau", methods=["GET", "POST"])
@signed_in
@guesses
def change_password() -> tuple[str, int] | Answer:
    """Choose a new password, knowing the present one. Sessions elsewhere end; this one goes on."""
    person = _person()
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            made = oneself.new_password(person, form.present.data, form.password.data)
            with transaction():
                oneself.change_password(current_actor(), person, made, now=clock.now())
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            enter(person)
            flash(gettext("Your new password stands. Everywhere else you are signed out."), "good")
            return redirect(url_for("buyer_account.show"), 303)
    return render_template("storefront/account/password.html", form=form), answer_status(form)


# --- Orders of one's e-mail ---------------------------------------------------------------------------


@blueprint.post("/tim-don")
@signed_in
@letters
def find_orders() -> Answer:
    """Look for orders made without signing in, with one's address: by a letter first, where it is not proved."""
    person, now = _person(), clock.now()
    if Act().validate_on_submit():
        try:
            with transaction():
                if email_links.is_proved(person):
                    found = buyers.claim(person, now=now)
                    words = gettext("Orders found and put into your account: %(count)s.", count=found)
                else:
                    buyers.ask_for_proof(person, now=now)
                    words = gettext("We have written to %(email)s. Open the link in the letter.", email=person.email)
        except DomainError as refusal:
            flash(gettext(refusal.message), "bad")
        else:
            flash(words, "good")
    return redirect(url_for("buyer_account.show"), 303)


@blueprint.route("/thu/<token>", methods=["GET", "POST"])
@signed_in
def prove(token: str) -> str | Answer:
    """Prove one's address by the link of a letter; the orders of it come into the account."""
    person, now = _person(), clock.now()
    link = email_links.find(token, now=now)
    if link.user_id != person.id:
        raise buyers.AnotherAccount()
    if Act().validate_on_submit():
        with transaction():
            found = buyers.prove(person, token, now=now)
        flash(
            gettext("Your e-mail is confirmed. Orders found and put into your account: %(count)s.", count=found), "good"
        )
        return redirect(url_for("buyer_account.show"), 303)
    return render_template("storefront/account/prove.html", email=link.email, token=token)


# --- Addresses ----------------------------------------------------------------------------------------


@blueprint.route("/dia-chi", methods=["GET", "POST"])
@signed_in
def addresses_kept() -> tuple[str, int] | Answer:
    """List the addresses kept for next time, and take a new one."""
    person, now = _person(), clock.now()
    form = AddressForm()
    if form.validate_on_submit():
        try:
            commune = _commune(form.place.data)
            if not form.agrees.data:
                raise _NeedsYes()
            with transaction():
                buyers.keep_address(
                    person.id,
                    name=form.name.data,
                    phone=form.phone.data or "",
                    line=form.street.data,
                    commune_code=commune.code,
                    commune_valid_from=commune.valid_from,
                    privacy_text_id=queries.text_in_force("bao-mat").id,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The address is kept."), "good")
            return redirect(url_for("buyer_account.addresses_kept"), 303)
    kept = [(row, phone_as_written(row.phone)) for row in buyers.addresses_of(person.id)]
    return render_template("storefront/account/addresses.html", form=form, kept=kept), answer_status(form)


@blueprint.post("/dia-chi/<int:address_id>/bo")
@signed_in
def drop_address(address_id: int) -> Answer:
    """Forget an address."""
    person = _person()
    if Act().validate_on_submit():
        with transaction():
            buyers.drop_address(person.id, address_id)
        flash(gettext("The address is forgotten."), "good")
    return redirect(url_for("buyer_account.addresses_kept"), 303)


# --- Wishes -------------------------------------------------------------------------------------------


@blueprint.get("/muon-mua")
@signed_in
def wishes() -> str:
    """List the products one wants to remember, the latest first."""
    rows = {row.product_id: row for row in queries.shelf(clock.business_date(clock.now())).rows}
    wanted = after_queries.wishes_of(_person().id)
    shown = [rows[product_id] for product_id in wanted if product_id in rows]
    return render_template(
        "storefront/account/wishes.html",
        wishes=list(zip(shown, cards(shown), strict=True)),
        gone=[product_id for product_id in wanted if product_id not in rows],
    )


@blueprint.route("/muon-mua/them/<slug>", methods=["GET", "POST"])
@signed_in
def wish(slug: str) -> str | Answer:
    """Put a product on the list: a page with the one button, for product pages are the same for everybody."""
    row = queries.shelf(clock.business_date(clock.now())).by_slug.get(slug)
    if row is None:
        raise queries.NoSuchProduct()
    if Act().validate_on_submit():
        try:
            with transaction():
                buyers.wish(_person().id, db.session.get_one(Product, row.product_id), now=clock.now())
        except DomainError as refusal:
            flash(gettext(refusal.message, **refusal.facts), "bad")
        else:
            flash(gettext("The product is on your list."), "good")
        return redirect(url_for("buyer_account.wishes"), 303)
    return render_template("storefront/account/wish.html", row=row, card=cards([row])[0])


@blueprint.post("/muon-mua/<int:product_id>/bo")
@signed_in
def unwish(product_id: int) -> Answer:
    """Take a product off the list."""
    person = _person()
    if Act().validate_on_submit():
        with transaction():
            buyers.unwish(person.id, product_id)
    return redirect(url_for("buyer_account.wishes"), 303)


# --- One's data ---------------------------------------------------------------------------------------


@blueprint.get("/du-lieu")
@signed_in
def data() -> tuple[str, int]:
    """Show what one agreed to and what is kept; take it along, withdraw, delete."""
    return _data_page(DeleteForm(formdata=None))


@blueprint.post("/du-lieu/tai-ve")
@signed_in
@letters
def take_data() -> Answer:
    """Give all that is kept of one as a file."""
    person, now = _person(), clock.now()
    if not Act().validate_on_submit():
        return redirect(url_for("buyer_account.data"), 303)
    with transaction():
        packed = taking_along.take(person, now=now)
    answer = Answer(packed, mimetype="application/zip")
    day = clock.business_date(now).isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="du-lieu-cua-toi-{day}.zip"'
    return answer


@blueprint.post("/du-lieu/rut-dia-chi")
@signed_in
def withdraw_addresses() -> Answer:
    """Take back the consent to keep addresses."""
    person = _person()
    if Act().validate_on_submit():
        with transaction():
            buyers.withdraw_addresses(person.id, now=clock.now())
        flash(gettext("All addresses are forgotten; none is kept until you ask for it again."), "good")
    return redirect(url_for("buyer_account.data"), 303)


@blueprint.post("/du-lieu/xoa")
@signed_in
@guesses
def delete() -> tuple[str, int] | Answer:
    """Delete the account, knowing its password."""
    person, now = _person(), clock.now()
    form = DeleteForm()
    if form.validate_on_submit():
        try:
            if not passwords.matches(person.password, form.present.data):
                raise oneself.WrongPassword()
            with transaction():
                waiting = buyers.delete_account(person, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            leave()
            return Answer(render_template("storefront/account/deleted.html", waiting=waiting), mimetype="text/html")
    return _data_page(form)


def _data_page(form: DeleteForm) -> tuple[str, int]:
    person = _person()
    page = render_template(
        "storefront/account/data.html",
        form=form,
        person=person,
        consents=after_queries.consents_of(person.id),
        bought=after_queries.purchase_consents_of(person.id),
        notices=stock_notices.of_email(person.email) if person.email and email_links.is_proved(person) else [],
        addresses=len(buyers.addresses_of(person.id)),
        days=buyers.CONTACT_KEPT.days,
        return_days=return_rules.RETURN_DAYS,
        not_as_said_days=return_rules.NOT_AS_SAID_DAYS,
    )
    return page, answer_status(form)


class _NeedsYes(InvalidInput):
    message = N_("Please tick this if the address is to be kept.")
    field = "agrees"


class _NoCommune(InvalidInput):
    message = N_("No commune of this name is known. For example: xã Ba Động, Quảng Ngãi.")
    field = "place"


class _SeveralCommunes(InvalidInput):
    message = N_("Several communes can be meant: %(names)s. Please write one of them with its province.")
    field = "place"


def _commune(text: str) -> AdministrativeUnit:
    """Understand a commune of today, or one of before 2025."""
    found = addresses.understand(text, clock.business_date(clock.now()))
    known = [
        unit
        for unit in (db.session.get(AdministrativeUnit, (one.code, one.valid_from)) for one in found[:6])
        if unit is not None
    ]
    if not known:
        raise _NoCommune()
    if len(known) > 1:
        provinces = dict(
            db.session.execute(
                select(AdministrativeUnit.code, AdministrativeUnit.name_vi).where(
                    AdministrativeUnit.code.in_([unit.parent_code for unit in known])
                )
            ).all()
        )
        names = [f"{unit.full_name}, {provinces.get(unit.parent_code or '', '')}" for unit in known]
        raise _SeveralCommunes(names="; ".join(names))
    return known[0]


def _person() -> User:
    person = current_person()
    if person is None:  # the guard let somebody in, so there is one
        raise queries.NoSuchText()
    return person
