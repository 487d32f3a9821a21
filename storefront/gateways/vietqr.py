"""VietQR: the text of a transfer's QR code (EMVCo merchant-presented mode, NAPAS account information in field 38).

A code only *asks* for payment. Paid is what a bank says has come: see ``storefront.settling``.
"""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

NAPAS = "A000000727"
TO_ACCOUNT, TO_CARD = "QRIBFTTA", "QRIBFTTC"
LONGEST_PURPOSE = 25
MOST_VND = 10**12
_PURPOSE = re.compile(r"[A-Z0-9 ]{1,25}")
_BANKS = Path(__file__).resolve().parent.parent / "data" / "banks.json"


class BadAccount(ValueError):
    """No bank of six digits, or no account of 1 to 19 letters and digits."""


class BadAmount(ValueError):
    """Not a whole number of đồng above nought."""


class BadPurpose(ValueError):
    """Not 1 to 25 capital letters without marks, digits and spaces."""


class BadPayload(ValueError):
    """Not a VietQR text: a field is cut short, or the check sum is another."""


@dataclass(frozen=True)
class Transfer:
    """What a code asks for. ``amount_vnd`` None: the payer enters it."""

    bank_bin: str
    account: str
    amount_vnd: int | None = None
    purpose: str = ""
    service: str = TO_ACCOUNT


@dataclass(frozen=True)
class Bank:
    """A bank that takes part, by the number that codes name it by."""

    bin: str
    name: str


@cache
def banks() -> dict[str, Bank]:
    """Give the banks we know, by their number, in the order of their names."""
    rows = json.loads(_BANKS.read_text(encoding="utf-8"))["banks"]
    return {row["bin"]: Bank(row["bin"], row["name"]) for row in sorted(rows, key=lambda row: row["name"].casefold())}


def payload(transfer: Transfer) -> str:
    """Write the text of the code.

    :raises BadAccount, BadAmount, BadPurpose:
    """
    if not re.fullmatch(r"[0-9]{6}", transfer.bank_bin) or not re.fullmatch(r"[A-Za-z0-9]{1,19}", transfer.account):
        raise BadAccount(f"{transfer.bank_bin}/{transfer.account}")
    amount = transfer.amount_vnd
    if amount is not None and (isinstance(amount, bool) or not 0 < amount < MOST_VND):
        raise BadAmount(str(amount))
    if transfer.purpose and not _PURPOSE.fullmatch(transfer.purpose):
        raise BadPurpose(transfer.purpose)
    if transfer.service not in (TO_ACCOUNT, TO_CARD):
        raise BadAccount(transfer.service)
    beneficiary = _field("00", transfer.bank_bin) + _field("01", transfer.account)
    text = _field("00", "01") + _field("01", "11" if amount is None else "12")
    text += _field("38", _field("00", NAPAS) + _field("01", beneficiary) + _field("02", transfer.service))
    text += _field("53", "704")
    if amount is not None:
        text += _field("54", str(amount))
    text += _field("58", "VN")
    if transfer.purpose:
        text += _field("62", _field("08", transfer.purpose))
    text += "6304"
    return text + _check_sum(text)


def read(text: str) -> Transfer:
    """Read the text of a code.

    :raises BadPayload:
    """
    if len(text) < 8 or not text.isascii() or text[-8:-4] != "6304" or text[-4:] != _check_sum(text[:-4]):
        raise BadPayload("the check sum is another")
    fields = _fields(text)
    account = _fields(fields.get("38", ""))
    beneficiary = _fields(account.get("01", ""))
    if account.get("00") != NAPAS or fields.get("53") != "704":
        raise BadPayload("not a transfer in đồng through NAPAS")
    amount = fields.get("54")
    if amount is not None and not (amount.isdigit() and 0 < int(amount) < MOST_VND):
        raise BadPayload("the amount is no whole number")
    return Transfer(
        bank_bin=beneficiary.get("00", ""),
        account=beneficiary.get("01", ""),
        amount_vnd=int(amount) if amount is not None else None,
        purpose=_fields(fields.get("62", "")).get("08", ""),
        service=account.get("02", ""),
    )


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        tag, length = text[at : at + 2], text[at + 2 : at + 4]
        if len(tag) < 2 or not length.isdigit() or len(length) < 2 or at + 4 + int(length) > len(text):
            raise BadPayload(f"field {tag} is cut short")
        found[tag] = text[at + 4 : at + 4 + int(length)]
        at += 4 + int(length)
    return found


def _check_sum(text: str) -> str:
    """CRC-16/CCITT-FALSE over the text up to and with ``6304``, four capital hex digits (EMVCo QRCPS-MPM, 4.7.3)."""
    return f"{binascii.crc_hqx(text.encode('ascii'), 0xFFFF):04X}"
