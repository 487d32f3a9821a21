"""What states, steps and carriers of parcels are called (msgids), for the producer's screens and the buyer's page."""

from __future__ import annotations

from kernel.errors import N_
from storefront.order_models import CodState, ParcelState

STATES = {
    ParcelState.CREATED: N_("Packed"),
    ParcelState.PICKED_UP: N_("Picked up"),
    ParcelState.IN_TRANSIT: N_("On its way"),
    ParcelState.DELIVERED: N_("Delivered"),
    ParcelState.FAILED: N_("Not delivered"),
    ParcelState.RETURNING: N_("Coming back"),
    ParcelState.RETURNED: N_("Came back"),
}
CASH = {
    CodState.NONE: N_("Nothing to collect"),
    CodState.DUE: N_("To be collected"),
    CodState.COLLECTED: N_("Cash collected"),
    CodState.HANDED_OVER: N_("Cash handed over"),
    CodState.RECONCILED: N_("Cash counted and right"),
}
#: ``ParcelStep.what`` → what happened.
STEPS = {
    **{state.value: words for state, words in STATES.items()},
    **{f"cod_{state.value}": words for state, words in CASH.items()},
    "note": N_("Noted"),
}
#: Names of companies stand as they are.
CARRIERS = {
    "hand_over": N_("Brought by the seller"),
    "pickup": N_("Fetched by the buyer"),
    "ghn": "Giao Hàng Nhanh (GHN)",
    "ghtk": "Giao Hàng Tiết Kiệm (GHTK)",
    "viettel_post": "Viettel Post",
    "vnpost": "Vietnam Post (VNPost)",
}
