"""The office edits the public legal and information pages; every version stays on record."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, line, show_refusal
from accounts.web.guard import current_actor, requires
from kernel import clock
from kernel.db import transaction
from kernel.errors import DomainError
from storefront import queries, texts

blueprint = Blueprint("texts", __name__, url_prefix="/quan-tri/van-ban")

_BODY_HINT = lazy_gettext("Part paragraphs by an empty line. A line that begins with “## ” is a head, “- ” an item.")


class TextForm(BaseForm):
    """A public text in both languages."""

    title_vi = line(lazy_gettext("Title in Vietnamese"), longest=160)
    body_vi = TextAreaField(
        lazy_gettext("Text in Vietnamese"), [DataRequired(), Length(max=texts.MOST_LETTERS)], description=_BODY_HINT
    )
    title_en = line(lazy_gettext("Title in English"), longest=160, required=False)
    body_en = TextAreaField(lazy_gettext("Text in English"), [Optional(), Length(max=texts.MOST_LETTERS)])


@blueprint.get("")
@requires(Permission.EDIT_PUBLIC_TEXTS)
def index() -> str:
    """List the public texts, and which are still samples."""
    in_force = {text.name: text for text in queries.texts_in_force()}
    rows = [(name, gettext(title), in_force.get(name)) for name, title in texts.NAMES.items()]
    return render_template("admin/texts/index.html", rows=rows)


@blueprint.route("/<name>", methods=["GET", "POST"])
@requires(Permission.EDIT_PUBLIC_TEXTS)
def edit(name: str) -> str | tuple[str, int] | Response:
    """Write a new version of a public text."""
    if name not in texts.NAMES:
        raise queries.NoSuchText()
    current = {text.name: text for text in queries.texts_in_force()}.get(name)
    form = TextForm(obj=current)
    if form.validate_on_submit():
        try:
            with transaction():
                texts.save(
                    name,
                    title_vi=form.title_vi.data or "",
                    body_vi=form.body_vi.data or "",
                    title_en=form.title_en.data or "",
                    body_en=form.body_en.data or "",
                    actor=current_actor(),
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The new text is in force."), "good")
            return redirect(url_for("texts.index"), 303)
    page = render_template("admin/texts/edit.html", form=form, name=name, current=current, title=texts.NAMES[name])
    return page, answer_status(form)
