"""Load the Ba Tơ data set by the house's own verbs, each told the day on which it is meant to have happened."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from accounts import consents, membership, organisations, signing_in
from accounts.actor import SYSTEM, Actor
from accounts.models import LegalForm, Organisation, OrganisationKind, Place, PlaceKind, Role
from accounts.organisations import Profile, Spot
from app.config import ROOT
from app.demo import goods, texts
from app.demo.goods import Good, Maker
from catalog import editing, labels, pricing, publishing
from catalog.models import Product, Subgroup, TradeItem, Unit
from consignment import points, selling, transfer
from consignment.models import SalesPoint
from kernel import clock, media
from kernel.db import db, transaction
from kernel.errors import N_, Conflict
from kernel.models import AdministrativeUnit
from ocop import certification
from ocop.models import Certificate
from stock import holding, production
from storefront import texts as public_texts
from traceability import batches, lots, steps
from traceability.lots import Received
from traceability.models import Batch, EventKind, Lot
from traceability.recording import NamedLot, record_event

PICTURES = Path(__file__).parent / "pictures"
SCHEME = "QD26-2026"
SAMPLE_DECISION = "Số mẫu – Dữ liệu mẫu"
SAMPLE_ISSUER = "Cơ quan mẫu – Dữ liệu mẫu"
PACKS = 120


class NotForProduction(Conflict):
    message = N_("The demonstration data are not for a production database.")


class NotEmpty(Conflict):
    message = N_("There are products in this database already: the data set is loaded into an empty one only.")


def is_empty() -> bool:
    """Tell whether there is no organisation yet."""
    return not db.session.scalar(select(func.count()).select_from(Organisation))


def load(*, password: str, now: datetime, scale: int = 1, say: Callable[[str], None] = lambda line: None) -> None:
    """Load the data set, section by section; each is one transaction.

    :param password: of all demo accounts
    :param scale: how many times the sample products are entered (for measuring large shops)
    :param say: told what is being done
    """
    db.session.rollback()
    if not is_empty():
        raise NotEmpty()
    _Loader(now, password).run(scale, say)


@dataclass
class _Stocked:
    """A good with its rows."""

    good: Good
    product: Product
    items: list[TradeItem]
    batches: list[Batch]


class _Loader:
    def __init__(self, now: datetime, password: str) -> None:
        self.now = now
        self.today = clock.business_date(now)
        self.password = password
        self.alt: dict[str, dict[str, str]] = json.loads((PICTURES / "alt.json").read_text(encoding="utf-8"))
        self.makers: dict[str, Organisation] = {}
        self.workshops: dict[str, Place] = {}
        self.points: dict[str, SalesPoint] = {}
        self.stocked: list[_Stocked] = []
        self.digests: dict[str, str] = {}
        self.lot_numbers = 0

    def run(self, scale: int, say: Callable[[str], None]) -> None:
        sections: list[tuple[str, Callable[[], None]]] = [
            ("communes", self._outlines),
            ("offices", self._offices),
            ("pictures", self._pictures),
            ("producers", self._makers),
            ("sales points", self._counters),
            ("people", self._people),
            ("public texts", self._texts),
            ("products", lambda: self._products(scale)),
            ("certificates", self._certificates),
            ("batches", self._batches),
            ("consignment", self._consignment),
            ("holds and recalls", self._incidents),
        ]
        for name, section in sections:
            say(name)
            with transaction():
                section()

    def at(self, days_ago: int, hour: int = 9) -> datetime:
        """Give an instant so many Viet Nam days ago (never after now)."""
        instant = clock.start_of_day(self.today - timedelta(days=days_ago)) + timedelta(hours=hour)
        return min(instant, self.now)

    def _outlines(self) -> None:
        """Take the communes' outlines where they lie beside the project; the map draws circles without them."""
        shared = Path(os.environ.get("SHARED_DIR", ROOT.parent / "shared"))
        path = shared / "data" / "bato" / "communes.geojson"
        if not path.is_file():
            return
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            unit = self._commune(str(feature["properties"]["code"]))
            unit.outline = feature["geometry"]["coordinates"][0]

    def _commune(self, code: str) -> AdministrativeUnit:
        return db.session.scalars(
            select(AdministrativeUnit).where(AdministrativeUnit.code == code, AdministrativeUnit.valid_until.is_(None))
        ).one()

    def _offices(self) -> None:
        for code, name, unit, seat in goods.OFFICES:
            office = organisations.register(
                SYSTEM,
                code=code,
                kind=OrganisationKind.OFFICE,
                profile=Profile(legal_form=LegalForm.PUBLIC_BODY, name_vi=name, commune=seat),
                now=self.at(400),
                is_sample=True,
            )
            organisations.set_jurisdiction(SYSTEM, office, [unit], now=self.at(400))

    def _pictures(self) -> None:
        wanted = {good.key for good in goods.GOODS} | {maker.picture for maker in goods.MAKERS}
        wanted |= {counter.picture for counter in goods.COUNTERS}
        for key in sorted(wanted):
            self.digests[key] = media.store_picture((PICTURES / f"{key}.webp").read_bytes(), now=self.now)

    def _makers(self) -> None:
        for maker in goods.MAKERS:
            made = organisations.register(
                SYSTEM,
                code=maker.code,
                kind=OrganisationKind.PRODUCER,
                profile=Profile(
                    legal_form=LegalForm(maker.form),
                    name_vi=maker.name_vi,
                    name_en=maker.name_en,
                    story_vi=maker.story_vi,
                    story_en=maker.story_en,
                    commune=maker.commune,
                    address=maker.address,
                ),
                now=self.at(380),
                is_sample=maker.is_sample,
            )
            made.picture = self.digests[maker.picture]
            made.picture_alt_vi, made.picture_alt_en = self._alt(maker.picture)
            made.woman_led, made.minority_led, made.youth_led = maker.woman_led, maker.minority_led, maker.youth_led
            self.makers[maker.code] = made
            self.workshops[maker.code] = organisations.add_place(SYSTEM, made, self._workshop(maker), now=self.at(370))
            self.workshops[maker.code].is_sample = True
            if maker.is_sample:
                consents.give(SYSTEM, made, "officer_acts", channel="paper", now=self.at(360))

    def _workshop(self, maker: Maker) -> Spot:
        return Spot(
            kind=PlaceKind.WORKSHOP,
            name_vi="Xưởng (dữ liệu mẫu)",
            name_en="Workshop (sample)",
            commune=maker.commune,
            village=maker.address,
        )

    def _alt(self, key: str) -> tuple[str, str]:
        return self.alt[key]["vi"][:200], self.alt[key]["en"][:200]

    def _counters(self) -> None:
        for counter in goods.COUNTERS:
            shop = organisations.register(
                SYSTEM,
                code=counter.code,
                kind=OrganisationKind.SALES_POINT,
                profile=Profile(
                    legal_form=LegalForm.HOUSEHOLD,
                    name_vi=counter.name_vi,
                    name_en=counter.name_en,
                    commune=counter.commune,
                    address="địa chỉ mẫu",
                ),
                now=self.at(350),
                is_sample=counter.is_sample,
            )
            alt_vi, alt_en = self._alt(counter.picture)
            self.points[counter.code] = points.open_point(
                shop,
                points.PointProfile(
                    name_vi=counter.name_vi,
                    name_en=counter.name_en,
                    about_vi="Điểm bán ký gửi hàng OCOP của các chủ thể trong vùng. Giờ mở cửa là dữ liệu mẫu.",
                    about_en="Sells producers' goods on consignment. Opening hours are sample data.",
                    hours_vi=counter.hours,
                    commission_bp=1_000,
                    picture=self.digests[counter.picture],
                    picture_alt_vi=alt_vi,
                    picture_alt_en=alt_en,
                ),
                actor=SYSTEM,
                now=self.at(340),
                is_sample=counter.is_sample,
            )

    def _people(self) -> None:
        hashed = signing_in.HASHER.hash(self.password)
        for mailbox, code, role, name in goods.PEOPLE:
            user = membership.enrol(
                name=name, email=f"{mailbox}@demo.example", password_hash=hashed, now=self.at(330), is_sample=True
            )
            organisation = db.session.scalars(select(Organisation).where(Organisation.code == code)).one()
            membership.add(organisation, user, Role(role), now=self.at(330))

    def _texts(self) -> None:
        for name, (title_vi, title_en, body_vi, body_en) in texts.TEXTS.items():
            public_texts.save(
                name,
                title_vi=title_vi,
                title_en=title_en,
                body_vi=body_vi,
                body_en=body_en,
                is_sample=True,
                actor=SYSTEM,
                now=self.at(320),
            )

    def _products(self, scale: int) -> None:
        for number, good in enumerate(goods.GOODS):
            self.stocked.append(self._enter(good, days_ago=200 - 4 * number))
        for copy in range(2, scale + 1):
            for good in goods.GOODS:
                if good.is_sample and good.state == "published":
                    self._enter(good, days_ago=100, copy=copy)

    def _enter(self, good: Good, *, days_ago: int, copy: int = 0) -> _Stocked:
        maker, now = self.makers[good.maker], self.at(days_ago)
        subgroup = db.session.get_one(Subgroup, (SCHEME, good.set_no))
        product = editing.create(
            maker,
            SYSTEM,
            name_vi=good.name_vi + (f" – mẫu {copy}" if copy else ""),
            name_en=good.name_en + (f" – sample {copy}" if copy else ""),
            subgroup=subgroup,
            commune=maker.commune,
            village=good.village,
            is_sample=good.is_sample,
            now=now,
        )
        product.press_rating_vi, product.press_rating_en = good.press
        editing.save_words(
            product,
            SYSTEM,
            now=now,
            summary_vi=good.summary_vi,
            summary_en=good.summary_en,
            story_vi=f"{good.summary_vi}\n\n{maker.story_vi}",
            story_en=f"{good.summary_en}\n\n{maker.story_en}",
            brand="" if good.is_sample else good.name_vi,
            standards="Tiêu chuẩn cơ sở (dữ liệu mẫu)" if good.set_no != 26 else "",
        )
        editing.save_label(product, SYSTEM, values=self._label(good, subgroup.label_kind), now=now)
        alt_vi, alt_en = self._alt(good.key)
        editing.add_photo(product, SYSTEM, editing.Photo(self.digests[good.key], alt_vi, alt_en), now=now)
        if maker.picture:
            photo = editing.Photo(maker.picture, maker.picture_alt_vi, maker.picture_alt_en)
            editing.add_photo(product, SYSTEM, photo, now=now)
        items = []
        for position, (name_vi, name_en, content, unit, price) in enumerate(good.items):
            item = editing.add_item(
                product,
                SYSTEM,
                name_vi=name_vi,
                name_en=name_en,
                net_content=content,
                unit=Unit(unit),
                gtin=good.gtin if position == 0 and not copy else "",
                now=now,
            )
            pricing.set_price(item, SYSTEM, amount_vnd=price, now=now)
            items.append(item)
        self._decide(good, product, now)
        return _Stocked(good, product, items, [])

    def _label(self, good: Good, kind: str) -> dict[str, dict[str, str]]:
        said: dict[str, dict[str, str]] = {}
        for one in labels.fields_for(kind):
            words = good.label.get(one.key) or goods.USUAL.get(one.key)
            if one.key == "ingredients":
                words = good.ingredients
            if words and words[0] and not one.per_batch and (one.required or one.key in ("use", "storage")):
                said[one.key] = {"vi": words[0], "en": words[1]}
        return said

    def _decide(self, good: Good, product: Product, now: datetime) -> None:
        if good.state == "draft":
            return
        publishing.submit(product, SYSTEM, now=now)
        if good.state == "published" and product.submitted_version_id is not None:
            publishing.approve_and_publish(product, SYSTEM, version_id=product.submitted_version_id, now=now)

    def _certificates(self) -> None:
        ages = {"valid": 300, "revoked": 400}
        certified = [stocked for stocked in self.stocked if stocked.good.stars]
        for number, stocked in enumerate(certified, start=1):
            good = stocked.good
            issued_on = self.today - timedelta(days=ages.get(good.certificate, 0) + number)
            if good.certificate == "expiring":
                issued_on = clock.add_months(self.today, -36) + timedelta(days=60 + number)
            elif good.certificate == "expired":
                issued_on = clock.add_months(self.today, -36) - timedelta(days=40)
            certificate = certification.issue(
                stocked.product,
                number=f"MAU-{issued_on.year}-{number:03d}",
                stars=good.stars or 3,
                decision_number=SAMPLE_DECISION,
                issuer=SAMPLE_ISSUER,
                issued_on=issued_on,
                is_sample=True,
                actor=SYSTEM,
                now=self.now,
            )
            if good.certificate == "revoked":
                self._revoke(certificate)

    def _revoke(self, certificate: Certificate) -> None:
        certification.revoke(
            certificate,
            reason="Ngừng sản xuất (dữ liệu mẫu)",
            revoked_on=self.today - timedelta(days=30),
            actor=SYSTEM,
            now=self.now,
        )

    def _batches(self) -> None:
        officer = self._officer()
        made = [stocked for stocked in self.stocked if stocked.good.raw[3] and stocked.good.state == "published"]
        for number, stocked in enumerate(made):
            for turn, days_ago in enumerate((58 - number % 9, 24 - number % 7)):
                item = stocked.items[turn % len(stocked.items)]
                stocked.batches.append(self._batch(stocked, item, days_ago, confirmed_by=officer if turn else None))
        bananas = next(stocked for stocked in made if stocked.good.key == "chuoi-say")
        bananas.batches.insert(0, self._batch(bananas, bananas.items[0], 190, confirmed_by=None))

    def _officer(self) -> Actor:
        user = signing_in.find_by_identity("office@demo.example")
        if user is None:
            raise LookupError("the demo office has no officer")
        return membership.actor_of(user.id)

    def _batch(self, stocked: _Stocked, item: TradeItem, days_ago: int, *, confirmed_by: Actor | None) -> Batch:
        good, owner = stocked.good, self.makers[stocked.good.maker]
        self.lot_numbers += 1
        material = self._material(good, owner, item, days_ago)
        made_on = self.today - timedelta(days=days_ago)
        batch = batches.open_batch(
            item,
            number=f"{owner.code.upper()}-{made_on:%y%m}-{self.lot_numbers:02d}",
            made_on=made_on,
            expires_on=made_on + timedelta(days=good.keeps_days) if good.keeps_days else None,
            quantity=PACKS,
            inputs={material.id: material.quantity},
            place_id=self.workshops[good.maker].id,
            is_sample=True,
            actor=SYSTEM,
            now=self.at(days_ago, 15),
        )
        production.release(batch, actor=SYSTEM, now=self.at(days_ago - 1, 10))
        if confirmed_by is not None:
            batches.confirm(
                batch,
                checked="Đối chiếu sổ sản xuất với số lượng và ngày ghi trên nhãn (dữ liệu mẫu).",
                actor=confirmed_by,
                now=self.at(days_ago - 2, 10),
            )
        return batch

    def _material(self, good: Good, owner: Organisation, item: TradeItem, days_ago: int) -> Lot:
        """Receive the raw material, work on it, and give the lot that goes into the packs."""
        name_vi, name_en, unit, per_pack = good.raw
        share = max(1, item.net_content // max(1, good.items[0][2]))
        amount = per_pack * share * PACKS
        place = self.workshops[good.maker]
        raw = lots.receive_raw_lot(
            owner,
            Received(
                name_vi=name_vi,
                name_en=name_en,
                number=f"NL-{self.lot_numbers:03d}",
                quantity=amount,
                unit=Unit(unit),
                supplier=f"Hộ mẫu {self.lot_numbers % 7 + 1:02d}",
                growing_area="Vùng nguyên liệu mẫu",
                commune=owner.commune_code,
                harvested_on=self.today - timedelta(days=days_ago + 14) if unit == "g" else None,
                received_on=self.today - timedelta(days=days_ago + 12),
                place_id=place.id,
            ),
            is_sample=True,
            actor=SYSTEM,
            now=self.at(days_ago + 12, 14),
        )
        worked = raw
        if good.between:
            worked = lots.make_intermediate(
                owner,
                name_vi=good.between[0],
                name_en=good.between[1],
                number=f"TG-{self.lot_numbers:03d}",
                quantity=max(1, amount * 6 // 10),
                unit=Unit(unit),
                made_on=self.today - timedelta(days=days_ago + 8),
                inputs={raw.id: raw.quantity},
                place_id=place.id,
                is_sample=True,
                actor=SYSTEM,
                now=self.at(days_ago + 8, 14),
            )
        known = steps.all_steps()
        for turn, key in enumerate(good.steps):
            step = known[key]
            record_event(
                EventKind.OBJECT,
                step.biz_step,
                [NamedLot(worked.id, quantity=worked.quantity)],
                title_vi=step.name_vi,
                title_en=step.name_en,
                disposition=step.disposition,
                organisation_id=owner.id,
                place_id=place.id,
                event_at=self.at(days_ago + 7 - 2 * turn, 10),
                is_sample=True,
                actor=SYSTEM,
                now=self.at(days_ago + 7 - 2 * turn, 16),
            )
        return worked

    def _consignment(self) -> None:
        ready = [stocked for stocked in self.stocked if stocked.batches]
        for number, (code, point) in enumerate(self.points.items()):
            for turn in range(4):
                stocked = ready[(number * 4 + turn) % len(ready)]
                self._deliver(stocked, point, days_ago=16 - turn - number, stays=code == "diemb6" and turn == 3)
        self._on_the_way(ready)
        self._sales()

    def _deliver(self, stocked: _Stocked, point: SalesPoint, *, days_ago: int, stays: bool) -> None:
        batch = stocked.batches[-1]
        price = stocked.good.items[(len(stocked.batches) - 1) % len(stocked.items)][4]
        note = transfer.draft(
            self.makers[stocked.good.maker],
            point,
            [transfer.Wanted(batch.lot_id, 24, price)],
            actor=SYSTEM,
            now=self.at(days_ago, 8),
            is_sample=True,
        )
        if stays:
            return
        transfer.send(note, actor=SYSTEM, now=self.at(days_ago, 9))
        transfer.receive(note, actor=SYSTEM, now=self.at(days_ago - 1, 10))

    def _on_the_way(self, ready: list[_Stocked]) -> None:
        """Let the demo's own counter and producer have something to do."""
        honey = next(stocked for stocked in ready if stocked.good.key == "mat-ong-rung")
        shop = self.points["diemb1"]
        arrived = transfer.draft(
            self.makers["ongbv"],
            shop,
            [
                transfer.Wanted(batch.lot_id, 18, item[4])
                for batch, item in zip(honey.batches, honey.good.items, strict=True)
            ],
            actor=SYSTEM,
            now=self.at(9, 8),
            is_sample=True,
        )
        transfer.send(arrived, actor=SYSTEM, now=self.at(9, 9))
        transfer.receive(arrived, actor=SYSTEM, now=self.at(8, 9))
        waiting = transfer.draft(
            self.makers["ongbv"],
            shop,
            [transfer.Wanted(honey.batches[0].lot_id, 12, honey.good.items[0][4])],
            actor=SYSTEM,
            now=self.at(1, 8),
            is_sample=True,
        )
        transfer.send(waiting, actor=SYSTEM, now=self.at(1, 9))
        transfer.take_back(
            self.makers["ongbv"],
            shop,
            {honey.batches[1].lot_id: 4},
            reason="Bán chậm (dữ liệu mẫu)",
            actor=SYSTEM,
            now=self.at(1, 15),
            is_sample=True,
        )

    def _sales(self) -> None:
        from consignment.queries import goods_at

        for number, point in enumerate(self.points.values()):
            for turn, row in enumerate(goods_at(point)[:3]):
                selling.sell(
                    point,
                    {row.lot_id: 1 + (number + turn) % 3},
                    request_key=f"demo{number}x{turn}".ljust(16, "0"),
                    actor=SYSTEM,
                    now=self.at(3 - turn, 10 + number),
                )

    def _incidents(self) -> None:
        by_key = {stocked.good.key: stocked for stocked in self.stocked}
        chillies = by_key["ot-xiem-ngam"].batches[0].lot
        holding.recall(
            chillies, reason="Nắp hũ không kín ở một số hũ (dữ liệu mẫu)", actor=self._officer(), now=self.at(2, 9)
        )
        leaves = by_key["la-sung"].batches[0].lot
        holding.hold(
            leaves, reason="Chờ kết quả kiểm nghiệm độ ẩm (dữ liệu mẫu)", actor=self._officer(), now=self.at(2, 10)
        )
