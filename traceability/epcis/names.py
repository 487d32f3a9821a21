"""The one form in which the name of a thing is kept, however an event spells it. Pure."""

from __future__ import annotations

from traceability import addresses
from traceability.epcis import epc_uris


def kept(name: str) -> str:
    """Write a name as it is kept: GS1 keys as canonical Digital Links, addresses of ours as we write them."""
    own = addresses.folded(name)
    return epc_uris.canonical(own) or own
