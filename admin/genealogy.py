"""Tracing: from any lot, certificate, growing area or supplier back to the material and forward to who holds the goods.

In the address: ``lo`` a lot, ``chung-nhan`` a certificate, ``vung`` with ``xa`` a growing area and its commune,
``nguon`` or ``to-chuc`` a supplier by name or code; ``huong`` the direction; ``xem`` tree, drawing, table or holders.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from accounts.actor import Actor, Permission
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.recalls import PARTS_PLAYED, how_much_of, who_of
from admin.saying import counted
from admin.trace_forms import KINDS, LOT_STATES, STATES
from catalog.models import Unit
from kernel import clock
from kernel.db import db
from kernel.errors import N_
from kernel.text import fold, sort_key
from oversight import queries as oversight
from oversight.queries import Elsewhere
from stock import queries as stock
from stock.models import LocationKind
from traceability import drawing, queries, remainders, tracing
from traceability.drawing import ChainEdge, ChainNode, NodeKind
from traceability.genealogy import MOST_EDGES
from traceability.models import Lot, LotKind, LotState
from traceability.tracing import NothingThere, Start, Trace
from traceability.walks import Direction, Edge

#: Lots that may not go on.
STOPPED = (LotState.HELD, LotState.RECALLED)

blueprint = Blueprint("genealogy", __name__, url_prefix="/quan-tri/truy-vet")

#: What one screen holds; the file holds fifty times as much as a walk.
MOST_IN_TREE, MOST_LEVELS, MOST_DRAWN, MOST_IN_FILE, ROWS = 300, 12, 60, 100_000, 100
#: Boxes side by side: what a telephone shows whole, and what it scrolls.
NARROW, WIDE = 3, 6
DIRECTIONS = {
    "nguoc": (N_("Back to the material"), (Direction.BACKWARD,)),
    "xuoi": (N_("Forward to the goods"), (Direction.FORWARD,)),
    "ca-hai": (N_("Both ways"), (Direction.BACKWARD, Direction.FORWARD)),
}
#: Of a lot of a walk: on which side of the start it stands.
SIDES = {Direction.BACKWARD: N_("Before"), Direction.FORWARD: N_("After")}
VIEWS = {"cay": N_("Tree"), "hinh": N_("Drawing"), "bang": N_("Table"), "noi-giu": N_("Who holds it")}
WHERE = {
    LocationKind.WAREHOUSE: N_("Warehouse"),
    LocationKind.SALES_POINT: N_("Counter"),
    LocationKind.IN_TRANSIT: N_("On the way"),
    LocationKind.CUSTOMER: N_("Sold"),
}


@dataclass(frozen=True)
class Question:
    """What is asked: where it begins, and the words for that."""

    title: str
    start: Start
    lot: Lot | None = None  #: where it is one lot
    usual: str = "nguoc"  #: the direction that is meant where none is said


@dataclass(frozen=True)
class Line:
    """A lot of the chain, as the table and the file show it."""

    direction: Direction
    level: int
    lot: Lot
    is_own: bool
    amounts: str  #: how much went along the edges that lead to it from the start; "" for the start itself
    share_bp: int | None
    beside: tuple[str, ...]  #: numbers of the lots one step nearer to the start


@dataclass
class Branch:
    """A lot in the tree, with what hangs on it."""

    lot: Lot
    is_own: bool
    amount: str
    share_bp: int | None
    branches: list[Branch] = field(default_factory=list)
    is_above: bool = False  #: it was opened before: what hangs on it stands there
    goes_on: bool = False  #: there is more than the tree shows


# --- Screens ----------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str:
    """Find where to begin: a lot or batch, a code, a certificate, a growing area, a supplier."""
    words = request.args.get("q", "").strip()[:200]
    found = tracing.find(current_actor(), words, on=clock.business_date(clock.now()))
    return render_template("admin/genealogy/index.html", words=words, found=found, kind_of=kind_of)


@blueprint.get("/chuoi")
@requires(Permission.READ_BATCHES)
def show() -> str | Response:
    """Show the chain of a start: as a tree, a drawing, a table or a file, and who holds the goods."""
    actor = current_actor()
    question = _question(actor)
    word = request.args.get("huong", "")
    word = word if word in DIRECTIONS else question.usual
    view = request.args.get("xem", "")
    view = view if view in VIEWS else "cay"
    as_file = listing.asks_for_csv()
    most = MOST_IN_FILE if as_file else MOST_EDGES
    traces = [tracing.trace(actor, question.start.lot_ids, one, most=most) for one in DIRECTIONS[word][1]]
    if as_file:
        return _holders_file(actor, traces) if view == "noi-giu" else _chain_file(traces)
    return render_template(
        "admin/genealogy/show.html",
        question=question,
        lot_page=_page_of(question.lot) if question.lot else None,
        packed=queries.packed_before(question.lot.id) if question.lot else None,
        count=len({id for one in traces for id in one.walk.lot_ids}) - len(question.start.lot_ids),
        bad=_bad(traces),
        is_cut=any(one.walk.is_cut for one in traces),
        most=MOST_EDGES,
        most_starts=tracing.MOST_STARTS,
        has_others=any(len(one.own) < len(one.lots) for one in traces),
        directions=_tabs("huong", {key: label for key, (label, _) in DIRECTIONS.items()}, word),
        views=_tabs("xem", VIEWS, view),
        view=view,
        csv_url=listing.address(dang="csv", trang=None),
        kind_of=kind_of,
        state_of=state_of,
        page_of=_page_of,
        **_VIEWS_OF[view](actor, traces),
    )


def _question(actor: Actor) -> Question:
    asked = {
        name: request.args.get(name, "").strip()[:200] for name in ("chung-nhan", "vung", "xa", "nguon", "to-chuc")
    }
    number = request.args.get("lo", "")
    if number.isascii() and number.isdecimal() and len(number) < 12:
        lot = tracing.from_lot(actor, int(number))
        usual = "nguoc" if lot.kind is LotKind.FINISHED else "xuoi"
        return Question(f"{said(lot, 'name')} · {lot.number}", Start((lot.id,)), lot, usual)
    if asked["chung-nhan"]:
        certificate, start = tracing.from_certificate(actor, asked["chung-nhan"])
        return Question(gettext("Certificate %(number)s", number=certificate.number), start)
    if asked["vung"] or asked["xa"]:
        start = tracing.from_area(actor, asked["vung"], asked["xa"])
        name = asked["vung"] or tracing.commune_name(asked["xa"])
        return Question(gettext("Growing area %(name)s", name=name), start, usual="xuoi")
    if asked["nguon"] or asked["to-chuc"]:
        start = tracing.from_supplier(actor, organisation_code=asked["to-chuc"], name=asked["nguon"])
        name = asked["nguon"] or tracing.organisation_name(asked["to-chuc"])
        return Question(gettext("Supplier %(name)s", name=name), start, usual="xuoi")
    raise NothingThere()


def _tabs(name: str, labels: dict[str, str], chosen: str) -> list[dict[str, Any]]:
    return [
        {
            "label": gettext(label),
            "url": listing.address(**{name: word, "trang": None, "sap-xep": None}),
            "current": word == chosen,
        }
        for word, label in labels.items()
    ]


def _bad(traces: Sequence[Trace]) -> list[Lot]:
    lots = {id: lot for one in traces for id, lot in one.lots.items()}
    return [lot for _, lot in sorted(lots.items()) if lot.state in STOPPED]


# --- Words ------------------------------------------------------------------------------------------------


def said(row: Any, name: str) -> str:
    """Give a row's text in the reader's language."""
    return str(current_app.jinja_env.globals["said"](row, name))  # type: ignore[operator]


def quantity(value: int, unit: Any) -> str:
    """Write a quantity in the reader's language; what nobody stated is said to be so."""
    return str(current_app.jinja_env.filters["stated"](value, unit))


def kind_of(lot: Lot) -> str:
    """Say what a lot is."""
    words: str = gettext(KINDS[lot.kind])
    return words


def state_of(lot: Lot) -> tuple[str, str]:
    """Say how a lot stands, and in which tone."""
    return (STATES if lot.kind is LotKind.FINISHED else LOT_STATES)[lot.state]


def _page_of(lot: Lot) -> str:
    return url_for("batches.show" if lot.kind is LotKind.FINISHED else "lots.show", lot_id=lot.id)


def _amounts(trace: Trace, edges: Iterable[Edge]) -> str:
    """Add up what went along edges, unit by unit: they are in the units of what went in."""
    sums: Counter[Any] = Counter()
    for edge in edges:
        sums[trace.lots[edge.input_id].unit] += edge.quantity
        if not edge.quantity:
            return quantity(0, None)
    return " + ".join(quantity(value, unit) for unit, value in sorted(sums.items()))


# --- The tree ---------------------------------------------------------------------------------------------


def _as_tree(actor: Actor, traces: Sequence[Trace]) -> dict[str, Any]:
    trees = [(gettext(SIDES[one.walk.direction]), _branches(one)) for one in traces]
    return {"trees": trees, "is_long": any(len(one.walk.edges) > MOST_IN_TREE for one in traces)}


def _branches(trace: Trace) -> list[Branch]:
    """Hang the lots on one another, each opened once, where it is nearest to the start."""
    shown = trace.walk.nearest(MOST_IN_TREE)
    made = {id: _branch(trace, id, "") for id in trace.walk.start if id in trace.lots}
    roots = list(made.values())
    opened = set(made)
    for here, level in shown.levels.items():
        if here not in made:
            continue
        whole = trace.walk.onward.get(here, [])
        edges = shown.onward.get(here, []) if level < MOST_LEVELS else []
        for edge in edges:
            there = trace.walk.far_end(edge)
            branch = _branch(trace, there, quantity(edge.quantity, trace.lots[edge.input_id].unit))
            made[here].branches.append(branch)
            branch.is_above = there in opened
            if there not in opened:
                opened.add(there)
                made[there] = branch
        made[here].goes_on = len(edges) < len(whole) or (trace.walk.is_cut and not whole and made[here].is_own)
    return roots


def _branch(trace: Trace, lot_id: int, amount: str) -> Branch:
    return Branch(trace.lots[lot_id], lot_id in trace.own, amount, trace.shares_bp.get(lot_id))


# --- The drawing ------------------------------------------------------------------------------------------


def _as_drawing(actor: Actor, traces: Sequence[Trace]) -> dict[str, Any]:
    nodes: dict[int, ChainNode] = {}
    edges: list[ChainEdge] = []
    for trace in traces:
        near = trace.walk.nearest(MOST_DRAWN)
        for id in near.levels:
            nodes.setdefault(id, _node(trace, id))
        edges += [ChainEdge(str(edge.input_id), str(edge.output_id)) for edge in near.edges]
    boxes = list(nodes.values())
    is_wide = drawing.widest(boxes, edges) > NARROW
    svg = drawing.chain_svg(boxes, edges, title=gettext("Drawing of the chain"), across=WIDE if is_wide else NARROW)
    return {
        "picture": Markup(svg) if boxes else None,  # noqa: S704 our own drawing escapes its texts
        "is_wide": is_wide,
        "chain_list": drawing.as_list(boxes, edges),
        "is_long": any(len(trace.walk.edges) > MOST_DRAWN for trace in traces),
    }


def _node(trace: Trace, lot_id: int) -> ChainNode:
    lot, is_own = trace.lots[lot_id], lot_id in trace.own
    is_bad = lot.state in STOPPED
    kind = NodeKind.HERE if lot_id in trace.walk.start else NodeKind.RAW if lot.kind is LotKind.RAW else NodeKind.LOT
    notes = [lot.number, gettext(state_of(lot)[0]) if is_bad else "", "" if is_own else said(lot.owner, "name")]
    return ChainNode(
        str(lot_id),
        said(lot, "name"),
        " · ".join(filter(None, notes)),
        kind,
        href=_page_of(lot) if is_own else "",
        is_bad=is_bad,
    )


# --- The table, and its file ------------------------------------------------------------------------------


def _lines(traces: Sequence[Trace]) -> list[Line]:
    lines = []
    for trace in traces:
        leading: dict[int, list[Edge]] = {}
        for edge in trace.walk.edges:
            leading.setdefault(trace.walk.far_end(edge), []).append(edge)
        for id, level in trace.walk.levels.items():
            if id not in trace.lots or (level == 0 and trace is not traces[0]):
                continue
            edges = leading.get(id, [])
            nearer = sorted({trace.walk.near_end(edge) for edge in edges})
            lines.append(
                Line(
                    trace.walk.direction,
                    level,
                    trace.lots[id],
                    id in trace.own,
                    _amounts(trace, edges),
                    trace.shares_bp.get(id),
                    tuple(trace.lots[one].number for one in nearer),
                )
            )
    return lines


#: Columns by which the table can be sorted.
SORTS: dict[str, Any] = {
    "buoc": lambda line: line.level,
    "ten": lambda line: sort_key(line.lot.name_vi),
    "so": lambda line: line.lot.number,
    "cua": lambda line: sort_key(line.lot.owner.name_vi),
    "phan": lambda line: -1 if line.share_bp is None else line.share_bp,
}


def _as_table(actor: Actor, traces: Sequence[Trace]) -> dict[str, Any]:
    words = request.args.get("q", "").strip()[:100]
    order = listing.order_asked(tuple(SORTS), "buoc")
    lines = [line for line in _lines(traces) if _is_found(line, words)]
    lines.sort(key=lambda line: (line.direction is Direction.FORWARD, line.level, line.lot.id))
    lines.sort(key=SORTS[order[0]], reverse=order[1])
    last = max(1, -(-len(lines) // ROWS))
    page = min(listing.page_asked(), last)
    return {
        "lines": lines[(page - 1) * ROWS : page * ROWS],
        "total": len(lines),
        "words": words,
        "sides": SIDES,
        "columns": [
            listing.heading(gettext("Name"), "ten", order),
            listing.heading(gettext("Whose"), "cua", order),
            listing.heading(gettext("Steps away"), "buoc", order),
            listing.heading(gettext("Went along"), number=True),
            listing.heading(gettext("Share of it"), "phan", order, number=True),
            listing.heading(gettext("State")),
        ],
        "page": page,
        "last": last,
        "url_of": lambda number: listing.address(trang=number),
        "keep": {name: value for name, value in request.args.items() if name not in ("q", "trang", "dang")},
    }


def _is_found(line: Line, words: str) -> bool:
    text = fold(" ".join((line.lot.name_vi, line.lot.name_en, line.lot.number, line.lot.owner.name_vi)))
    return all(word in text for word in fold(words).split())


def _chain_file(traces: Sequence[Trace]) -> Response:
    header = [
        gettext("Direction"),
        gettext("Steps away"),
        gettext("Name"),
        gettext("Lot number"),
        gettext("What it is"),
        gettext("Whose"),
        gettext("Quantity"),
        gettext("Unit"),
        gettext("Went along"),
        gettext("Share (%)"),
        gettext("Next to it"),
        gettext("State"),
        gettext("Who it came from"),
        gettext("Growing area"),
        gettext("Commune"),
    ]
    lines = _lines(traces)
    rows = [
        (
            gettext(SIDES[line.direction]) if line.level else gettext("Start"),
            line.level,
            line.lot.name_vi,
            line.lot.number,
            kind_of(line.lot),
            line.lot.owner.name_vi,
            (line.lot.quantity or gettext("not stated")) if line.is_own else "",
            line.lot.unit.value,
            line.amounts,
            "" if line.share_bp is None else f"{line.share_bp // 100},{line.share_bp % 100:02d}",
            " ".join(line.beside),
            gettext(state_of(line.lot)[0]),
            _supplier(line.lot) if line.is_own else "",
            line.lot.growing_area if line.is_own else "",
            line.lot.origin_commune.full_name if line.is_own and line.lot.origin_commune else "",
        )
        for line in lines
    ]
    if any(trace.walk.is_cut for trace in traces):
        rows.append((gettext("The list was cut."), *[""] * (len(header) - 1)))
    return listing.csv_file("truy-vet", header, rows)


def _supplier(lot: Lot) -> str:
    return lot.supplier_organisation.name_vi if lot.supplier_organisation else lot.supplier


# --- Who holds it -----------------------------------------------------------------------------------------


def _holders(actor: Actor, traces: Sequence[Trace]) -> Any:
    return stock.holders_of(actor, sorted({id for one in traces for id in one.own}))


def _own(traces: Sequence[Trace]) -> dict[int, Lot]:
    return {id: one.lots[id] for one in traces for id in one.own if id in one.lots}


def _elsewhere(own: dict[int, Lot]) -> list[Elsewhere]:
    return oversight.known_elsewhere(own.keys(), unplaced=own.keys())


def _material(own: dict[int, Lot], elsewhere: Sequence[Elsewhere]) -> list[tuple[Lot, int]]:
    """List what is left of material, with its owner; lots of which events tell with whom they are left out."""
    told = {one.lot_id for one in elsewhere}
    kept = [lot for id, lot in sorted(own.items()) if lot.kind is not LotKind.EXTERNAL and id not in told]
    left = remainders.of_lots(kept)
    return [(lot, left[lot.id].left) for lot in kept if lot.id in left and left[lot.id].left]


def _as_holders(actor: Actor, traces: Sequence[Trace]) -> dict[str, Any]:
    page = listing.page_of(_holders(actor, traces), rows=ROWS)
    own = _own(traces)
    elsewhere = _elsewhere(own)
    material = _material(own, elsewhere)
    return {
        "holders": [stock.Holder._make(row) for row in page.rows],
        "where": WHERE,
        "elsewhere": elsewhere[:ROWS],
        "who_of": who_of,
        "how_much_of": how_much_of,
        "found_of": lambda one: None,
        "parts_played": PARTS_PLAYED,
        "material": material[:ROWS],
        "left_out": max(0, len(elsewhere) - ROWS) + max(0, len(material) - ROWS),
        "total": page.total,
        "page": page.number,
        "last": page.last,
        "url_of": lambda number: listing.address(trang=number),
    }


def _holders_file(actor: Actor, traces: Sequence[Trace]) -> Response:
    header = [
        gettext("Holder"),
        gettext("Place"),
        gettext("Where"),
        gettext("Product"),
        gettext("Pack"),
        gettext("Lot number"),
        gettext("Quantity"),
        gettext("State"),
        gettext("Unit"),
        gettext("Paper"),
    ]
    own = _own(traces)
    elsewhere = _elsewhere(own)

    def state(is_stopped: bool) -> str:
        return str(gettext("On hold") if is_stopped else gettext("Free"))

    in_stock = (
        (
            row.keeper_vi,
            row.location_vi,
            gettext(WHERE[row.location_kind]),
            row.product_vi,
            row.item_vi,
            row.number,
            counted(row, row.quantity),
            state(row.frozen),
            "" if row.step_g else Unit.PIECE.value,
            "",
        )
        for row in (stock.Holder._make(row) for row in db.session.execute(_holders(actor, traces)))
    )
    known = (
        (
            who_of(one),
            "",
            gettext(PARTS_PLAYED[one.role]),
            one.name_vi,
            "",
            one.number,
            gettext("not stated") if one.is_unstated else counted(one, one.quantity),
            state(own[one.lot_id].state in STOPPED),
            "" if one.step_g else one.unit.value,
            " ".join(one.papers),
        )
        for one in elsewhere
    )
    material = (
        (
            lot.owner.name_vi,
            "",
            gettext("with its producer"),
            lot.name_vi,
            "",
            lot.number,
            left,
            state(lot.state in STOPPED),
            lot.unit.value,
            "",
        )
        for lot, left in _material(own, elsewhere)
    )
    return listing.csv_file("truy-vet-noi-giu", header, itertools.chain(in_stock, known, material))


_VIEWS_OF = {"cay": _as_tree, "hinh": _as_drawing, "bang": _as_table, "noi-giu": _as_holders}
