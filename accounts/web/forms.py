"""What all forms of the house share: our words for what is wrong, tidy text, days, amounts, quantities.

A view that takes a form reads like this::

    form = WorkshopForm()
    if form.validate_on_submit():
        try:
            with transaction():
                workshops.open(…, now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("…"), "good")
            return redirect(url_for("…"), 303)
    return render_template("…", form=form), answer_status(form)

Text fields are tidied (NFC) and bounded by themselves: 200 characters on one line, 5,000 in a text area,
unless the field brings a ``Length`` of its own. What was typed stays in the field when it is refused.
"""

from __future__ import annotations

import enum
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import flask_babel
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field, FieldList, FormField, HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length, Optional, StopValidation
from wtforms.widgets import EmailInput, HiddenInput, TelInput, TextInput

from accounts import signing_in
from kernel import amounts
from kernel.errors import N_, Conflict, DomainError, NotAllowed, NotFound
from kernel.text import nfc, one_line

LONGEST_LINE = 200
LONGEST_TEXT = 5_000
#: The most an amount column holds (``ck_price_amount``): a thousand million đồng.
MOST_DONG = 1_000_000_000
MOST_BASE_UNITS = 1_000_000_000


class _Catalogue:
    """Give WTForms its sentences from our catalogue.

    Not Flask-Babel's ``gettext``: that fills in facts at once, and WTForms does so itself, later.
    """

    def gettext(self, sentence: str) -> str:
        return str(flask_babel.get_translations().ugettext(sentence))

    def ngettext(self, one: str, many: str, count: int) -> str:
        return str(flask_babel.get_translations().ungettext(one, many, count))


class BaseForm(FlaskForm):
    """The base of all forms: sentences of our own, tidy and bounded text."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> _Catalogue:
            return _Catalogue()

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field, StringField):
                _tidy_and_bound(field)
            return field

        def render_field(self, field: Any, render_kw: dict[str, Any]) -> Any:
            if type(field.widget) in _PLAIN and not field.render_kw and getattr(field, "_datalist", None) is None:
                return _written(field, render_kw)
            return super().render_field(field, render_kw)

    #: 409 when what was refused is a matter of the present state, not of what was typed.
    refusal_status = 422


_PLAIN = (TextInput, EmailInput, TelInput, HiddenInput)


def _written(field: Any, attributes: dict[str, Any]) -> Markup:
    """Write a control of one line as its widget does, without a marked-up string for each attribute: forms are long."""
    widget, flags = field.widget, vars(field.flags)
    limits = {name: flags[name] for name in widget.validation_attrs if name in flags}
    known = {"id": field.id, "name": field.name, "type": widget.input_type, **limits, **attributes}
    if "value" not in known:
        known["value"] = field._value()
    written = ["<input"]
    for name, value in sorted(known.items()):
        name = name.rstrip("_")
        if name.startswith(("aria_", "data_")):
            name = name.replace("_", "-")
        if value is True:
            written.append(name)
        elif value is not False:
            written.append(f'{name}="{escape(value)}"')
    return Markup(" ".join(written) + ">")  # noqa: S704 (each value is escaped)


def _tidy_and_bound(field: StringField) -> None:
    if isinstance(field, ParsedField):
        return  # what it takes is bounded by what it can read
    many_lines = isinstance(field, TextAreaField)
    if not isinstance(field, PasswordField):
        tidy = nfc if many_lines else one_line
        field.filters = [lambda text: tidy(text) if isinstance(text, str) else text, *field.filters]
    if not any(isinstance(validator, Length) for validator in field.validators):
        field.validators = [*field.validators, Length(max=LONGEST_TEXT if many_lines else LONGEST_LINE)]


# --- Refusals ---------------------------------------------------------------------------------------


def show_refusal(form: BaseForm, error: DomainError) -> None:
    """Put a refusal of the domain beside the field it names, or on top of the form when it names none.

    ``error.field`` is a field's name, or its whole name inside lists ("lines-2-quantity"). What may not be
    done or seen is no matter of the form: ``NotAllowed`` and ``NotFound`` are raised on.
    """
    if isinstance(error, NotAllowed | NotFound):
        raise error
    words = words_of(error)
    field = next((field for field in _leaves(form) if error.field in (field.name, field.short_name)), None)
    if field is None:
        form.form_errors = [*form.form_errors, words]
    else:
        field.errors = [*field.errors, words]
    form.refusal_status = 409 if isinstance(error, Conflict) and field is None else 422


#: Facts of refusals that count goods.
_AMOUNTS = {"available", "least", "left", "most", "there", "wanted"}


def words_of(error: DomainError) -> str:
    """Say a refusal in the language of the request, its facts filled in.

    Steps of goods sold by weight are said as a weight; what is called ``…_vnd`` as money, without its sign.
    """
    facts = dict(error.facts)
    for name in [name for name in facts if name.endswith("_vnd")]:
        written = f"{int(str(facts[name])):,}"
        facts[name] = written.replace(",", ".") if _language() == "vi" else written
    step_g = facts.get("step_g")
    if isinstance(step_g, int):
        for name in _AMOUNTS & facts.keys():
            facts[name] = amounts.weight(int(str(facts[name])) * step_g, _language())
    return str(gettext(error.message, **facts) if facts else gettext(error.message))


def answer_status(form: BaseForm) -> int:
    """Give the HTTP status of a page that shows ``form``: 200, or 422 or 409 when something is wrong with it."""
    return form.refusal_status if form.errors else 200


def _leaves(form: Any) -> Iterator[Field]:
    for field in form:
        if isinstance(field, FormField):
            yield from _leaves(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                yield from _leaves(entry.form) if isinstance(entry, FormField) else iter((entry,))
        yield field


# --- Words, telephone numbers, choices --------------------------------------------------------------


def line(label: str, *, longest: int = LONGEST_LINE, required: bool = True, **options: Any) -> StringField:
    """Make a field for a text on one line."""
    return StringField(label, [_presence(required), Length(max=longest)], **options)


def paragraphs(label: str, *, longest: int = LONGEST_TEXT, required: bool = False, **options: Any) -> TextAreaField:
    """Make a field for a text of several lines."""
    return TextAreaField(label, [_presence(required), Length(max=longest)], **options)


def choice(
    label: str, labels: Mapping[Any, str] | None = None, *, required: bool = True, empty: str = "", **options: Any
) -> SelectField:
    """Make a select. Its data is the value as text, or None for the empty choice.

    :param labels: {value or enum member: label}, in order; may be set later with :func:`set_choices`
    :param empty: label of the empty first choice; there is none when it is required and this is ""
    """
    return SelectField(
        label, [_presence(required)], coerce=_value, choices=choices_of(labels or {}, required, empty), **options
    )


def set_choices(field: SelectField, labels: Mapping[Any, str], *, empty: str = "") -> None:
    """Set what can be chosen once the view knows it: {value or enum member: label}."""
    field.choices = choices_of(labels, field.flags.required, empty)


def choices_of(labels: Mapping[Any, str], required: bool = True, empty: str = "") -> list[SelectChoice]:
    """Write {value or enum member: label} as WTForms wants it."""
    options = [SelectChoice(value=str(_value(value)), label=label) for value, label in labels.items()]
    return options if required and not empty else [SelectChoice(value="", label=empty or "–"), *options]


def _value(value: Any) -> str | None:
    if isinstance(value, enum.Enum):
        value = value.value
    return None if value in (None, "") else str(value)


def _presence(required: bool) -> Any:
    return DataRequired() if required else Optional()


def email_field(label: str, *, required: bool = False, **options: Any) -> StringField:
    """Make a field for an e-mail address; its data is in small letters, or None."""
    return StringField(
        label,
        [_presence(required), Length(max=254), Email(message=lazy_gettext(_BAD_EMAIL))],
        filters=[lambda text: text.strip().lower() or None if isinstance(text, str) else text],
        **options,
    )


def phone_field(label: str, *, required: bool = False, **options: Any) -> PhoneField:
    """Make a field for a telephone number; its data is E.164 (+84905123456), or None."""
    return PhoneField(label, [_presence(required)], **options)


class ParsedField(StringField):
    """The base of fields that turn text into a value: the text stays in the field when it cannot be one."""

    def parse(self, text: str) -> Any:
        """Turn tidied, non-empty text into the value. Raises ``ValueError`` with a sentence."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """Write the value as one would type it."""
        return str(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = one_line(valuelist[0]) if valuelist else ""
        if text:
            self.data = self.parse(text)

    def pre_validate(self, form: Any) -> None:
        if self.process_errors:  # it was typed, and said to be wrong: no second sentence
            raise StopValidation()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)


class PhoneField(ParsedField):
    """A telephone number, in any common way of writing it."""

    def parse(self, text: str) -> str:
        phone = signing_in.as_phone(text)
        if phone is None:
            raise ValueError(gettext("This is not a telephone number. For example: 0905 123 456."))
        return phone

    def write(self, value: str) -> str:
        return signing_in.phone_as_written(value)


class DayField(ParsedField):
    """A day: typed dd/mm/yyyy (also with dots or hyphens, or ISO). Its data is a ``date``.

    :param earliest: first day taken, :param latest: last day taken
    """

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        earliest: date = date(1900, 1, 1),
        latest: date = date(2199, 12, 31),
        **options: Any,
    ) -> None:
        super().__init__(label, validators, **options)
        self.earliest, self.latest = earliest, latest

    def parse(self, text: str) -> date:
        match = re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})", text, re.ASCII)
        iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
        if match:
            numbers = int(match[3]), int(match[2]), int(match[1])
        elif iso:
            numbers = int(iso[1]), int(iso[2]), int(iso[3])
        else:
            raise ValueError(gettext("Write the day as day/month/year, for example 05/11/2026."))
        try:
            day = date(*numbers)
        except ValueError:
            raise ValueError(gettext("There is no such day in the calendar.")) from None
        if not self.earliest <= day <= self.latest:
            raise ValueError(
                gettext(
                    "The day must lie between %(earliest)s and %(latest)s.",
                    earliest=f"{self.earliest:%d/%m/%Y}",
                    latest=f"{self.latest:%d/%m/%Y}",
                )
            )
        return day

    def write(self, value: date) -> str:
        return f"{value:%d/%m/%Y}"


_GROUPED = r"\d{1,3}(?:([.,  ])\d{3})(?:\1\d{3})*|\d{1,12}"


class MoneyField(ParsedField):
    """An amount of whole đồng: 50000, 50.000, 50,000 or 50 000, with or without ₫. Its data is an ``int``."""

    def __init__(
        self, label: Any = None, validators: Any = None, *, least: int = 1, most: int = MOST_DONG, **options: Any
    ) -> None:
        super().__init__(label, validators, **options)
        self.least, self.most = least, most

    def parse(self, text: str) -> int:
        bare = re.sub(r"\s*(₫|đồng|đ|vnđ|vnd)$", "", text, flags=re.IGNORECASE)
        if not re.fullmatch(_GROUPED, bare, re.ASCII):
            raise ValueError(gettext("Write a whole amount of đồng, for example 50.000."))
        amount = int(re.sub(r"\D", "", bare))
        if not self.least <= amount <= self.most:
            raise ValueError(
                gettext(
                    "The amount must lie between %(least)s and %(most)s đồng.",
                    least=_grouped(self.least),
                    most=_grouped(self.most),
                )
            )
        return amount

    def write(self, value: int) -> str:
        return _grouped(value)


#: How many base units (piece, g, ml) one unit that people type has.
BASE_UNITS = {"piece": 1, "g": 1, "ml": 1, "kg": 1_000, "l": 1_000, "mm": 10}


class QuantityField(ParsedField):
    """A quantity as people write it; its data is an ``int`` of base units (1,5 kg is 1500 g).

    :param unit: the unit typed in ("piece", "g", "ml", "kg", "l", "mm"; an enum member with such a value); may be
        set on the bound field when the view knows it
    :param unit_field: name of the form's field that says the unit instead
    """

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        unit: Any = "piece",
        unit_field: str | None = None,
        least: int = 1,
        most: int = MOST_BASE_UNITS,
        **options: Any,
    ) -> None:
        super().__init__(label, validators, **options)
        self.unit, self.unit_field, self.least, self.most = unit, unit_field, least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None  # the unit is known only when the whole form is: see pre_validate

    def pre_validate(self, form: Any) -> None:
        text = one_line(self.raw_data[0]) if self.raw_data else ""
        if not text:
            return
        if self.unit_field is not None:
            self.unit = form[self.unit_field].data
        try:
            self.data = self.parse(text)
        except ValueError as problem:
            raise StopValidation(str(problem)) from None

    def parse(self, text: str) -> int:
        per_unit = BASE_UNITS.get(str(_value(self.unit)), 1)
        quantity = _whole_number(text) if per_unit == 1 else _decimal_number(text, places=len(str(per_unit)) - 1)
        if not self.least <= quantity <= self.most:
            raise ValueError(
                gettext(
                    "The quantity must lie between %(least)s and %(most)s.",
                    least=_decimal(self.least, per_unit),
                    most=_decimal(self.most, per_unit),
                )
            )
        return quantity

    def write(self, value: int) -> str:
        return _decimal(value, BASE_UNITS.get(str(_value(self.unit)), 1), grouped=False)


_NOTHING = re.compile(r"0+( ?[^\W\d_]+)?")


class PacksField(QuantityField):
    """So many packs; of goods sold by weight a weight is typed. Its data is an ``int`` of packs or steps.

    :param step_g: the grams of a step, where the goods are sold by weight; may be set on the bound field
    """

    def __init__(self, label: Any = None, validators: Any = None, *, step_g: int | None = None, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.step_g = step_g

    def parse(self, text: str) -> int:
        if self.step_g is None:
            return super().parse(text)
        if self.least == 0 and _NOTHING.fullmatch(text):
            return 0
        try:
            many = amounts.steps(amounts.grams(text), self.step_g, language=_language())
        except DomainError as refusal:
            raise ValueError(words_of(refusal)) from None
        if not self.least <= many <= self.most:
            raise ValueError(
                gettext(
                    "The quantity must lie between %(least)s and %(most)s.",
                    least=amounts.weight(self.least * self.step_g, _language()),
                    most=amounts.weight(self.most * self.step_g, _language()),
                )
            )
        return many

    def write(self, value: int) -> str:
        if self.step_g is None:
            return super().write(value)
        return amounts.typed(value * self.step_g, _language()) if value else "0"


def _language() -> str:
    locale = flask_babel.get_locale()
    return str(locale.language) if locale else "vi"


def _whole_number(text: str) -> int:
    if not re.fullmatch(_GROUPED, text, re.ASCII):
        raise ValueError(gettext("Write a whole number, for example 24."))
    return int(re.sub(r"\D", "", text))


def _decimal_number(text: str, *, places: int) -> int:
    """Read a number as so many thousandths (``places`` = 3) or tenths (1); both marks may be the decimal one."""
    whole, fraction = text.replace(" ", ""), ""
    match = re.fullmatch(r"(.*)([.,])(\d+)", whole, re.ASCII)
    if match and match[2] not in match[1]:
        whole, fraction = match[1], match[3]
        if whole.isdecimal() and len(fraction) == places == 3 and len(whole) <= 3 and whole != "0":
            # 1.500 is one and a half to some and fifteen hundred to others: a wrong guess makes goods appear.
            raise ValueError(
                gettext(
                    "“%(text)s” can be read in two ways. Write %(big)s or %(small)s.",
                    text=text,
                    big=whole + fraction,
                    small=_decimal(int(whole + fraction), 1_000, grouped=False),
                )
            )
    if not re.fullmatch(_GROUPED, whole, re.ASCII):
        raise ValueError(gettext("Write a number, for example 12 or 1.5."))
    fraction = fraction.rstrip("0")
    if len(fraction) > places:
        raise ValueError(
            flask_babel.ngettext(
                "At most %(num)s digit after the decimal mark.",
                "At most %(num)s digits after the decimal mark.",
                places,
            )
        )
    return int(re.sub(r"\D", "", whole)) * int("1" + "0" * places) + int(fraction.ljust(places, "0"))


def _decimal(value: int, per_unit: int, *, grouped: bool = True) -> str:
    whole, rest = divmod(value, per_unit)
    fraction = str(rest).rjust(len(str(per_unit)) - 1, "0").rstrip("0") if rest else ""
    mark = "." if _english() else ","
    return (_grouped(whole) if grouped else str(whole)) + (mark + fraction if fraction else "")


def _grouped(value: int) -> str:
    text = f"{value:,}"
    return text if _english() else text.replace(",", ".")


def _english() -> bool:
    return str(flask_babel.get_locale()) == "en"


# --- Forms that create something --------------------------------------------------------------------


class RequestKey(HiddenField):
    """A key made when the form is shown: the same form sent again is answered with the first result.

    A form whose page stayed open, as after a download, and that is sent again with something else is another wish: the
    key is of the form and of what was filled in.
    """

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        super().__init__(label or lazy_gettext("Form"), validators, default=lambda: str(uuid.uuid4()), **options)

    def pre_validate(self, form: Any) -> None:
        try:
            shown = uuid.UUID(self.raw_data[0] if self.raw_data else self.data or "")
        except ValueError:
            raise StopValidation(gettext("Please open the form anew and fill it in again.")) from None
        self.data: str = str(uuid.uuid5(shown, _filled_in(form, but=self)))

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else str(self.data or "")


def _filled_in(form: Any, *, but: Field) -> str:
    """Write down what was sent with a form; a file by its name."""
    sent = [
        (field.name, [getattr(one, "filename", one) for one in field.raw_data or ()])
        for field in _single(form)
        if field is not but and field.name != "csrf_token"
    ]
    return json.dumps(sent, ensure_ascii=False, default=str)


def _single(fields: Iterable[Any]) -> Iterator[Any]:
    for field in fields:
        if isinstance(field, (FieldList, FormField)):
            yield from _single(field)
        else:
            yield field


# --- Sentences of WTForms that readers can meet, for the translators --------------------------------


def ngettext(one: str, many: str) -> tuple[str, str]:
    """Mark a counted sentence for the translators, as ``N_`` marks a plain one."""
    return one, many


_BAD_EMAIL = N_("This is not an e-mail address. For example: ten@vidu.vn.")
_SENTENCES_OF_WTFORMS = (
    N_("This field is required."),
    N_("Invalid input."),
    N_("Invalid email address."),
    N_("Invalid URL."),
    N_("Invalid Choice: could not coerce."),
    N_("Not a valid choice."),
    N_("Invalid choice(s): one or more data inputs could not be coerced."),
    N_("Not a valid integer value."),
    N_("Not a valid decimal value."),
    N_("Not a valid date value."),
    N_("Number must be at least %(min)s."),
    N_("Number must be at most %(max)s."),
    N_("Number must be between %(min)s and %(max)s."),
    N_("Field must be equal to %(other_name)s."),
    N_("Field must be between %(min)d and %(max)d characters long."),
    N_("File does not have an approved extension."),
    ngettext("Field must be at least %(min)d character long.", "Field must be at least %(min)d characters long."),
    ngettext("Field cannot be longer than %(max)d character.", "Field cannot be longer than %(max)d characters."),
    ngettext("Field must be exactly %(max)d character long.", "Field must be exactly %(max)d characters long."),
    ngettext("'%(value)s' is not a valid choice for this field.", "'%(value)s' are not valid choices for this field."),
)


# --- How a field is drawn ---------------------------------------------------------------------------


class _Habit(NamedTuple):
    """What the fields of a kind bring along."""

    unit: str | None = None
    inputmode: str | None = None
    width: str | None = None
    figures: bool = False
    autocomplete: str | None = None


_HABITS = {
    "MoneyField": _Habit("₫", "numeric", "medium", True, "off"),
    "QuantityField": _Habit(None, "decimal", "short", True, "off"),
    "DayField": _Habit(None, "numeric", "medium", True, "off"),
    "PhoneField": _Habit(None, "tel", "medium", True, "tel"),
}
_NO_HABIT = _Habit()


@dataclass(frozen=True)
class Face:
    """How ``field`` of ``components/form.html`` draws a field."""

    hint: str
    unit: str | None
    described: str  #: ids of what describes it
    lost: str  #: the files that a page that comes back does not keep
    is_optional: bool
    attributes: dict[str, Any]  #: of its control


def face_of(
    field: Any,
    hint: Any = None,
    width: str | None = None,
    unit: str | None = None,
    figures: bool = False,
    optional: bool | None = None,
    **others: Any,
) -> Face:
    """Work out how a field is drawn: from what the page says, what its kind brings along, and what is wrong with it.

    :param others: attributes of the control, those without a value are left out
    """
    kind = field.type
    habit = _HABITS.get(kind, _NO_HABIT)
    hint = hint or field.description
    if not hint and kind == "DayField":
        hint = gettext("Day/month/year, for example 05/11/2026")
    lost = _files_of(field) if kind in ("FileField", "MultipleFileField") and not field.errors else ""
    described = " ".join(
        ([f"{field.id}-hint"] if hint else []) + ([f"{field.id}-error"] if field.errors or lost else [])
    )
    attributes = {name: value for name, value in others.items() if value}
    for name in ("inputmode", "autocomplete"):
        if name not in attributes and getattr(habit, name):
            attributes[name] = getattr(habit, name)
    if kind not in ("BooleanField", "FileField", "MultipleFileField"):
        width = width or habit.width
        size = f" input-{width}" if width else ""
        attributes["class_"] = f"input{size} input-figures" if figures or habit.figures else f"input{size}"
    # A number field throws away what it cannot read; what was typed must stay beside the error.
    if kind in ("IntegerField", "DecimalField", "DateField") and field.widget.input_type in ("number", "date"):
        attributes["type"] = "text"
    if described:
        attributes["aria_describedby"] = described
    if field.errors:
        attributes["aria_invalid"] = "true"
    is_optional = not field.flags.required if optional is None else optional
    words = hint if isinstance(hint, str) else str(hint or "")
    return Face(words, unit or habit.unit, described, lost, is_optional, attributes)


def _files_of(field: Any) -> str:
    files = field.data if isinstance(field.data, list | tuple) else [field.data]
    return ", ".join(str(file.filename) for file in files if file and file.filename)
