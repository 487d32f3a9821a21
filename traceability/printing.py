"""What stands on the labels of a batch and of its packs, and the log of what was printed.

A printed label is frozen: its words are on record by their digest, and how often it was printed again is counted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from accounts.actor import Actor
from accounts.models import Organisation
from kernel import audit, gs1, numbers
from kernel.db import db
from ocop import queries as certificates
from traceability import addresses, items
from traceability.item_models import ItemCode, LabelPrint, StickerRoll
from traceability.labels import Label
from traceability.models import Batch
from traceability.queries import BatchRow
from traceability.sheets import Sheet

SAMPLE = "Dữ liệu mẫu"


def batch_label(row: BatchRow, *, base_url: str, today: date, in_english_too: bool = False) -> Label:
    """Say what a label of a batch says today: always in Vietnamese, as the law wants it.

    Stars stand on it only while a certificate of the product does.
    """
    certificate = certificates.in_force([row.product_id], today).get(row.product_id)
    english = ", ".join(part for part in (row.name_en, row.item.name_en) if part)
    return Label(
        url=addresses.printed(row.owner.code, row.batch, row.item, base_url=base_url),
        code=gs1.spoken_token(row.batch.token),
        organisation=row.owner.name_vi,
        product=f"{row.name_vi}, {row.item.name_vi}",
        product_en=english if in_english_too else "",
        lot=row.batch.number,
        made_on=row.batch.made_on,
        expires_on=row.batch.expires_on,
        stars=certificate.stars if certificate else 0,
        site=site_of(base_url),
        remark=SAMPLE if row.batch.lot.is_sample else "",
        is_internal=row.item.gtin is None,
        in_english_too=in_english_too,
    )


def pack_label(label: Label, code: ItemCode, *, roll: StickerRoll, gtin: str | None, base_url: str) -> Label:
    """Say what the label of one pack says: as its batch's, with a code of its own."""
    lot = label.lot if roll.lot_id is not None else None
    return replace(
        label, url=items.printed(code.serial, base_url=base_url, gtin=gtin, lot=lot), code=items.spoken(code.serial)
    )


def blank_label(roll: StickerRoll, owner: Organisation, *, product: str, base_url: str) -> Label:
    """Say what all stickers of a roll printed ahead say: no lot, no dates, no stars. Those are not known yet."""
    return Label(
        url="",
        code="",
        organisation=owner.name_vi,
        product=product,
        site=site_of(base_url),
        remark=SAMPLE if roll.is_sample else "",
    )


def site_of(base_url: str) -> str:
    """Give the short address at which a code can be typed in."""
    return f"{urlsplit(base_url).netloc}/truy-xuat"


def record(
    labels: Sequence[Label],
    *,
    batch: Batch | None = None,
    roll: StickerRoll | None = None,
    organisation_id: int,
    sheet: Sheet,
    form: str,
    actor: Actor,
    now: datetime,
) -> LabelPrint:
    """Write down that these labels were printed, of a batch or of the codes of a roll.

    :param form: "pdf" or "svg"
    """
    subject = f"roll:{roll.id}" if roll is not None else f"lot:{batch.lot_id if batch else 0}"
    row = LabelPrint(
        at=now,
        subject=subject,
        lot_id=batch.lot_id if batch else None,
        roll_id=roll.id if roll is not None else None,
        organisation_id=organisation_id,
        user_id=actor.user_id,
        officer_organisation_id=actor.officer_organisation_id,
        sheet=sheet.key,
        form=form,
        count=len(labels),
        reprint=numbers.next_number(f"print:{subject}") - 1,
        content=_frozen(labels[0], single=roll is None),
        digest=digest_of(labels),
    )
    db.session.add(row)
    audit.record(
        actor, "traceability.print_labels", subject, now=now, count=len(labels),
        text=labels[0].url if roll is None else "", reprint=row.reprint,
    )  # fmt: skip
    return row


def digest_of(labels: Sequence[Label]) -> str:
    """Give the SHA-256 of all words of all labels, in their order."""
    words = json.dumps([_plain(asdict(label)) for label in labels], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()


def _frozen(label: Label, *, single: bool) -> dict[str, Any]:
    """What is kept word for word. A household may bear a person's name: it is said by id and digest only."""
    left_out = {"organisation"} | (set() if single else {"url", "code"})
    return _plain({name: value for name, value in asdict(label).items() if name not in left_out})


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
