"""The drawn pictures of the demo data set: each one named, light enough, and of a known shape."""

import json
from pathlib import Path

import pytest
from PIL import Image

PICTURES = Path(__file__).resolve().parents[2] / "app" / "demo" / "pictures"
MASTERS = sorted(PICTURES.glob("*.webp"))
WIDE = {"hero": (2400, 1000), "og-card": (1200, 630)}


def test_every_picture_is_described_in_both_languages_and_nothing_else_is():
    alt = json.loads((PICTURES / "alt.json").read_text(encoding="utf-8"))

    assert set(alt) == {master.stem for master in MASTERS}
    assert all(set(texts) == {"vi", "en"} and all(texts.values()) for texts in alt.values())


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_a_master_is_a_whole_webp_of_its_size_and_at_most_120_kb(master):
    expected = WIDE.get(master.stem, (1200, 900) if master.stem.startswith("step-") else (1600, 1200))

    with Image.open(master) as picture:
        picture.load()

        assert (picture.format, picture.size) == ("WEBP", expected)
    assert master.stat().st_size <= 120_000


def test_all_masters_together_stay_under_three_and_a_half_megabytes():
    assert sum(master.stat().st_size for master in MASTERS) <= 3_500_000
