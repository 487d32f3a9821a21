"""Links of the resolver: where the keys of one's goods, lots and places lead besides the pages of this platform."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField

from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.forms import BaseForm, RequestKey, answer_status, choice, line, set_choices, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin import listing
from kernel import clock, replays
from kernel.db import db, transaction
from kernel.errors import DomainError
from traceability import key_patterns, links, queries
from traceability.links import LONGEST_HREF, LONGEST_TITLE, LinkDetails
from traceability.linkset import link_types
from traceability.models import ResolverLink

blueprint = Blueprint("links", __name__, url_prefix="/quan-tri/lien-ket")

_SORTS = {"khoa": "key", "loai": "type", "ngay": "changed"}


class LinkForm(BaseForm):
    """A link, and the key that leads to it."""

    key = line(
        lazy_gettext("GS1 key"),
        longest=600,
        description=lazy_gettext(
            "The GTIN of your goods, or a key with its lot: /01/09521234500018/10/L1. Write {10} for any lot."
        ),
    )
    link_type = choice(lazy_gettext("Kind of link"), empty=lazy_gettext("Please choose"))
    href = line(
        lazy_gettext("Web address it leads to"),
        longest=LONGEST_HREF,
        description=lazy_gettext("It begins with https://. Where the key says {10}, the address may say {10} too."),
    )
    title = line(lazy_gettext("What stands there"), longest=LONGEST_TITLE)
    description = line(lazy_gettext("What the key names"), longest=LONGEST_TITLE, required=False)
    languages = line(
        lazy_gettext("Languages of the page"),
        longest=80,
        required=False,
        description=lazy_gettext("vi, en … with spaces between. Empty: for readers of every language."),
    )
    media_type = line(
        lazy_gettext("Kind of file"),
        longest=80,
        required=False,
        description=lazy_gettext("text/html for a page, application/pdf for a PDF."),
    )
    context = line(
        lazy_gettext("Context"),
        longest=200,
        required=False,
        description=lazy_gettext("For whom it is meant, where links differ by that: VN, EU …"),
    )
    is_default = BooleanField(
        lazy_gettext("Follow this link when nothing else is asked for"),
        description=lazy_gettext(
            "The code on the pack then leads there. A held or recalled batch still shows its notice."
        ),
    )
    is_active = BooleanField(lazy_gettext("In use"))
    request_key = RequestKey()

    def details(self) -> LinkDetails:
        """Give what was typed as plain values."""
        return LinkDetails(
            key=self.key.data or "",
            link_type=self.link_type.data or "",
            href=self.href.data or "",
            title=self.title.data or "",
            description=self.description.data or "",
            languages=_words(self.languages.data),
            media_type=self.media_type.data or "",
            context=_words(self.context.data),
            is_default=self.is_default.data,
            is_active=self.is_active.data,
        )


def _words(text: str | None) -> list[str]:
    return (text or "").replace(",", " ").replace(";", " ").split()


def _kinds() -> dict[str, str]:
    """List the kinds of link that can be chosen, by their names in the reader's language."""
    names = {one.name: kind(one.name) for one in link_types().values() if one.can_be_chosen}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def kind(name: str) -> str:
    """Name a kind of link in the reader's language."""
    one = link_types().get(name)
    if one is None:
        return name
    return one.name_en if str(get_locale()) == "en" else one.name_vi


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str | Response:
    """List the links one may see."""
    actor = current_actor()
    words = request.args.get("q", "").strip()[:100]
    order = listing.order_asked(tuple(_SORTS), "khoa")
    found = queries.links_found(actor, words=words, sort=_SORTS[order[0]], descending=order[1])
    if listing.asks_for_csv():
        return _as_csv([tuple(row) for row in db.session.execute(found)])
    page = listing.page_of(found)
    return render_template(
        "admin/links/index.html",
        page=page,
        words=words,
        kind=kind,
        is_office=actor.is_office,
        may_edit=actor.may(Permission.EDIT_BATCHES),
        columns=[
            listing.heading(gettext("GS1 key"), "khoa", order),
            listing.heading(gettext("Kind of link"), "loai", order),
            listing.heading(gettext("Leads to")),
            listing.heading(gettext("Languages")),
            listing.heading(gettext("Changed"), "ngay", order),
            listing.heading(gettext("State")),
        ],
        url_of=lambda number: listing.address(trang=number),
        csv_url=listing.address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("sap-xep",) if name in request.args},
    )


def _as_csv(rows: list[tuple[Any, ...]]) -> Response:
    header = [
        gettext("GS1 key"),
        gettext("Kind of link"),
        gettext("Leads to"),
        gettext("What stands there"),
        gettext("Languages"),
        gettext("Kind of file"),
        gettext("Context"),
        gettext("Followed first"),
        gettext("In use"),
        gettext("Organisation"),
    ]
    said = {True: gettext("yes"), False: gettext("no")}
    return listing.csv_file(
        "lien-ket",
        header,
        (
            (
                link.key_path,
                link.link_type,
                link.href,
                link.title,
                link.languages,
                link.media_type,
                link.context,
                said[link.is_default],
                said[link.is_active],
                owner.name_vi,
            )
            for link, owner in rows
        ),
    )


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def new() -> tuple[str, int] | Answer:
    """Register a link."""
    actor = current_actor()
    form = LinkForm(
        data={
            "key": request.args.get("khoa", "")[:300],
            "media_type": "text/html",
            "languages": "vi",
            "is_active": True,
        }
    )
    set_choices(form.link_type, _kinds(), empty=gettext("Please choose"))
    if form.validate_on_submit():
        now = clock.now()
        try:
            with transaction():
                if replays.claim(actor.user_id, form.request_key.data, now=now) is None:
                    owner = db.session.get_one(Organisation, actor.organisation_id)
                    link = links.add(owner, form.details(), actor=actor, now=now)
                    replays.answer(actor.user_id, form.request_key.data, link.id)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The link is registered: the key leads there from now on."), "good")
            _warn(form)
            return redirect(url_for("links.index"), 303)
    return render_template("admin/links/new.html", form=form), answer_status(form)


@blueprint.route("/<int:link_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def change(link_id: int) -> tuple[str, int] | Answer:
    """Change a link."""
    actor = current_actor()
    link = queries.get_link(actor, link_id)
    form = LinkForm(data={"key": link.key_path, **{name: getattr(link, name) for name in _SAME_NAMES}})
    set_choices(form.link_type, _kinds(), empty=gettext("Please choose"))
    if form.validate_on_submit():
        try:
            with transaction():
                links.change(queries.get_link(actor, link_id), form.details(), actor=actor, now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
            link = queries.get_link(actor, link_id)
        else:
            flash(gettext("The link is saved."), "good")
            _warn(form)
            return redirect(url_for("links.index"), 303)
    mixed = links.mixed_with(link.key_path) if link.is_active else None
    return render_template(
        "admin/links/change.html",
        form=form,
        link=link,
        list_url=_list_url(link),
        warning=words_of(mixed) if mixed is not None else None,
    ), answer_status(form)


def _warn(form: LinkForm) -> None:
    """Say what is kept all the same, though it may not be meant so."""
    warning = links.mixed_with(key_patterns.written(key_patterns.read(form.key.data or "")))
    if warning is not None and form.is_active.data:
        flash(words_of(warning), "wait")


_SAME_NAMES = (
    "link_type",
    "href",
    "title",
    "description",
    "languages",
    "media_type",
    "context",
    "is_default",
    "is_active",
)


def _list_url(link: ResolverLink) -> str | None:
    """Give the address that lists all links of the key, unless the key stands for many."""
    return None if "{" in link.key_path else f"{link.key_path}?linkType=linkset"


@blueprint.route("/<int:link_id>/bo", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def remove(link_id: int) -> str | Answer:
    """Ask, then take a link away."""
    actor = current_actor()
    if request.method == "GET":
        return render_template("admin/links/remove.html", link=queries.get_link(actor, link_id), kind=kind)
    with transaction():
        links.take_away(queries.get_link(actor, link_id), actor=actor, now=clock.now())
    flash(gettext("The link is taken away."), "good")
    return redirect(url_for("links.index"), 303)
