"""Loading the Ba Tơ data set through the verbs, on both engines."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from app.demo import data, loader
from catalog.models import Product, ProductStatus
from consignment.models import Note, Sale
from kernel import clock
from kernel.db import db
from ocop import certification
from ocop.models import Certificate
from stock import verification
from traceability.models import Batch, LotInput, TraceEvent


def _count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.usefixtures("ctx")
def test_the_set_is_loaded_whole_and_only_into_an_empty_database(now: datetime) -> None:
    demo = data.read()

    loader.load(password="mat-khau-demo-2026", now=now)

    assert _count(Batch) == len(demo.batches)
    assert _count(Note) == len(demo.notes)
    assert _count(Sale) == len(demo.sales)
    assert _count(LotInput) == sum(len(lot.inputs) for lot in (*demo.mid_lots, *demo.batches))
    published = select(func.count()).where(Product.status == ProductStatus.PUBLISHED)
    assert db.session.scalar(published) == sum(row.state == "published" for row in demo.products)

    assert verification.verify() == []
    assert (db.session.scalar(select(func.max(TraceEvent.event_at))) or now) <= now

    today = clock.business_date(now)
    states = {row.number: certification.state(row, today) for row in db.session.scalars(select(Certificate))}
    assert states == {row.number: row.state for row in demo.certificates}

    with pytest.raises(loader.NotEmpty):
        loader.load(password="mat-khau-demo-2026", now=now)
