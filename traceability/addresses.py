"""Addresses under which the world knows what this site tells of: batches, lots, places, organisations, papers.

What the printed code of a batch says is a GS1 Digital Link where the goods have a GTIN, an address of our own
otherwise. None of our own addresses looks like a Digital Link. Configured when the application is made; pure
otherwise.
"""

from __future__ import annotations

import contextlib
import re
from urllib.parse import quote, unquote, urlsplit

from catalog.models import TradeItem
from kernel import gs1
from traceability import digital_link
from traceability.models import Batch

_base_url = ""
_ours: re.Pattern[str] | None = None  #: an address of this site, in any spelling that opens the same page


def configure(base_url: str) -> None:
    """Say where this site is, without a slash at its end."""
    global _base_url, _ours
    _base_url = base_url
    site = urlsplit(base_url)
    port = rf":{site.port}" if site.port not in (None, 80, 443) else "(?::(?:80|443)?)?"
    _ours = re.compile(rf"https?://{re.escape(site.hostname or '')}\.?{port}(/[^?#]*)", re.IGNORECASE)


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


def folded(name: str) -> str:
    """Write an address of our own as we write it ourselves, whatever spelling of it opens the same page.

    Any other name stays as it is.
    """
    found = _ours.match(name) if _ours is not None else None
    if found is None:
        return name
    match [unquote(part) for part in found[1].split("/") if part]:
        case ["lo", code, "nl" | "btp" as kind, number]:
            parts = ["lo", code.lower(), kind, number]
        case ["lo", code, token]:
            parts = ["lo", code.lower(), gs1.typed_token(token)]
        case ["m", serial]:
            parts = ["m", gs1.typed_token(serial)]
        case ["to-chuc", code]:
            parts = ["to-chuc", code.lower()]
        case [("lo" | "m" | "noi" | "chung-tu"), *_] as parts:
            pass
        case _:
            return name
    return "/".join((_base_url, *(quote(part, safe="") for part in parts)))


def is_of_goods(name: str) -> bool:
    """Tell whether a name, folded, sets out to be the address of a batch, a material or a pack of ours."""
    return name.startswith((f"{base_url()}/lo/", f"{base_url()}/m/"))


def namespace() -> str:
    """Give the namespace of our own fields in events."""
    return f"{base_url()}/ns/ocop#"
