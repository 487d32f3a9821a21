"""What words find, in which order, and what is said when they find nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from accounts import consents, organisations
from accounts.actor import SYSTEM
from accounts.models import Organisation
from app import create_app
from catalog.models import Price, Product, ProductStatus, ProductVersion, TradeItem, Unit, VersionItem
from kernel import pages, text
from kernel.clock import business_date
from kernel.db import db, transaction
from ocop.models import Certificate
from storefront import browsing, queries, synonyms
from storefront.browsing import Wanted
from storefront.searching import Index, Marks, Thesaurus, terms_of
from tests.conftest import ENGINES, TODAY, Database
from tests.factories import BA_TO, BA_TO_CIRCUMFLEX, SCHEME, Factories

DAY = business_date(TODAY)


def index(*names: str, summaries: tuple[str, ...] = ()) -> Index:
    """An index of goods that have a name, and perhaps a summary."""
    lines = [*summaries, *[""] * (len(names) - len(summaries))]
    return Index(((name,), ("HTX mẫu",), (line,)) for name, line in zip(names, lines, strict=True))


def found(goods: Index, query: str, *sets: tuple[str, ...]) -> list[int]:
    """What a query finds, the best first."""
    scores = goods.search(query, Thesaurus(sets)).scores
    return sorted(scores, key=lambda position: (scores[position], position))


# --- Which come first ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "order"),
    [("bưởi", [1, 0]), ("buổi", [0, 1]), ("BƯỞI", [1, 0]), ("buoi", [0, 1]), ("bưở", [1, 0]), ("bươi", [0, 1])],
)
def test_what_has_the_marks_as_typed_comes_before_what_only_folds_alike(query: str, order: list[int]) -> None:
    assert found(index("Buổi sáng", "Bưởi da xanh"), query) == order


@pytest.mark.parametrize(
    ("query", "names", "summaries", "order"),
    [
        ("tra", ("Tranh tre", "Giỏ mây", "Trà gừng", "Tra"), ("", "Tra cán gỗ"), [3, 2, 0, 1]),
        ("sa", ("Sanh bonsai", "Dầu sả"), (), [1, 0]),
        ("mang", ("Một ngày dệt thổ cẩm", "Măng nứa"), ("Sản phẩm mang về",), [1, 0]),
        ("che", ("Chuối sấy", "Chè dây", "Chén gỗ"), ("Được che nắng",), [1, 2, 0]),
        ("che day", ("Chén đáy dày", "Chè dây"), ("che, day",), [1, 0]),
        ("bưởi", ("Buổi dệt", "Mứt", "Tinh dầu bưởi"), ("", "Vỏ bưởi"), [2, 1, 0]),
        ("chè", ("Chen gỗ", "Che nắng", "Chèo đò"), (), [2, 1, 0]),
    ],
)
def test_a_whole_word_of_the_name_comes_before_half_a_word_and_before_the_summary(
    query: str, names: tuple[str, ...], summaries: tuple[str, ...], order: list[int]
) -> None:
    assert found(index(*names, summaries=summaries), query) == order


def test_communes_that_fold_alike_are_told_apart_by_their_marks() -> None:
    goods = Index([(("Gạo",), ("xã Ba Tô",), ()), (("Nếp",), ("xã Ba Tơ",), ())])

    assert found(goods, "ba tơ") == [1, 0]
    assert found(goods, "Ba Tô") == [0, 1]


@pytest.mark.parametrize("query", ["thủy", "thuỷ", "THỦY", "thu\u0309y"])
def test_a_tone_may_stand_on_either_vowel(query: str) -> None:
    goods = index("Thúy nga", "Thuỷ sâm", "Thủy tùng")

    assert found(goods, query) == [1, 2, 0]
    assert goods.search(query).scores[1] == goods.search(query).scores[2]


def test_the_name_comes_before_the_maker_and_the_maker_before_the_summary() -> None:
    goods = Index(
        [
            (("Gạo",), ("HTX",), ("ăn với mật ong",)),
            (("Gạo",), ("HTX mật ong Ba Tơ",), ()),
            (("Mật ong",), ("HTX",), ()),
        ]
    )

    assert found(goods, "mật ong") == [2, 1, 0]


def test_a_name_that_begins_with_the_words_comes_before_one_that_has_them_together_or_apart() -> None:
    goods = index("Ong và mật", "Rượu mật ong", "Mật ong rừng")

    assert found(goods, "mật ong") == [2, 1, 0]


def test_all_words_must_be_found() -> None:
    goods = index("Rượu sim", "Rượu gạo", "Mứt sim")

    assert found(goods, "rượu sim") == [0]


@pytest.mark.parametrize("query", ["r", "rư", "ruo", "rượu s", "sim ru"])
def test_words_are_found_as_one_types(query: str) -> None:
    assert found(index("Rượu sim", "Gạo"), query) == [0]


@pytest.mark.parametrize("query", ["", " ", "!!!", "%", "_", "\u0301", "'; DROP TABLE product"])
def test_what_is_no_word_finds_nothing(query: str) -> None:
    assert found(index("Rượu sim", "Gạo"), query) == []


# --- One typo ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ruou sjm", "rượu sim"),
        ("tho cma", "thổ cẩm"),
        ("maat ong", "mật ong"),
        ("nuoc mamm", "nước mắm"),
        ("nuocmam", "nước mắm"),
        ("caphee", "caphee"),
        ("ca phee", "cà phê"),
        ("rựơu sim", "rượu sim"),
        ("xim", "sim"),
        ("khoai lng", "khoai lang"),
    ],
)
def test_one_typo_in_a_word_is_forgiven_and_what_was_meant_is_said(typed: str, meant: str) -> None:
    goods = index("Rượu sim", "Thổ cẩm", "Mật ong", "Nước mắm", "Cà phê", "Khoai lang")
    hits = goods.search(typed)

    if meant == typed:
        assert not hits.scores
        return
    assert len(hits.scores) == 1
    assert goods.spelled_in(typed, next(iter(hits.scores))) == meant


def test_a_typo_is_only_thought_of_when_nothing_is_found_as_typed() -> None:
    goods = index("Sim", "Sâm")

    assert found(goods, "sim") == [0]
    assert not goods.search("sim").is_forgiven
    assert goods.search("som").is_forgiven


def test_numbers_and_short_words_are_taken_as_they_are() -> None:
    goods = index("Gạo 500", "An")

    assert found(goods, "600") == []
    assert found(goods, "em") == []


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("mat ong 500g", [0]),
        ("mật ong 500 gr", [0]),
        ("mat ong 500 gam", [0]),
        ("mật ong hũ", [0]),
        ("rượu sim 1 lít", [1]),
        ("ruou sim 1l", [1]),
        ("gạo 2ký", [2]),
        ("gạo 2 kg", [2]),
        ("gạo 5kg", []),
        ("mật ong 250ml", []),
    ],
)
def test_the_names_of_packs_are_found_as_people_type_amounts(query: str, hits: list[int]) -> None:
    goods = index(
        "Mật ong rừng", "Rượu sim", "Gạo rẫy",
        summaries=("hũ 500 g; 500 g jar", "chai 1 lít; 1 l bottle", "túi 2kg; 2 kg bag"),
    )  # fmt: skip

    assert found(goods, query) == hits


def test_two_typos_in_a_word_are_too_many() -> None:
    assert found(index("Khoai lang"), "khaoi lagn kxxai") == []


def test_words_that_nothing_has_are_left_out_of_what_is_offered_instead() -> None:
    hits = index("Rượu sim", "Gạo").search("rượu sim xyzxyz")

    assert not hits.scores
    assert hits.without == "rượu sim"


# --- Words that mean the same --------------------------------------------------------------------------------


def test_words_that_mean_the_same_find_each_other_after_the_word_itself() -> None:
    goods = index("Lạp xưởng lợn", "Giò heo", "Cá")
    pigs = ("heo", "lợn")

    assert found(goods, "heo", pigs) == [1, 0]
    assert found(goods, "lon", pigs) == [0, 1]
    assert found(goods, "heo") == [1]


def test_a_phrase_of_several_words_means_one_together_only() -> None:
    goods = index("Đậu phộng rang", "Lạc rang", "Đậu xanh, bột phộng", "Lắc tay")
    peanuts = ("đậu phộng", "lạc")

    assert found(goods, "lạc", peanuts) == [1, 3, 0]
    assert found(goods, "đậu phộng rang", peanuts) == [0, 1]
    assert found(goods, "lắc", peanuts) == [3, 1]


def test_the_longest_phrase_is_the_one_that_is_meant() -> None:
    goods = index("Hạt mắc ca", "Ca cao")

    assert found(goods, "macadamia", ("mắc ca", "macadamia"), ("ca", "cốc")) == [0]


# --- What is marked ------------------------------------------------------------------------------------------


def told(marks: Marks, shown: str) -> str:
    return "".join(f"[{part}]" if is_marked else part for part, is_marked in marks.parts(shown))


def test_what_was_found_is_marked_as_it_stands() -> None:
    goods = index("Rượu sim Ba Tơ")

    assert told(goods.search("ruou s").marks, "Rượu sim Ba Tơ") == "[Rượu] [sim] Ba Tơ"
    assert told(goods.search("ruou sjm").marks, "Rượu sim Ba Tơ") == "[Rượu] [sim] Ba Tơ"
    assert told(goods.search("ba tơ").marks, "(Ba Tơ)") == "([Ba] [Tơ])"
    assert told(Marks(), "Rượu") == "Rượu"


@given(st.text(max_size=60), st.text(max_size=20))
def test_marking_loses_no_letter(shown: str, query: str) -> None:
    marks = Index([((shown,), (), ())]).search(query).marks

    assert "".join(part for part, _ in marks.parts(shown)) == shown


def test_an_excerpt_holds_the_first_word_that_is_marked() -> None:
    marks = Marks(beginnings=("sim",))
    long = "Trồng trên đồi cao, " * 12 + "ngâm với sim rừng chín, " + "ủ trong chum đất. " * 12

    cut = marks.excerpt(long)

    assert "sim" in cut
    assert len(cut) < 130
    assert cut.startswith("… ")
    assert cut.endswith(" …")
    assert marks.excerpt("sim ngắn") == "sim ngắn"


# --- Any words at all ----------------------------------------------------------------------------------------

SYLLABLES = st.sampled_from(
    ["Bưởi", "buổi", "Tơ", "Tô", "Ba", "sim", "rượu", "Thủy", "Thuỷ", "mật", "ong", "Đậu", "phộng", "lạc", "500", "d"]
)
NAMES = st.lists(SYLLABLES, min_size=1, max_size=4).map(" ".join)
QUERIES = st.one_of(NAMES, NAMES.map(text.fold), NAMES.map(lambda name: name[:-1]), st.text(max_size=30))


@given(st.lists(NAMES, min_size=1, max_size=12), QUERIES)
def test_what_is_found_as_typed_has_every_word_of_the_query(names: list[str], query: str) -> None:
    hits = index(*names).search(query)

    if not hits.is_forgiven:
        for position in hits.scores:
            words = text.search_text(names[position], "HTX mẫu")
            assert all(f" {term.folded}" in words for term in terms_of(query))


@given(st.lists(NAMES, min_size=1, max_size=12), st.data())
def test_whatever_stands_in_a_name_finds_it_with_or_without_marks(names: list[str], data: Any) -> None:
    position = data.draw(st.integers(0, len(names) - 1))
    words = names[position].split()
    query = " ".join(data.draw(st.permutations(words)))

    assert position in index(*names).search(query).scores
    assert position in index(*names).search(text.fold(query)).scores


@given(st.lists(NAMES, min_size=1, max_size=8), NAMES, st.data())
def test_a_letter_typed_wrong_does_not_lose_a_product(names: list[str], name: str, data: Any) -> None:
    word = data.draw(st.sampled_from([one for one in text.tokens(name) if len(one) >= 3 and one.isalpha()] or ["muối"]))
    at = data.draw(st.integers(0, len(word) - 1))
    wrong = word[:at] + data.draw(st.sampled_from("abcdeghiklmnopqrstuvxy")) + word[at + 1 :]
    goods = index(*names, f"{name} {word}")

    hits = goods.search(wrong)

    assert hits.scores
    assert len(names) in hits.scores or not hits.is_forgiven


# --- On the list ---------------------------------------------------------------------------------------------


def shown(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/san-pham/([a-z0-9-]+)"', page)


@pytest.fixture
def shop(make: Factories) -> list[Product]:
    """A few goods of two producers."""
    one = make.producer("Hợp tác xã Ba Động")
    two = make.producer("Cơ sở Ba Tơ", commune=BA_TO)
    return [
        make.product(one, name="Rượu sim", name_en="Rose myrtle wine", slug="ruou-sim"),
        make.product(one, name="Giò heo", slug="gio-heo", summary_vi="Gói lá chuối."),
        make.product(two, name="Lạp xưởng lợn", slug="lap-xuong", summary_vi="Phơi nắng, ăn với mật ong."),
    ]


def test_a_list_marks_the_words_and_escapes_everything(client: FlaskClient, make: Factories) -> None:
    make.product(name='Gạo <b>rẫy</b> "sim" & <script>alert(1)</script>', slug="gao")

    page = client.get("/san-pham?q=ray+sim").text

    assert "Gạo &lt;b&gt;<mark>rẫy</mark>&lt;/b&gt; &#34;<mark>sim</mark>&#34; &amp; &lt;script&gt;" in page
    assert "<script>alert" not in page


def test_what_is_searched_for_is_escaped_wherever_it_is_said(client: FlaskClient, shop: list[Product]) -> None:
    page = client.get('/san-pham?q="><svg/onload=alert(1)>+ruou').text

    assert "<svg/onload" not in page


def test_a_typo_is_forgiven_aloud(client: FlaskClient, shop: list[Product]) -> None:
    page = client.get("/san-pham?q=ruou+sjm").text

    assert shown(page) == ["ruou-sim"]
    assert 'Ý bạn là <a href="/san-pham?q=r%C6%B0%E1%BB%A3u+sim">rượu sim</a>' in page


def test_where_the_words_stand_is_shown_when_the_card_would_not_show_it(
    client: FlaskClient, shop: list[Product]
) -> None:
    vietnamese = client.get("/san-pham?q=mat+ong").text
    english = client.get("/san-pham?q=ruou&lang=en").text

    assert 'class="product-why">Phơi nắng, ăn với <mark>mật</mark> <mark>ong</mark>.' in vietnamese
    assert 'class="product-why"><mark>Rượu</mark> sim' in english
    assert "product-why" not in client.get("/san-pham?q=ruou&lang=vi").text


def test_filters_that_hide_what_the_words_find_are_named(client: FlaskClient, shop: list[Product]) -> None:
    page = client.get("/san-pham?q=ruou&gia-tu=900000").text

    assert shown(page) == []
    assert "Có 1 sản phẩm mang những từ này" in page


def test_what_would_be_found_of_the_words_is_offered(client: FlaskClient, shop: list[Product]) -> None:
    page = client.get("/san-pham?q=ruou+sim+xyzxyz").text

    assert 'href="/san-pham?q=ruou+sim"' in page


def test_words_of_the_office_hold_at_the_next_request(app: Flask, client: FlaskClient, shop: list[Product]) -> None:
    before = shown(client.get("/san-pham?q=heo").text)
    with app.app_context(), transaction():
        row = synonyms.save(None, "heo, lợn", actor=SYSTEM, now=TODAY).id
    during = shown(client.get("/san-pham?q=heo").text)
    with app.app_context(), transaction():
        synonyms.remove(row, actor=SYSTEM, now=TODAY)

    assert (before, during) == (["gio-heo"], ["gio-heo", "lap-xuong"])
    assert shown(client.get("/san-pham?q=heo").text) == ["gio-heo"]


def test_sold_or_priced_anew_goods_keep_their_words(ctx: Flask, make: Factories, shop: list[Product]) -> None:
    first = queries.shelf(DAY)
    index_before = first.index
    with transaction():
        make_dearer = db.session.query(TradeItem).first()
        pages.bump(pages.SHOP)
    assert make_dearer is not None

    second = queries.shelf(DAY)
    assert second is not first
    assert second.index is index_before

    make.product(name="Măng khô", slug="mang")
    with transaction():
        pages.bump(pages.SHOP)
    assert queries.shelf(DAY).index is not index_before
    assert browsing.find(queries.shelf(DAY), Wanted(q="mang")).total == 1


# --- Gifts, and by whom producers are led --------------------------------------------------------------------


def test_a_pack_to_give_is_found_among_the_gifts(app: Flask, client: FlaskClient, make: Factories, shop: Any) -> None:
    with app.app_context(), transaction() as session:
        item = session.query(TradeItem).filter_by(product_id=shop[0].id).one()
        item.is_gift = True
        pages.bump(pages.SHOP)

    assert shown(client.get("/san-pham?qua-tang=1").text) == ["ruou-sim"]
    assert "Đóng gói làm quà" in client.get("/san-pham").text


LEADS = [("woman_led", "phu-nu"), ("minority_led", "dan-toc-thieu-so"), ("youth_led", "thanh-nien")]


@pytest.mark.parametrize(("fact", "key"), LEADS)
def test_by_whom_a_producer_is_led_is_shown_on_its_consent_only_and_no_longer_than_that(
    app: Flask, client: FlaskClient, shop: list[Product], fact: str, key: str
) -> None:
    address = f"/san-pham?lam-chu={key}"
    with app.app_context(), transaction() as session:
        producer = session.get_one(Organisation, shop[2].producer_id)
        setattr(producer, fact, True)
        pages.bump(pages.SHOP)
    only_known = shown(client.get(address).text)

    with app.app_context(), transaction() as session:
        producer = session.get_one(Organisation, shop[2].producer_id)
        organisations.show_led(SYSTEM, producer, fact, channel="paper", now=TODAY)
    agreed = shown(client.get(address).text)

    with app.app_context(), transaction() as session:
        producer = session.get_one(Organisation, shop[2].producer_id)
        organisations.withdraw_consent(SYSTEM, producer, consents.LED[fact], now=TODAY + timedelta(hours=1))
    taken_back = shown(client.get(address).text)

    assert (only_known, agreed, taken_back) == ([], ["lap-xuong"], [])
    with app.app_context():
        assert getattr(db.session.get_one(Organisation, shop[2].producer_id), fact) is None


# --- Both engines ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Flask]]:
    """The application on either engine, the taxonomy and two producers in both."""
    apps, databases = [], []
    for engine in ENGINES:
        database = Database(engine, tmp_path_factory.mktemp(f"both-{engine}"), f"both_{worker}")
        database.fresh()
        databases.append(database)
        app = create_app(database.config(database.url))
        make = Factories(app, TODAY)
        make.taxonomy()
        make.producer("Hợp tác xã Ba Động", slug="mot")
        make.producer("Cơ sở Ba Tô", commune=BA_TO_CIRCUMFLEX, slug="hai")
        apps.append(app)
    yield apps
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    for database in databases:
        database.close()


GOODS = st.lists(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "summary": NAMES,
            "producer": st.sampled_from(["mot", "hai"]),
            "criteria_set_no": st.integers(1, 26),
            "price": st.one_of(st.none(), st.integers(1, 900_000)),
            "stars": st.sampled_from([None, 3, 4, 5]),
            "minutes": st.integers(0, 3),
            "is_gift": st.booleans(),
            "is_service": st.booleans(),
        }
    ),
    max_size=10,
)
WANTED = st.builds(
    Wanted,
    q=st.one_of(st.just(""), QUERIES),
    industries=st.frozensets(st.sampled_from(["I", "II", "IV"]), max_size=2),
    stars=st.frozensets(st.sampled_from([3, 4]), max_size=2),
    price_to=st.one_of(st.none(), st.integers(0, 900_000)),
    gift=st.booleans(),
    sort=st.sampled_from(browsing.SORTS),
)


def _write(session: Any, goods: list[dict[str, Any]]) -> None:
    session.execute(update(Product).values(published_version_id=None, status=ProductStatus.DRAFT))
    makers = {row.slug: row for row in session.scalars(select(Organisation))}
    for number, row in enumerate(goods, 1):
        maker = makers[row["producer"]]
        product = Product(
            producer_id=maker.id, slug=f"hang-{uuid.uuid4().hex}", scheme=SCHEME,
            criteria_set_no=row["criteria_set_no"], is_service=row["is_service"], status=ProductStatus.DRAFT,
            created_at=TODAY, first_published_at=TODAY + timedelta(minutes=row["minutes"]),
        )  # fmt: skip
        session.add(product)
        session.flush()
        version = ProductVersion(
            product_id=product.id, name_vi=row["name"], summary_vi=row["summary"], commune_code=maker.commune_code,
            commune_valid_from=maker.commune_valid_from, label_kind="luong_thuc", label={}, search="",
            sort_key=text.sort_key(row["name"]), saved_at=TODAY,
        )  # fmt: skip
        item = TradeItem(
            product_id=product.id, code="A", name_vi=f"số {number}", net_content=1, unit=Unit.PIECE,
            is_gift=row["is_gift"], created_at=TODAY,
        )  # fmt: skip
        session.add_all([version, item])
        session.flush()
        session.add(VersionItem(version_id=version.id, position=1, trade_item_id=item.id))
        if row["price"] is not None:
            session.add(Price(trade_item_id=item.id, amount_vnd=row["price"], valid_from=DAY, set_at=TODAY))
        if row["stars"] is not None:
            session.add(
                Certificate(
                    number=f"MAU-{product.id}", product_id=product.id, stars=row["stars"], decision_number="Số mẫu",
                    issuer="Cơ quan mẫu", issued_on=DAY, expires_on=DAY + timedelta(days=9), created_at=TODAY,
                )
            )  # fmt: skip
        product.published_version_id, product.status = version.id, ProductStatus.PUBLISHED
    pages.bump(pages.SHOP)


def _told(answer: browsing.Found) -> tuple[Any, ...]:
    rows = [(row.item_vi, row.name_vi, row.price_vnd, row.stars, row.has_gift, row.in_stock) for row in answer.rows]
    counts = (answer.industries, answer.groups, answer.stars, answer.communes, answer.producers, answer.gift)
    return rows, answer.total, counts, answer.instead, answer.marks


@given(goods=GOODS, wanted=WANTED, sets=st.lists(st.lists(NAMES, min_size=2, max_size=3), max_size=2))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_engines_give_the_same_goods_in_the_same_order(
    both: list[Flask], goods: list[dict[str, Any]], wanted: Wanted, sets: list[list[str]]
) -> None:
    answers = []
    for app in both:
        with app.app_context():
            with transaction() as session:
                _write(session, goods)
            queries.forget_shelf()
            shelf = queries.laid_out(queries.shelf(DAY).rows, sets)
            answers.append(_told(browsing.find(shelf, wanted)))
            db.session.remove()
    queries.forget_shelf()

    assert answers[0] == answers[1]
