"""Links of the resolver: who may register which, what is refused, files of them; and what a key then leads to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from accounts import membership
from accounts.actor import SYSTEM
from accounts.models import Organisation
from accounts.queries import get_organisation
from kernel import clock, gs1
from kernel.db import db, transaction
from kernel.errors import DomainError
from kernel.models import AuditEntry
from tests.factories import Factories
from tests.races import meet, race
from traceability import key_patterns, link_files, links
from traceability.links import LinkDetails
from traceability.models import LotState, ResolverLink

GTIN = "09520123456788"
KEY = f"/01/{GTIN}"
PAGE = "https://htx.example/trang"


def _details(**facts: Any) -> LinkDetails:
    return LinkDetails(**{"key": KEY, "link_type": "gs1:recipeInfo", "href": PAGE, "title": "Công thức", **facts})


@pytest.fixture
def owner(make: Factories, ctx: Flask) -> Organisation:
    """A producer that holds the prefix of the key."""
    return make.producer(code="htxbd", gs1_prefix="952012345")


def _add(owner: Organisation, make: Factories, **facts: Any) -> ResolverLink:
    actor = membership.actor_of(make.user(owner).id)
    with transaction():
        return links.add(db.session.merge(owner), _details(**facts), actor=actor, now=clock.now())


@pytest.mark.parametrize("gtin", ["02000000000008", "00200000000004", "00400000000008", "02000000000008/10/L1"])
def test_a_number_for_use_inside_one_shop_leads_nowhere(gtin: str, make: Factories, ctx: Flask) -> None:
    owner = make.producer()
    with pytest.raises(links.RestrictedKey), transaction():
        links.add(db.session.merge(owner), _details(key=f"/01/{gtin}"), actor=SYSTEM, now=clock.now())


# --- Verbs ---------------------------------------------------------------------------------------------------


def test_a_host_with_vietnamese_letters_is_written_as_name_servers_know_it(
    owner: Organisation, make: Factories
) -> None:
    link = _add(owner, make, href="https://mật-ong.example/đường?x={10}", key=f"{KEY}/10/{{10}}")

    assert link.href == "https://xn--mt-ong-bf8b.example/%C4%91%C6%B0%E1%BB%9Dng?x={10}"


def test_a_link_is_kept_in_one_form_and_written_into_the_trail(owner: Organisation, make: Factories) -> None:
    link = _add(
        owner,
        make,
        key=f"https://anything.example/01/{GTIN}/10/A%2fB",
        link_type="https://gs1.org/voc/recipeInfo",
        href=" https://htx.example/công-thức?a=1 ",
        languages=["VI", "en-gb", "vi", "fil", "ZH-hans-cn", "es-419"],
    )

    assert (link.key_path, link.link_type) == (f"{KEY}/10/A%2FB", "gs1:recipeInfo")
    assert link.href == "https://htx.example/c%C3%B4ng-th%E1%BB%A9c?a=1"
    assert link.languages == "vi en-GB fil zh-Hans-CN es-419"
    entry = db.session.scalars(db.select(AuditEntry).where(AuditEntry.action == "traceability.add_link")).one()
    assert entry.facts["key"] == link.key_path


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "/lo/htxbd/7k2qxm90ad"}, "key"),
        ({"key": "/01/09520123456789"}, "key"),
        ({"key": f"{KEY}/17/261231"}, "key"),
        ({"key": f"{KEY}?17=271231"}, "key"),
        ({"key": f"https://id.gs1.org{KEY}/10/L1?utm_source=x#top"}, "key"),
        ({"key": f"(01){KEY[4:]}(17)271231"}, "key"),
        ({"key": "/01/{gtin}"}, "key"),
        ({"key": "/8004/952{1}"}, "key"),
        ({"key": "/01/09506000134352"}, "key"),
        ({"link_type": "gs1:nothing"}, "link_type"),
        ({"link_type": "gs1:defaultLink"}, "link_type"),
        ({"link_type": "gs1:productSustainabilityInfo"}, "link_type"),
        ({"href": "http://htx.example/"}, "href"),
        ({"href": "javascript:alert(1)"}, "href"),
        ({"href": "https:///x"}, "href"),
        ({"href": "https://mật ong.example/"}, "href"),
        ({"href": "https://" + "ậ" * 70 + ".example/"}, "href"),
        ({"href": "https://u@htx.example/"}, "href"),
        ({"href": "https://htx.example/a b"}, "href"),
        ({"href": "https://htx.example/\r\nX: y"}, "href"),
        ({"href": "https://{10}.example/", "key": f"{KEY}/10/{{10}}"}, "href"),
        ({"href": "https://htx.example/?lo={10}"}, "href"),
        ({"href": "https://htx.example/{x y}"}, "href"),
        ({"href": "https://htx.example/" + "a" * 600}, "href"),
        ({"title": " "}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"languages": ["vietnamese"]}, "languages"),
        ({"media_type": "html"}, "media_type"),
        ({"context": ["a b"]}, "context"),
    ],
)
def test_what_could_not_be_followed_is_refused_beside_its_field(
    facts: dict[str, Any], field: str, owner: Organisation, make: Factories
) -> None:
    with pytest.raises(DomainError) as refused:
        _add(owner, make, **facts)

    assert refused.value.field == field
    assert db.session.scalar(db.select(db.func.count(ResolverLink.id))) == 0


@pytest.mark.parametrize(
    "key",
    [
        "/00/195201234500000010",
        "/414/9520123450003",
        "/417/9520123450003",
        "/8004/952012345AB",
        "/8004/9520123454{1}",
        f"{KEY}/21/{{21}}",
        "/253/9520123450003X1",
        "/8003/09520123450003S",
    ],
)
def test_the_holder_of_a_prefix_owns_every_kind_of_key_under_it(key: str, owner: Organisation, make: Factories) -> None:
    path = key_patterns.read(_with_check_digit(key))

    assert links.owners_of(path) == {owner.id}


def _with_check_digit(key: str) -> str:
    """Put the digit right that goes after the digits of an SSCC or GLN, whatever stands there."""
    code, value = key.split("/")[1:3]
    lengths = {"00": (0, 17), "414": (0, 12), "417": (0, 12), "253": (0, 12), "8003": (1, 13)}
    if code not in lengths:
        return key
    start, end = lengths[code]
    right = value[:end] + gs1.check_digit(value[start:end]) + value[end + 1 :]
    return f"/{code}/{right}"


def test_without_a_prefix_a_gtin_belongs_to_its_goods_and_a_gln_to_its_place(make: Factories, ctx: Flask) -> None:
    seller, other = make.producer(), make.producer()
    make.product(seller, gtin=GTIN)

    assert _add(seller, make).organisation_id == seller.id
    with pytest.raises(links.NotTheirKey):
        _add(other, make)


def test_whoever_borrows_anothers_number_does_not_own_it(owner: Organisation, make: Factories) -> None:
    borrower = make.producer()
    make.product(borrower, gtin=GTIN)

    with pytest.raises(links.NotTheirKey):
        _add(borrower, make)


MIXED = [
    ("21/S1", "10/L1"), ("10/L1", "21/S1"), ("21/S1", "22/V"), ("21/{21}", "10/L1"), ("10/{10}", "21/S1"),
    ("22/V/10/L1", "21/S1"), ("10/L1/21/S1", "10/L1"), ("235/T", "10/L1"), ("21/S1", "235/T"), ("235/{235}", "22/{22}"),
    ("10/{10}", "235/{235}"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "more"), MIXED)
def test_a_gtin_has_links_for_one_way_of_numbering(there: str, more: str, owner: Organisation, make: Factories) -> None:
    _add(owner, make, key=f"{KEY}/{there}")
    with pytest.raises(links.LevelsMixed) as refused:
        _add(owner, make, key=f"{KEY}/{more}")

    assert (refused.value.field, refused.value.facts) == ("key", {"other": f"{KEY}/{there}"})
    assert db.session.scalars(db.select(ResolverLink.key_path)).all() == [f"{KEY}/{there}"]


@pytest.mark.parametrize(("there", "more", "is_active"), [
    ("21/S1", "21/S2", True), ("10/L1", "22/V/10/L2", True), ("10/{10}", "10/L1", True), ("10/L1", "21/S1", False),
    ("10/L1/21/S1", "21/S2", True),
])  # fmt: skip
def test_what_goes_together_under_a_gtin_does(
    there: str, more: str, is_active: bool, owner: Organisation, make: Factories
) -> None:
    _add(owner, make, key=f"{KEY}/{there}", is_active=is_active)

    assert links.mixed_with(_add(owner, make, key=f"{KEY}/{more}").key_path) is None
    assert _add(owner, make, key=KEY).is_active


def test_a_link_may_be_changed_to_another_way_of_numbering_and_not_back_into_use_beside_it(
    owner: Organisation, make: Factories, now: datetime
) -> None:
    link = _add(owner, make, key=f"{KEY}/10/L1")
    changed = LinkDetails(f"{KEY}/21/S1", "gs1:pip", "https://htx.example/", "Cơm lam")
    links.change(link, changed, actor=SYSTEM, now=now)
    idle = _add(owner, make, key=f"{KEY}/10/L1", is_active=False)

    with pytest.raises(links.LevelsMixed):
        links.change(idle, replace(changed, key=f"{KEY}/10/L1"), actor=SYSTEM, now=now)


def test_two_patterns_are_kept_with_a_warning_as_published_entries_do(owner: Organisation, make: Factories) -> None:
    first, second = (_add(owner, make, key=f"{KEY}/{level}/{{{level}}}") for level in ("21", "10"))

    for link, other in ((first, second), (second, first)):
        warning = links.mixed_with(link.key_path)
        assert warning is not None
        assert warning.facts == {"other": other.key_path}
    assert links.mixed_with(KEY) is None


def test_a_file_that_mixes_ways_of_numbering_is_refused_row_by_row(app: Flask, make: Factories, tmp_path: Path) -> None:
    make.producer(code="htxbd", gs1_prefix="952012345")
    run, path = app.test_cli_runner().invoke, tmp_path / "links.json"

    def load(*levels: tuple[str, str]) -> Any:
        link = {"linktype": "gs1:pip", "href": "https://htx.example/", "title": "Cơm lam", "type": "text/html"}
        entries = [
            json.dumps({"anchor": KEY, "qualifiers": [{code: value}], "links": [link]}) for code, value in levels
        ]
        path.write_text("[" + ",\n".join(entries) + "]", encoding="utf-8")
        return run(args=["resolver", "load", str(path), "--organisation", "htxbd"])

    mixed = load(("21", "S1"), ("10", "L1"), ("22", "V"), ("235", "T"))
    assert mixed.exit_code == 1
    assert [line.split(":")[1] for line in mixed.stderr.splitlines() if line.startswith(str(path))] == ["2", "3", "4"]
    patterns = load(("21", "{s}"), ("10", "{l}"))
    assert patterns.exit_code == 0, patterns.output
    assert [": warning: " in line for line in patterns.stderr.splitlines()] == [True, True]
    assert "2 link(s) added" in patterns.stdout


def test_there_is_one_default_for_a_key(owner: Organisation, make: Factories) -> None:
    first = _add(owner, make, is_default=True)
    second = _add(owner, make, href=PAGE + "2", is_default=True)
    db.session.expire_all()

    assert [db.session.get_one(ResolverLink, one.id).is_default for one in (first, second)] == [False, True]


def test_the_same_link_twice_is_refused(owner: Organisation, make: Factories) -> None:
    _add(owner, make)

    with pytest.raises(links.SameLinkTwice):
        _add(owner, make, title="Khác")


def test_a_link_is_changed_and_taken_away(owner: Organisation, make: Factories) -> None:
    link = _add(owner, make)
    actor = membership.actor_of(make.user(owner).id)
    with transaction():
        links.change(db.session.merge(link), _details(title="Món cũ"), actor=actor, now=clock.now())
    assert db.session.get_one(ResolverLink, link.id).title == "Món cũ"
    with transaction():
        links.take_away(db.session.get_one(ResolverLink, link.id), actor=actor, now=clock.now())

    assert db.session.get(ResolverLink, link.id) is None
    actions = db.session.scalars(db.select(AuditEntry.action).where(AuditEntry.subject == f"link:{link.id}")).all()
    assert sorted(actions) == ["traceability.add_link", "traceability.change_link", "traceability.take_link_away"]


@pytest.mark.race
def test_of_many_who_choose_a_default_at_once_the_last_has_it(owner: Organisation, make: Factories, app: Flask) -> None:
    code = owner.code

    def choose(number: int) -> str:
        with transaction():
            ours = get_organisation(SYSTEM, code)
            links.add(ours, _details(href=f"{PAGE}/{number}", is_default=True), actor=SYSTEM, now=clock.now())
        return "chosen"

    assert race(app, 4, choose) == ["chosen"] * 4
    assert db.session.scalars(db.select(ResolverLink.is_default)).all().count(True) == 1


@pytest.mark.race
def test_control_without_the_lock_some_of_them_are_refused(owner: Organisation, make: Factories, app: Flask) -> None:
    owner_id = owner.id

    def choose(number: int) -> str:
        before = db.session.scalar(db.select(ResolverLink).where(ResolverLink.key_path == KEY, ResolverLink.is_default))
        meet()
        if before is not None:
            before.is_default = False
        link = {"organisation_id": owner_id, "key_path": KEY, "href": f"{PAGE}/{number}", "link_type": "gs1:pip"}
        db.session.add(ResolverLink(**link, title="x", is_default=True, created_at=clock.now(), changed_at=clock.now()))
        try:
            db.session.commit()
        except DBAPIError:  # not tried again: nobody would be met a second time
            db.session.rollback()
            return "refused"
        return "chosen"

    found = race(app, 4, choose)
    assert set(found) == {"chosen", "refused"}, "the race is real: without the lock not all of them get through"


# --- Files ---------------------------------------------------------------------------------------------------


def _entry(**facts: Any) -> dict[str, Any]:
    link = {"linktype": "gs1:pip", "href": PAGE, "title": "Trang", "hreflang": ["vi"]}
    return {"anchor": KEY, "itemDescription": "Gạo", "defaultLinktype": "gs1:pip", "links": [link], **facts}


def test_a_file_is_loaded_and_loaded_again_without_a_change(app: Flask, make: Factories, tmp_path: Path) -> None:
    make.producer(code="htxbd")
    lot = {"qualifiers": [{"10": "{lo}"}], "links": [{**_entry()["links"][0], "href": PAGE + "?lo={lo}"}]}
    path = tmp_path / "links.json"
    path.write_text(json.dumps([_entry(), _entry(**lot)]), encoding="utf-8")
    run = app.test_cli_runner().invoke

    first = run(args=["resolver", "load", str(path), "--organisation", "htxbd"])
    again = run(args=["resolver", "load", str(path), "--organisation", "htxbd"])

    assert "2 link(s) added, 0 changed, 0 as they were" in first.output
    assert "0 link(s) added, 0 changed, 2 as they were" in again.output
    with app.app_context():
        rows = db.session.execute(db.select(ResolverLink.key_path, ResolverLink.href).order_by(ResolverLink.id)).all()
        assert [tuple(row) for row in rows] == [(KEY, PAGE), (f"{KEY}/10/{{10}}", PAGE + "?lo={10}")]


def test_one_mistake_keeps_the_whole_file_out_and_is_named_by_its_line(
    app: Flask, make: Factories, tmp_path: Path
) -> None:
    make.producer(code="htxbd")
    make.producer(code="khac1", gs1_prefix="950600")
    path = tmp_path / "links.json"
    entries = [
        _entry(),
        _entry(anchor="/01/09506000134352"),
        _entry(anchor="/01/1"),
        _entry(colour="red"),
        _entry(defaultLinktype="gs1:menuInfo"),
    ]
    path.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]", encoding="utf-8")

    done = app.test_cli_runner().invoke(args=["resolver", "load", str(path), "--organisation", "htxbd"])

    assert done.exit_code == 1
    for line in (3, 4, 5, 6):
        assert f"{path}:{line}: " in done.output
    assert f"{path}:2: " not in done.output
    assert "nothing was loaded" in done.output
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(ResolverLink.id))) == 0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[", 1),
        ("[\n{]", 2),
        ("[\n{}\n{}]", 3),
        ("{}\nx", 2),
        ("[1]", 1),
        ("[" * 100_000, 1),
        ('\n\n{"anchor": 3, "links": [{}]}', 3),
        ('{"anchor": "/01/1", "links": {}}', 1),
        ('{"anchor": "/01/1", "links": [1]}', 1),
        ('{"anchor": "/01/1", "qualifiers": [{"10": 3}], "links": [{"href": "x"}]}', 1),
    ],
)
def test_what_is_no_file_of_links_is_refused_by_line(text: str, line: int) -> None:
    _, problems = link_files.read(text)

    assert line in [number for number, _ in problems]


def test_keys_that_nobody_owns_are_for_the_operator_and_stay_with_whom_they_were_given(
    make: Factories, ctx: Flask
) -> None:
    first, second = make.producer(), make.producer()
    entries, _ = link_files.read(json.dumps(_entry(links=[{**_entry()["links"][0], "href": PAGE + "/2"}])))
    with pytest.raises(links.NotTheirKey):
        _add(first, make)
    with transaction():
        links.add(db.session.merge(first), _details(), actor=SYSTEM, now=clock.now())
    with transaction():
        done = links.load(db.session.merge(second), entries, actor=SYSTEM, now=clock.now())

    assert [type(problem) for _, problem in done.problems] == [links.NotTheirKey]


# --- What a key then leads to ----------------------------------------------------------------------------------


@pytest.fixture
def rice(make: Factories) -> Any:
    product = make.product(make.producer(code="htxbd"), name="Gạo rẫy", gtin=GTIN, slug="gao-ray")
    make.batch(make.item(product), number="A1", token="7k2qxm90ad")
    return product


def _own(make: Factories, rice: Any, key: str, **facts: Any) -> None:
    class Owner:
        id = rice.producer_id

    make.link(Owner, key, facts.pop("href", PAGE), **facts)  # type: ignore[arg-type]


def test_the_owners_default_goes_before_ours(client: FlaskClient, make: Factories, rice: Any) -> None:
    _own(make, rice, KEY, is_default=True)

    assert client.get(f"{KEY}?x=1").location == PAGE + "?x=1"
    assert client.get(f"{KEY}/10/A1").location == "/lo/htxbd/7k2qxm90ad", "the lot has a default of its own"
    _own(make, rice, f"{KEY}/10/A1", href=PAGE + "/lo", is_default=True)
    assert client.get(f"{KEY}/10/A1").location == PAGE + "/lo"


@pytest.mark.parametrize("state", [LotState.HELD, LotState.RECALLED])
def test_nobody_leads_around_a_recall(state: LotState, client: FlaskClient, make: Factories) -> None:
    product = make.product(make.producer(code="htxbd"), gtin=GTIN)
    make.batch(make.item(product), number="A1", token="7k2qxm90ad", state=state)
    for kind, default in (("gs1:pip", True), ("gs1:recallStatus", False), ("gs1:traceability", False)):
        _own(make, product, f"{KEY}/10/A1", link_type=kind, href=f"{PAGE}/{kind[4:]}", is_default=default)

    for query in ("", "?linkType=gs1:recallStatus", "?linkType=gs1:traceability"):
        assert client.get(f"{KEY}/10/A1{query}").location == "/lo/htxbd/7k2qxm90ad" + query
    level = client.get(f"{KEY}/10/A1?linkType=linkset").json["linkset"][0]  # type: ignore[index]
    assert level["https://ref.gs1.org/voc/defaultLink"][0]["href"] == "http://shop.test/lo/htxbd/7k2qxm90ad"


def test_links_that_are_out_of_use_or_of_a_closed_organisation_lead_nowhere(
    client: FlaskClient, make: Factories
) -> None:
    make.link(make.producer(), KEY, PAGE, is_active=False)
    make.link(make.producer(is_active=False), "/01/09520123456795", PAGE)

    assert client.get(KEY).status_code == 404
    assert client.get("/01/09520123456795").status_code == 404


def test_an_exact_lot_goes_before_any_lot(client: FlaskClient, make: Factories) -> None:
    owner = make.producer()
    make.link(owner, f"{KEY}/10/{{10}}", PAGE + "?lo={10}")
    make.link(owner, f"{KEY}/10/A1", PAGE + "/a1")

    assert client.get(f"{KEY}/10/A1").location == PAGE + "/a1"
    assert client.get(f"{KEY}/10/A%2F2").location == PAGE + "?lo=A%2F2"
    assert client.get(f"{KEY}/10/A%26b=1").location == PAGE + "?lo=A%26b%3D1"


@pytest.mark.parametrize(("query", "onward"), [
    ("utm_campaign=a|b[c]&x={1}", "utm_campaign=a%7Cb%5Bc%5D&x=%7B1%7D"), ("x=Gạo", "x=G%E1%BA%A1o"),
    ('x="a"<b>', "x=%22a%22%3Cb%3E"),
    ("x=a\\b^`c", "x=a%5Cb%5E%60c"), ("&&=&;x", "&&=&;x"), ("x=1;17=261231", "x=1;17=261231"),
    ("x=" + "y" * 6_000, "x=" + "y" * 6_000),
])  # fmt: skip
def test_whatever_else_stands_in_the_query_goes_along(client: FlaskClient, rice: Any, query: str, onward: str) -> None:
    for method in ("GET", "HEAD"):
        raw = {"QUERY_STRING": query.encode().decode("latin-1")}
        answer = client.open(f"{KEY}/10/A1", method=method, environ_overrides=raw)
        assert (answer.status_code, answer.location) == (307, f"/lo/htxbd/7k2qxm90ad?{onward}")


@pytest.mark.parametrize("path", [
    "/01/9520123456788", "/01/520123456788", "/01/12345670", "/01//10/A", f"/01//{GTIN}", f"{KEY}//", f"{KEY}/10//21/1",
    f"{KEY}/lot/A", f"{KEY}/10/A/10/A", f"{KEY}/21/1/10/A", f"{KEY}/235/T/10/A", f"{KEY}/21/1/235/T",
    f"{KEY}/17/261231",
    f"{KEY}?17", f"{KEY}?17=261231;17=261231", f"{KEY}?1%37=261231&17=261231", f"{KEY}?10=A", f"{KEY}/10/A?10=A",
    f"{KEY}?0=1", f"{KEY}?9999=1", f"{KEY}?17=2612|31", f"{KEY}?x=%00",
    "/415/9521234500001", "/415/9521234500001?8020=R",
    "/8017/952123450000000012?8019=1", "/414/9521234500001/254/X/7040/1ABC", "/8006/095212345000180201",
    "/01/" + "9" * 10_000, f"{KEY}/10/" + "A" * 10_000,
], ids=lambda path: str(path)[:40])  # fmt: skip
def test_what_breaks_a_rule_is_refused_whichever_way_it_is_asked(client: FlaskClient, rice: Any, path: str) -> None:
    assert [client.open(path, method=method).status_code for method in ("GET", "HEAD")] == [400, 400]
    assert client.options(path).status_code == 204


@pytest.mark.parametrize("tail", ["10/L1/21/S1", "10/L1/21/S1/21/7", "10/A/17"])
def test_a_registered_lot_with_a_slash_is_found_where_the_raw_address_is_hidden(
    tail: str, client: FlaskClient, make: Factories, rice: Any
) -> None:
    _own(make, rice, f"{KEY}/10/L1%2F21%2FS1")
    _own(make, rice, f"{KEY}/10/A%2F17")
    environ = {"RAW_URI": "", "REQUEST_URI": "", "PATH_INFO": f"{KEY}/{tail}"}

    assert client.get("/", environ_overrides=environ).location == PAGE


def test_a_batch_that_is_not_public_shows_in_nothing(client: FlaskClient, make: Factories) -> None:
    product = make.product(make.producer(code="htxbd"), gtin=GTIN, slug="gao-ray")
    make.batch(make.item(product), number="A1", token="7k2qxm90ad", state=LotState.OPEN)
    make.product(make.producer(), published=False, gtin="09520123456795")

    answers = [
        client.get(f"{KEY}/10/A1{query}", headers={"Accept": accept})
        for query in ("", "?linkType=linkset", "?linkType=gs1:traceability", "?linkType=gs1:dpp")
        for accept in ("*/*", "application/linkset+json")
    ]
    for answer in answers:
        assert "7k2qxm90ad" not in answer.text + (answer.location or "")
    assert client.get("/lo/htxbd/7k2qxm90ad/ho-chieu.jsonld").status_code == 404
    assert client.get("/lo/htxbd/7k2qxm90ad/su-kien.jsonld").status_code == 404
    assert [answer.status_code for answer in answers[::2]] == [307, 200, 404, 404]
    assert client.get("/01/09520123456795?linkType=linkset").status_code == 404


def test_a_certificate_is_led_to_from_the_lot_as_well(client: FlaskClient, make: Factories, rice: Any) -> None:
    make.certificate(rice, number="MAU-1")

    assert client.get(f"{KEY}/10/A1?linkType=gs1:certificationInfo").location.startswith("/chung-nhan/MAU-1?")


@pytest.mark.parametrize("further", ["", "&utm_source=a%20b&x", "&17=261231", "&perPage=x&EQ_bizStep=no"])
def test_every_kind_of_link_of_a_batch_is_followed_to_a_page(
    further: str, client: FlaskClient, make: Factories, rice: Any
) -> None:
    make.certificate(rice, number="MAU-1")
    voc = "https://ref.gs1.org/voc/"
    levels = client.get(f"{KEY}/10/A1?linkType=linkset").json["linkset"]  # type: ignore[index]
    kinds = sorted(name.removeprefix(voc) for level in levels for name in level if name.startswith(voc))
    assert {"epcis", "dpp", "traceability", "recallStatus", "pip", "hasRetailers", "certificationInfo"} <= set(kinds)

    for kind in kinds:
        led = client.get(f"{KEY}/10/A1?linkType=gs1:{kind}{further}")
        assert led.status_code == 307, kind
        assert client.get(led.location).status_code == 200, led.location


def test_the_events_of_a_batch_may_be_read_by_pages_of_others(client: FlaskClient, rice: Any) -> None:
    path = "/lo/htxbd/7k2qxm90ad/su-kien.jsonld"

    for answer in (client.get(path), client.head(path), client.get("/epcis/events"), client.get("/epcis/events?no=1")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for asked in (client.options(path), client.options("/epcis/events")):
        assert (asked.status_code, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")


def test_places_and_parties_lead_to_their_producer(client: FlaskClient, make: Factories) -> None:
    gln = key_patterns.read(_with_check_digit("/414/9520123450000"))[0][1]
    make.place(make.producer(slug="htx-khac"), gln=gln)

    assert client.get(f"/414/{gln}/254/KHO-1").location == "/chu-the/htx-khac"
    assert client.get(f"/417/{gln}?linkType=gs1:homepage").location == "/chu-the/htx-khac?linkType=gs1:homepage"
    assert client.get(f"/415/{gln}/8020/X").status_code == 404


def test_the_passport_tells_what_the_page_tells_and_nothing_personal(
    client: FlaskClient, make: Factories, rice: Any
) -> None:
    make.certificate(rice, number="MAU-1")

    answer = client.get("/lo/htxbd/7k2qxm90ad/ho-chieu.jsonld")

    assert answer.content_type == "application/ld+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    told = json.loads(answer.text)
    assert (told["gs1:gtin"], told["gs1:hasBatchLotNumber"]) == (GTIN, "A1")
    assert told["@id"] == f"http://shop.test{KEY}/10/A1"
    assert told["gs1:certification"][0]["gs1:certificationIdentification"] == "MAU-1"
    assert "Hộ mẫu" not in answer.text
    assert "price" not in answer.text


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://ocop.example", (307, "/san-pham/gao-ray?lo-khong-co=CF%2F1")),
        ("http://shop.test", (400, None)),
    ],
)
def test_a_proxy_tells_the_raw_address_and_nobody_else_does(
    base_url: str, expected: tuple[int, str | None], app: Flask, client: FlaskClient, rice: Any
) -> None:
    raw, decoded = f"{KEY}/10/CF%2F1/21/7", f"{KEY}/10/CF/1/21/7"
    before = app.config["OCOP"]
    app.config["OCOP"] = replace(before, base_url=base_url)
    try:
        environ = {"RAW_URI": "", "REQUEST_URI": "", "PATH_INFO": decoded}
        answer = client.get(decoded, environ_overrides=environ, headers={"X-Original-URI": raw})
    finally:
        app.config["OCOP"] = before

    assert (answer.status_code, answer.location) == expected


def test_behind_tls_every_address_of_ours_is_https(app: Flask, client: FlaskClient, rice: Any) -> None:
    """GS1's isHttps and tlsOK: TLS ends at the proxy, and what is told of us follows the site's own address."""
    before = app.config["OCOP"]
    app.config["OCOP"] = replace(before, base_url="https://ocop.example")
    try:
        level = client.get(f"{KEY}/10/A1?linkType=linkset").text
        on = client.get(f"{KEY}/10/A1")
        root = client.get("/.well-known/gs1resolver").json
    finally:
        app.config["OCOP"] = before

    assert "http://" not in level.replace("http://www.w3.org/", "")
    assert on.headers["Link"].startswith(f"<https://ocop.example{KEY}/10/A1?linkType=linkset>")
    assert root is not None
    assert root["resolverRoot"] == "https://ocop.example"
