"""What the documents in the audit trail are called, and where one reads them: a whole page of lines at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import get_locale, gettext
from sqlalchemy import select

from accounts.actor import Actor, Permission
from accounts.models import Organisation, Place, User
from catalog.models import Product, ProductVersion, Unit
from catalog.queries import known_version
from consignment.models import Sale, SalesPoint
from kernel.db import db
from kernel.errors import N_
from kernel.models import AuditEntry
from ocop.models import Certificate
from oversight.export_models import ExportDestination
from storefront import money_queries, paying, texts
from storefront.dispute_models import CardDispute
from storefront.models import SynonymPhrase
from storefront.order_models import Credit, PaymentMethod, Refund
from traceability.item_models import StickerRoll
from traceability.models import Lot, LotKind, TraceEvent


@dataclass(frozen=True)
class Document:
    """What a line of the trail is about, in the reader's words."""

    words: str
    url: str | None = None  #: None: it has no screen, or not one that this reader may open
    unit: Unit | None = None  #: of a lot


def named(lines: Iterable[AuditEntry], actor: Actor) -> dict[str, Document]:
    """Name the documents of lines: {"lot:77": Document("Lô TG-2609", "/quan-tri/…")}. One statement a kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        kind, _, key = line.subject.partition(":")
        wanted[kind].add(key)
    found: dict[str, Document] = {}
    for kind, keys in wanted.items():
        if kind in KINDS:
            found |= {f"{kind}:{key}": document for key, document in KINDS[kind](keys, actor).items()}
    return found


def _ids(keys: Iterable[str]) -> list[int]:
    return [int(key) for key in keys if key.isascii() and key.isdigit()]


def _said(vietnamese: str, english: str) -> str:
    return english if english and str(get_locale()) == "en" else vietnamese


def _link(actor: Actor, permission: Permission, endpoint: str, **values: Any) -> str | None:
    return url_for(endpoint, **values) if actor.may(permission) else None


def _names(key: Any, vietnamese: Any, english: Any, keys: Iterable[Any]) -> list[tuple[Any, str]]:
    rows = db.session.execute(select(key, vietnamese, english).where(key.in_(list(keys))))
    return [(found, _said(*names)) for found, *names in rows]


def _products(keys: set[str], actor: Actor) -> dict[str, Document]:
    shown = known_version()
    rows = db.session.execute(
        select(Product.id, ProductVersion.name_vi, ProductVersion.name_en)
        .join(ProductVersion, ProductVersion.id == shown)
        .where(Product.id.in_(_ids(keys)))
    )
    return {
        str(id): Document(
            _said(vietnamese, english), _link(actor, Permission.READ_PRODUCTS, "products.show", product_id=id)
        )
        for id, vietnamese, english in rows
    }


def _lot(lot: Lot, actor: Actor) -> Document:
    endpoint = "batches.show" if lot.kind is LotKind.FINISHED else "lots.show"
    url = None
    if lot.kind is not LotKind.EXTERNAL:
        url = _link(actor, Permission.READ_BATCHES, endpoint, lot_id=lot.id)
    words = gettext("Lot %(number)s, %(name)s", number=lot.number, name=_said(lot.name_vi, lot.name_en))
    return Document(words, url, lot.unit)


def _lots(keys: set[str], actor: Actor) -> dict[str, Document]:
    lots = db.session.scalars(select(Lot).where(Lot.id.in_(_ids(keys))))
    return {str(lot.id): _lot(lot, actor) for lot in lots}


def _events(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = _names(TraceEvent.id, TraceEvent.title_vi, TraceEvent.title_en, _ids(keys))
    return {str(id): Document(title) for id, title in rows}


def _sales(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = db.session.execute(
        select(Sale.number, SalesPoint.name_vi, SalesPoint.name_en)
        .join(SalesPoint, SalesPoint.id == Sale.sales_point_id)
        .where(Sale.number.in_(keys))
    )
    return {
        number: Document(gettext("Sale %(number)s, %(point)s", number=number, point=_said(vietnamese, english)))
        for number, vietnamese, english in rows
    }


def _points(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = _names(SalesPoint.slug, SalesPoint.name_vi, SalesPoint.name_en, keys)
    return {slug: Document(name, url_for("points.show", slug=slug)) for slug, name in rows}


def _certificates(keys: set[str], actor: Actor) -> dict[str, Document]:
    numbers = db.session.scalars(select(Certificate.number).where(Certificate.number.in_(keys)))
    return {
        number: Document(
            gettext("Certificate %(number)s", number=number),
            _link(actor, Permission.READ_CERTIFICATES, "certificates.show", number=number),
        )
        for number in numbers
    }


def _organisations(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = _names(Organisation.code, Organisation.name_vi, Organisation.name_en, keys)
    return {code: Document(name, url_for("organisations.show", code=code)) for code, name in rows}


def _places(keys: set[str], actor: Actor) -> dict[str, Document]:
    return {str(id): Document(name) for id, name in _names(Place.id, Place.name_vi, Place.name_en, _ids(keys))}


def _people(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(_ids(keys))))
    return {str(id): Document(name) for id, name in rows}


def _texts(keys: set[str], actor: Actor) -> dict[str, Document]:
    return {
        key: Document(gettext(texts.NAMES[key]), _link(actor, Permission.EDIT_PUBLIC_TEXTS, "texts.edit", name=key))
        for key in keys
        if key in texts.NAMES
    }


def _cases(keys: set[str], actor: Actor) -> dict[str, Document]:
    return {
        str(id): Document(
            gettext("Report %(number)s", number=id), _link(actor, Permission.HANDLE_CASES, "cases.show", case_id=id)
        )
        for id in _ids(keys)
    }


def _destinations(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = db.session.execute(
        select(ExportDestination.id, ExportDestination.name).where(ExportDestination.id.in_(_ids(keys)))
    )
    return {str(id): Document(name) for id, name in rows}


def _rolls(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = db.session.execute(select(StickerRoll.id, StickerRoll.number).where(StickerRoll.id.in_(_ids(keys))))
    return {
        str(id): Document(
            gettext("Roll %(number)s", number=number),
            _link(actor, Permission.READ_BATCHES, "rolls.show", roll_id=id),
        )
        for id, number in rows
    }


def _credits(keys: set[str], actor: Actor) -> dict[str, Document]:
    own = set(
        db.session.scalars(
            money_queries.credits_visible_to(actor).where(Credit.id.in_(_ids(keys))).with_only_columns(Credit.id)
        )
    )
    return {
        str(id): Document(
            gettext("Money received no. %(number)s", number=id),
            _link(actor, Permission.READ_MONEY, "money.show", credit_id=id) if id in own else None,
        )
        for id in _ids(keys)
    }


def _refunds(keys: set[str], actor: Actor) -> dict[str, Document]:
    own = set(
        db.session.scalars(
            money_queries.refunds_visible_to(actor).where(Refund.number.in_(keys)).with_only_columns(Refund.number)
        )
    )
    return {
        key: Document(
            gettext("Refund %(number)s", number=key),
            _link(actor, Permission.READ_MONEY, "money.refund", number=key) if key in own else None,
        )
        for key in keys
    }


def _disputes(keys: set[str], actor: Actor) -> dict[str, Document]:
    own = set(
        db.session.scalars(
            money_queries.disputes_visible_to(actor)
            .where(CardDispute.number.in_(keys))
            .with_only_columns(CardDispute.number)
        )
    )
    return {
        key: Document(
            gettext("Dispute %(number)s", number=key),
            _link(actor, Permission.READ_MONEY, "disputes.show", number=key) if key in own else None,
        )
        for key in keys
    }


def _methods(keys: set[str], actor: Actor) -> dict[str, Document]:
    return {key: Document(gettext(paying.NAMES[PaymentMethod(key)])) for key in keys if key in set(PaymentMethod)}


def _reviews(keys: set[str], actor: Actor) -> dict[str, Document]:
    return {
        key: Document(
            gettext("Review %(number)s", number=key),
            _link(actor, Permission.READ_REVIEWS, "reviews.show", review_id=key),
        )
        for key in keys
        if key.isascii() and key.isdigit()
    }


def _synonyms(keys: set[str], actor: Actor) -> dict[str, Document]:
    rows = db.session.execute(
        select(SynonymPhrase.set_id, SynonymPhrase.phrase)
        .where(SynonymPhrase.set_id.in_(_ids(keys)))
        .order_by(SynonymPhrase.position)
    )
    words: dict[int, list[str]] = defaultdict(list)
    for set_id, phrase in rows:
        words[set_id].append(phrase)
    return {
        key: Document(
            ", ".join(words[int(key)]) or gettext("Set of words no. %(number)s", number=key),
            _link(actor, Permission.EDIT_SEARCH_WORDS, "search_words.edit", set_id=key) if words[int(key)] else None,
        )
        for key in map(str, _ids(keys))
    }


def _by_number(
    words: str, permission: Permission | None = None, endpoint: str = ""
) -> Callable[[set[str], Actor], dict[str, Document]]:
    """Name documents by the number that the trail has of them, with a link for those who may follow it."""

    def named(keys: set[str], actor: Actor) -> dict[str, Document]:
        return {
            key: Document(
                gettext(words, number=key),
                _link(actor, permission, endpoint, number=key) if permission is not None else None,
            )
            for key in keys
        }

    return named


#: Kinds of documents in the trail → what names them.
KINDS: dict[str, Callable[[set[str], Actor], dict[str, Document]]] = {
    "account": _by_number(N_("Bank account no. %(number)s")),
    "case": _cases,
    "certificate": _certificates,
    "complaint": _by_number(N_("Complaint %(number)s"), Permission.READ_COMPLAINTS, "complaints.show"),
    "credit": _credits,
    "destination": _destinations,
    "dispute": _disputes,
    "event": _events,
    "invitation": _by_number(N_("Invitation no. %(number)s")),
    "key": _by_number(N_("Key no. %(number)s")),
    "link": _by_number(N_("Link no. %(number)s of a GS1 key")),
    "lot": _lots,
    "method": _methods,
    "note": _by_number(N_("Consignment note %(number)s"), Permission.READ_CONSIGNMENT, "consignment.show"),
    "order": _by_number(N_("Order %(number)s"), Permission.READ_ORDERS, "order_desk.show"),
    "organisation": _organisations,
    "parcel": _by_number(N_("Parcel %(number)s"), Permission.READ_ORDERS, "parcel_desk.of_parcel"),
    "place": _places,
    "point": _points,
    "product": _products,
    "purchase": _by_number(N_("Purchase %(number)s")),
    "recall": _by_number(N_("Recall %(number)s"), Permission.READ_RECALLS, "recalls.show"),
    "recipe": _by_number(N_("Recipe no. %(number)s")),
    "refund": _refunds,
    "return": _by_number(N_("Return %(number)s"), Permission.READ_ORDERS, "return_desk.show"),
    "review": _reviews,
    "roll": _rolls,
    "sale": _sales,
    "synonyms": _synonyms,
    "tax_payment": _by_number(N_("Payment of tax %(number)s")),
    "text": _texts,
    "user": _people,
    "voucher": _by_number(N_("Voucher %(number)s")),
}
