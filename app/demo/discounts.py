"""The discount codes of the demo set; ``vouchers.toml`` says which."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.actor import Actor
from accounts.models import Organisation
from app.demo.data import DATA
from kernel import clock
from storefront import vouchers
from storefront.voucher_models import VoucherKind


def read() -> list[dict[str, Any]]:
    """Read what is told of the codes."""
    with (DATA / "vouchers.toml").open("rb") as file:
        return list(tomllib.load(file)["voucher"])


def usable() -> list[str]:
    """List the codes that can be tried."""
    return [row["code"] for row in read() if row["days"][1] > 0]


def make(
    organisations: Mapping[str, Organisation], by: Callable[[str], Actor], at: Callable[[int, int], datetime]
) -> None:
    """Make the codes, on the day on which each begins."""
    for row in read():
        before, after = row["days"]
        now = at(before, 8)
        first = clock.business_date(now)
        vouchers.make(
            organisations[row["by"]],
            row["code"],
            vouchers.Terms(
                VoucherKind(row["kind"]),
                row["value"],
                first,
                first + timedelta(days=before + after),
                most_vnd=row.get("most_vnd"),
                least_vnd=row.get("least_vnd", 0),
                most_uses=row.get("most_uses"),
                most_per_buyer=row.get("most_per_buyer"),
            ),
            actor=by(row["by"]),
            now=now,
        )
