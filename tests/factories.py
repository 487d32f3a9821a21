"""Makers of rows. Each takes only the facts that matter to the test, commits, and gives the row.

Rows are made straight from the models: verbs have tests of their own, and these must not depend on them.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import secrets
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Flask, has_app_context
from flask.testing import FlaskClient

from accounts import membership, signing_in
from accounts.actor import Actor
from accounts.models import (
    Jurisdiction,
    LegalForm,
    Membership,
    Organisation,
    OrganisationKind,
    Place,
    PlaceKind,
    Role,
    User,
)
from catalog import taxonomy
from catalog.models import (
    Price,
    Product,
    ProductStatus,
    ProductVersion,
    SetPart,
    Subgroup,
    TradeItem,
    Unit,
    VersionItem,
)
from consignment.models import Note, NoteKind, NoteLine, NoteStatus, Sale, SaleLine, SalesPoint
from kernel import administrative_units, clock, text
from kernel.db import db, transaction
from kernel.models import AdministrativeUnit
from ocop.models import Certificate
from stock.models import Balance, Location, LocationKind, Movement
from storefront.order_models import (
    Cart,
    Contact,
    Order,
    OrderLine,
    Parcel,
    ParcelState,
    PaymentMethod,
    Placement,
    Purchase,
)
from traceability.models import Batch, Lot, LotInput, LotKind, LotState, ResolverLink

P = ParamSpec("P")
T = TypeVar("T")
PASSWORD = "mot mat khau du dai"
VALID_FROM = date(2025, 7, 1)
BA_TO, BA_DONG, BA_TO_CIRCUMFLEX = "21484", "21496", "21523"  # xã Ba Tơ, xã Ba Động, xã Ba Tô
SCHEME = "QD26-2026"


@functools.cache
def _hash_of_password() -> str:
    """Hash ``PASSWORD``, once for all tests: to hash is slow, and meant to be."""
    return signing_in.HASHER.hash(PASSWORD)


def _at_once(maker: Callable[Concatenate[Factories, P], T]) -> Callable[Concatenate[Factories, P], T]:
    """Let a maker commit all it makes at once."""

    @functools.wraps(maker)
    def made(self: Factories, *args: P.args, **facts: P.kwargs) -> T:
        with self.together():
            return maker(self, *args, **facts)

    return made


class Factories:
    """What the fixture ``make`` is."""

    def __init__(self, app: Flask, now: datetime) -> None:
        self._app = app
        self._now = now
        self._numbers = itertools.count(1)
        self._is_writing = False

    # Who

    @_at_once
    def organisation(
        self,
        name: str = "Hợp tác xã mẫu",
        *,
        kind: OrganisationKind = OrganisationKind.PRODUCER,
        commune: str = BA_DONG,
        **facts: Any,
    ) -> Organisation:
        """Make an organisation; a producer in xã Ba Động unless told otherwise."""
        self.unit(commune)
        number = next(self._numbers)
        office = kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)
        return self._add(
            Organisation(
                code=facts.pop("code", f"to{number:03d}"),
                slug=facts.pop("slug", f"to-chuc-{number}"),
                kind=kind,
                legal_form=facts.pop("legal_form", LegalForm.PUBLIC_BODY if office else LegalForm.COOPERATIVE),
                name_vi=name,
                commune_code=commune,
                commune_valid_from=VALID_FROM,
                created_at=self._now,
                **facts,
            )
        )

    def unit(self, code: str) -> None:
        """See to it that a unit of today stands in the database, and the province above it."""
        with self._context():
            if db.session.get(AdministrativeUnit, (code, VALID_FROM)) is not None:
                return
        fact = administrative_units.unit_on(code, clock.business_date(self._now))
        if fact is None:
            raise LookupError(f"there is no unit {code} today")
        if fact.parent_code is not None:
            self.unit(fact.parent_code)
        self._add(
            AdministrativeUnit(
                code=fact.code,
                valid_from=fact.valid_from,
                valid_until=fact.valid_until,
                level=fact.level,
                kind_vi=fact.kind_vi,
                name_vi=fact.name_vi,
                name_en=fact.name_en,
                parent_code=fact.parent_code,
                search=text.search_text(fact.name_vi),
                sort_key=text.sort_key(fact.name_vi)[:240],
            )
        )

    def taxonomy(self) -> None:
        """See to it that the programme's industries, groups and sub-groups stand in the database."""
        with self.together():
            if db.session.get(Subgroup, (SCHEME, 1)) is None:
                taxonomy.load()

    def producer(self, name: str = "Hợp tác xã mẫu", **facts: Any) -> Organisation:
        """Make a producer."""
        return self.organisation(name, **facts)

    @_at_once
    def office(self, name: str = "Tổ OCOP mẫu", *, of: tuple[str, ...] = ("51",), **facts: Any) -> Organisation:
        """Make a programme office that looks after the units ``of`` (Quảng Ngãi unless told otherwise)."""
        office = self.organisation(name, kind=OrganisationKind.OFFICE, **facts)
        for code in of:
            self.unit(code)
            self._add(Jurisdiction(organisation_id=office.id, unit_code=code, unit_valid_from=VALID_FROM))
        return office

    @_at_once
    def user(
        self,
        organisation: Organisation | None = None,
        *,
        role: Role = Role.MANAGER,
        email: str | None = None,
        phone: str | None = None,
        name: str = "Người dùng mẫu",
    ) -> User:
        """Make a person who can sign in with ``PASSWORD``, a member of ``organisation`` if one is given."""
        number = next(self._numbers)
        user = self._add(
            User(
                name=name,
                email=email or (None if phone else f"nguoi{number}@demo.example"),
                us_phone_number=phone,
                password=_hash_of_password(),
                fs_uniquifier=secrets.token_hex(16),
                created_at=self._now,
            )
        )
        if organisation is not None:
            self._add(Membership(user_id=user.id, organisation_id=organisation.id, role=role, created_at=self._now))
        return user

    def client(self, organisation: Organisation, *, role: Role = Role.MANAGER, email: str | None = None) -> FlaskClient:
        """Give a browser in which a new member of ``organisation`` has signed in."""
        user = self.user(organisation, role=role, email=email)
        client = self._app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = user.fs_uniquifier
            session["_fresh"] = True
        return client

    def place(
        self,
        organisation: Organisation,
        kind: PlaceKind = PlaceKind.WORKSHOP,
        name: str = "Xưởng mẫu",
        **facts: Any,
    ) -> Place:
        """Make a place of an organisation."""
        return self._add(
            Place(
                organisation_id=organisation.id,
                kind=kind,
                name_vi=name,
                commune_code=organisation.commune_code,
                commune_valid_from=organisation.commune_valid_from,
                created_at=self._now,
                **facts,
            )
        )

    # What

    @_at_once
    def product(
        self,
        producer: Organisation | None = None,
        *,
        name: str = "Gạo rẫy mẫu",
        criteria_set_no: int = 3,
        published: bool = True,
        price_vnd: int | None = 50_000,
        gtin: str | None = None,
        **facts: Any,
    ) -> Product:
        """Make a product with one trade item (500 g); published at a price unless told otherwise."""
        producer = producer or self.producer()
        self.taxonomy()
        number = next(self._numbers)
        product = self._add(
            Product(
                producer_id=producer.id,
                slug=facts.pop("slug", f"san-pham-{number}"),
                scheme=SCHEME,
                criteria_set_no=criteria_set_no,
                status=ProductStatus.DRAFT,
                created_at=self._now,
                is_alcohol=facts.pop("is_alcohol", False),
                is_service=facts.pop("is_service", False),
                is_sample=facts.pop("is_sample", False),
            )
        )
        version = self._add(
            ProductVersion(
                product_id=product.id,
                name_vi=name,
                name_en=facts.pop("name_en", ""),
                summary_vi=facts.pop("summary_vi", "Tóm tắt mẫu."),
                commune_code=facts.pop("commune", producer.commune_code),
                commune_valid_from=VALID_FROM,
                label_kind=facts.pop("label_kind", "luong_thuc"),
                label=facts.pop("label", {}),
                search=text.search_text(name, producer.name_vi),
                sort_key=text.sort_key(name),
                saved_at=self._now,
                **facts,
            )
        )
        item = self._add(
            TradeItem(
                product_id=product.id,
                code="500G",
                name_vi="gói 500 g",
                name_en="500 g pack",
                net_content=500,
                unit=Unit.GRAM,
                gtin=gtin,
                created_at=self._now,
            )
        )
        self._add(VersionItem(version_id=version.id, position=1, trade_item_id=item.id))
        if price_vnd is not None:
            self.price(item, price_vnd)
        product.draft_version_id = version.id
        if published:
            product.submitted_version_id = product.approved_version_id = version.id
            product.published_version_id = version.id
            product.first_published_at = self._now
            product.status = ProductStatus.PUBLISHED
        return self._add(product)

    def item(self, product: Product) -> TradeItem:
        """Give the (first) trade item of a product."""
        with self._context():
            return db.session.scalars(
                db.select(TradeItem).where(TradeItem.product_id == product.id).order_by(TradeItem.id)
            ).first()  # type: ignore[return-value]

    @_at_once
    def size_of(
        self, product: Product, name: str, *, grams: int = 300, price_vnd: int = 40_000, on_show: bool = True
    ) -> TradeItem:
        """Make another size of a product, the second on its page; or one that was never on show."""
        item = self._add(
            TradeItem(
                product_id=product.id,
                code=f"GOI-{next(self._numbers)}",
                name_vi=name,
                net_content=grams,
                unit=Unit.GRAM,
                created_at=self._now,
            )
        )
        if on_show:
            self._add(VersionItem(version_id=product.published_version_id, position=2, trade_item_id=item.id))
            self.price(item, price_vnd)
        return item

    @_at_once
    def set_of(self, product: Product, parts: dict[int, int], *, price_vnd: int | None = 150_000) -> TradeItem:
        """Make a set of so many packs of other trade items, on show as the second item of a product."""
        item = self._add(
            TradeItem(
                product_id=product.id,
                code=f"BO-{next(self._numbers)}",
                name_vi="bộ quà",
                name_en="gift set",
                net_content=sum(parts.values()),
                unit=Unit.PIECE,
                is_set=True,
                is_gift=True,
                created_at=self._now,
            )
        )
        for part_id, quantity in parts.items():
            self._add(SetPart(set_item_id=item.id, version=1, part_item_id=part_id, quantity=quantity))
        version_id = product.published_version_id or product.draft_version_id
        self._add(VersionItem(version_id=version_id, position=2, trade_item_id=item.id))
        if price_vnd is not None:
            self.price(item, price_vnd)
        return item

    def price(self, item: TradeItem, amount_vnd: int, *, valid_from: date | None = None) -> Price:
        """Set a price, from today unless told otherwise."""
        return self._add(
            Price(
                trade_item_id=item.id,
                amount_vnd=amount_vnd,
                valid_from=valid_from or clock.business_date(self._now),
                set_at=self._now,
            )
        )

    def certificate(self, product: Product, *, stars: int = 4, **facts: Any) -> Certificate:
        """Make a certificate issued a year ago for 36 months unless told otherwise."""
        issued = facts.pop("issued_on", clock.business_date(self._now) - timedelta(days=365))
        return self._add(
            Certificate(
                number=facts.pop("number", f"MAU-2025-{next(self._numbers):03d}"),
                product_id=product.id,
                stars=stars,
                decision_number="Số mẫu",
                issuer="Cơ quan mẫu",
                issued_on=issued,
                expires_on=facts.pop("expires_on", clock.add_months(issued, 36)),
                created_at=self._now,
                **facts,
            )
        )

    # Where from

    def raw_lot(self, owner: Organisation, *, name: str = "Lúa rẫy", quantity: int = 100_000, **facts: Any) -> Lot:
        """Make a raw lot of 100 kg unless told otherwise."""
        return self._add(
            Lot(
                kind=facts.pop("kind", LotKind.RAW),
                owner_id=owner.id,
                number=facts.pop("number", f"NL{next(self._numbers):04d}"),
                name_vi=name,
                quantity=quantity,
                unit=facts.pop("unit", Unit.GRAM),
                supplier=facts.pop("supplier", "Hộ mẫu 01"),
                origin_commune_code=facts.pop("commune", owner.commune_code),
                origin_commune_valid_from=VALID_FROM,
                received_on=facts.pop("received_on", clock.business_date(self._now) - timedelta(days=20)),
                state=facts.pop("state", LotState.RELEASED),
                state_since=self._now,
                created_at=self._now,
                **facts,
            )
        )

    def link(self, owner: Organisation, key_path: str, href: str, **facts: Any) -> ResolverLink:
        """Register a link of a GS1 key, to a product page unless told otherwise."""
        return self._add(
            ResolverLink(
                organisation_id=owner.id,
                key_path=key_path,
                href=href,
                link_type=facts.pop("link_type", "gs1:pip"),
                title=facts.pop("title", "Trang mẫu"),
                created_at=self._now,
                changed_at=self._now,
                **facts,
            )
        )

    @_at_once
    def batch(
        self,
        item: TradeItem,
        *,
        number: str | None = None,
        quantity: int = 100,
        inputs: dict[int, int] | None = None,
        state: LotState = LotState.RELEASED,
        token: str | None = None,
        **facts: Any,
    ) -> Batch:
        """Make a batch of 100 packs, released unless told otherwise. ``inputs``: {lot id: quantity}."""
        from kernel import gs1

        number = number or f"L{next(self._numbers):04d}"
        with self._context():
            product = db.session.get_one(Product, item.product_id)
            owner_id = product.producer_id
        lot = self._add(
            Lot(
                kind=LotKind.FINISHED,
                owner_id=owner_id,
                number=f"{number}"[:20],
                name_vi="Hàng mẫu",
                quantity=quantity,
                unit=Unit.PIECE,
                state=state,
                state_since=self._now,
                created_at=self._now,
            )
        )
        batch = self._add(
            Batch(
                lot_id=lot.id,
                trade_item_id=item.id,
                number=number,
                token=token or gs1.new_token(),
                made_on=facts.pop("made_on", clock.business_date(self._now) - timedelta(days=10)),
                expires_on=facts.pop("expires_on", clock.business_date(self._now) + timedelta(days=355)),
                **facts,
            )
        )
        for input_id, amount in (inputs or {}).items():
            self.edge(lot.id, input_id, amount)
        return batch

    @_at_once
    def edge(self, output_id: int, input_id: int, quantity: int) -> None:
        """Let so much of one lot have gone into another."""
        self._add(LotInput(output_id=output_id, input_id=input_id, quantity=quantity))
        with self.together():
            db.session.get_one(Lot, input_id).used += quantity

    @_at_once
    def actor(self, organisation: Organisation, *, role: Role = Role.MANAGER) -> Actor:
        """Give a new member of an organisation as who asks."""
        user = self.user(organisation, role=role)
        with self._context():
            return membership.actor_of(user.id)

    # How much where

    def location(self, keeper: Organisation, kind: LocationKind, *, place: Place | None = None) -> Location:
        """Make a location."""
        return self._add(
            Location(
                kind=kind,
                keeper_id=keeper.id,
                place_id=place and place.id,
                name_vi=f"{kind.value} {keeper.name_vi}",
            )
        )

    def on_hand(self, lot_id: int, location: Location, owner: Organisation, quantity: int) -> None:
        """Put goods at a location, with the production they come from, so that the ledger adds up."""
        with self.together():
            source = db.session.scalar(
                db.select(Location).where(Location.kind == LocationKind.PRODUCTION, Location.keeper_id == owner.id)
            )
            if source is None:
                source = Location(kind=LocationKind.PRODUCTION, keeper_id=owner.id, name_vi="Sản xuất")
                db.session.add(source)
                db.session.flush()
            made = db.session.get_one(Lot, lot_id).quantity
            for where, floor, change in ((source, -made, -quantity), (location, 0, quantity)):
                balance = db.session.get(Balance, (lot_id, where.id, owner.id))
                if balance is None:
                    balance = Balance(
                        lot_id=lot_id,
                        location_id=where.id,
                        owner_id=owner.id,
                        on_hand=0,
                        floor_quantity=floor,
                    )
                    db.session.add(balance)
                balance.on_hand += change
            db.session.add(
                Movement(
                    lot_id=lot_id,
                    quantity=quantity,
                    source_id=source.id,
                    to_id=location.id,
                    owner_id=owner.id,
                    document=f"LOT-{lot_id}",
                    cause=f"factory:{next(self._numbers)}",
                    at=self._now,
                )
            )

    # Who bought it

    @_at_once
    def order(
        self, item: TradeItem, *, quantity: int = 2, came: bool = True, email: str | None = None, **facts: Any
    ) -> Order:
        """Make a confirmed order of a trade item at 50.000 ₫, paid in cash; its parcel came unless told otherwise."""
        number = next(self._numbers)
        with self._context():
            product = db.session.get_one(Product, item.product_id)
            producer = db.session.get_one(Organisation, product.producer_id)
        cart = self._add(Cart(token=secrets.token_urlsafe(32), created_at=self._now, changed_at=self._now))
        goods = quantity * 50_000
        purchase = self._add(
            Purchase(
                number=f"DH-9{number:05d}",
                token=secrets.token_hex(13),
                cart_id=cart.id,
                user_id=facts.pop("user_id", None),
                language=facts.pop("language", "vi"),
                method=PaymentMethod.COD,
                goods_vnd=goods,
                total_vnd=goods,
                placed_at=self._now,
            )
        )
        self._add(
            Contact(
                purchase_id=purchase.id,
                name="Người mua mẫu",
                phone="+84900000000",
                email=email,
                line="Thôn 1",
                commune_code=producer.commune_code,
                commune_valid_from=producer.commune_valid_from,
            )
        )
        placement = facts.pop("placement", Placement.CONFIRMED)
        order = self._add(
            Order(
                purchase_id=purchase.id,
                position=1,
                number=f"{purchase.number}-1",
                producer_id=producer.id,
                placement=placement,
                packed_at=self._now if came and placement is Placement.CONFIRMED else None,
                goods_vnd=goods,
                total_vnd=goods,
                placed_at=self._now,
                confirmed_at=self._now,
                **facts,
            )
        )
        self._add(
            OrderLine(
                order_id=order.id,
                line=1,
                trade_item_id=item.id,
                name_vi="Gạo rẫy mẫu, gói 500 g",
                name_en="Sample hill rice, 500 g pack",
                slug=product.slug,
                agreed=quantity,
                unit=item.unit,
                price_vnd=50_000,
                agreed_vnd=goods,
            )
        )
        if came:
            self._add(
                Parcel(
                    number=f"KH-9{number:05d}",
                    order_id=order.id,
                    carrier="hand_over",
                    state=ParcelState.DELIVERED,
                    created_at=self._now,
                    delivered_at=self._now,
                )
            )
        return order

    # Who sells it

    def sales_point(self, organisation: Organisation, **facts: Any) -> SalesPoint:
        """Make an open counter of a sales-point organisation, with its place and its location."""
        number = next(self._numbers)
        name = facts.pop("name_vi", f"Quầy mẫu {number}")
        slug = facts.pop("slug", f"quay-mau-{number}")
        location = self.location(
            organisation, LocationKind.SALES_POINT, place=self.place(organisation, PlaceKind.COUNTER, name)
        )
        with self.together():
            db.session.get_one(Location, location.id).slug = slug
        return self._add(
            SalesPoint(
                organisation_id=organisation.id,
                location_id=location.id,
                slug=slug,
                name_vi=name,
                is_open=facts.pop("is_open", True),
                created_at=self._now,
                **facts,
            )
        )

    @_at_once
    def note(self, consignor: Organisation, point: SalesPoint, lot_id: int, quantity: int = 10) -> Note:
        """Make a draft of a delivery with one line, at 60.000 ₫ a pack."""
        number = next(self._numbers)
        note = self._add(
            Note(
                number=f"CSG-9{number:05d}",
                kind=NoteKind.DELIVERY,
                consignor_id=consignor.id,
                sales_point_id=point.id,
                warehouse_id=self._location_of(consignor, LocationKind.WAREHOUSE).id,
                in_transit_id=self._location_of(consignor, LocationKind.IN_TRANSIT).id,
                status=NoteStatus.DRAFT,
                created_at=self._now,
            )
        )
        with self.together():
            db.session.add(NoteLine(note_id=note.id, position=1, lot_id=lot_id, quantity=quantity, price_vnd=60_000))
        return note

    @_at_once
    def sale(self, point: SalesPoint, lot_id: int, owner: Organisation, quantity: int = 1) -> Sale:
        """Make a sale on record; its goods are not moved."""
        number = next(self._numbers)
        sale = self._add(
            Sale(
                number=f"SAL-9{number:05d}",
                sales_point_id=point.id,
                request_key=f"factory-{number:012d}",
                total_vnd=60_000 * quantity,
                sold_at=self._now,
            )
        )
        with self.together():
            db.session.add(
                SaleLine(
                    sale_id=sale.id, position=1, lot_id=lot_id, owner_id=owner.id, name_vi="Hàng mẫu",
                    quantity=quantity, price_vnd=60_000,
                )
            )  # fmt: skip
        return sale

    def _location_of(self, keeper: Organisation, kind: LocationKind) -> Location:
        with self._context():
            found = db.session.scalar(db.select(Location).where(Location.keeper_id == keeper.id, Location.kind == kind))
        return found or self.location(keeper, kind)

    def _add(self, row: T) -> T:
        with self.together():
            session = db.session
            row = session.merge(row) if getattr(row, "id", None) or getattr(row, "lot_id", None) else row
            session.add(row)
            session.flush()
            session.refresh(row)
        return row

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Commit all that is made within at once: to begin and to end costs more than most of what is made."""
        if self._is_writing:
            yield
            return
        with self._context(), transaction():
            self._is_writing = True
            try:
                yield
            finally:
                self._is_writing = False

    @contextlib.contextmanager
    def _context(self) -> Iterator[None]:
        if has_app_context():
            yield
        else:
            with self._app.app_context():
                yield
