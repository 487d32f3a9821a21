"""Papers of orders: packing slip, pick list, order sheet for a producer without a computer, label of a parcel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from flask import Blueprint, Response, current_app, url_for
from flask_babel import get_locale, gettext, ngettext

from accounts import signing_in
from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.guard import current_actor, requires
from admin.batches import download
from admin.saying import dong, in_language, much, said, times, vat_words
from catalog.vat import NOT_SUBJECT
from kernel import amounts, clock
from storefront import carriers, invoices, order_queries, papers, parcels, vat
from storefront.order_models import CodState, Order, OrderLine
from storefront.order_queries import PickRow
from storefront.papers import Block, Column, Document, ParcelLabel, Table
from storefront.parcel_words import CARRIERS

blueprint = Blueprint("order_papers", __name__, url_prefix="/quan-tri/don-hang")

Picks = dict[int, list[PickRow]]
#: Place, goods, best before, batch; the grams of one where it is sold by weight.
_Taken = tuple[str, str, str, str, int | None]


@blueprint.get("/<number>/phieu-giao-hang.pdf")
@requires(Permission.READ_ORDERS)
def packing_slip(number: str) -> Response:
    """Give the slip that lies in the parcel, in the buyer's language."""
    order = order_queries.get_order(current_actor(), number)
    picks = order_queries.picks_of([order])[order.id]
    with in_language(order.purchase.language):
        document = _slip(order, picks)
    return _pdf(papers.a4(document, now=clock.now()), f"phieu-giao-hang-{order.number}")


@blueprint.get("/phieu-lay-hang.pdf")
@requires(Permission.READ_ORDERS)
def pick_list() -> Response:
    """Give one list of all packs to take for the orders that wait, by place and batch."""
    orders = order_queries.to_pack(current_actor())
    return _pdf(papers.a4(_pick_list(orders), now=clock.now()), "phieu-lay-hang")


@blueprint.get("/phieu-don-hang.pdf")
@requires(Permission.READ_ORDERS)
def order_sheet() -> Response:
    """Give the orders that wait on paper: what to pack for whom, with a code that an officer scans afterwards."""
    orders = order_queries.to_pack(current_actor())
    return _pdf(papers.a4(_order_sheet(orders), now=clock.now()), "phieu-don-hang")


@blueprint.get("/kien/<number>/nhan.pdf")
@requires(Permission.READ_ORDERS)
def label(number: str) -> Response:
    """Give the label of a parcel."""
    parcel = order_queries.get_parcel(current_actor(), number)
    order, contact = parcel.order, parcel.order.purchase.contact
    facts = [(gettext("Order"), order.number), (gettext("Carrier"), gettext(CARRIERS[parcel.carrier]))]
    if parcel.code:
        facts.append((gettext("Carrier's code"), parcel.code))
    if order.weight_g:
        facts.append((gettext("Weight, about"), f"{order.weight_g} g"))
    made = ParcelLabel(
        sender=tuple(_sender(order.producer)),
        receiver_label=gettext("To"),
        receiver=contact.name if contact else "–",
        phone=signing_in.phone_as_written(contact.phone) if contact else "",
        address=carriers.address_of(contact) if contact else "",
        cash=gettext("Collect %(amount)s", amount=dong(parcel.cod_vnd)) if parcel.cod_state is CodState.DUE else "",
        facts=tuple(facts),
        number=parcel.number,
        url=_base() + url_for("parcel_desk.of_parcel", number=parcel.number),
    )
    return _pdf(papers.parcel_label(made, now=clock.now()), f"nhan-{parcel.number}")


def _pdf(data: bytes, name: str) -> Response:
    return download(data, "application/pdf", f"{name}.pdf")


def _base() -> str:
    return str(current_app.config["OCOP"].base_url)


def _sender(producer: Organisation) -> list[str]:
    """Say who sends, as it stands on paper: name, address, telephone."""
    commune = producer.commune
    where = ", ".join(part for part in (producer.address, f"{commune.kind_vi} {commune.name_vi}") if part)
    phone = signing_in.phone_as_written(producer.phone) if producer.phone else ""
    return [line for line in (producer.name_vi, where, phone) if line]


def _buyer(order: Order) -> tuple[tuple[str, str], ...]:
    contact = order.purchase.contact
    if contact is None:
        return ((gettext("Buyer"), "–"),)
    return (
        (gettext("Buyer"), contact.name),
        (gettext("Telephone"), signing_in.phone_as_written(contact.phone)),
        (gettext("Address"), carriers.address_of(contact)),
    )


def _batches(line: OrderLine, rows: Sequence[PickRow]) -> str:
    """Write the batches of a line: "4 × G-07 (best before 01/02/2027)", one after the other."""
    return "; ".join(
        f"{times(line, row.allocation.quantity)} {row.lot_number}"
        + (
            " (" + gettext("best before %(day)s", day=f"{row.expires_on:%d/%m/%Y}") + ")"
            if row.expires_on is not None
            else ""
        )
        for row in rows
    )


def _vat(order: Order) -> list[tuple[str, str]]:
    """Say the VAT in the price of an order's goods, rate by rate, and what was paid for goods without."""
    return [
        (gettext("Of it not subject to VAT"), dong(row.paid_vnd))
        if row.rate_bp == NOT_SUBJECT
        else (gettext("VAT contained, %(rate)s", rate=vat_words(row.rate_bp)), dong(row.vat_vnd))
        for row in vat.of_order(order)
    ]


def _invoice(order: Order) -> list[str]:
    """Say to whom an invoice is to be made out, if the buyer wants one."""
    wish = invoices.of_purchase(order.purchase)
    if wish is None:
        return []
    whom = ", ".join(part for part in (wish.name, wish.tax_code, wish.address, wish.email) if part)
    return [gettext("The buyer wants an invoice: %(whom)s", whom=whom)]


def _goods(line: OrderLine) -> str:
    """Name the goods of a line; what is in a set is set off under it."""
    return f"– {said(line, 'name')}" if line.of_line is not None else said(line, "name")


def _slip(order: Order, picks: Picks) -> Document:
    columns = (
        Column(gettext("Goods"), 40),
        Column(gettext("Batch"), 34),
        Column(gettext("How much"), 10, number=True),
        Column(gettext("Price"), 18, number=True),
        Column(gettext("Sum"), 18, number=True),
    )
    rows = tuple(
        (
            _goods(line),
            _batches(line, picks.get(line.line, [])),
            much(line),
            "" if line.of_line is not None else f"{dong(line.per_kg_vnd)}/kg" if line.step_g else dong(line.price_vnd),
            "" if line.of_line is not None else dong(line.amount_vnd),
        )
        for line in order.lines_left
    )
    sums = [(gettext("Goods"), dong(order.goods_vnd))]
    if order.discount_vnd:
        code = order.purchase.voucher.code if order.purchase.voucher is not None else ""
        sums.append((gettext("Discount") + (f" ({code})" if code else ""), "−" + dong(order.discount_vnd)))
    sums += [(gettext("Shipping"), dong(order.shipping_vnd)), (gettext("Total"), dong(order.total_vnd))]
    due = 0 if parcels.is_paid(order) else order.total_vnd
    sums.append(
        (gettext("To be paid on delivery"), dong(due)) if due else (gettext("Already paid"), dong(order.total_vnd))
    )
    sums += _vat(order)
    facts = [
        (gettext("Order"), order.number),
        (gettext("Ordered"), f"{clock.business_date(order.placed_at):%d/%m/%Y}"),
        (gettext("Seller"), ", ".join(_sender(order.producer))),
    ]
    if order.invoice_number:
        facts.append((gettext("Invoice"), order.invoice_number))
    remarks = [gettext("Note of the buyer: %(note)s", note=order.note)] if order.note else []
    remarks += _invoice(order)
    first = Block(facts=(*facts, *_buyer(order)))
    goods = Block(table=Table(columns, rows), sums=tuple(sums), remarks=tuple(remarks))
    return Document(gettext("Packing slip"), "", (first, goods), foot=order.number)


def _pick_list(orders: Sequence[Order]) -> Document:
    picks = order_queries.picks_of(orders)
    producers: dict[int, Organisation] = {order.producer_id: order.producer for order in orders}
    taken: dict[int, dict[_Taken, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for order in orders:
        bought = {line.line: line for line in order.lines}
        for line, rows in picks[order.id].items():
            for row in rows:
                day = f"{row.expires_on:%Y-%m-%d}" if row.expires_on else ""
                key = (said(row, "place"), said(bought[line], "name"), day, row.lot_number, bought[line].step_g)
                taken[order.producer_id][key].append((order.number, row.allocation.quantity))
    columns = (
        Column(gettext("Goods"), 36),
        Column(gettext("Batch"), 22),
        Column(gettext("Best before"), 20),
        Column(gettext("How much"), 10, number=True),
        Column(gettext("For order"), 34),
    )
    blocks = []
    for producer_id, lots in taken.items():
        places: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for (place, name, day, lot, step_g), wants in sorted(lots.items(), key=lambda pair: pair[0][:4]):
            shown = "/".join(reversed(day.split("-"))) if day else "–"
            many = ", ".join(f"{number} ({_written(quantity, step_g)})" for number, quantity in wants)
            whole = sum(quantity for _, quantity in wants)
            places[place].append((name, lot, shown, _written(whole, step_g), many))
        blocks += [
            Block(heading=f"{producers[producer_id].name_vi} – {place}", table=Table(columns, tuple(rows), ticks=True))
            for place, rows in places.items()
        ]
    if not blocks:
        blocks = [Block(remarks=(gettext("Nothing to pack"),))]
    return Document(gettext("Pick list"), _as_of(len(orders)), tuple(blocks), foot=gettext("Pick list"))


def _written(quantity: int, step_g: int | None) -> str:
    return amounts.much(quantity, step_g, str(get_locale()))


def _order_sheet(orders: Sequence[Order]) -> Document:
    picks = order_queries.picks_of(orders)
    columns = (Column(gettext("Goods"), 44), Column(gettext("Batch"), 46), Column(gettext("How much"), 12, number=True))
    blocks = []
    for order in orders:
        due = 0 if parcels.is_paid(order) else order.total_vnd
        rows = tuple(
            (_goods(line), _batches(line, picks[order.id].get(line.line, [])), much(line)) for line in order.lines_left
        )
        money = gettext("Collect %(amount)s", amount=dong(due)) if due else gettext("Paid: collect nothing")
        remarks = [money]
        if order.delivery == "pickup":
            remarks.append(gettext("The buyer comes to fetch it."))
        if order.note:
            remarks.append(gettext("Note of the buyer: %(note)s", note=order.note))
        remarks += [f"{words}: {amount}" for words, amount in _vat(order)]
        remarks += _invoice(order)
        blocks.append(
            Block(
                heading=f"{order.number} – {order.producer.name_vi}",
                facts=(*_buyer(order), (gettext("Ordered"), f"{clock.business_date(order.placed_at):%d/%m/%Y}")),
                table=Table(columns, rows, ticks=True),
                remarks=tuple(remarks),
                code=_base() + url_for("order_desk.show", number=order.number),
                signs=(gettext("Packed by"), gettext("Taken over by")),
            )
        )
    if not blocks:
        blocks = [Block(remarks=(gettext("Nothing to pack"),))]
    return Document(gettext("Order sheet"), _as_of(len(orders)), tuple(blocks), foot=gettext("Order sheet"))


def _as_of(orders: int) -> str:
    many = ngettext("%(num)s order", "%(num)s orders", orders)
    return f"{clock.business_date(clock.now()):%d/%m/%Y} · {many}"
