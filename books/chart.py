"""The chart of accounts in words, for screens: what each account is called, and what an amount on it means."""

from __future__ import annotations

from books.models import Account
from kernel.errors import N_

#: Account → (name, what it means above nought). Below nought it means the contrary, or what was earned.
ACCOUNTS: dict[Account, tuple[str, str]] = {
    Account.BANK: (N_("Bank account"), N_("Money that came by transfer, less what was sent back.")),
    Account.CARD: (N_("Card payments"), N_("Money that the provider of card payments took for us.")),
    Account.COLLECTED: (N_("Cash with the carrier"), N_("Who brought the parcel took it from the buyer and has it.")),
    Account.UNDER_WAY: (N_("Cash handed over"), N_("The carrier gave it away; nobody counted it yet.")),
    Account.CASH: (N_("Cash counted"), N_("Counted, and ours.")),
    Account.BUYERS: (N_("Owed by buyers"), N_("Orders that stand and are not paid yet.")),
    Account.HELD: (N_("Held for buyers"), N_("Below nought: money that came for no order, or not for one yet.")),
    Account.REFUNDS: (N_("To give back"), N_("Below nought: promised back to buyers and not sent yet.")),
    Account.BETWEEN: (N_("Between organisations"), N_("Others owe it to us; below nought, we owe it to them.")),
    Account.TAX: (N_("Tax held back"), N_("Paid ahead for the seller; below nought, owed to the state.")),
    Account.SALES: (N_("Goods sold"), N_("Below nought: earned with goods, less what was sent back.")),
    Account.DELIVERY: (N_("Delivery"), N_("Below nought: what buyers paid for delivery.")),
    Account.DISCOUNTS: (N_("Discounts"), N_("What was taken off prices, at the one who bears it.")),
    Account.COMMISSION: (N_("Commission"), N_("A cost of the seller; below nought, earned by who runs the shop.")),
    Account.DIFFERENCES: (
        N_("Missing money"),
        N_("Cash counted less than it should have been (below nought, more), and what disputes of cards cost."),
    ),
}

#: What happened: kind of an entry → words.
KINDS: dict[str, str] = {
    "order_confirmed": N_("Order confirmed"),
    "order_paid": N_("Order paid"),
    "tax_withheld": N_("Tax held back"),
    "tax_paid": N_("Tax paid to the state"),
    "tax_payment_undone": N_("Payment of tax taken back"),
    "order_changed": N_("Order changed"),
    "order_cancelled": N_("Order cancelled"),
    "order_came_back": N_("Parcel came back"),
    "money_arrived": N_("Money came"),
    "money_understood": N_("Found out what money was for"),
    "money_sent_back": N_("Money sent back"),
    "cash_collected": N_("Cash taken from the buyer"),
    "cash_handed_over": N_("Cash handed over"),
    "cash_reconciled": N_("Cash counted"),
    "refund_claimed": N_("Refund promised"),
    "refund_done": N_("Refund sent"),
    "refund_failed": N_("Refund came back"),
    "refund_refused": N_("Refund taken back"),
    "dispute_lost": N_("Dispute of a card lost"),
    "dispute_won": N_("Dispute of a card won after all"),
}
