"""The sample receipts that lie beside lots of raw material: drawn here, and marked as samples on their face."""

from __future__ import annotations

from datetime import date

from fpdf import FPDF

from app.config import ROOT
from kernel import clock

FONTS = ROOT / "static" / "fonts" / "be-vietnam-pro-5.3.0"


def receipt(*, material: str, lot: str, amount: str, supplier: str, receiver: str, on: date) -> bytes:
    """Draw the receipt of a raw lot as an A5 page; the same facts give the same bytes."""
    pdf = FPDF(orientation="landscape", format=(148, 210))  # A5
    pdf.set_creation_date(clock.start_of_day(on))
    pdf.set_title(f"Phiếu nhập {lot} (dữ liệu mẫu)")
    pdf.set_lang("vi")
    pdf.add_font("body", "", FONTS / "BeVietnamPro-Regular.ttf")
    pdf.add_font("body", "B", FONTS / "BeVietnamPro-Bold.ttf")
    pdf.set_margin(16)
    pdf.add_page()
    pdf.set_font("body", "B", 10)
    pdf.set_text_color(150, 30, 30)
    pdf.cell(0, 6, "DỮ LIỆU MẪU – không phải chứng từ thật", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(0, 0, 0)
    pdf.set_font("body", "B", 18)
    pdf.cell(0, 14, "Phiếu nhập nguyên liệu", new_x="LMARGIN", new_y="NEXT")
    for name, value in (
        ("Lô nguyên liệu", lot),
        ("Nguyên liệu", material),
        ("Khối lượng", amount),
        ("Bên giao", supplier),
        ("Bên nhận", receiver),
        ("Ngày nhận", f"{on:%d/%m/%Y}"),
    ):
        pdf.set_font("body", "", 11)
        pdf.cell(42, 9, name)
        pdf.set_font("body", "B", 11)
        pdf.multi_cell(0, 9, value, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())
