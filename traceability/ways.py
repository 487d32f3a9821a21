"""What an event says of where goods go: sold, on to somebody else, or back. Pure.

An event may say so by its step, by its disposition, or by both; where the two contradict each other, the one counts
that lets less through: goods sold and “returned” by one event are sold.
Source: Core Business Vocabulary 2.0, sections 7.1 and 7.2.
"""

from __future__ import annotations

#: Steps by which goods come to their end at a buyer's, and what they are after it.
SELLS = ("retail_selling", "dispensing", "consuming")
SOLD = ("retail_sold", "dispensed")
BROUGHT_BACK = "returned"  #: a disposition: what was sold is there again
#: How goods come to their end otherwise.
DESTROYING, DESTROYED = "destroying", ("destroyed", "disposed")
RECEIVING = "receiving"
#: Steps that bring goods to somebody else, and what they are then.
SHIPS = ("shipping", "consigning")
SENDS = (*SHIPS, "departing")
#: Steps by which goods come in. Where somebody tells of them one by one, the goods arrive before they are accepted.
TAKES_IN, ACCEPTING = (RECEIVING, "arriving"), "accepting"
_MOVES_ON = (*SENDS, "loading", "transporting")
_ON_THE_WAY = "in_transit"
#: How goods are laid before buyers, or given to them piece by piece.
_OFFERING, _OFFERED = "stocking", ("sellable_accessible", "partially_dispensed")
#: Steps at whose end the goods are at their destination; at others they are on their way there.
ARRIVED = ("receiving", "accepting", "arriving", "unloading", "stocking", "storing")
#: What is on its way back or to its end may go.
_GOES_BACK = (
    "recalled", BROUGHT_BACK, "destroyed", "disposed", "damaged", "expired", "non_conformant", "non_sellable_other",
)  # fmt: skip
#: What ends goods, or takes them off the way.
_ENDS = ("destroying", "decommissioning", "holding", "void_shipping")
DECOMMISSIONING = "decommissioning"
#: What is so is not to be sold, until something else is said of it.
UNFIT = ("stolen", "expired", "damaged", "non_conformant", "non_sellable_other", "inactive")


def sells(step: str | None, disposition: str | None) -> bool:
    """Tell whether goods are sold, to whoever uses them up."""
    return step in SELLS or disposition in SOLD


def brings_back(step: str | None, disposition: str | None) -> bool:
    """Tell whether goods that were sold come back."""
    return disposition == BROUGHT_BACK and not sells(step, disposition)


def receives(step: str | None, disposition: str | None, action: str | None) -> bool:
    """Tell whether an ObjectEvent says that goods came that somebody else had, and that were not sold before."""
    comes = action == "OBSERVE" and step == RECEIVING and disposition != BROUGHT_BACK
    return comes and not sells(step, disposition) and not ends(step, disposition, action)


def ends(step: str | None, disposition: str | None, action: str | None) -> bool:
    """Tell whether goods that an ObjectEvent names are there no longer, otherwise than by a sale."""
    gone = action == "DELETE" or step == DESTROYING or disposition in DESTROYED
    return gone and not sells(step, disposition)


def makes_none(step: str | None, disposition: str | None) -> bool:
    """Tell whether an event cannot make goods: it sells, ships or ends them."""
    return sells(step, disposition) or step in (*SENDS, DESTROYING, DECOMMISSIONING) or disposition in DESTROYED


def goes_back(step: str | None, disposition: str | None) -> bool:
    """Tell whether goods are on their way back, or come to their end otherwise than by a sale."""
    return not sells(step, disposition) and (disposition in _GOES_BACK or step in _ENDS)


def moves_on(step: str | None, disposition: str | None) -> bool:
    """Tell whether goods go to somebody else: sold, shipped or on the way, or laid before buyers; not back or to their
    end.
    """
    if sells(step, disposition):
        return True
    leaves = step in _MOVES_ON or (disposition == _ON_THE_WAY and step not in ARRIVED)
    is_offered = step == _OFFERING or disposition in _OFFERED
    return (leaves or is_offered) and not goes_back(step, disposition)


def is_unfit(step: str | None, disposition: str | None) -> bool:
    """Tell whether goods are said to be not fit for sale, or to be known by their code no longer."""
    return disposition in UNFIT or step == DECOMMISSIONING
