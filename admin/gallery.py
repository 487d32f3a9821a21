"""Every component in every state: a page each for the office, the shop, a product, a batch and paper.

What is shown is invented and marked so. Look here before drawing something new, and after changing a sheet.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template
from flask_wtf.file import FileField, MultipleFileField
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Optional

from accounts.actor import Permission
from accounts.web.forms import BaseForm, DayField, MoneyField, PhoneField, QuantityField
from accounts.web.guard import requires
from kernel.errors import NotFound
from traceability import labels

blueprint = Blueprint("gallery", __name__, url_prefix="/quan-tri/giao-dien")

PAGES = ("show", "shop", "product", "batch", "paper")

#: What a hasty person types: each field of the sample form refuses it.
WRONG = MultiDict({"name": "", "price": "85 nghìn", "weight": "", "made_on": "31/02/2026", "phone": "09"})


class SampleForm(BaseForm):
    """One field of each kind. It is drawn, never sent."""

    name = StringField("Tên sản phẩm", [DataRequired()], description="Như in trên bao bì.")
    price = MoneyField("Giá bán", [DataRequired()])
    weight = QuantityField("Khối lượng tịnh", [InputRequired()], unit="kg")
    made_on = DayField("Ngày sản xuất", [InputRequired()])
    phone = PhoneField("Điện thoại người làm", [Optional()])
    commune = SelectField(
        "Xã", [Optional()], choices=[SelectChoice("", "Chọn xã"), SelectChoice("1", "Xã Mẫu Một")], default=""
    )
    kind = RadioField(
        "Bạn muốn làm gì?",
        [InputRequired()],
        choices=[
            SelectChoice("receive", "Nhận hàng"),
            SelectChoice("sell", "Bán hàng"),
            SelectChoice("return", "Trả hàng"),
        ],
    )
    story = TextAreaField("Câu chuyện sản phẩm", [Optional()], description="Vài câu, như kể cho khách ghé quầy.")
    photo = FileField("Ảnh sản phẩm", [Optional()], description="JPEG, PNG, WebP hoặc HEIC, tối đa 20 MB.")
    papers = MultipleFileField("Giấy tờ kèm theo", [Optional()])
    agreed = BooleanField("Tôi đã xem lại lời khai này", [DataRequired()])


@blueprint.get("", defaults={"page": "show"})
@blueprint.get("/<page>")
@requires(Permission.USE_BACK_OFFICE)
def show(page: str) -> str:
    """Show a page of samples."""
    if page not in PAGES:
        raise NotFound()
    wrong = SampleForm(formdata=WRONG, prefix="", meta={"csrf": False})
    wrong.validate()
    return render_template(
        f"admin/gallery/{page}.html", form=SampleForm(formdata=None, prefix="ok"), wrong=wrong, **_samples()
    )


def _samples() -> dict[str, Any]:
    products = [_product(*facts) for facts in _PRODUCTS]
    return {
        "products": products,
        "facets": _facets(),
        "sorting": [
            {"label": "Mới nhất", "url": "?sap-xep=moi", "chosen": True},
            {"label": "Giá từ thấp", "url": "?sap-xep=gia", "chosen": False},
            {"label": "Nhiều sao trước", "url": "?sap-xep=sao", "chosen": False},
        ],
        "producers": [
            SimpleNamespace(url="#", name=name, kind=kind, commune=commune, product_count=n, image=None, is_sample=True)
            for name, kind, commune, n in _PRODUCERS
        ],
        "places": [
            SimpleNamespace(
                url="#", name=name, address=address, phone="0255 000 0000", hours="7:00–20:00 mỗi ngày", is_sample=True
            )
            for name, address in (("Quầy mẫu chợ trung tâm", "Xã Mẫu Một"), ("Cửa hàng mẫu ven sông", "Xã Mẫu Hai"))
        ],
        "story": [
            {"date": date, "title": title, "place": place, "text": text, "is_bad": False}
            for date, title, place, text in _STORY
        ],
        "rows": [
            SimpleNamespace(lot=lot, product=product, made=made, quantity=n, tone=tone, state=state)
            for lot, product, made, n, tone, state in _ROWS
        ],
        "page_url": lambda number: f"?trang={number}",
        "qr": labels.qr_svg("https://shop.example/lo/mau1/0123456789", title="Mã QR mẫu"),
    }


def _product(
    name: str, net: str | None, price: int | None, note: str | None, stars: int | None, stock: bool | None, symbol: str
) -> SimpleNamespace:
    return SimpleNamespace(
        url="#", name=name, net_content=net, price_vnd=price, price_per=None, unit_note=note, stars=stars,
        in_stock=stock, symbol=symbol,
        image=None, image_alt="", producer="Hợp tác xã Mẫu", commune="Xã Mẫu Một", is_sample=True,
        why=Markup("… có <mark>gạo</mark> trong lời giới thiệu …") if stars == 4 else None,
        holds="2 gói gạo, 1 hũ mật ong" if stars == 5 else "",
    )  # fmt: skip


def _facets() -> list[dict[str, Any]]:
    def option(label: str, count: int, chosen: bool = False) -> dict[str, Any]:
        return {"label": label, "count": count, "chosen": chosen, "url": "?"}

    return [
        {
            "label": "Hạng sao",
            "options": [option("5 sao", 2), option("4 sao", 9, True), option("3 sao", 21)],
        },
        {
            "label": "Ngành hàng",
            "options": [option("Thực phẩm", 18), option("Đồ uống", 7, True), option("Thủ công mỹ nghệ, gia dụng", 4)],
            "more": [option("Dược liệu", 2), option("Du lịch nông thôn", 1)],
        },
        {
            "label": "Giá",
            "range": {
                "action": "#",
                "from_name": "gia-tu",
                "from_value": "50000",
                "to_name": "gia-den",
                "to_value": "",
                "unit": "₫",
                "keep": {"sao": "4"},
            },
        },
    ]


_PRODUCTS = [
    ("Cà phê mẫu rang mộc", "250 g", 85_000, "34.000 ₫/100 g", 4, True, "mug"),
    ("Mật ong rừng mẫu", "500 ml", 220_000, "44.000 ₫/100 ml", 3, True, "droplet"),
    ("Thịt bò khô mẫu ướp hạt tiêu rừng và lá é", "200 g", 190_000, "95.000 ₫/100 g", 5, False, "tools-kitchen-2"),
    ("Khăn dệt thổ cẩm mẫu", "1 chiếc", 450_000, None, None, True, "needle-thread"),
    ("Một ngày ở làng dệt mẫu", None, None, None, 3, None, "tent"),
]

_PRODUCERS = [
    ("Hợp tác xã Mẫu", "Hợp tác xã", "Xã Mẫu Một", 7),
    ("Hộ kinh doanh Nguyễn Văn Mẫu", "Hộ sản xuất", "Xã Mẫu Hai", 1),
]

_STORY = [
    ("12/10/2026", "Thu hoạch", "Thôn Mẫu, xã Mẫu Một", "420 kg quả tươi, 6 hộ"),
    ("14/10/2026", "Sơ chế", "Hợp tác xã Mẫu", "làm sạch, phơi 3 ngày"),
    ("16/10/2026", "Phơi lại", "Hợp tác xã Mẫu", None),
    ("18/10/2026", "Rang xay", "Hợp tác xã Mẫu", "mẻ rang M-18"),
    ("20/10/2026", "Kiểm nghiệm", "Phòng thử nghiệm Mẫu", "đạt, phiếu KN-0001"),
    ("22/10/2026", "Đóng gói", "Hợp tác xã Mẫu", "800 gói 250 g"),
    ("25/10/2026", "Giao điểm bán", "Quầy mẫu chợ trung tâm", "200 gói"),
    ("26/10/2026", "Nhận tại điểm bán", "Quầy mẫu chợ trung tâm", "200 gói"),
]

_ROWS = [
    ("CF-2610-02", "Cà phê mẫu rang mộc, 250 g", "22/10/2026", "1.800", "good", "Đang bán"),
    ("MO-2609-11", "Mật ong rừng mẫu, 500 ml", "11/09/2026", "96", "wait", "Chờ xác nhận"),
    ("BK-2608-05", "Thịt bò khô mẫu, 200 g", "05/08/2026", "0", "bad", "Đã thu hồi"),
    ("TC-2607-01", "Khăn dệt thổ cẩm mẫu", "01/07/2026", "12", "off", "Nháp"),
]
