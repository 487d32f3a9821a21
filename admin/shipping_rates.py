"""Shipping rates: what it costs to bring a parcel to the same commune, the same province, the rest of the country."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField
from wtforms.validators import InputRequired, Optional, ValidationError

from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.forms import BaseForm, MoneyField, QuantityField, answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from admin.saying import quantity
from catalog.models import Unit
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, DomainError, NotFound
from storefront import shipping
from storefront.order_models import ShippingRate

blueprint = Blueprint("shipping_rates", __name__, url_prefix="/quan-tri/phi-giao-hang")

ZONES = {
    "commune": N_("In the same commune"),
    "province": N_("In the same province"),
    "country": N_("In the rest of the country"),
}


class NoSuchZone(NotFound):
    message = N_("There is no such zone.")


class RateForm(BaseForm):
    """A rate for a zone."""

    is_served = BooleanField(lazy_gettext("We bring parcels there"), default=True)
    base_vnd = MoneyField(lazy_gettext("Price of a parcel"), [InputRequired()], least=0, most=shipping.MOST_VND)
    base_g = QuantityField(lazy_gettext("Up to this weight (kg)"), [InputRequired()], unit="kg", most=100_000)
    step_vnd = MoneyField(lazy_gettext("For each further step"), [InputRequired()], least=0, most=shipping.MOST_VND)
    step_g = QuantityField(lazy_gettext("A step is (kg)"), [InputRequired()], unit="kg", most=100_000)
    free_above_vnd = MoneyField(
        lazy_gettext("Free above this amount of goods"),
        [Optional()],
        least=0,
        description=lazy_gettext("Leave it empty if it is never free."),
    )
    days_from = QuantityField(lazy_gettext("At least how many days"), [InputRequired()], least=0, most=60)
    days_to = QuantityField(lazy_gettext("At most how many days"), [InputRequired()], least=0, most=60)

    def validate_days_to(self, field: QuantityField) -> None:
        """Keep the days in their order."""
        if self.days_from.data is not None and field.data is not None and field.data < self.days_from.data:
            raise ValidationError(gettext("This is less than the least number of days."))


@blueprint.get("")
@requires(Permission.SET_SHIPPING_RATES)
def index() -> str:
    """Show the rates in force, one's own and those of the office where one has none."""
    organisation = _own()
    office = shipping.house()
    known = shipping.rates([organisation.id, *([office] if office is not None else [])])
    zones = []
    for zone, label in ZONES.items():
        own = known.get((organisation.id, zone))
        row = own or (known.get((office, zone)) if office is not None else None)
        zones.append({"key": zone, "label": label, "row": row, "is_own": own is not None})
    return render_template(
        "admin/shipping_rates/index.html", zones=zones, is_house=organisation.id == office, kilograms=kilograms
    )


@blueprint.route("/<zone>", methods=["GET", "POST"])
@requires(Permission.SET_SHIPPING_RATES)
def edit(zone: str) -> tuple[str, int] | Answer:
    """Set the rate of a zone; orders placed before keep theirs."""
    if zone not in ZONES:
        raise NoSuchZone()
    organisation = _own()
    office = shipping.house()
    known = shipping.rates([organisation.id, *([office] if office is not None else [])])
    row = known.get((organisation.id, zone)) or (known.get((office, zone)) if office is not None else None)
    form = RateForm(obj=row) if row is not None else RateForm(data={"base_g": 1000, "step_g": 500})
    if form.validate_on_submit():
        try:
            with transaction():
                _set(form, zone)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The rate is in force for new orders."), "good")
            return redirect(url_for("shipping_rates.index"), 303)
    page = render_template(
        "admin/shipping_rates/edit.html",
        form=form,
        zone=ZONES[zone],
        examples=_examples(row) if not form.errors else [],
    )
    return page, answer_status(form)


def _set(form: RateForm, zone: str) -> None:
    shipping.set_rate(
        _own(),
        zone,
        shipping.Rate(
            base_g=form.base_g.data or 0,
            base_vnd=form.base_vnd.data or 0,
            step_g=form.step_g.data or 0,
            step_vnd=form.step_vnd.data or 0,
            free_above_vnd=form.free_above_vnd.data,
        ),
        days=(form.days_from.data or 0, form.days_to.data or 0),
        is_served=bool(form.is_served.data),
        actor=current_actor(),
        now=clock.now(),
    )


def _own() -> Organisation:
    return db.session.get_one(Organisation, current_actor().organisation_id)


def _examples(row: ShippingRate | None) -> list[tuple[str, int]]:
    """Price parcels of three weights by a rate, so that one sees what it means."""
    if row is None:
        return []
    rate = shipping.Rate(row.base_g, row.base_vnd, row.step_g, row.step_vnd)
    return [(kilograms(weight), shipping.price(rate, weight, 0)) for weight in (500, 2_000, 5_000)]


def kilograms(grams: int) -> str:
    """Write a weight: "1,5 kg"."""
    return quantity(grams, Unit.GRAM)
