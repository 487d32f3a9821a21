"""The forms of lots and batches, and what they share: today or another day, how much of which lot, photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField, MultipleFileField
from wtforms import BooleanField, RadioField, SelectMultipleField
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from accounts.models import Place
from accounts.web.forms import (
    BaseForm,
    DayField,
    PacksField,
    QuantityField,
    RequestKey,
    choice,
    line,
    paragraphs,
    set_choices,
)
from admin.saying import said, unit
from catalog.models import Unit
from kernel import media
from kernel.errors import N_, InvalidInput
from kernel.models import AdministrativeUnit
from traceability import batches, lots, recording
from traceability.models import Lot, LotKind, LotState
from traceability.recording import Attachment
from traceability.steps import OWN, Step

#: Units in which material is typed: value → msgid. The base units behind them: ``BASE_UNIT``.
UNITS = {
    "kg": N_("kilograms (kg)"),
    "g": N_("grams (g)"),
    "l": N_("litres (l)"),
    "ml": N_("millilitres (ml)"),
    "piece": N_("pieces"),
}
BASE_UNIT = {"kg": Unit.GRAM, "g": Unit.GRAM, "l": Unit.MILLILITRE, "ml": Unit.MILLILITRE, "piece": Unit.PIECE}
#: The unit in which people type how much of a lot they used.
TYPED_UNIT = {Unit.GRAM: "kg", Unit.MILLILITRE: "l", Unit.PIECE: "piece"}

STATES: dict[LotState, tuple[str, str]] = {
    LotState.OPEN: (N_("Not on sale yet"), "wait"),
    LotState.RELEASED: (N_("On sale"), "good"),
    LotState.HELD: (N_("Held"), "bad"),
    LotState.RECALLED: (N_("Recalled"), "bad"),
}
LOT_STATES: dict[LotState, tuple[str, str]] = STATES | {LotState.RELEASED: (N_("Can be used"), "good")}
KINDS = {
    LotKind.RAW: N_("Raw material"),
    LotKind.INTERMEDIATE: N_("In between"),
    LotKind.FINISHED: N_("Goods"),
    LotKind.EXTERNAL: N_("Known from others' records"),
}

_PHOTO_HINT = lazy_gettext("JPEG, PNG, WebP or HEIC, at most 20 MB. Where it was taken is removed from it.")


# --- Today, yesterday, another day ------------------------------------------------------------------------


class DayForm(BaseForm):
    """A day as people say it."""

    day = RadioField(lazy_gettext("When?"), [InputRequired()], coerce=lambda text: text and str(text))
    other_day = DayField(lazy_gettext("Which other day"), [Optional()])
    earlier: date | None = None  #: the day that the form was opened with

    def offer_days(self, today: date, *, earlier: date | None = None) -> None:
        """Offer today and yesterday with their dates, and another day; ``earlier`` is the one chosen before."""
        yesterday = today - timedelta(days=1)
        self.day.choices = [
            ("hom-nay", gettext("Today, %(day)s", day=f"{today:%d/%m/%Y}")),
            ("hom-qua", gettext("Yesterday, %(day)s", day=f"{yesterday:%d/%m/%Y}")),
            ("khac", gettext("Another day")),
        ]
        self.earlier = earlier
        if not self.is_submitted() and earlier is not None:
            self.day.data = {today: "hom-nay", yesterday: "hom-qua"}.get(earlier, "khac")
            if self.day.data == "khac":
                self.other_day.data = earlier

    def chosen_day(self, today: date) -> date | None:
        """Give the day that was chosen; without one, say so beside the field and give None."""
        near = {"hom-nay": today, "hom-qua": today - timedelta(days=1)}.get(self.day.data)
        if near is not None and self.other_day.data in (None, near, self.earlier):
            return near
        if near is not None:
            sentence = gettext("For this day to count, choose “Another day” above; else empty this field.")
            self.other_day.errors = [*self.other_day.errors, sentence]
            return None
        if self.other_day.data is None:
            self.other_day.errors = [*self.other_day.errors, gettext("Write which day it was.")]
            return None
        other: date = self.other_day.data
        return other


# --- How much of which lot --------------------------------------------------------------------------------


def add_inputs(form: BaseForm, usable: Iterable[Lot], before: Mapping[int, int]) -> BaseForm:
    """Make ``form`` anew with a field for each lot that something may be taken from.

    :param before: {lot id: base units} entered before
    """

    class WithInputs(type(form)):  # type: ignore[misc]
        pass

    for lot in usable:
        field = QuantityField(
            gettext("How much of lot %(number)s", number=lot.number),
            [Optional()],
            unit=TYPED_UNIT[lot.unit],
            least=0,
            default=before.get(lot.id),
        )
        setattr(WithInputs, f"lot_{lot.id}", field)
    made: BaseForm = WithInputs()
    return made


def inputs_of(form: BaseForm, usable: Iterable[Lot], quantity: Any) -> dict[int, int]:
    """Read {lot id: base units}; what is more than is left is told beside its field.

    :param quantity: writes a quantity and its unit in the reader's language
    """
    taken = {}
    for lot in usable:
        field = form[f"lot_{lot.id}"]
        if not field.data:
            continue
        taken[lot.id] = field.data
        if field.data > lot.left:
            left = quantity(lot.left, lot.unit)
            field.errors = [*field.errors, gettext("Only %(left)s of this lot are left.", left=left)]
    return taken


# --- Photos -----------------------------------------------------------------------------------------------


def prepared_photos(form: BaseForm, field: Any) -> list[media.PreparedPicture] | None:
    """Check and clean a field's photos before the transaction; None (and a sentence beside it) if one is refused."""
    prepared: list[media.PreparedPicture] = []
    for file in field.data if isinstance(field.data, list) else [field.data]:
        if not file or not getattr(file, "filename", ""):
            continue
        if len(prepared) == recording.MOST_FILES:
            field.errors = [*field.errors, gettext("At most %(most)s photos.", most=recording.MOST_FILES)]
            return None
        try:
            prepared.append(media.prepare_picture(file.read()))
        except InvalidInput as refusal:
            words = gettext(refusal.message, **refusal.facts) if refusal.facts else gettext(refusal.message)
            field.errors = [*field.errors, f"{file.filename}: {words}"]
            return None
    return prepared


def kept_photos(prepared: Iterable[media.PreparedPicture], words: str, now: datetime) -> tuple[Attachment, ...]:
    """Note prepared photos in the caller's transaction."""
    return tuple(Attachment(media.keep_picture(one, now=now), words) for one in prepared)


# --- Raw material and what is between -----------------------------------------------------------------------


class ReceiveForm(DayForm):
    """Raw material that was received."""

    name = line(
        lazy_gettext("What was received"),
        longest=lots.LONGEST_NAME,
        description=lazy_gettext("For example: “Thóc rẫy”, “Sợi bông”, “Mật ong thô”."),
    )
    quantity = QuantityField(lazy_gettext("How much"), [InputRequired()], unit_field="unit")
    unit = choice(lazy_gettext("Unit"))
    supplier = line(
        lazy_gettext("Who it came from"),
        longest=lots.LONGEST_NAME,
        required=False,
        description=lazy_gettext(
            "For example: “6 hộ thôn Suối Loa”. Names of people only if they agreed: all can read it."
        ),
    )
    growing_area = line(lazy_gettext("Growing area"), longest=lots.LONGEST_NAME, required=False)
    commune = choice(lazy_gettext("Commune it grew in"))
    harvested_on = DayField(lazy_gettext("Harvested on"), [Optional()])
    number = line(
        lazy_gettext("Lot number"),
        longest=20,
        description=lazy_gettext("Letters without marks, digits and hyphens. You can leave it as it is."),
    )
    place = choice(lazy_gettext("Where it was received"), required=False, empty=lazy_gettext("Not stated"))
    note = paragraphs(lazy_gettext("Remark"), longest=recording.LONGEST_NOTE)
    photos = MultipleFileField(lazy_gettext("Photos"), [Optional()], description=_PHOTO_HINT)
    request_key = RequestKey()

    def offer(self, communes: list[AdministrativeUnit], places: list[Place], own: str) -> None:
        """Say what can be chosen; ``own`` is the commune of the organisation itself."""
        offer_units(self.unit)
        set_choices(self.commune, {row.code: unit(row.full_name) for row in communes})
        offer_places(self.place, places)
        self.day.label.text = gettext("When was it received?")
        if not self.is_submitted():
            self.commune.data = own


class MakeForm(DayForm):
    """Something made of other lots that will go into goods later."""

    name = line(
        lazy_gettext("What was made"),
        longest=lots.LONGEST_NAME,
        description=lazy_gettext("For example: “Gạo xay”, “Sợi đã nhuộm”, “Cốt rượu”."),
    )
    quantity = QuantityField(lazy_gettext("How much came out"), [InputRequired()], unit_field="unit")
    unit = choice(lazy_gettext("Unit"))
    number = line(
        lazy_gettext("Lot number"),
        longest=20,
        description=lazy_gettext("Letters without marks, digits and hyphens. You can leave it as it is."),
    )
    place = choice(lazy_gettext("Where it was made"), required=False, empty=lazy_gettext("Not stated"))
    note = paragraphs(lazy_gettext("Remark"), longest=recording.LONGEST_NOTE)
    photos = MultipleFileField(lazy_gettext("Photos"), [Optional()], description=_PHOTO_HINT)
    request_key = RequestKey()


class PaperForm(BaseForm):
    """A paper of a lot."""

    title = line(
        lazy_gettext("What it is"),
        longest=lots.LONGEST_NAME,
        description=lazy_gettext("For example: “Phiếu kiểm nghiệm KN-2231, Trung tâm Kỹ thuật Quảng Ngãi”."),
    )
    file = FileField(lazy_gettext("File"), description=lazy_gettext("PDF, JPEG, PNG or WebP, at most 20 MB."))
    is_public = BooleanField(
        lazy_gettext("Everybody may open it on the batch page"),
        description=lazy_gettext("Leave it out for receipts and papers with people's names."),
    )


def offer_units(field: Any) -> None:
    """Offer the units in which material is typed."""
    set_choices(field, {value: gettext(label) for value, label in UNITS.items()})


def offer_places(field: Any, places: list[Place]) -> None:
    """Offer an organisation's own places."""
    labels = {str(place.id): f"{said(place, 'name')}, {unit(place.commune.full_name)}" for place in places}
    set_choices(field, labels, empty=gettext("Not stated"))


# --- Steps of a lot -----------------------------------------------------------------------------------------


class StepForm(DayForm):
    """Something that was done with a lot."""

    step = choice(lazy_gettext("What was done?"), empty=lazy_gettext("Choose what was done"))
    title = line(
        lazy_gettext("In your own words"),
        longest=recording.LONGEST_TITLE,
        required=False,
        description=lazy_gettext("Only where it is not in the list above."),
    )
    place = choice(lazy_gettext("Where?"), required=False, empty=lazy_gettext("Not stated"))
    note = paragraphs(
        lazy_gettext("Remark"),
        longest=recording.LONGEST_NOTE,
        description=lazy_gettext("For example: “Ba nắng, độ ẩm 13 %”. Everybody can read it."),
    )
    photos = MultipleFileField(lazy_gettext("Photos"), [Optional()], description=_PHOTO_HINT)
    request_key = RequestKey()

    def offer_steps(self, usual: Iterable[Step], in_english: bool) -> None:
        """Offer the usual steps of the goods, and one in words of one's own."""
        labels = {step.key: step.name_en if in_english else step.name_vi for step in usual}
        set_choices(self.step, labels | {OWN: gettext("Something else")}, empty=gettext("Choose what was done"))


class CorrectForm(DayForm):
    """An event as it should have been written."""

    title = line(lazy_gettext("What was done"), longest=recording.LONGEST_TITLE)
    note = paragraphs(lazy_gettext("Remark"), longest=recording.LONGEST_NOTE)
    reason = line(
        lazy_gettext("What was wrong"), description=lazy_gettext("Kept on record; the public does not read it.")
    )


class ReasonForm(BaseForm):
    """Why a lot is held, freed or recalled."""

    reason = paragraphs(
        lazy_gettext("Why?"),
        longest=batches.LONGEST_REASON,
        required=True,
        description=lazy_gettext("Everybody who opens the batch reads it. No names of people."),
    )


class ConfirmForm(BaseForm):
    """What a third party checked."""

    checked = paragraphs(
        lazy_gettext("What was checked?"),
        longest=batches.LONGEST_REASON,
        required=True,
        description=lazy_gettext("Say exactly what: “Đã đối chiếu sổ thu mua với lượng đóng gói”. All can read it."),
    )


# --- The wizard ---------------------------------------------------------------------------------------------


class ItemForm(BaseForm):
    """Which goods."""

    item = RadioField(
        lazy_gettext("Which goods did you make?"),
        [DataRequired(message=lazy_gettext("Please choose one of your products."))],
        coerce=lambda text: text and str(text),
    )
    request_key = RequestKey()


class AmountForm(BaseForm):
    """How many."""

    quantity = PacksField(lazy_gettext("How many packs are there?"), [InputRequired()], most=batches.MOST_PACKS)


class DatesForm(DayForm):
    """When, until when, under which number."""

    expiry = RadioField(
        lazy_gettext("Until when is it good?"), [InputRequired()], coerce=lambda text: text and str(text)
    )
    expires_on = DayField(lazy_gettext("The last day it is good"), [Optional()])
    number = line(
        lazy_gettext("Lot number on the pack"),
        longest=20,
        description=lazy_gettext("As it is printed or stamped on the pack. You can leave it as it is."),
    )
    place = choice(lazy_gettext("Where was it made?"), required=False, empty=lazy_gettext("Not stated"))


class InputsForm(BaseForm):
    """From which lots; the fields are those of the lots (:func:`add_inputs`)."""


class StepsForm(BaseForm):
    """What was done, and a photo of it."""

    steps = SelectMultipleField(
        lazy_gettext("What was done with this batch?"),
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    photo = FileField(lazy_gettext("A photo of the packed goods"), [Optional()], description=_PHOTO_HINT)
