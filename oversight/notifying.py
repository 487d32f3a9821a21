"""Telling those who have recalled goods: by mail to their people, by telephone where nobody has an address.

Who bought them online is told as well: by one letter in the language of the purchase, or by a call.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from accounts.actor import SYSTEM, Actor
from accounts.models import Role
from kernel import audit, jobs
from kernel.db import db, lock
from kernel.errors import N_, Conflict
from oversight import buyers, queries
from oversight.buyers import Bought
from oversight.models import Recall, RecallBuyerTold, RecallNotice
from storefront.order_queries import NoSuchOrder

MOST_LOTS_IN_A_LETTER = 12


class OnlyADrill(Conflict):
    message = N_("This is a drill: no buyer is told.")


def tell(notice_id: int, *, now: datetime) -> int:
    """Write the letters of a notice; addresses are read now, and kept nowhere else. Asked again, it does nothing.

    :return: to how many; 0: nobody has an address, the office must call
    """
    notice = lock(db.session.get_one(RecallNotice, notice_id))
    if notice.channel:
        return 0
    recall, organisation = notice.recall, notice.organisation
    people = [one for one in queries.people_of(organisation.id) if one.role is not Role.VIEWER]
    addresses = {one.email: one.language for one in people if one.email}
    if not addresses and organisation.email:
        addresses[organisation.email] = "vi"
    known = [row for row in queries.known_of_notice(notice) if row.is_external]
    told = {row.lot_id for row in known}
    goods: list[queries.Goods | queries.Elsewhere] = [
        *queries.goods_of_notice(notice),
        *(one for one in queries.material_of_notice(notice) if one.lot_id not in told),
        *known,
    ]
    joined = queries.joined_of(recall)
    # What is new comes first, in the letter of whoever was told before as well.
    goods.sort(key=lambda row: row.lot_id not in joined)
    for address, language in sorted(addresses.items()):
        jobs.enqueue(
            "mail.send",
            now=now,
            template="recall",
            to=address,
            language=language,
            facts={
                "path": f"/quan-tri/thu-hoi/{recall.number}/phieu/{notice.id}",
                "organisation": organisation.name_vi,
                "number": recall.number,
                "is_drill": recall.is_drill,
                "is_more": notice.more_at is not None,
                "reason": {"vi": recall.reason_vi, "en": recall.reason_en or recall.reason_vi},
                "lots": [
                    {
                        "is_new": notice.more_at is not None and row.lot_id in joined,
                        "vi": row.name_vi,
                        "en": row.name_en or row.name_vi,
                        "number": row.number,
                        "packs": None if isinstance(row, queries.Elsewhere) and row.is_unstated else row.quantity,
                        "unit": row.unit.value,
                        "step_g": row.step_g,
                    }
                    for row in goods[:MOST_LOTS_IN_A_LETTER]
                ],
                "more": max(0, len(goods) - MOST_LOTS_IN_A_LETTER),
            },
        )
    notice.channel = "mail" if addresses else "phone"
    notice.sent_at = now if addresses else None
    return len(addresses)


def tell_buyers(recall_id: int, *, now: datetime) -> int:
    """Write to everybody who bought goods of a recall online and left an address: once each. A drill writes to nobody.

    Asked again, it writes to those whom no letter was written to before.

    :return: to how many
    """
    recall = lock(db.session.get_one(Recall, recall_id))
    if recall.is_drill:
        return 0
    by_purchase: dict[int, list[Bought]] = defaultdict(list)
    for one in buyers.bought_of(SYSTEM, recall):
        if one.email is not None and one.written is None:
            by_purchase[one.purchase_id].append(one)
    for purchase_id, bought in sorted(by_purchase.items()):
        first = bought[0]
        db.session.add(RecallBuyerTold(recall_id=recall.id, purchase_id=purchase_id, channel="mail", at=now))
        jobs.enqueue(
            "mail.send",
            now=now,
            dedupe=f"recall-buyer:{recall.number}:{first.purchase_number}",
            template="recall_buyer",
            to=first.email,
            language=first.language,
            facts={
                "path": f"/don-hang/{first.token}",
                "number": first.purchase_number,
                "reason": {"vi": recall.reason_vi, "en": recall.reason_en or recall.reason_vi},
                "orders": [_told(one) for one in bought],
            },
        )
    db.session.flush()
    return len(by_purchase)


def _told(one: Bought) -> dict[str, Any]:
    return {
        "vi": one.producer.name_vi,
        "en": one.producer.name_en or one.producer.name_vi,
        "phone": one.producer.phone,
        "where": one.where.value,
        "lots": [
            {"vi": lot.name_vi, "en": lot.name_en or lot.name_vi, "number": lot.number, "path": lot.path,
             "quantity": lot.quantity, "step_g": lot.step_g}
            for lot in one.lots
        ],
    }  # fmt: skip


def called(recall: Recall, order_number: str, *, actor: Actor, now: datetime) -> None:
    """Write down that the buyer of an order was called about a recall; who called first stays on record.

    :raises OnlyADrill:
    :raises storefront.order_queries.NoSuchOrder: if no such order of the recall is there that the actor may see
    """
    lock(recall)
    if recall.is_drill:
        raise OnlyADrill()
    one = next((row for row in buyers.bought_of(actor, recall) if row.number == order_number), None)
    if one is None:
        raise NoSuchOrder()
    if one.called is not None:
        return
    db.session.add(
        RecallBuyerTold(recall_id=recall.id, purchase_id=one.purchase_id, channel="phone", at=now, by_id=actor.user_id)
    )
    db.session.flush()
    audit.record(actor, "oversight.called_buyer", f"recall:{recall.number}", now=now, order=order_number)
