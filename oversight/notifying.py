"""Telling those who have recalled goods: by mail to their people, by telephone where nobody has an address."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Role
from kernel import jobs
from kernel.db import db, lock
from oversight import queries
from oversight.models import RecallNotice

MOST_LOTS_IN_A_LETTER = 12


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
    goods: list[queries.Goods | queries.Elsewhere] = [
        *queries.goods_of_notice(notice),
        *(row for row in queries.known_of_notice(notice) if row.is_external),
    ]
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
                "reason": {"vi": recall.reason_vi, "en": recall.reason_en or recall.reason_vi},
                "lots": [
                    {
                        "vi": row.name_vi,
                        "en": row.name_en or row.name_vi,
                        "number": row.number,
                        "packs": None if isinstance(row, queries.Elsewhere) and row.is_unstated else row.quantity,
                        "unit": row.unit.value,
                    }
                    for row in goods[:MOST_LOTS_IN_A_LETTER]
                ],
                "more": max(0, len(goods) - MOST_LOTS_IN_A_LETTER),
            },
        )
    notice.channel = "mail" if addresses else "phone"
    notice.sent_at = now if addresses else None
    return len(addresses)
