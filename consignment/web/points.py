"""The public pages of the sales points: where they are, when they are open, what they hold now."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from accounts.web.guard import public
from consignment import queries
from kernel import clock, media, pages

blueprint = Blueprint("points", __name__)


@blueprint.get("/diem-ban")
@public
def index() -> str:
    """List the open sales points."""
    pages.depends_on(pages.SHOP)
    points = queries.public_points()
    pictures = media.pictures([point.picture for point in points])
    return render_template("consignment/points/index.html", points=points, pictures=pictures)


@blueprint.get("/diem-ban/<slug>")
@public
def show(slug: str) -> str | Response:
    """Show a sales point and what it holds now."""
    pages.depends_on(pages.SHOP)
    try:
        point = queries.public_point(slug)
    except queries.NoSuchPoint:
        today = queries.point_slug_of_today(slug)
        if today is None:
            raise
        query = request.query_string.decode("latin-1")
        return redirect(f"/diem-ban/{today}" + ("?" + query if query else ""), 301)
    day = clock.business_date(clock.now())
    held: dict[str, dict[str, Any]] = {}
    for row in queries.goods_at(point):
        pages.depends_on(pages.lot(row.lot_id))
        if row.frozen or (row.expires_on is not None and row.expires_on < day):
            continue
        held.setdefault(row.product_slug, {"row": row, "items": {}})["items"].setdefault(
            (row.item_vi, row.item_en), row.price_vnd
        )
    picture = media.pictures([point.picture]).get(point.picture) if point.picture else None
    return render_template("consignment/points/show.html", point=point, held=held, picture_of=picture)
