"""A large catalogue of made-up goods, written straight into the tables: for what is measured at size."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select, update

from accounts.models import Organisation
from catalog.models import Price, Product, ProductStatus, ProductVersion, TradeItem, Unit, VersionItem
from kernel import text
from kernel.clock import add_months, business_date
from kernel.db import db, transaction
from ocop.models import Certificate
from stock.models import Balance, LocationKind
from tests.factories import BA_DONG, BA_TO, BA_TO_CIRCUMFLEX, SCHEME, VALID_FROM, Factories
from traceability.models import Batch, Lot, LotKind, LotState

KINDS = (
    "Gạo", "Mật ong", "Rượu sim", "Cà phê", "Chè dây", "Măng khô", "Nấm mối", "Thịt gác bếp", "Cá niên", "Mắm nêm",
    "Bưởi da xanh", "Tinh dầu sả", "Tinh dầu quế", "Thổ cẩm", "Khăn dệt", "Túi thổ cẩm", "Gùi mây", "Rổ tre",
    "Muối ớt", "Tiêu rừng", "Nghệ viên", "Bột nghệ", "Đậu phụng", "Dầu phụng", "Kẹo gương", "Bánh ú", "Chuối sấy",
    "Mít sấy", "Khoai lang", "Sâm núi", "Cao gắm", "Trà atisô", "Lạp xưởng", "Giò bò", "Trứng gà", "Hạt mắc ca",
)  # fmt: skip
MANNERS = (
    "rẫy", "rừng", "đặc biệt", "hảo hạng", "truyền thống", "hữu cơ", "thượng hạng", "nguyên chất", "loại một",
    "ngâm", "sấy lạnh", "xay mịn", "phơi nắng", "rang mộc", "gói lá", "mùa mới", "buổi sớm", "hái tay", "của bản",
)  # fmt: skip
PLACES = ("Ba Tơ", "Ba Tô", "Ba Động", "Ba Vì", "Ba Xa", "Ba Dinh", "Hrê", "Trường Sơn", "suối Liêng", "đèo Violắc")
ENGLISH = ("rice", "honey", "wine", "coffee", "tea", "mushroom", "brocade", "oil", "pepper", "basket", "dried fruit")
WORDS = (
    "nấu", "ủ", "trồng", "hái", "lá", "hạt", "nương", "bếp", "than", "khói", "men", "gạo nếp", "nước suối",
    "mùa khô", "bàn tay", "người già", "chum đất", "nắng sớm", "sương", "đồi", "ruộng bậc thang", "vị ngọt",
)  # fmt: skip


def fill(app: Flask, *, products: int, now: datetime, seed: int = 1) -> None:
    """Write so many products on show, with prices, certificates and goods in stock, a producer to fifty of them.

    The tables of goods must be empty.
    """
    chance = random.Random(seed)
    make = Factories(app, now)
    make.taxonomy()
    communes = (BA_TO, BA_DONG, BA_TO_CIRCUMFLEX)
    with app.app_context():
        makers = [
            make.producer(f"Cơ sở mẫu {chance.choice(PLACES)} {number}", commune=communes[number % 3])
            for number in range(max(1, products // 50))
        ]
        warehouses = [make.location(maker, LocationKind.WAREHOUSE).id for maker in makers]
        ids = range(1, products + 1)
        owner = {id: (makers[id % len(makers)], warehouses[id % len(makers)]) for id in ids}
        with transaction() as session:
            if session.scalar(select(func.count(Product.id))):
                raise ValueError("there are goods already")
            _write_products(session, chance, owner, now)
            _put_goods(session, chance.sample(ids, products * 2 // 3), owner, now)
        db.session.remove()


def _write_products(
    session: Any, chance: random.Random, owner: dict[int, tuple[Organisation, int]], now: datetime
) -> None:
    day = business_date(now)
    products, versions, items, offered, prices = [], [], [], [], []
    for id, (maker, _) in owner.items():
        name = f"{chance.choice(KINDS)} {chance.choice(MANNERS)} {chance.choice(PLACES)} số {id}"
        summary = " ".join(chance.sample(WORDS, 9)) + "."
        grams = chance.choice((100, 250, 500, 1000))
        products.append(
            {
                "id": id, "producer_id": maker.id, "slug": f"hang-{id}", "scheme": SCHEME, "created_at": now,
                "criteria_set_no": chance.randrange(1, 27), "status": ProductStatus.DRAFT,
                "first_published_at": now - timedelta(minutes=chance.randrange(500_000)),
            }
        )  # fmt: skip
        versions.append(
            {
                "id": id, "product_id": id, "name_vi": name, "name_en": f"{chance.choice(ENGLISH)} no. {id}",
                "summary_vi": summary, "commune_code": maker.commune_code, "commune_valid_from": VALID_FROM,
                "label_kind": "luong_thuc", "label": {}, "sort_key": text.sort_key(name), "saved_at": now,
                "search": text.search_text(name, maker.name_vi, summary),
            }
        )  # fmt: skip
        items.append(
            {
                "id": id, "product_id": id, "code": "A", "name_vi": f"gói {grams} g", "net_content": grams,
                "unit": Unit.GRAM, "is_active": True, "is_gift": chance.random() < 0.1, "created_at": now,
            }
        )  # fmt: skip
        offered.append({"version_id": id, "position": 1, "trade_item_id": id})
        amount = 1000 * chance.randrange(15, 900)
        prices.append({"trade_item_id": id, "amount_vnd": amount, "valid_from": day, "set_at": now})
    for table, rows in (
        (Product, products),
        (ProductVersion, versions),
        (TradeItem, items),
        (VersionItem, offered),
        (Price, prices),
    ):
        session.execute(insert(table), rows)
    session.execute(update(Product).values(status=ProductStatus.PUBLISHED, published_version_id=Product.id))
    session.execute(
        insert(Certificate),
        [
            {
                "number": f"MAU-{id}", "product_id": id, "stars": chance.choice((3, 3, 3, 4, 4, 5)),
                "decision_number": "Số mẫu", "issuer": "Cơ quan mẫu", "issued_on": day - timedelta(days=300),
                "expires_on": add_months(day, 20), "created_at": now,
            }
            for id in chance.sample(list(owner), len(owner) // 3)
        ],
    )  # fmt: skip


def _put_goods(session: Any, ids: list[int], owner: dict[int, tuple[Organisation, int]], now: datetime) -> None:
    day = business_date(now)
    lots, batches, balances = [], [], []
    for id in ids:
        maker, warehouse = owner[id]
        lots.append(
            {
                "id": id, "kind": LotKind.FINISHED, "owner_id": maker.id, "number": f"L{id}", "name_vi": "Hàng mẫu",
                "quantity": 100, "unit": Unit.PIECE, "state": LotState.RELEASED, "state_since": now,
                "created_at": now, "used": 0,
            }
        )  # fmt: skip
        batches.append(
            {
                "lot_id": id, "trade_item_id": id, "number": f"L{id}", "token": f"{id:010d}",
                "made_on": day - timedelta(days=10), "expires_on": day + timedelta(days=300),
            }
        )  # fmt: skip
        balances.append({"lot_id": id, "location_id": warehouse, "owner_id": maker.id, "on_hand": 100})
    for table, rows in ((Lot, lots), (Batch, batches), (Balance, balances)):
        session.execute(insert(table), rows)
