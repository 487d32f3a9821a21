"""Papers on A4: each page is like the first."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime
from pathlib import Path

from storefront import papers
from storefront.papers import Block, Column, Document, Table


def test_the_foot_of_every_page_is_of_one_size_and_within_the_margins(tmp_path: Path, now: datetime) -> None:
    table = Table((Column("Hàng", 60), Column("Số lượng", 20, number=True)), (("Mật ong mẫu", "1"),) * 120, ticks=True)
    document = Document("Phiếu mẫu", "", (Block(table=table, remarks=("Đã thanh toán",)),), foot="Phiếu mẫu")
    (tmp_path / "paper.pdf").write_bytes(papers.a4(document, now=now))

    drawn = subprocess.run(["pdftotext", "-bbox", tmp_path / "paper.pdf", "-"], check=True, capture_output=True)

    pages = drawn.stdout.decode().split("<page ")[1:]
    assert len(pages) > 2
    right = (papers.A4[0] - papers.LEFT) * 72 / 25.4
    sizes = set()
    for page in pages:
        words = re.findall(r'xMin="[\d.]+" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">', page)
        foot = [(float(below) - float(above), float(end)) for above, end, below in words if float(above) > 790]
        assert len(foot) == 3, "its two words, and its number"
        assert all(end <= right + 0.5 for _, end in foot)
        sizes |= {round(height, 1) for height, _ in foot}
    assert len(sizes) == 1
