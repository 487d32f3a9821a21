"""The one table of the back office's menu: label, endpoint, icon, group, and what it takes to see it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for
from flask_babel import gettext

from accounts.actor import Actor, Permission
from kernel.errors import N_


@dataclass(frozen=True)
class Item:
    """A line of the menu."""

    label: str  #: msgid
    endpoint: str
    icon: str
    group: str  #: msgid
    permission: Permission
    of_own: bool = False  #: the endpoint takes the code of one's own organisation


MENU = [
    Item(N_("Today's work"), "dashboard.show", "home", N_("Work"), Permission.USE_BACK_OFFICE),
    Item(N_("Counter"), "counter.index", "cash", N_("Work"), Permission.SELL_ON_CONSIGNMENT),
    Item(N_("Orders"), "order_desk.index", "shopping-bag", N_("Work"), Permission.READ_ORDERS),
    Item(N_("Returns of buyers"), "return_desk.index", "arrow-back-up", N_("Work"), Permission.READ_ORDERS),
    Item(N_("Shipping rates"), "shipping_rates.index", "truck-delivery", N_("Work"), Permission.SET_SHIPPING_RATES),
    Item(N_("Vouchers"), "vouchers.index", "tag", N_("Work"), Permission.MANAGE_VOUCHERS),
    Item(N_("Products"), "products.index", "package", N_("Goods"), Permission.READ_PRODUCTS),
    Item(
        N_("Products to approve"),
        "product_approval.index",
        "clipboard-check",
        N_("Goods"),
        Permission.APPROVE_PRODUCTS,
    ),
    Item(N_("Batches of goods"), "batches.index", "qrcode", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Sticker rolls"), "rolls.index", "printer", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Codes of single packs"), "packs.index", "scan", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Reports from buyers"), "cases.index", "speakerphone", N_("Goods"), Permission.HANDLE_CASES),
    Item(N_("Reviews of buyers"), "reviews.index", "message-circle", N_("Goods"), Permission.READ_REVIEWS),
    Item(N_("Complaints about orders"), "complaints.index", "alert-circle", N_("Goods"), Permission.READ_COMPLAINTS),
    Item(N_("Raw material"), "lots.index", "plant-2", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Trace goods"), "genealogy.index", "route", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Links of codes"), "links.index", "link", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Scan statistics"), "scans.index", "chart-bar", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Certificates"), "certificates.index", "certificate", N_("Goods"), Permission.READ_CERTIFICATES),
    Item(N_("Goods on hand"), "stock.index", "packages", N_("Goods"), Permission.READ_STOCK),
    Item(N_("Consignment notes"), "consignment.index", "truck-delivery", N_("Goods"), Permission.READ_CONSIGNMENT),
    Item(N_("Money books"), "books.index", "receipt", N_("Goods"), Permission.READ_BOOKS),
    Item(N_("Recipes"), "recipes.index", "scale", N_("Goods"), Permission.READ_BATCHES),
    Item(N_("Recalls"), "recalls.index", "alert-triangle", N_("Goods"), Permission.READ_RECALLS),
    Item(N_("Money that came"), "money.index", "transfer-in", N_("Money"), Permission.READ_MONEY),
    Item(N_("Money to give back"), "money.refunds", "transfer-out", N_("Money"), Permission.READ_MONEY),
    Item(N_("Tax held back"), "taxes.index", "receipt", N_("Money"), Permission.READ_BOOKS),
    Item(N_("Account for transfers"), "bank_accounts.show", "id", N_("Money"), Permission.MANAGE_BANK_ACCOUNT),
    Item(N_("Ways to pay"), "bank_accounts.methods", "cash", N_("Money"), Permission.SWITCH_PAYMENT_METHODS),
    Item(
        N_("Organisations"), "organisations.index", "building-community", N_("People"), Permission.MANAGE_ORGANISATIONS
    ),
    Item(N_("Sales points"), "sales_points.index", "building-store", N_("People"), Permission.MANAGE_ORGANISATIONS),
    Item(N_("Act for a producer"), "acting.index", "user-check", N_("People"), Permission.ACT_FOR_PRODUCERS),
    Item(
        N_("Our organisation"), "organisations.show", "users", N_("People"), Permission.MANAGE_OWN_PEOPLE, of_own=True
    ),
    Item(N_("Audit trail"), "audit.index", "history", N_("People"), Permission.READ_AUDIT),
    Item(N_("My account"), "account.show", "user", N_("People"), Permission.USE_BACK_OFFICE),
    Item(N_("Records for authorities"), "lot_files.days", "archive", N_("Programme"), Permission.READ_BATCHES),
    Item(N_("Data for state systems"), "exports.index", "send", N_("Programme"), Permission.MANAGE_EXPORTS),
    Item(N_("Public texts"), "texts.index", "file-text", N_("Programme"), Permission.EDIT_PUBLIC_TEXTS),
    Item(N_("Words of the search"), "search_words.index", "search", N_("Programme"), Permission.EDIT_SEARCH_WORDS),
]


def navigation_for(actor: Actor, path: str) -> list[dict[str, object]]:
    """List the menu of ``actor`` as the staff layout wants it: label, url, icon, group, current."""
    shown = [
        (item, url_for(item.endpoint, code=actor.organisation_code if item.of_own else None))
        for item in MENU
        if actor.may(item.permission) and item.endpoint in current_app.view_functions
    ]
    # The longest address that the page lies under is where one is; the start page lies over everything.
    here = max(
        (url for _, url in shown if path == url or (url != "/quan-tri" and path.startswith(url + "/"))),
        key=len,
        default=None,
    )
    return [
        {
            "label": gettext(item.label),
            "url": url,
            "icon": item.icon,
            "group": gettext(item.group),
            "current": url == here,
        }
        for item, url in shown
    ]
