"""A list of lots that programs named at length fits the screen."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.live import LiveShop
from tests.traceability.epcis.interface import CONTEXT, event


def test_lots_with_long_names_do_not_widen_the_list_of_material(page: Page, shop: LiveShop, sign_in: Any) -> None:
    key = shop.flask("keys", "create", "--organisation", "ongbv", "--scope", "epcis:capture").split()[-1]
    names = ("NGUYEN-LIEU-CO-TEN-RAT-DAI-VA-KHONG-CO-DAU-CACH-NAO-CA", "x" * 90, "Lo-0123456789abcdefghij")
    for number, name in enumerate(names):
        made = {"epcClass": f"https://honey.example/raw/{name}{number}", "quantity": 1250.5, "uom": "KGM"}
        answer = page.request.post(
            f"{shop.url}/epcis/events",
            data={"@context": [CONTEXT], **event(action="ADD", bizStep="commissioning", quantityList=[made])},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status == 201, answer.text()

    sign_in("office")
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for language in ("en", "vi"):
            page.goto(f"{shop.url}/quan-tri/nguyen-lieu?lang={language}")
            assert page.get_by_text(names[1]).first.is_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, language)
