"""Who brings parcels: what they need to know of one, and where it can be followed.

Every carrier is served by its label alone: the parcel is handed over at its counter, and its code is typed in. A
carrier that is configured (``app.config``) is told of a parcel by its interface as well. An adapter is pure: facts in,
a :class:`Request` out, an answer in, a code out; ``app.carrier_jobs`` sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from sqlalchemy import select

from kernel.db import db
from kernel.models import AdministrativeUnit
from storefront.order_models import Contact, ParcelState

#: Pages of the carriers on which anybody follows a parcel by its code.
_FOLLOW = {
    "ghn": "https://donhang.ghn.vn/?order_code=",
    "ghtk": "https://i.ghtk.vn/",
    "viettel_post": "https://viettelpost.vn/thong-tin-don-hang?peopleTracking=sender&orderNumber=",
    "vnpost": "https://www.vnpost.vn/vi-vn/dinh-vi/buu-pham?key=",
}


class Refused(Exception):
    """A carrier does not take a parcel, or said something we do not understand; the message is for the seller."""


@dataclass(frozen=True)
class Address:
    """Where somebody is, with today's two levels; names with their kinds ("Xã Ba Động", "Tỉnh Quảng Ngãi")."""

    name: str
    phone: str  #: as it is dialled in Viet Nam: "0905123456"
    line: str
    commune: str
    province: str

    @property
    def whole(self) -> str:
        """The address on one line."""
        return ", ".join(part for part in (self.line, self.commune, self.province) if part)


@dataclass(frozen=True)
class Piece:
    """Goods of a parcel."""

    name: str
    quantity: int
    price_vnd: int
    weight_g: int  #: of one


@dataclass(frozen=True)
class Shipment:
    """A parcel as a carrier has to know it. ``number`` is ours: the same number is one parcel, however often sent."""

    number: str
    sender: Address
    receiver: Address
    pieces: tuple[Piece, ...]
    weight_g: int
    cash_vnd: int  #: to collect of the buyer; 0 for nothing
    worth_vnd: int
    note: str = ""

    @property
    def content(self) -> str:
        """What is in it, in a few words."""
        return ", ".join(f"{piece.quantity} {piece.name}" for piece in self.pieces)[:250]


@dataclass(frozen=True)
class Request:
    """An HTTP request with a JSON body."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    method: str = "POST"


@dataclass(frozen=True)
class Heard:
    """What a carrier tells of a parcel. ``state`` None: a word we do not know, kept as a note."""

    code: str
    state: ParcelState | None
    note: str


class Carrier(Protocol):
    """A carrier's interface, with its settings."""

    @property
    def key(self) -> str:
        """Its name in ``Parcel.carrier``."""

    def sign_in(self) -> Request | None:
        """Ask for a token that :meth:`booking` needs; None where the settings have it."""

    def read_token(self, answer: Mapping[str, Any]) -> str:
        """Take the token out of the answer. Raises :class:`Refused`."""

    def booking(self, shipment: Shipment, token: str) -> Request:
        """Tell of a parcel. Raises :class:`Refused` if it cannot be told."""

    def read_booking(self, answer: Mapping[str, Any]) -> str:
        """Take the carrier's code out of the answer. Raises :class:`Refused`."""


@dataclass(frozen=True)
class WithoutSigningIn:
    """What carriers share whose settings hold the token."""

    token: str = field(repr=False)

    def sign_in(self) -> Request | None:
        """Nothing is to be asked before."""
        return None

    def read_token(self, answer: Mapping[str, Any]) -> str:
        """Nothing was asked."""
        raise Refused("no token was asked for")


def tracking_url(carrier: str, code: str | None) -> str | None:
    """Give the address at which a parcel can be followed; None where there is none."""
    start = _FOLLOW.get(carrier)
    return start + quote(code, safe="") if start and code else None


def dialled(phone: str) -> str:
    """Write a telephone number as it is dialled in Viet Nam: +84905123456 is 0905123456."""
    return "0" + phone[3:] if phone.startswith("+84") else phone


def text_of(answer: Mapping[str, Any], *names: str) -> str:
    """Read a text of an answer, step by step; "" where there is none."""
    found: Any = answer
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return str(found).strip() if isinstance(found, str | int) and not isinstance(found, bool) else ""


def province_of(commune: AdministrativeUnit) -> AdministrativeUnit | None:
    """Give the province of a commune."""
    return db.session.scalar(
        select(AdministrativeUnit)
        .where(AdministrativeUnit.code == commune.parent_code, AdministrativeUnit.level == "province")
        .order_by(AdministrativeUnit.valid_until.is_not(None), AdministrativeUnit.valid_from.desc())
        .limit(1)
    )


def address_of(contact: Contact) -> str:
    """Write the address of a buyer on one line, as an envelope has it."""
    return as_address(contact.name, contact.phone, contact.line, contact.commune).whole


def as_address(name: str, phone: str, line: str, commune: AdministrativeUnit) -> Address:
    """Put an address together."""
    province = province_of(commune)
    return Address(
        name=name,
        phone=dialled(phone),
        line=line,
        commune=f"{commune.kind_vi} {commune.name_vi}",
        province=f"{province.kind_vi} {province.name_vi}" if province is not None else "",
    )
