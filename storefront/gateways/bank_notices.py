"""Notices of services that watch a bank account and tell of each transfer, in the two public forms of such services.

One transfer, flat, as SePay documents it (``id``, ``transactionDate``, ``accountNumber``, ``content``,
``transferType``, ``transferAmount``, ``referenceCode``), or a list under ``data``, as Casso does (``id``, ``tid``,
``description``, ``amount``, ``when``, ``bank_sub_acc_id``). Times are Viet Nam's.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel import clock
from storefront.gateways import BadNotice

NAME = "bank"
MOST_AT_ONCE = 200
MOST_VND = 10**12


@dataclass(frozen=True)
class Told:
    """A transfer, as a service tells of it. ``amount_vnd`` is nought or less for money that went out."""

    event: str
    account: str
    amount_vnd: int
    memo: str
    reference: str
    at: datetime


def check_secret(authorization: str, token: str, secret: str) -> None:
    """Check that a notice comes with our secret: ``Authorization: Apikey …``, or ``Secure-Token: …``.

    :raises BadNotice:
    """
    given = authorization.removeprefix("Apikey ") if authorization.startswith("Apikey ") else token
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode()):
        raise BadNotice()


def read(body: bytes) -> list[Told]:
    """Read the transfers of a notice.

    :raises BadNotice:
    """
    try:
        payload = json.loads(body)
        rows = payload.get("data", [payload])
        if not isinstance(rows, list) or len(rows) > MOST_AT_ONCE:
            raise BadNotice()
        return [_flat(row) if "transferAmount" in row else _listed(row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadNotice() from None


def _flat(row: dict[str, Any]) -> Told:
    amount = _whole(row["transferAmount"])
    return Told(
        event=_name("flat", row["id"]),
        account=_words(row["accountNumber"]),
        amount_vnd=amount if row["transferType"] == "in" else -amount,
        memo=_words(row.get("content") or row.get("description")),
        reference=_words(row.get("referenceCode"))[:120],
        at=_instant(row["transactionDate"]),
    )


def _listed(row: dict[str, Any]) -> Told:
    return Told(
        event=_name("listed", row["id"]),
        account=_words(row.get("bank_sub_acc_id") or row.get("subAccId")),
        amount_vnd=_whole(row["amount"]),
        memo=_words(row.get("description")),
        reference=_words(row.get("tid"))[:120],
        at=_instant(row["when"]),
    )


def _name(form: str, value: Any) -> str:
    """Name an event by its form too: each service counts its own from one."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip():
        raise BadNotice()
    return f"{form}:{str(value).strip()[:200]}"


def _words(value: Any) -> str:
    if value is not None and not isinstance(value, str | int):
        raise BadNotice()
    return str(value if value is not None else "").replace("\0", "").strip()[:1000]


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or abs(value) >= MOST_VND:
        raise BadNotice()
    return int(value)


def _instant(value: Any) -> datetime:
    at = datetime.fromisoformat(str(value))
    if not 2015 <= at.year < 2200:
        raise BadNotice()
    return at if at.tzinfo else at.replace(tzinfo=clock.VIETNAM)
