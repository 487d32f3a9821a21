"""Addresses under which the world knows what this site tells of: batches, lots, places, organisations, papers.

What the printed code of a batch says is a GS1 Digital Link where the goods have a GTIN, an address of our own
otherwise. None of our own addresses looks like a Digital Link. Configured when the application is made; pure
otherwise.
"""

from __future__ import annotations

import contextlib
from urllib.parse import quote

from catalog.models import TradeItem
from kernel import gs1
from traceability import digital_link
from traceability.models import Batch

_base_url = ""


def configure(base_url: str) -> None:
    """Say where this site is, without a slash at its end."""
    global _base_url
    _base_url = base_url


def base_url() -> str:
    """Give the address of this site, without a slash at its end."""
    if not _base_url:
        raise RuntimeError("addresses.configure was not called")
    return _base_url


def printed(organisation_code: str, batch: Batch, item: TradeItem, *, base_url: str) -> str:
    """Give the address that the printed code of a batch holds.

    :param base_url: of this site, without a slash at its end
    """
    if item.gtin is not None:
        return digital_link.build(base_url, gtin=item.gtin, lot=batch.number)
    return f"{base_url}/lo/{organisation_code}/{batch.token}"


def of_goods(organisation_code: str, token: str, gtin: str | None, number: str) -> str:
    """Name a batch in events: by the canonical Digital Link where its goods have a GTIN.

    A GTIN that is none, left from before it was checked, keeps nobody from selling: our own address stands in.
    """
    if gtin is not None:
        with contextlib.suppress(gs1.MalformedKey, gs1.MalformedLot):
            return digital_link.build(digital_link.CANONICAL_STEM, gtin=gtin, lot=number)
    return f"{base_url()}/lo/{organisation_code}/{token}"


def of_material(organisation_code: str, number: str, *, is_raw: bool) -> str:
    """Name a lot of raw material, or of what is between, in events: the two are numbered apart."""
    return f"{base_url()}/lo/{organisation_code}/{'nl' if is_raw else 'btp'}/{quote(number, safe='')}"


def of_place(place_id: int, gln: str | None) -> str:
    """Name a place in events: by its GLN where it owns one."""
    return f"{digital_link.CANONICAL_STEM}/414/{gln}" if gln else f"{base_url()}/noi/{place_id}"


def of_organisation(code: str) -> str:
    """Name an organisation in events, as owner or holder of goods."""
    return f"{base_url()}/to-chuc/{code}"


def of_paper(number: str) -> str:
    """Name a note, a sale or another paper of ours in events."""
    return f"{base_url()}/chung-tu/{quote(number, safe='')}"


def of_certificate(number: str) -> str:
    """Give the address of a certificate in the public register."""
    return f"{base_url()}/chung-nhan/{number}"


def namespace() -> str:
    """Give the namespace of our own fields in events."""
    return f"{base_url()}/ns/ocop#"
