"""Type a code, or send a photo of it: to the page of the batch, or a way to try again."""

from __future__ import annotations

import re
from urllib.parse import unquote

from flask import Blueprint, current_app, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from accounts.web.forms import words_of
from accounts.web.guard import public
from accounts.web.limits import limiter
from kernel import clock, gs1, pages
from kernel.errors import InvalidInput
from kernel.text import one_line
from traceability import digital_link, items, known_lots, queries, typed_links
from traceability.application_identifiers import Malformed
from traceability.digital_link import DigitalLink
from traceability.photos import read_codes
from traceability.queries import Hit
from traceability.web import own_links, unknown

blueprint = Blueprint("look_up", __name__)

LONGEST_CODE = 400  #: a whole address pasted
_OWN = re.compile(r"/lo/([a-z0-9]{4,6})/([^/?#]+)", re.IGNORECASE)


class PhotoForm(Form):
    """A photo of a code. It changes nothing, so it carries no token: the page is the same for everybody."""

    photo = FileField(lazy_gettext("Photo of the code"))


@blueprint.get("/truy-xuat")
@public
@limiter.limit("60 per minute", methods=["GET"])
def show() -> str | tuple[str, int] | BaseResponse:
    """Ask for a code; lead to its page when one is given."""
    typed = one_line(request.args.get("ma", ""))
    if not typed:
        pages.depends_on(pages.TEXTS)
        return _page("", problem=gettext("Please type the code.") if "ma" in request.args else None)
    if len(typed) > LONGEST_CODE:
        return _page(typed[:LONGEST_CODE], problem=gettext("This is too long to be a code."), status=422)
    return _lead(typed)


@blueprint.post("/truy-xuat")
@public
@limiter.limit("12 per minute; 120 per hour", methods=["POST"])
def by_photo() -> str | tuple[str, int] | BaseResponse:
    """Read the code in a photo and lead to its page."""
    form = PhotoForm(request.files)
    file = form.photo.data
    if not file or not file.filename:
        return _page("", photo_problem=gettext("Please choose a photo of the code first."), status=422)
    try:
        texts = read_codes(file.read())
    except InvalidInput as refusal:
        return _page("", photo_problem=words_of(refusal), status=422)
    if not texts:
        return _page(
            "",
            photo_problem=gettext(
                "There is no code to be read in this photo. Go nearer, hold still, and let light fall on it."
            ),
            status=422,
        )
    return _lead(texts[0])


def _lead(typed: str) -> str | tuple[str, int] | BaseResponse:
    """Lead to what a code names: one page, a choice of several, or the page that offers to type again."""
    address, malformed = _address_in(typed)
    if address is not None:
        return redirect(address, 303)
    name = known_lots.read(typed)
    named = known_lots.known([name]).get(name)
    if named is not None:
        return redirect(named.path, 303)
    hits, problem = find(typed)
    if len(hits) == 1:
        return redirect(hits[0].path, 303)
    if hits:
        return _page(typed, hits=hits)
    if problem or malformed:
        return _page(typed, problem=problem or malformed, status=422)
    return unknown.page(typed)


def _serial_in(typed: str) -> str | None:
    """Find the code of a single pack. A lot number that looks like one goes before."""
    serial = items.serial_in(typed)
    if serial is None or ("/" not in typed and _of_number(typed[:20])):
        return None
    return serial


def _address_in(typed: str) -> tuple[str | None, str | None]:
    """Give the path of ours that an address, a Digital Link of any host or an element string stands for.

    Nobody is sent to another host from here: of a foreign address only its keys are looked up, by the resolver.

    :return: the path, and what is wrong with a key that is not written by the rules
    """
    malformed = None
    try:
        link = typed_links.read(typed)
    except Malformed as problem:
        link, malformed = None, words_of(problem)
    if link is not None and _leads_on(link):
        return _written(link), None
    serial = _serial_in(typed)
    if serial is not None:
        return items.path_of(serial), None
    own = _OWN.search(typed)
    if own is not None:
        return queries.path_of(own[1].lower(), gs1.typed_token(unquote(own[2]))), None
    return None, malformed


def _leads_on(link: DigitalLink) -> bool:
    base_url = current_app.config["OCOP"].base_url
    return bool(own_links.levels_of(link, clock.business_date(clock.now()), base_url=base_url))


def _written(link: DigitalLink) -> str:
    path, _, query = digital_link.written(link.path, link.attributes).partition("?")
    query = "&".join(part for part in (query, *link.extensions) if part)
    return f"{path}?{query}" if query else path


def find(typed: str) -> tuple[list[Hit], str | None]:
    """Find what a typed code names: a lot by its code or number, a product by its GTIN.

    :return: what was found, and what is wrong with the code where something can be said of it
    """
    parts = [part for part in re.split(r"[\s/]+", typed) if part]
    for candidate in ("".join(parts), "".join(parts[1:])):  # "HTXBD 7K2QX-M90AD": the organisation before it
        token = gs1.typed_token(candidate)
        if gs1.is_token(token):
            hits = queries.find_by_token(token)
            if hits:
                return hits, None
    hits = _of_number(typed) if len(typed) <= 20 else []
    if hits:
        return hits, None
    digits = re.sub(r"[\s\-]", "", typed)
    if digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14):
        try:
            gtin = gs1.gtin14(digits)
        except gs1.MalformedKey as problem:
            return [], words_of(problem)
        path = queries.find_product_of_gtin(gtin)
        if path is not None:
            return [Hit(path, "", "", "", "", "", None)], None
    return [], None


def _of_number(number: str) -> list[Hit]:
    return [*queries.find_by_number(number), *known_lots.find_by_number(number)]


def _page(
    typed: str,
    *,
    hits: list[Hit] | None = None,
    problem: str | None = None,
    photo_problem: str | None = None,
    status: int = 200,
) -> str | tuple[str, int]:
    page = render_template(
        "traceability/look_up/show.html",
        typed=typed,
        hits=hits or [],
        problem=problem,
        photo_problem=photo_problem,
    )
    return page if status == 200 else (page, status)
