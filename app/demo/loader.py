"""Load the Ba Tơ data set by the house's own verbs, each told the day on which it is meant to have happened.

What is in the set stands in ``app/demo/data`` and is read and checked by ``app.demo.data``.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from accounts import consents, membership, organisations, signing_in
from accounts.actor import SYSTEM, Actor, granted
from accounts.models import Organisation, OrganisationKind, Place, Role
from accounts.organisations import Profile, Spot
from app import log_jobs
from app.config import ROOT
from app.demo import buying, data, discounts, papers, taxes
from app.demo.data import PICTURES, DemoBatch, DemoNote, DemoProcess, DemoProduct, DemoSet, DemoStep
from catalog import editing, pricing, publishing
from catalog.models import Product, Subgroup, TradeItem, Unit
from catalog.taxonomy import SCHEME
from consignment import points, selling, transfer
from consignment.models import NoteStatus, SalesPoint
from kernel import clock, media
from kernel.db import db, transaction
from kernel.errors import N_, Conflict
from kernel.models import AdministrativeUnit
from ocop import certification
from oversight import recall
from oversight.models import Severity
from stock import holding, production
from storefront import shipping, synonyms
from storefront import texts as public_texts
from storefront.order_models import BankAccount
from traceability import batches, cases, items, lots, recipes, scans
from traceability.item_models import CaseKind, ItemCode
from traceability.lots import Received
from traceability.models import Batch, EventKind, Lot
from traceability.recording import Attachment, NamedLot, record_event

#: The one batch of each producer that no office has confirmed yet is its newest: the page shows both states.
CONFIRMED_AFTER = 3

#: Words of the north and of the south for the same goods.
SYNONYMS = (
    ("heo", "lợn"),
    ("đậu phụng", "đậu phộng", "lạc"),
    ("bắp", "ngô"),
    ("khoai mì", "sắn"),
    ("trái cây", "hoa quả"),
    ("quà tặng", "quà biếu"),
    ("thổ cẩm", "vải dệt tay"),
    ("sim", "hồng sim"),
)


class NotEmpty(Conflict):
    message = N_("There are data in this database already: the data set is loaded into an empty one only.")


def is_empty() -> bool:
    """Tell whether there is no organisation yet."""
    return not db.session.scalar(select(func.count()).select_from(Organisation))


def load(*, password: str, now: datetime, scale: int = 1, say: Callable[[str], None] = lambda line: None) -> None:
    """Load the data set, section by section; each is one transaction.

    :param password: of all demo accounts
    :param scale: how many times the sample products are entered (for measuring large shops)
    :param say: told what is being done
    :raises NotEmpty: if there are data already
    """
    if not is_empty():
        raise NotEmpty()
    _Loader(data.read(), now, password).run(scale, say)


def _outer_ring(geometry: dict[str, Any]) -> list[list[float]]:
    """Give the longest outer ring of a GeoJSON (multi)polygon: [[lon, lat], …]."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    ring: list[list[float]] = max((polygon[0] for polygon in polygons), key=len)
    return ring


class _Loader:
    """Holds the rows made so far, by the keys of the data set."""

    def __init__(self, demo: DemoSet, now: datetime, password: str) -> None:
        self.demo = demo
        self.now = now
        self.today = clock.business_date(now)
        self.password = password
        self.pictures: dict[str, str] = {}
        self.organisations: dict[str, Organisation] = {}
        self.places: dict[str, Place] = {}
        self.points: dict[str, SalesPoint] = {}
        self.products: dict[str, Product] = {}
        self.items: dict[tuple[str, str], TradeItem] = {}
        self.lots: dict[tuple[str, str], Lot] = {}
        self.batches: dict[str, Batch] = {}
        self.with_papers: set[str] = set()  #: materials of which one lot has a receipt
        self.rolls: dict[str, int] = {}
        self.expected: set[int] = set()  #: trade items whose recipe was set

    def run(self, scale: int, say: Callable[[str], None]) -> None:
        """Load all sections in their order."""
        sections: list[tuple[str, Callable[[], None]]] = [
            ("communes", self._outlines),
            ("pictures", self._keep_pictures),
            ("organisations", self._enter_organisations),
            ("sales points", self._open_points),
            ("people", self._enrol_people),
            ("public texts", self._save_texts),
            ("words of the search", self._save_synonyms),
            ("products", lambda: self._enter_products(scale)),
            ("certificates", self._certify),
            ("lots and batches", self._make_lots),
            ("accounts and deliveries", self._open_the_till),
            ("consignment", self._consign),
            ("holds and recalls", self._hold_and_recall),
            ("discount codes", lambda: discounts.make(self.organisations, self._by, self.at)),
            ("taxes", lambda: taxes.state(self.organisations, self.items, self._officer, self._by, self.at)),
            ("purchases", self._buy),
            ("codes of single packs", self._code_packs),
            ("openings", self._count_openings),
        ]
        for name, section in sections:
            say(name)
            with transaction():
                section()
        say("log of proof")
        log_jobs.number_all()
        log_jobs.sign(now=self.now)

    # --- Days ---------------------------------------------------------------------------------------------

    def day(self, days_ago: int) -> date:
        return self.today - timedelta(days=days_ago)

    def at(self, days_ago: int, hour: int = 9) -> datetime:
        """Give an instant so many Viet Nam days ago, never after now."""
        return min(clock.start_of_day(self.day(days_ago)) + timedelta(hours=hour), self.now)

    # --- Places, people, words ----------------------------------------------------------------------------

    def _outlines(self) -> None:
        """Take the communes' outlines where they lie beside the project; the map draws circles without them."""
        path = Path(os.environ.get("SHARED_DIR", ROOT.parent / "shared")) / "data" / "bato" / "communes.geojson"
        if not path.is_file():
            return
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            self._commune(str(feature["properties"]["code"])).outline = _outer_ring(feature["geometry"])

    def _commune(self, code: str) -> AdministrativeUnit:
        return db.session.scalars(
            select(AdministrativeUnit).where(AdministrativeUnit.code == code, AdministrativeUnit.valid_until.is_(None))
        ).one()

    def _keep_pictures(self) -> None:
        wanted = {row.picture for row in self.demo.organisations if row.picture}
        wanted |= {row.picture for row in self.demo.sales_points}
        wanted |= {key for product in self.demo.products for key in product.pictures}
        wanted |= {step.picture for process in self.demo.processes for step in process.steps if step.picture}
        for key in sorted(wanted):
            self.pictures[key] = media.store_picture((PICTURES / f"{key}.webp").read_bytes(), now=self.now)

    def _alt(self, key: str) -> tuple[str, str]:
        vi, en = self.demo.alt[key]
        return vi[: editing.LONGEST_ALT], en[: editing.LONGEST_ALT]

    def _enter_organisations(self) -> None:
        for row in self.demo.organisations:
            made = organisations.register(
                SYSTEM,
                code=row.code,
                kind=row.kind,
                profile=Profile(
                    legal_form=row.legal_form,
                    name_vi=row.name_vi,
                    name_en=row.name_en,
                    story_vi=row.story_vi,
                    story_en=row.story_en,
                    commune=row.commune,
                    address=row.address,
                ),
                now=self.at(400),
                is_sample=row.sample,
            )
            if row.picture:
                made.picture = self.pictures[row.picture]
                made.picture_alt_vi, made.picture_alt_en = self._alt(row.picture)
            made.woman_led, made.minority_led, made.youth_led = row.woman_led, row.minority_led, row.youth_led
            self.organisations[row.code] = made
            if row.jurisdiction:
                organisations.set_jurisdiction(SYSTEM, made, row.jurisdiction, now=self.at(399))
            for place in row.places:
                spot = Spot(
                    kind=place.kind,
                    name_vi=place.name_vi,
                    name_en=place.name_en,
                    commune=place.commune,
                    village=place.village,
                )
                self.places[place.key] = organisations.add_place(SYSTEM, made, spot, now=self.at(398))
                self.places[place.key].is_sample = True
            if row.kind is OrganisationKind.PRODUCER and row.sample:
                consents.give(SYSTEM, made, "officer_acts", channel="paper", now=self.at(397))
                for fact in (fact for fact in consents.LED if getattr(row, fact)):
                    organisations.show_led(SYSTEM, made, fact, channel="paper", now=self.at(397))

    def _open_points(self) -> None:
        for row in self.demo.sales_points:
            alt_vi, alt_en = self._alt(row.picture)
            self.points[row.key] = points.open_point(
                self.organisations[row.organisation],
                points.PointProfile(
                    name_vi=row.name_vi,
                    name_en=row.name_en,
                    about_vi=row.about_vi,
                    about_en=row.about_en,
                    hours_vi=row.hours_vi,
                    hours_en=row.hours_en,
                    village=row.address,
                    commission_bp=row.commission_bp,
                    picture=self.pictures[row.picture],
                    picture_alt_vi=alt_vi,
                    picture_alt_en=alt_en,
                ),
                actor=SYSTEM,
                now=self.at(380),
                is_sample=True,
            )

    def _enrol_people(self) -> None:
        hashed = signing_in.HASHER.hash(self.password)
        for row in self.demo.people:
            user = membership.enrol(
                name=row.name, email=row.email, password_hash=hashed, now=self.at(370), is_sample=True
            )
            membership.add(self.organisations[row.organisation], user, row.role, now=self.at(370))

    def _save_texts(self) -> None:
        for row in self.demo.texts:
            public_texts.save(
                row.name,
                title_vi=row.title_vi,
                title_en=row.title_en,
                body_vi=row.body_vi,
                body_en=row.body_en,
                is_sample=True,
                actor=SYSTEM,
                now=self.at(360),
            )

    def _save_synonyms(self) -> None:
        for words in SYNONYMS:
            synonyms.save(None, "\n".join(words), actor=SYSTEM, now=self.at(360))

    def _by(self, code: str) -> Actor:
        """Say that an organisation did it itself, without naming a person."""
        return self._acting(self.organisations[code])

    def _acting(self, organisation: Organisation) -> Actor:
        return Actor(
            user_id=None,
            user_name="",
            organisation_id=organisation.id,
            organisation_code=organisation.code,
            organisation_name_vi=organisation.name_vi,
            organisation_name_en=organisation.name_en,
            kind=organisation.kind,
            role=Role.MANAGER,
            permissions=granted(organisation.kind, Role.MANAGER, is_provincial=False),
        )

    # --- Products -----------------------------------------------------------------------------------------

    def _enter_products(self, scale: int) -> None:
        for number, row in enumerate(self.demo.products):
            self.products[row.key] = self._enter(row, days_ago=340 - 3 * number)
        for copy in range(2, scale + 1):
            for row in self.demo.products:
                if row.state == "published" and self.organisations[row.producer].is_sample:
                    self._enter(row, days_ago=200, copy=copy)

    def _enter(self, row: DemoProduct, *, days_ago: int, copy: int = 0) -> Product:
        """Write a product and bring it to its state; ``copy`` numbers further ones of a large shop.

        All are samples: of those the press names, the label, the price and the batches are made up.
        """
        now = self.at(days_ago)
        producer, by = self.organisations[row.producer], self._by(row.producer)
        product = editing.create(
            producer,
            by,
            name_vi=row.name_vi + (f" – mẫu {copy}" if copy else ""),
            name_en=row.name_en + (f" – sample {copy}" if copy else ""),
            subgroup=db.session.get_one(Subgroup, (SCHEME, row.criteria_set)),
            commune=self._commune(row.commune),
            village=row.village,
            is_sample=True,
            now=now,
        )
        product.is_alcohol = product.is_alcohol or row.alcohol
        if not copy:
            product.press_rating_vi, product.press_rating_en = row.press_vi, row.press_en
        editing.save_words(
            product,
            by,
            now=now,
            summary_vi=row.summary_vi,
            summary_en=row.summary_en,
            story_vi=row.story_vi,
            story_en=row.story_en,
            brand=row.brand,
            standards=row.standards,
        )
        editing.save_label(product, by, values=row.label, now=now)
        for key in dict.fromkeys((*row.pictures, self._picture_of(row.producer))):
            editing.add_photo(product, by, editing.Photo(self.pictures[key], *self._alt(key)), now=now)
        for offer in row.items:
            if copy and offer.parts:  # what is in a set is told by its keys, and copies have none
                continue
            item = editing.add_item(
                product,
                by,
                code=offer.code,
                name_vi=offer.name_vi,
                name_en=offer.name_en,
                net_content=offer.net,
                unit=offer.unit,
                gtin="" if copy else offer.gtin,
                is_gift=offer.gift,
                by_weight=bool(offer.least),
                least_g=offer.least or None,
                parts={self.items[part.product, part.item].id: part.packs for part in offer.parts} or None,
                now=now,
            )
            pricing.set_price(item, by, amount_vnd=offer.price, now=now)
            if not copy:
                self.items[row.key, offer.code] = item
        self._decide(row, product, now)
        return product

    def _picture_of(self, producer: str) -> str:
        return next(row.picture for row in self.demo.producers if row.code == producer)

    def _decide(self, row: DemoProduct, product: Product, now: datetime) -> None:
        if row.state == "draft":
            return
        publishing.submit(product, self._by(row.producer), now=now)
        if row.state == "published" and product.submitted_version_id is not None:
            publishing.approve_and_publish(product, self._officer, version_id=product.submitted_version_id, now=now)

    def _certify(self) -> None:
        for row in self.demo.certificates:
            certificate = certification.issue(
                self.products[row.product],
                number=row.number,
                stars=row.stars,
                decision_number=row.decision,
                issuer=row.issuer,
                issued_on=self.day(row.issued),
                is_sample=True,
                actor=self._officer,
                now=self.now,
            )
            if row.revoked is not None:
                certification.revoke(
                    certificate,
                    reason=row.reason_vi,
                    revoked_on=self.day(row.revoked),
                    actor=self._officer,
                    now=self.now,
                )

    # --- Lots and batches ---------------------------------------------------------------------------------

    def _make_lots(self) -> None:
        for raw in self.demo.raw_lots:
            self._receive(raw)
        for mid in sorted(self.demo.mid_lots, key=lambda lot: -lot.made):
            self._make_between(mid)
        officer = self._officer
        newest: dict[str, int] = {}
        for row in self.demo.batches:
            newest[row.owner] = min(row.made, newest.get(row.owner, row.made))
        for row in sorted(self.demo.batches, key=lambda lot: -lot.made):
            self._make_batch(row, officer if row.made > max(CONFIRMED_AFTER, newest[row.owner]) else None)

    def _receive(self, row: data.DemoRawLot) -> None:
        material = next(one for one in self.demo.materials if one.key == row.material)
        owner = self.organisations[row.owner]
        self.lots[row.owner, row.number] = lots.receive_raw_lot(
            owner,
            Received(
                name_vi=material.name_vi,
                name_en=material.name_en,
                number=row.number,
                quantity=row.quantity,
                unit=material.unit,
                supplier=material.supplier,
                growing_area=material.area,
                commune=row.commune or material.commune,
                harvested_on=self.day(row.harvested) if row.harvested is not None else None,
                received_on=self.day(row.received),
                place_id=self.places[row.place].id,
            ),
            is_sample=True,
            actor=self._acting(owner),
            now=self.at(row.received, 16),
        )
        if material.source == "bought" and material.key not in self.with_papers:
            self.with_papers.add(material.key)
            self._lay_receipt(self.lots[row.owner, row.number], owner, self.day(row.received))

    def _lay_receipt(self, lot: Lot, owner: Organisation, on: date) -> None:
        """Keep the receipt of a lot that was bought: for its owner and the office, not for the public."""
        amount = f"{lot.quantity:n} {'cái' if lot.unit is Unit.PIECE else lot.unit.value}"
        drawn = papers.receipt(
            material=lot.name_vi, lot=lot.number, amount=amount, supplier=lot.supplier, receiver=owner.name_vi, on=on
        )
        digest = media.store_document(drawn, f"phieu-nhap-{lot.id}.pdf", now=self.now)
        lots.add_document(
            lot,
            digest,
            title="Phiếu nhập nguyên liệu (mẫu)",
            is_public=False,
            actor=self._acting(owner),
            now=clock.start_of_day(on) + timedelta(hours=16),
        )

    def _make_between(self, row: data.DemoMidLot) -> None:
        inputs = {self.lots[row.owner, used.lot].id: used.quantity for used in row.inputs}
        lot = lots.make_intermediate(
            self.organisations[row.owner],
            name_vi=row.name_vi,
            name_en=row.name_en,
            number=row.number,
            quantity=row.quantity,
            unit=row.unit,
            made_on=self.day(row.made),
            inputs=inputs,
            place_id=self.places[row.place].id,
            note=self._making(row).title_vi,
            photos=self._photos(self._making(row)),
            is_sample=True,
            actor=self._by(row.owner),
            now=self.at(row.made, 16),
        )
        self.lots[row.owner, row.number] = lot
        self._write_steps(row, lot)

    def _make_batch(self, row: DemoBatch, officer: Actor | None) -> None:
        inputs = {self.lots[row.owner, used.lot].id: used.quantity for used in row.inputs}
        self._expect(row)
        batch = batches.open_batch(
            self.items[row.product, row.item],
            number=row.number,
            made_on=self.day(row.made),
            expires_on=self.day(row.made - row.keeps) if row.keeps is not None else None,
            quantity=row.quantity,
            inputs=inputs,
            place_id=self.places[row.place].id,
            note=self._making(row).title_vi,
            photos=self._photos(self._making(row)),
            is_sample=True,
            actor=self._by(row.owner),
            now=self.at(row.made, 16),
        )
        self.batches[row.key] = batch
        self.lots[row.owner, row.number] = batch.lot
        self._write_steps(row, batch.lot)
        if row.state == "open":
            return
        production.release(batch, actor=self._by(row.owner), now=self.at(row.made, 17))
        if officer is not None:
            batches.confirm(
                batch,
                checked="Đối chiếu sổ sản xuất với số lượng và ngày ghi trên nhãn (dữ liệu mẫu).",
                actor=officer,
                now=self.at(row.made - 1, 10),
            )

    def _expect(self, row: DemoBatch) -> None:
        """Say once what yield a product is expected to have, where its process adds water."""
        item = self.items[row.product, row.item]
        if row.process != "lam-xa-phong" or item.id in self.expected:
            return
        self.expected.add(item.id)
        recipes.set_recipe(
            self.organisations[row.owner],
            recipes.Expected(9_000, 13_500, adds_other=True, other="nước, xút"),
            item=item,
            actor=SYSTEM,
            now=self.at(row.made, 8),
        )

    def _write_steps(self, row: data.DemoMidLot | DemoBatch, lot: Lot) -> None:
        """Write the steps of a lot's process, but for the one that makes it: that is the making's own event."""
        used = [self.lots[row.owner, one.lot].id for one in row.inputs]
        for step in self._process(row).steps:
            when = self.at(row.made - step.day, step.hour)
            if step.makes or row.made < step.day or when >= self.now:  # what is still to come is not there yet
                continue
            record_event(
                EventKind.OBJECT,
                step.biz_step,
                [NamedLot(lot_id) for lot_id in used] if step.on == "inputs" else [NamedLot(lot.id)],
                title_vi=step.title_vi,
                title_en=step.title_en,
                note_vi=step.note_vi,
                note_en=step.note_en,
                disposition=step.disposition,
                organisation_id=lot.owner_id,
                place_id=self.places[row.place].id,
                event_at=when,
                files=self._photos(step),
                is_sample=True,
                actor=self._by(row.owner),
                now=max(when, self.at(row.made, 17)),
            )

    def _process(self, row: data.DemoMidLot | DemoBatch) -> DemoProcess:
        return next(one for one in self.demo.processes if one.key == row.process)

    def _making(self, row: data.DemoMidLot | DemoBatch) -> DemoStep:
        return next(step for step in self._process(row).steps if step.makes)

    def _photos(self, step: DemoStep) -> tuple[Attachment, ...]:
        return (Attachment(self.pictures[step.picture], *self._alt(step.picture)),) if step.picture else ()

    @functools.cached_property
    def _officer(self) -> Actor:
        user = signing_in.find_by_identity("office@demo.example")
        if user is None:
            raise LookupError("the data set has no officer")
        return membership.actor_of(user.id)

    # --- Consignment --------------------------------------------------------------------------------------

    def _open_the_till(self) -> None:
        """Give the office and every third producer an account that does not exist, and the office rates of parcels."""
        office = next(row for row in self.organisations.values() if row.kind is OrganisationKind.OFFICE)
        producers = [row for row in self.organisations.values() if row.kind is OrganisationKind.PRODUCER]
        for number, organisation in enumerate([office, *producers[::3]]):
            db.session.add(
                BankAccount(
                    organisation_id=organisation.id,
                    bank_bin="970405",
                    number=f"0000000000{number:03d}",
                    holder="DU LIEU MAU",
                    is_sample=True,
                    added_at=self.at(300),
                )
            )
        for zone, base, step, days in (
            ("commune", 15_000, 2_000, (0, 1)),
            ("province", 22_000, 4_000, (1, 2)),
            ("country", 32_000, 6_000, (3, 5)),
        ):
            shipping.set_rate(
                office,
                zone,
                shipping.Rate(base_g=1_000, base_vnd=base, step_g=500, step_vnd=step, free_above_vnd=1_000_000),
                days=days,
                is_sample=True,
                actor=SYSTEM,
                now=self.at(300),
            )

    def _consign(self) -> None:
        for note in self.demo.notes:
            if not note.is_return:
                self._deliver(note)
        for number, sale in enumerate(sorted(self.demo.sales, key=lambda one: -one.sold)):
            selling.sell(
                self.points[sale.point],
                {self.batches[line.batch].lot_id: line.quantity for line in sale.lines},
                request_key=f"demo{number:012d}",
                actor=self._acting(self._keeper(sale.point)),
                now=self.at(sale.sold, 10 + number % 6),
            )
        for note in self.demo.notes:
            if note.is_return:
                self._return(note)

    def _deliver(self, row: DemoNote) -> None:
        sent = row.sent if row.sent is not None else 0
        note = transfer.draft(
            self.organisations[row.producer],
            self.points[row.point],
            [
                transfer.Wanted(self.batches[line.batch].lot_id, line.quantity, self._price(line.batch))
                for line in row.lines
            ],
            actor=self._by(row.producer),
            now=self.at(sent, 8),
            is_sample=True,
        )
        if row.sent is None:
            return
        transfer.send(note, actor=self._by(row.producer), now=self.at(row.sent, 9))
        if row.received is not None:
            transfer.receive(note, actor=self._acting(self._keeper(row.point)), now=self.at(row.received, 10))
        elif row.cancelled is not None:
            transfer.cancel(note, reason=row.reason, actor=self._by(row.producer), now=self.at(row.cancelled, 11))

    def _keeper(self, point: str) -> Organisation:
        return db.session.get_one(Organisation, self.points[point].organisation_id)

    def _price(self, batch_key: str) -> int:
        row = next(one for one in self.demo.batches if one.key == batch_key)
        product = next(one for one in self.demo.products if one.key == row.product)
        return next(item.price for item in product.items if item.code == row.item)

    def _return(self, row: DemoNote) -> None:
        note = transfer.take_back(
            self.organisations[row.producer],
            self.points[row.point],
            {self.batches[line.batch].lot_id: line.quantity for line in row.lines},
            reason=row.reason,
            actor=self._acting(self._keeper(row.point)),
            now=self.at(row.sent or 0, 15),
            is_sample=True,
        )
        if row.received is not None and note.status is NoteStatus.SENT:
            transfer.receive(note, actor=self._by(row.producer), now=self.at(row.received, 16))

    def _hold_and_recall(self) -> None:
        officer = self._officer
        for row in self.demo.batches:
            if row.state == "held":
                holding.hold(self.batches[row.key].lot, reason=row.reason_vi, actor=officer, now=self.at(2, 9))
            elif row.state == "recalled":
                told = recall.Told(row.reason_vi, Severity.MODERATE, row.reason_en)
                lot = self.batches[row.key].lot
                recall.start(lot, told, is_drill=False, actor=officer, now=self.at(2, 10))

    def _buy(self) -> None:
        buying.buy(
            buying.Shop(
                now=self.now,
                at=self.at,
                by=self._by,
                officer=self._officer,
                organisations=self.organisations,
                items=self.items,
            )
        )

    # --- Packs --------------------------------------------------------------------------------------------

    def _code_packs(self) -> None:
        for row in self.demo.rolls:
            owner = row.owner or row.batch.partition("/")[0]
            actor = self._by(owner)
            for key in [row.batch, *(bound.batch for bound in row.bound)]:
                if key and not items.is_on(self._item_of(key).product_id):
                    items.switch(self._product_of(key), is_on=True, actor=actor, now=self.at(row.made, 8))
            roll = (
                items.make_for_batch(self.batches[row.batch], row.count, actor=actor, now=self.at(row.made))
                if row.batch
                else items.print_ahead(
                    self.organisations[owner], row.count, note=row.note, actor=actor, now=self.at(row.made)
                )
            )
            self.rolls[row.key] = roll.id
            for bound in row.bound:
                now = self.at(bound.days, 10)
                items.bind_range(roll, bound.first, bound.last, self.batches[bound.batch], actor=actor, now=now)
            for void in row.void:
                now = self.at(void.days, 11)
                items.void_range(roll, void.first, void.last, reason=void.reason, actor=actor, now=now)
        for check in sorted(self.demo.checks, key=lambda one: (-one.days, one.hour)):
            now, source = self.at(check.days, check.hour), f"{check.source:0>32}"
            pack = items.get_pack(self._code(check.roll, check.position).serial, now=now)
            finding = items.judge(pack, region=check.region, source=source, now=now)
            items.record_check(pack, finding, region=check.region, source=source, now=now)
        for report in self.demo.reports:
            code = self._code(report.roll, report.position) if report.roll else None
            lot_id = self.batches[report.batch].lot_id if report.batch else code.lot_id if code else None
            owner_id = code.roll.organisation_id if code else self.batches[report.batch].lot.owner_id
            case = cases.report(
                CaseKind(report.kind),
                report.text,
                code_id=code.id if code else None,
                lot_id=lot_id,
                organisation_id=owner_id,
                now=self.at(report.days, 20),
            )
            if report.answer:
                cases.answer(case, report.answer, actor=self._officer, now=self.at(report.days - 1, 9))

    def _item_of(self, batch_key: str) -> TradeItem:
        return db.session.get_one(TradeItem, self.batches[batch_key].trade_item_id)

    def _product_of(self, batch_key: str) -> Product:
        return db.session.get_one(Product, self._item_of(batch_key).product_id)

    def _code(self, roll: str, position: int) -> ItemCode:
        return db.session.scalars(
            select(ItemCode).where(ItemCode.roll_id == self.rolls[roll], ItemCode.position == position)
        ).one()

    def _count_openings(self) -> None:
        """Count openings of pages as the worker does, drawn alike at every loading."""
        shape = self.demo.openings
        lines = []
        for row in self.demo.batches:
            if row.state == "open":
                continue
            draw = Random(row.key)  # noqa: S311 sample data, and the same each time
            batch = self.batches[row.key]
            for ago in range(min(shape.days, row.made)):
                lines += [
                    scans.Scan(
                        self.day(ago),
                        row.owner,
                        batch.token,
                        draw.choice(shape.regions),
                        draw.choice(shape.languages),
                        scans.Way(draw.choice(shape.ways)),
                    ).line()
                    for _ in range(draw.randint(0, shape.most))
                ]
        scans.take_in("demo", lines, now=self.now)
