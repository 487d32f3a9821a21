"""The forms of the product screens: text in, plain values out. The rules are the verbs'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from accounts.web.forms import (
    BaseForm,
    DayField,
    MoneyField,
    QuantityField,
    RequestKey,
    choice,
    choices_of,
    line,
    paragraphs,
    set_choices,
)
from admin.saying import quantity, said, unit, vat_words
from catalog import editing, labels, publishing, sets
from catalog.alcohol import LONGEST_LICENCE
from catalog.models import ProductVersion
from catalog.queries import Choice
from kernel.errors import N_
from kernel.models import AdministrativeUnit

#: Units people type net contents in: value → msgid.
UNITS = {
    "g": N_("grams (g)"),
    "kg": N_("kilograms (kg)"),
    "ml": N_("millilitres (ml)"),
    "l": N_("litres (l)"),
    "piece": N_("pieces"),
}
#: The base unit that each of them counts.
BASE_UNIT = {"g": "g", "kg": "g", "ml": "ml", "l": "ml", "piece": "piece"}


class OriginForm(BaseForm):
    """What it is and where from: the first step."""

    name_vi = line(
        lazy_gettext("Name of the product"),
        longest=editing.LENGTHS["name_vi"],
        description=lazy_gettext("As it stands on the pack, without its weight. For example: “Gạo rẫy Ba Tô”."),
    )
    name_en = line(lazy_gettext("Name in English"), longest=editing.LENGTHS["name_en"], required=False)
    subgroup = choice(lazy_gettext("Kind of product"))
    commune = choice(lazy_gettext("Commune it comes from"))
    village = line(
        lazy_gettext("Village or hamlet"),
        longest=editing.LENGTHS["village"],
        required=False,
        description=lazy_gettext("For example: “Làng Teng”."),
    )
    request_key = RequestKey()

    def offer(self, subgroups: list[Choice], communes: list[AdministrativeUnit], in_english: bool) -> None:
        """Say what can be chosen: sub-groups under their industry, communes with their kind."""
        self.subgroup.choices = _by_industry(subgroups, in_english)
        set_choices(
            self.commune, {row.code: unit(row.full_name) for row in communes}, empty=gettext("Choose a commune")
        )


def _by_industry(subgroups: list[Choice], in_english: bool) -> Any:
    empty = SelectChoice(value="", label=gettext("Choose a kind"))
    return [
        empty,
        *(
            SelectChoice(
                value=str(row.criteria_set_no),
                label=row.name_en if in_english and row.name_en else row.name_vi,
                optgroup=row.industry_en if in_english and row.industry_en else row.industry_vi,
            )
            for row in subgroups
        ),
    ]


class WordsForm(BaseForm):
    """What is told of it: the second step."""

    summary_vi = StringField(
        lazy_gettext("One sentence about it"),
        [Length(max=editing.LENGTHS["summary_vi"])],
        description=lazy_gettext("Stands under the name in the shop: what it is, and what is special about it."),
    )
    story_vi = paragraphs(
        lazy_gettext("Its story"),
        longest=editing.LONGEST_STORY,
        description=lazy_gettext(
            "A few sentences, as you would tell a guest: who makes it, how, since when, with what from here."
        ),
    )
    brand = line(lazy_gettext("Brand or trade mark"), longest=editing.LENGTHS["brand"], required=False)
    standards = line(
        lazy_gettext("Standards it is made to"),
        longest=editing.LENGTHS["standards"],
        required=False,
        description=lazy_gettext("Number of the declaration or standard, for example “TCCS 01:2026”."),
    )
    summary_en = StringField(lazy_gettext("One sentence, in English"), [Length(max=editing.LENGTHS["summary_en"])])
    story_en = paragraphs(lazy_gettext("Its story, in English"), longest=editing.LONGEST_STORY)


def label_form(draft: ProductVersion, in_english: bool) -> Any:
    """Make the form of the label fields of a version's kind, filled with what it says; and its fields in order."""
    fields = labels.fields_for(draft.label_kind)
    body: dict[str, Any] = {}
    data: dict[str, str] = {}
    for field in fields:
        said = draft.label.get(field.key, {})
        name = field.name_en if in_english else field.name_vi
        hint = field.hint_en if in_english else field.hint_vi
        bound = [Length(max=field.max_length)]
        body[f"{field.key}_vi"] = TextAreaField(name, bound, description=hint)
        body[f"{field.key}_en"] = TextAreaField(gettext("%(name)s, in English", name=name), bound)
        data[f"{field.key}_vi"], data[f"{field.key}_en"] = said.get("vi", ""), said.get("en", "")
    form = type("LabelForm", (BaseForm,), body)(data=data)
    return form, fields


class PhotoForm(BaseForm):
    """One photo, and what it shows."""

    photo = FileField(
        lazy_gettext("Photo"),
        [FileRequired(message=lazy_gettext("Please choose a photo."))],
        description=lazy_gettext("JPEG, PNG, WebP or HEIC, at most 20 MB. Where it was taken is removed from it."),
    )
    alt_vi = line(
        lazy_gettext("What the photo shows"),
        longest=editing.LONGEST_ALT,
        description=lazy_gettext(
            "Read out to people who cannot see it. For example: “Túi gạo rẫy 1 kg trên nong tre”."
        ),
    )
    alt_en = line(lazy_gettext("What it shows, in English"), longest=editing.LONGEST_ALT, required=False)


class PhotoWordsForm(BaseForm):
    """What a photo shows; another picture in its place is possible."""

    photo = FileField(
        lazy_gettext("Another picture in its place"),
        [Optional()],
        description=lazy_gettext("JPEG, PNG, WebP or HEIC, at most 20 MB. Where it was taken is removed from it."),
    )
    alt_vi = line(lazy_gettext("What the photo shows"), longest=editing.LONGEST_ALT)
    alt_en = line(lazy_gettext("What it shows, in English"), longest=editing.LONGEST_ALT, required=False)


class NamedItemForm(BaseForm):
    """What every trade item has beside its name: numbers, its name in English, whether it is a gift."""

    gtin = line(
        lazy_gettext("GTIN (number under the bar code)"),
        longest=20,
        required=False,
        description=lazy_gettext("Only if you have a number of your own from GS1. Leave it empty otherwise."),
    )
    code = line(
        lazy_gettext("Your own code"),
        longest=20,
        required=False,
        description=lazy_gettext("Made of the net content if you leave it empty, for example 500G."),
    )
    name_en = line(lazy_gettext("What is sold, in English"), longest=80, required=False)
    is_gift = BooleanField(
        lazy_gettext("Packed to be given"),
        description=lazy_gettext("A gift box or set: buyers who look for gifts find it."),
    )


class ItemForm(NamedItemForm):
    """What is priced and sold: one size of the product."""

    name_vi = line(
        lazy_gettext("What is sold"), longest=80, description=lazy_gettext("For example: “gói 500 g”, “hộp 12 cái”.")
    )
    net_content = QuantityField(
        lazy_gettext("Net content"),
        [InputRequired()],
        unit_field="unit",
        description=lazy_gettext("What is in it without the packing, as a number."),
    )
    unit = choice(lazy_gettext("Unit of the net content"))
    amount_vnd = MoneyField(
        lazy_gettext("Price, VAT included"),
        [Optional()],
        description=lazy_gettext("Holds from today. You can announce another one later."),
    )
    by_weight = BooleanField(
        lazy_gettext("Sold by weight"),
        description=lazy_gettext(
            "Buyers write how much they want, in steps of the net content. For example: net content 100 g, and they"
            " buy 500 g or 1.5 kg. Batches are counted in steps too."
        ),
    )
    least_g = QuantityField(
        lazy_gettext("The least one can buy, in grams"),
        [Optional()],
        unit="g",
        description=lazy_gettext("Only for what is sold by weight. One step if you leave it empty."),
    )

    def offer_units(self) -> None:
        """Say which units can be chosen."""
        set_choices(self.unit, {value: gettext(label) for value, label in UNITS.items()})


class SetForm(NamedItemForm):
    """A set of goods; how many of each is in it: a field for each trade item, see :func:`set_form`."""

    name_vi = line(lazy_gettext("What is sold"), longest=80, description=lazy_gettext("For example: “hộp quà 3 món”."))
    amount_vnd = MoneyField(
        lazy_gettext("Price of the set, VAT included"),
        [Optional()],
        description=lazy_gettext("Holds from today. You can announce another one later."),
    )


def set_form(choices: Sequence[sets.Choice], data: Mapping[str, Any], held: Mapping[int, int]) -> Any:
    """Make the form of a set that can be put together of some goods; and its fields: {trade item id: name}."""
    names = {one.item_id: f"part_{one.item_id}" for one in choices}
    fields = {
        names[one.item_id]: QuantityField(_packs_of(one), [Optional()], least=0, most=sets.MOST_OF_A_PART)
        for one in choices
    }
    kept = {names[item_id]: packs for item_id, packs in held.items() if item_id in names}
    form = type("SetOfGoodsForm", (SetForm,), fields)(data={**data, **kept})
    return form, names


def _packs_of(one: sets.Choice) -> str:
    return f"{said(one, 'full')} (× {quantity(one.net_content, one.unit)})" if one.by_weight else said(one, "full")


class PriceForm(BaseForm):
    """A price and its first day."""

    amount_vnd = MoneyField(lazy_gettext("New price, VAT included"), [InputRequired()])
    valid_from = DayField(lazy_gettext("First day of this price"), [InputRequired()])


NOT_STATED = "khong"


class VatForm(BaseForm):
    """The VAT that the price contains, and from when."""

    rate = RadioField(lazy_gettext("VAT in the price"), [InputRequired(lazy_gettext("Please choose."))])
    valid_from = DayField(lazy_gettext("From"), [InputRequired()])

    def offer(self, rates: Iterable[int]) -> None:
        """Fill the choices in the reader's language."""
        self.rate.choices = choices_of({NOT_STATED: vat_words(None), **{str(rate): vat_words(rate) for rate in rates}})

    def rate_bp(self) -> int | None:
        """Give the rate that was chosen; None: none is stated."""
        return None if self.rate.data == NOT_STATED else int(self.rate.data)


class SubmitForm(BaseForm):
    """Nothing but the act: the draft goes to the office."""


class ReasonForm(BaseForm):
    """Why the office sends a product back or withdraws it."""

    reason = TextAreaField(
        lazy_gettext("Reason"),
        [DataRequired(), Length(max=publishing.LONGEST_REASON)],
        description=lazy_gettext("The producer reads it: say what to mend, and where."),
    )
    version_id = HiddenField()


class DecisionForm(BaseForm):
    """An act on the version that was read."""

    version_id = HiddenField()


class AlcoholForm(BaseForm):
    """Whether it is alcohol, and the licence of its producer."""

    is_alcohol = BooleanField(lazy_gettext("This product is alcohol"))
    licence = line(
        lazy_gettext("Licence of the producer: number, date, issuer"),
        longest=LONGEST_LICENCE,
        required=False,
        description=lazy_gettext("None of its alcohol can be ordered while this is empty."),
    )


class SheetForm(BaseForm):
    """A spreadsheet of products."""

    file = FileField(
        lazy_gettext("Excel file"),
        [FileRequired(message=lazy_gettext("Please choose a file."))],
        description=lazy_gettext("The .xlsx file you downloaded here and changed, at most 5 MB and 1,000 rows."),
    )


class ApplyForm(BaseForm):
    """The file that was looked at, and what was promised of it."""

    digest = HiddenField(validators=[DataRequired()])
    promise = HiddenField(validators=[DataRequired()])
