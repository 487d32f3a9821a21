"""Invoices that buyers ask for: to whom. They are issued in the producers' own programs; their numbers are recorded."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.organisations import checked_tax_code
from kernel.db import db
from kernel.errors import N_, InvalidInput
from kernel.text import one_line
from storefront.order_models import InvoiceWish, Purchase

LONGEST_NAME, LONGEST_ADDRESS = 200, 300


class NoName(InvalidInput):
    message = N_("Write for whom the invoice is.")
    field = "invoice_name"


class NoAddress(InvalidInput):
    message = N_("Write the address that is to stand on the invoice.")
    field = "invoice_address"


class BadTaxCode(InvalidInput):
    message = N_("A tax code has 10 digits, 13 with a branch, or the 12 of a personal number. Please check the digits.")
    field = "invoice_tax_code"


@dataclass(frozen=True)
class Receiver:
    """To whom an invoice is made out, as it was typed."""

    name: str
    address: str
    tax_code: str = ""
    email: str | None = None


def receiver(name: str, address: str, tax_code: str, email: str | None) -> Receiver | None:
    """Check what was typed: all of it empty is no wish for an invoice.

    :raises NoName, NoAddress, BadTaxCode:
    """
    name, address = one_line(name)[:LONGEST_NAME], one_line(address)[:LONGEST_ADDRESS]
    if not (name or address or tax_code.strip() or email):
        return None
    if not name:
        raise NoName()
    if not address:
        raise NoAddress()
    try:
        code = checked_tax_code(tax_code) or ""
    except InvalidInput:
        raise BadTaxCode() from None
    return Receiver(name, address, code, email)


def keep(purchase: Purchase, asked: Receiver) -> None:
    """Write down that a purchase is to have invoices."""
    db.session.add(
        InvoiceWish(
            purchase_id=purchase.id, name=asked.name, tax_code=asked.tax_code, address=asked.address, email=asked.email
        )
    )


def of_purchase(purchase: Purchase) -> InvoiceWish | None:
    """Give to whom a purchase's invoices are made out; None: none was asked for, or who bought was erased."""
    return db.session.get(InvoiceWish, purchase.id)
