"""What returns are called where both sides read of them: reasons, wishes, conditions, steps (msgids)."""

from __future__ import annotations

from kernel.errors import N_
from storefront.return_models import Condition, ReturnReason, ReturnState, ReturnWish

REASONS = {
    ReturnReason.DAMAGED: N_("The goods came broken or leaking"),
    ReturnReason.WRONG_GOODS: N_("Other goods came than were ordered"),
    ReturnReason.NOT_AS_SAID: N_("The goods are not as the page says"),
    ReturnReason.UNSAFE: N_("The goods are spoiled or past their date"),
    ReturnReason.RECALLED: N_("The batch is recalled"),
    ReturnReason.CHANGED_MIND: N_("Changed my mind; nothing is wrong with the goods"),
}
WISHES = {
    ReturnWish.MONEY: N_("Money back"),
    ReturnWish.EXCHANGE: N_("The same goods anew"),
}
CONDITIONS = {
    Condition.GOOD: N_("Sound: back into stock"),
    Condition.DAMAGED: N_("Damaged: a loss"),
}
#: What is read of a state by the buyer, and its tone.
STATES = {
    ReturnState.ASKED: (N_("Waits for the producer's answer"), "wait"),
    ReturnState.AWAITED: (N_("Accepted: the goods are to be sent back"), "info"),
    ReturnState.EXCHANGING: (N_("New goods are being made ready"), "info"),
    ReturnState.DONE: (N_("Return settled"), "good"),
    ReturnState.REFUSED: (N_("Return refused"), "bad"),
    ReturnState.WITHDRAWN: (N_("Return withdrawn"), "off"),
}
#: ``ReturnStep.what`` → what happened.
STEPS = {
    "asked": N_("The return was asked for"),
    "withdrawn": N_("The buyer keeps the goods"),
    "accepted": N_("Accepted: the goods are to be sent"),
    "kept": N_("Accepted: the goods need not be sent"),
    "refused": N_("Return refused"),
    "arrived": N_("The goods arrived"),
    "exchanged": N_("New goods are being made ready"),
    "exchange_came": N_("The new goods were delivered"),
    "money_instead": N_("Money is given instead of new goods"),
    "account": N_("The buyer said where the money should go"),
    "money": N_("Money is to go back to the buyer"),
}
