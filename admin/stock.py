"""Goods on hand, batch by batch and place by place, and the movements behind them."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from accounts.actor import Permission
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file, heading, order_asked, page_of
from admin.saying import counted
from consignment.queries import names_of
from kernel import clock
from kernel.db import db
from kernel.errors import N_, NotFound
from stock import queries
from stock.models import LocationKind
from traceability.models import LotState

blueprint = Blueprint("stock", __name__, url_prefix="/quan-tri/ton-kho")

KINDS = {
    LocationKind.WAREHOUSE: (N_("Warehouse"), "kho"),
    LocationKind.SALES_POINT: (N_("Counter"), "quay"),
    LocationKind.IN_TRANSIT: (N_("On the way"), "dang-chuyen"),
}


class NothingMoved(NotFound):
    message = N_("There is no such batch.")


@blueprint.get("")
@requires(Permission.READ_STOCK)
def index() -> str | Response:
    """List what is on hand, first to expire first unless sorted otherwise."""
    words = request.args.get("q", "").strip()[:100]
    kind = next((kind for kind, (_, key) in KINDS.items() if key == request.args.get("noi")), None)
    order = order_asked(tuple(queries.SORTS), "han")
    found = queries.in_order(
        queries.goods_on_hand(current_actor(), q=words, kinds=(kind,) if kind else queries.ON_HAND),
        order[0],
        descending=order[1],
    )
    if asks_for_csv():
        return _as_csv([queries.OnHand._make(row) for row in db.session.execute(found)])
    page = page_of(found)
    tabs = [{"label": gettext("All"), "url": address(noi=None, trang=None), "current": kind is None}]
    for one, (label, key) in KINDS.items():
        tabs.append({"label": gettext(label), "url": address(noi=key, trang=None), "current": one is kind})
    return render_template(
        "admin/stock/index.html",
        rows=[queries.OnHand._make(row) for row in page.rows],
        total=page.total,
        words=words,
        narrowed=bool(words or kind),
        places=tabs,
        kinds=KINDS,
        today=clock.business_date(clock.now()),
        columns=[
            heading(gettext("Product"), "ten", order),
            heading(gettext("Batch"), "lo", order),
            heading(gettext("Owner")),
            heading(gettext("Place"), "noi", order),
            heading(gettext("Best before"), "han", order),
            heading(gettext("On hand"), "con", order, number=True),
            heading(gettext("State")),
        ],
        page=page.number,
        last=page.last,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("noi", "sap-xep") if name in request.args},
    )


def _state(row: queries.OnHand) -> str:
    if row.state is LotState.RECALLED:
        return str(gettext("Recalled: send it back"))
    return str(gettext("On hold") if row.frozen else gettext("Free"))


def _as_csv(rows: list[queries.OnHand]) -> Response:
    header = [
        gettext("Product"),
        gettext("Pack"),
        gettext("Batch"),
        gettext("Owner"),
        gettext("Place"),
        gettext("Best before"),
        gettext("On hand"),
        gettext("State"),
    ]
    return csv_file(
        "ton-kho",
        header,
        (
            (
                row.product_vi,
                row.item_vi,
                row.number,
                row.owner_vi,
                row.location_vi,
                f"{row.expires_on:%d/%m/%Y}" if row.expires_on else "",
                counted(row, row.on_hand),
                _state(row),
            )
            for row in rows
        ),
    )


@blueprint.get("/lo/<int:lot_id>")
@requires(Permission.READ_STOCK)
def movements(lot_id: int) -> str | Response:
    """Show where the packs of a batch lie, and how they came there: the latest movement first."""
    actor = current_actor()
    moved = queries.movements_of(actor, lot_id)
    page, name = page_of(moved), names_of([lot_id]).get(lot_id)
    if not page.total or name is None:
        raise NothingMoved()
    if asks_for_csv():
        return csv_file(
            f"bien-dong-{lot_id}",
            [gettext("Time"), gettext("From"), gettext("To"), gettext("Packs"), gettext("Document")],
            (
                (
                    f"{row.at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}",
                    row.source_vi,
                    row.to_vi,
                    counted(name, row.quantity),
                    row.document,
                )
                for row in (queries.Moved._make(found) for found in db.session.execute(moved))
            ),
        )
    return render_template(
        "admin/stock/movements.html",
        name=name,
        places=queries.places_of_lot(actor, lot_id),
        rows=[queries.Moved._make(row) for row in page.rows],
        columns=[
            heading(gettext("Document")),
            heading(gettext("Time")),
            heading(gettext("From")),
            heading(gettext("To")),
            heading(gettext("Packs"), number=True),
        ],
        total=page.total,
        page=page.number,
        last=page.last,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
    )
