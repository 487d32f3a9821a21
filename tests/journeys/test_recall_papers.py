"""The report of a recall that reaches many kinds of lots fits the screen and a sheet of paper."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

from tests.live import LiveShop
from tests.traceability.epcis.interface import CONTEXT, event

#: Words of the headings of tables that do not stand on one line.
BROKEN_WORDS = """() => {
  const broken = [];
  for (const heading of document.querySelectorAll("th")) {
    const texts = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/[^\\s\u00a0]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        if (range.getClientRects().length > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""
#: How far the tables of a page stand out beyond their frames, in pixels.
STANDS_OUT = """() => [...document.querySelectorAll('table')].map(one => Math.round(
  one.getBoundingClientRect().right - one.closest('.table-wrap').getBoundingClientRect().right))"""
#: A4 within margins of 15 mm.
SHEET = {"width": 680, "height": 960}


def lot(name: str, quantity: float | None = None, uom: str | None = None) -> dict[str, Any]:
    return {
        "epcClass": f"https://a.example/lot/{name}",
        **({"quantity": quantity} if quantity else {}),
        **({"uom": uom} if uom else {}),
    }


def test_the_tables_of_the_report_are_no_wider_than_the_screen_or_the_sheet(
    page: Page, shop: LiveShop, sign_in: Any
) -> None:
    key = shop.flask("keys", "create", "--organisation", "ongbv", "--scope", "epcis:capture").split()[-1]
    makes = {"type": "TransformationEvent", "action": None, "quantityList": None, "bizStep": "commissioning"}
    beans, sauce = "NGUYEN-LIEU-CO-TEN-RAT-DAI-0001", "NUOC-COT-DAC-BIET-LO-0002"
    for said in (
        event(action="ADD", bizStep="commissioning", quantityList=[lot(beans, 1250.5, "KGM")]),
        event(**makes, inputQuantityList=[lot(beans, 500, "KGM")], outputQuantityList=[lot(sauce, 450.5, "LTR")]),
        event(**makes, inputQuantityList=[lot(sauce, 200, "LTR")], outputQuantityList=[lot("CHAI-0003", 1_234_567)]),
        event(**makes, inputQuantityList=[lot(beans, 100, "KGM")], outputQuantityList=[lot("BA-0004")]),
    ):
        answer = page.request.post(
            f"{shop.url}/epcis/events",
            data={"@context": [CONTEXT], **said},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status == 201, answer.text()
    sign_in("office")
    page.goto(f"{shop.url}/quan-tri/thu-hoi/moi?q={beans[:20]}")
    page.locator("main a[href*='/thu-hoi/moi/']").first.click()
    page.locator("input[name=kind][value=dien-tap]").check()
    page.locator("input[name=severity]").first.check()
    page.locator("textarea[name=reason]").fill("Kim loại nặng vượt mức cho phép")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"TH-\d+$"))
    recall = page.url

    for width, media in ((1280, "screen"), (820, "screen"), (390, "screen"), (SHEET["width"], "print")):
        page.set_viewport_size({"width": width, "height": SHEET["height"]})
        page.emulate_media(media=media)  # type: ignore[arg-type]
        for paper in ("bao-cao", "danh-ba", "danh-ba?lang=en", "danh-ba?lang=vi"):
            page.goto(f"{recall}/{paper}")
            assert page.evaluate(BROKEN_WORDS) == [], (paper, width, media)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (paper, width)
            assert max(page.evaluate(STANDS_OUT), default=0) <= 1, (paper, width, media)
