"""The Ba Tơ demo set: big enough, complete, honest; and a set that does not fit is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from accounts.models import OrganisationKind
from app.demo import data
from app.demo.data import DemoSet, problems_of
from catalog import labels
from catalog.taxonomy import read_taxonomy
from kernel import gs1
from kernel.administrative_units import successors


@pytest.fixture(scope="module")
def demo() -> DemoSet:
    return data.read()


# --- Size ----------------------------------------------------------------------------------------------------


def test_there_is_enough_of_everything_to_bring_every_screen_to_life(demo: DemoSet) -> None:
    assert len(demo.producers) >= 10
    assert len(demo.products) >= 26
    assert len(demo.batches) >= 40
    assert len(demo.sales_points) >= 6
    assert len(demo.notes) >= 12
    assert len(demo.sales) >= 10


def test_products_cover_all_six_industries(demo: DemoSet) -> None:
    industry_of = {
        subgroup.criteria_set_no: industry.code
        for industry in read_taxonomy().industries
        for group in industry.groups
        for subgroup in group.subgroups
    }

    assert {industry_of[row.criteria_set] for row in demo.products} == {"I", "II", "III", "IV", "V", "VI"}


def test_each_of_the_eight_communes_has_an_office_and_goods_come_from_each(demo: DemoSet) -> None:
    communes = {unit.code for unit in successors("535", date(2026, 11, 24))}
    offices = [row for row in demo.organisations if row.kind is OrganisationKind.OFFICE]

    assert communes <= {code for office in offices for code in office.jurisdiction}
    assert communes <= {row.commune for row in demo.producers}
    assert any(office.jurisdiction == ("51",) for office in offices)


def test_every_product_but_services_has_a_batch(demo: DemoSet) -> None:
    with_batch = {batch.product for batch in demo.batches}

    assert {row.key for row in demo.products if row.state == "published" and not row.is_service} == with_batch
    assert sum(row.is_service for row in demo.products) >= 1


def test_some_products_wait_for_the_office_or_are_not_finished(demo: DemoSet) -> None:
    assert {row.state for row in demo.products} == {"published", "submitted", "draft"}


def test_some_chains_are_three_makings_deep(demo: DemoSet) -> None:
    inputs = {(lot.owner, lot.number): lot.inputs for lot in (*demo.mid_lots, *demo.batches)}

    def depth(owner: str, number: str) -> int:
        return 1 + max((depth(owner, one.lot) for one in inputs.get((owner, number), ())), default=0)

    deepest = Counter(depth(batch.owner, batch.number) for batch in demo.batches)

    assert deepest[4] >= 2  # yarn, dyed yarn, cloth, scarf
    assert deepest[3] >= 10


def test_certificates_stand_in_every_state(demo: DemoSet) -> None:
    states = Counter(row.state for row in demo.certificates)

    assert states["valid"] >= 5
    assert min(states[state] for state in ("expiring", "expired", "revoked")) >= 1
    assert {row.stars for row in demo.certificates} == {3, 4, 5}


def test_batches_are_released_open_held_recalled_and_past_their_day(demo: DemoSet) -> None:
    assert {batch.state for batch in demo.batches} == {"released", "open", "held", "recalled"}
    assert any(batch.keeps is not None and batch.made > batch.keeps for batch in demo.batches)


def test_notes_are_drafts_under_way_received_cancelled_and_returned(demo: DemoSet) -> None:
    assert any(note.sent is None for note in demo.notes)
    assert any(note.sent is not None and note.received is None and note.cancelled is None for note in demo.notes)
    assert any(note.received is not None for note in demo.notes)
    assert any(note.cancelled is not None for note in demo.notes)
    assert any(note.is_return for note in demo.notes)


def test_alcohol_is_marked_and_its_producers_have_no_licence_in_the_set(demo: DemoSet) -> None:
    alcohol = {row.key for row in demo.products if row.alcohol}

    assert alcohol == {row.key for row in demo.products if row.criteria_set in (14, 15)}
    assert alcohol


# --- Complete ------------------------------------------------------------------------------------------------


def test_every_label_is_complete(demo: DemoSet) -> None:
    lacking = {row.key: [field.key for field in labels.missing(row.label_kind, row.label)] for row in demo.products}

    assert {key: keys for key, keys in lacking.items() if keys} == {}


def test_every_word_shown_is_there_in_both_languages(demo: DemoSet) -> None:
    shown = (*demo.products, *demo.sales_points, *demo.producers, *demo.texts)

    for row in shown:
        words = {name: getattr(row, name) for name in row.__slots__ if name.endswith(("_vi", "_en"))}
        assert {name[:-3] for name, text in words.items() if text and name.endswith("_vi")} == {
            name[:-3] for name, text in words.items() if text and name.endswith("_en")
        }, row


def test_every_product_has_its_picture_drawn(demo: DemoSet) -> None:
    assert all(row.pictures for row in demo.products)
    assert {key for key in demo.alt if not (data.PICTURES / f"{key}.webp").exists()} == set()


def test_every_text_the_law_asks_for_is_there_and_says_it_is_a_sample(demo: DemoSet) -> None:
    assert {text.name for text in demo.texts} >= {
        "chu-so-huu", "dieu-khoan", "bao-mat", "gia", "thanh-toan", "giao-hang", "doi-tra", "khieu-nai", "xep-hang",
    }  # fmt: skip
    for text in demo.texts:
        assert "mẫu" in text.body_vi
        assert "sample" in text.body_en.casefold()


def test_the_privacy_text_has_eight_points_with_the_days_of_the_law(demo: DemoSet) -> None:
    privacy = next(text for text in demo.texts if text.name == "bao-mat")

    assert len(re.findall(r"^## \d\.", privacy.body_vi, re.MULTILINE)) == 8
    for span in ("2 ngày làm việc", "10 ngày", "15 ngày", "20 ngày"):
        assert span in privacy.body_vi


def test_texts_are_paragraphs_heads_and_lists_only(demo: DemoSet) -> None:
    for text in demo.texts:
        for body in (text.body_vi, text.body_en):
            for block in body.split("\n\n"):
                lines = block.split("\n")
                assert len(lines) == 1 or all(line.startswith("- ") for line in lines), block
                assert not re.search(r"[<>`*]|\[.*\]\(", block), block


# --- Honest --------------------------------------------------------------------------------------------------


def test_only_the_three_producers_the_press_writes_about_are_no_samples(demo: DemoSet) -> None:
    public = {row.code for row in demo.organisations if not row.sample}

    assert public == {"tsung", "yhoa", "htxbt"}
    assert all(row.sources for row in demo.organisations if not row.sample)


def test_nothing_sensitive_is_kept_about_real_people(demo: DemoSet) -> None:
    assert all(row.minority_led is None and row.youth_led is None for row in demo.organisations if not row.sample)


def test_what_the_press_says_is_a_line_with_its_source_and_no_certificate(demo: DemoSet) -> None:
    by_press = [row for row in demo.products if row.press_vi]

    assert {row.key for row in by_press} == {"khan-thi-sung", "tui-y-hoa", "gao-ray-phat-huy"}
    assert all("theo báo chí" in row.press_vi and "by the press" in row.press_en for row in by_press)
    assert {row.key for row in by_press} & {row.product for row in demo.certificates} == set()


def test_gtins_are_of_the_prefix_for_samples_with_right_check_digits(demo: DemoSet) -> None:
    gtins = [item.gtin for row in demo.products for item in row.items if item.gtin]

    assert len(gtins) == 2
    assert all(gs1.is_sample_gtin(gs1.gtin14(gtin)) for gtin in gtins)


def test_certificates_have_no_decision_that_looks_real(demo: DemoSet) -> None:
    assert all(row.number.startswith("MAU-") and "Dữ liệu mẫu" in row.decision for row in demo.certificates)
    assert all("mẫu" in row.issuer for row in demo.certificates)


def _files() -> list[Path]:
    return [path for path in sorted(data.DATA.rglob("*")) if path.suffix in (".toml", ".md")]


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.name)
def test_no_file_holds_a_telephone_number_or_a_real_address_of_mail(path: Path) -> None:
    words = re.sub(r'gtin = "\d+"', "", path.read_text(encoding="utf-8"))

    assert re.findall(r"(?<![\d-])(?:\+84|0)(?:[ .\-]?\d){8,10}(?!\d)", words) == []
    assert [mail for mail in re.findall(r"[\w.+-]+@[\w.-]+", words) if not mail.endswith("@demo.example")] == []


# --- A set that does not fit is refused -----------------------------------------------------------------------

Spoil = Callable[[DemoSet], DemoSet]


def _first(rows: tuple, **changes: object) -> tuple:  # type: ignore[type-arg]
    return (replace(rows[0], **changes), *rows[1:])


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda d: replace(d, products=_first(d.products, producer="nobody")), "nobody makes it"),
        (lambda d: replace(d, products=_first(d.products, label={})), "the label lacks warnings"),
        (lambda d: replace(d, products=_first(d.products, commune="99999")), "is no commune of today"),
        (lambda d: replace(d, products=(*d.products, d.products[0])), "is there twice"),
        (
            lambda d: replace(d, products=_first(d.products, items=_first(d.products[0].items, gtin="8934567000017"))),
            "only numbers of the prefix for samples",
        ),
        (lambda d: replace(d, products=_first(d.products, story_vi="Gọi 0905 123 456")), "like a telephone number"),
        (lambda d: replace(d, products=_first(d.products, story_en="me@mail.example")), "no address for samples"),
        (lambda d: replace(d, raw_lots=_first(d.raw_lots, quantity=1)), "of 1 were used"),
        (lambda d: replace(d, raw_lots=_first(d.raw_lots, received=1)), "only after work on it had begun"),
        (lambda d: replace(d, raw_lots=_first(d.raw_lots, material="vang")), "nobody knows the material"),
        (lambda d: replace(d, mid_lots=_first(d.mid_lots, quantity=10**9)), "came out of"),
        (lambda d: replace(d, batches=_first(d.batches, item="NONE")), "sells no such goods"),
        (lambda d: replace(d, batches=_first(d.batches, place="ongbv-kho")), "how or where it is made"),
        (lambda d: replace(d, batches=_first(d.batches, state="held")), "says why"),
        (lambda d: replace(d, certificates=_first(d.certificates, state="expired")), "would be valid"),
        (lambda d: replace(d, certificates=_first(d.certificates, product="khan-thi-sung")), "for a sample product"),
        (lambda d: replace(d, notes=_first(d.notes, point="nowhere")), "no such sales point"),
        (
            lambda d: replace(d, notes=_first(d.notes, lines=_first(d.notes[0].lines, quantity=10**6))),
            "more was sent than was made",
        ),
        (
            lambda d: replace(d, sales=_first(d.sales, lines=_first(d.sales[0].lines, quantity=31))),
            "sold or sent back before it is there",
        ),
        (
            lambda d: replace(d, organisations=tuple(replace(row, sources=()) for row in d.organisations)),
            "is public and names its sources",
        ),
        (lambda d: replace(d, products=_first(d.products, pictures=("nothing",))), "Nobody has drawn nothing"),
        (lambda d: replace(d, people=_first(d.people, organisation="nobody")), "belongs to no organisation"),
        (lambda d: replace(d, texts=_first(d.texts, body_en="")), "lacks its title or its words"),
    ],
)
def test_a_set_that_does_not_fit_is_refused(demo: DemoSet, spoil: Spoil, complaint: str) -> None:
    problems = problems_of(spoil(demo))

    assert any(complaint in problem for problem in problems), problems
