"""What the code of a batch says: its GS1 Digital Link where the goods have a GTIN, its own address otherwise (pure)."""

from __future__ import annotations

from catalog.models import TradeItem
from traceability import digital_link
from traceability.models import Batch


def printed(organisation_code: str, batch: Batch, item: TradeItem, *, base_url: str) -> str:
    """Give the address that the printed code of a batch holds.

    :param base_url: of this site, without a slash at its end
    """
    if item.gtin is not None:
        return digital_link.build(base_url, gtin=item.gtin, lot=batch.number)
    return f"{base_url}/lo/{organisation_code}/{batch.token}"
