"""The office says which words mean the same to who searches the shop."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from kernel import clock, text
from kernel.db import transaction
from kernel.errors import DomainError
from storefront import browsing, queries, synonyms
from storefront.browsing import Wanted

blueprint = Blueprint("search_words", __name__, url_prefix="/quan-tri/tu-tim-kiem")

MOST_TYPED = synonyms.MOST_PHRASES * (synonyms.MOST_LETTERS + 2)


class WordsForm(BaseForm):
    """Words that mean the same, one on each line."""

    phrases = TextAreaField(
        lazy_gettext("Words that mean the same"),
        [InputRequired(), Length(max=MOST_TYPED)],
        description=lazy_gettext("One word or phrase on each line, with its marks, for example “heo” and “lợn”."),
    )


@blueprint.get("")
@requires(Permission.EDIT_SEARCH_WORDS)
def index() -> str:
    """List the sets of words, each with what it brings on the shelf of today."""
    shelf = queries.shelf(clock.business_date(clock.now()))
    queries.learn(shelf)
    rows = [
        (set_id, [(phrase, browsing.find(shelf, Wanted(q=phrase)).total) for phrase in phrases])
        for set_id, phrases in queries.synonym_sets()
    ]
    return render_template("admin/search_words/index.html", rows=rows)


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.EDIT_SEARCH_WORDS)
def new() -> str | tuple[str, int] | Response:
    """Enter a set of words."""
    return _edit(None, WordsForm())


@blueprint.route("/<int:set_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_SEARCH_WORDS)
def edit(set_id: int) -> str | tuple[str, int] | Response:
    """Change a set of words."""
    row = synonyms.get_set(set_id)
    return _edit(set_id, WordsForm(data={"phrases": "\n".join(phrase.phrase for phrase in row.phrases)}))


@blueprint.post("/<int:set_id>/bo")
@requires(Permission.EDIT_SEARCH_WORDS)
def remove(set_id: int) -> Response:
    """Take a set of words away."""
    with transaction():
        synonyms.remove(set_id, actor=current_actor(), now=clock.now())
    flash(gettext("The set of words is taken away."), "good")
    return redirect(url_for("search_words.index"), 303)


def _edit(set_id: int | None, form: WordsForm) -> str | tuple[str, int] | Response:
    if form.validate_on_submit():
        try:
            with transaction():
                synonyms.save(set_id, text.nfc(form.phrases.data or ""), actor=current_actor(), now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The words are in force: the search knows them from now on."), "good")
            return redirect(url_for("search_words.index"), 303)
    return render_template("admin/search_words/edit.html", form=form, set_id=set_id), answer_status(form)
