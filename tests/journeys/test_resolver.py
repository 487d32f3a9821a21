"""The resolver over HTTP, byte by byte, against the running server: GS1's cases, and each statement of its suite."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest

from tests.live import LiveShop

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2].parent / "shared")
GS1 = SHARED / "data" / "gs1"
ENTRIES = GS1 / "resolver" / "resolver-ce-entries"
ABSENT = "the conformance data is not beside the project (set SHARED_DIR)"
GTIN, LOTS, RICE = "/01/09506000134376", "/01/09506000134376/10", "/01/09506000134352"
VOC = "https://ref.gs1.org/voc/"

pytestmark = pytest.mark.skipif(not GS1.exists(), reason=ABSENT)


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def location(self) -> str:
        return self.headers["Location"] or ""

    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def ask(shop: LiveShop) -> Ask:
    """Send a request whose path goes over the wire as it is written; redirects are not followed."""
    files = map(str, sorted(ENTRIES.glob("*.json")))
    assert "added" in shop.flask("resolver", "load", *files, "--organisation", "htxbt")

    def send(path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    return send


def _hold(document: Any, schema: str) -> None:
    """Hold a document against one of the published schemas."""
    wanted = json.loads((GS1 / schema).read_text(encoding="utf-8"))
    wanted.pop("@id", None)
    jsonschema_rs.Draft7Validator(wanted).validate(document)


def _hold_linkset(document: Any) -> None:
    """Hold a linkset against both schemas; the general one knows nothing of what GS1 adds, and asks for."""
    _hold(document, "linkset/gs1-linkset-schema.json")
    plain = [
        {
            name: [{k: v for k, v in target.items() if k != "context"} for target in value]
            if isinstance(value, list)
            else value
            for name, value in level.items()
            if name != "itemDescription"
        }
        for level in document["linkset"]
    ]
    _hold({"linkset": plain}, "linkset/linkset-schema.json")


# --- The cases of the conformance data ---------------------------------------------------------------------------


def _cases() -> list[Any]:
    path = GS1 / "resolver" / "resolver-http-cases.json"
    if not path.exists():
        return []
    return [pytest.param(case, id=case["id"]) for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("case", _cases())
def test_gs1_http_case(case: dict[str, Any], method: str, ask: Ask) -> None:
    request, expect = case["request"], case["expect"]
    headers = request.get("headers", {})
    answer = ask(request["path"], method, **headers)

    assert answer.status == expect["status"]
    assert answer.location == expect.get("location", answer.location)
    assert all(part in answer.location for part in expect.get("locationContains", []))
    assert answer.location.endswith(expect.get("locationEndsWith", ""))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if "sameAs" in expect:
        assert answer.location == ask(expect["sameAs"], **headers).location
    if "contentType" in expect:
        assert answer.headers.get_content_type() == expect["contentType"]
    if "linkHeaderRel" in expect:
        assert f'rel="{expect["linkHeaderRel"]}"' in answer.headers["Link"]
    if method == "HEAD":
        assert answer.body == b""
        assert answer.headers.get_content_type() == ask(request["path"], **headers).headers.get_content_type()
        return
    if "schema" in expect:
        schema = expect["schema"]
        _hold(answer.json(), schema.removeprefix("../") if schema.startswith("../") else f"resolver/{schema}")
    if "linksetLinks" in expect:
        _hold_linkset(answer.json())
        assert sorted(_hrefs(answer.json())) == sorted(expect["linksetLinks"])


def test_all_the_cases_were_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nresolver-http-cases.json: {len(_cases())} cases, each by GET and by HEAD")  # noqa: T201
    assert len(_cases()) == 25


def _hrefs(document: Any) -> set[str]:
    return {
        target["href"]
        for level in document["linkset"]
        for name, targets in level.items()
        if name.startswith(VOC)
        for target in targets
    }


# --- The statements of GS1's test suite ----------------------------------------------------------------------------


def test_urls_and_links_are_checked_before_anything_else(ask: Ask) -> None:
    for path in (f"{GTIN}%zz/x", "/01/09506000134377", f"{GTIN}/10/L%C3%94", f"{GTIN}/10/A%00", f"{GTIN}?17=261332"):
        assert ask(path).status == 400, path


def test_http_1_1_is_spoken(shop: LiveShop, ask: Ask) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20)
    connection.request("GET", GTIN)
    response = connection.getresponse()

    assert response.version == 11
    connection.close()


@pytest.mark.parametrize("path", [GTIN, "/01/09520123456788", "/01/1", "/.well-known/gs1resolver"])
def test_other_sites_may_ask_by_get_head_and_options(path: str, ask: Ask) -> None:
    answer = ask(path, "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET")

    assert answer.status == 204
    for header in ("Allow", "Access-Control-Allow-Methods"):
        assert answer.headers[header] == "GET, HEAD, OPTIONS"
    assert all(
        ask(path, method, Origin="https://a.example").headers["Access-Control-Allow-Origin"] == "*"
        for method in ("GET", "HEAD")
    )
    assert ask(path, "DELETE").status == 405


def test_a_redirect_points_to_the_linkset_and_lists_nothing_else(ask: Ask, shop: LiveShop) -> None:
    answer = ask(f"{LOTS}/A%2FB?x=1")

    wanted = f'<{shop.url}{LOTS}/A%2FB?linkType=linkset>; rel="linkset"; type="application/linkset+json"'
    assert answer.headers.get_all("Link") == [wanted]
    assert ask(f"{LOTS}/A?linkType=linkset").status == 200


def test_what_is_wrong_is_never_answered_with_200(ask: Ask) -> None:
    paths = ("/01/1", "/01", "/01/", "/8004", "/01/09520123456788", f"{GTIN}?linkType=gs1:menuInfo", f"{GTIN}/99/x")

    assert {path: ask(path).status for path in paths} == dict.fromkeys(paths[:4], 400) | {
        paths[4]: 404,
        paths[5]: 404,
        paths[6]: 400,
    }


def test_a_slash_at_the_end_is_overlooked(ask: Ask) -> None:
    for path in (GTIN, f"{LOTS}/L1", f"{GTIN}/21/S1"):
        assert ask(path + "/").location == ask(path).location


def test_every_qualifier_of_a_key_is_taken_and_leads_up_to_what_is_known(ask: Ask) -> None:
    default = ask(RICE).location

    for tail in ("/22/V", "/10/L", "/21/S", "/22/V/10/L", "/22/V/21/S", "/10/L/21/S", "/22/V/10/L/21/S", "/235/T"):
        answer = ask(RICE + tail)
        assert (answer.status, answer.location) == (307, default), tail


@pytest.mark.parametrize("word", ["linkset", "all"])
def test_the_linkset_is_given_by_word_and_not_redirected(word: str, ask: Ask) -> None:
    answer = ask(f"{GTIN}?linkType={word}", Accept="text/html")

    assert answer.status == 200
    assert answer.headers.get_content_type() == "application/linkset+json"
    _hold_linkset(answer.json())


@pytest.mark.parametrize(
    "accept", ["application/linkset+json", "text/html;q=0.5, application/linkset+json", "application/linkset+json, */*"]
)
def test_the_linkset_is_given_by_accept_header(accept: str, ask: Ask) -> None:
    answer = ask(f"{LOTS}/L1", Accept=accept)

    assert answer.status == 200
    assert answer.headers.get_content_type() == "application/linkset+json"
    assert 'rel="http://www.w3.org/ns/json-ld#context"' in answer.headers["Link"]
    _hold_linkset(answer.json())


def test_a_browser_is_led_on_and_not_given_the_linkset(ask: Ask) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

    assert ask(GTIN, Accept=accept).status == 307


def test_a_linkset_holds_the_links_of_every_level_up_to_the_key(ask: Ask, shop: LiveShop) -> None:
    levels = ask(f"{LOTS}/L%2B1/21/S?linkType=linkset").json()["linkset"]

    assert [level["anchor"] for level in levels] == [f"{shop.url}{LOTS}/L%2B1", f"{shop.url}{GTIN}"]
    assert levels[0][VOC + "pip"][0]["href"].endswith("?lot=L%2B1")
    assert levels[0]["itemDescription"].endswith("(lot numbered)")
    assert len(levels[1][VOC + "registerProduct"]) == 4


def test_the_published_examples_are_judged_as_they_should_be() -> None:
    for name in ("valid-basic-example", "invalid-basic-example"):
        document = json.loads((GS1 / "linkset" / f"{name}.json").read_text(encoding="utf-8"))
        if name.startswith("valid"):
            _hold(document, "linkset/linkset-schema.json")
        else:
            with pytest.raises(jsonschema_rs.ValidationError):
                _hold(document, "linkset/linkset-schema.json")
    for name in ("valid-gs1-example", "modelLinkset"):
        _hold(
            json.loads((GS1 / "linkset" / f"{name}.json").read_text(encoding="utf-8")),
            "linkset/gs1-linkset-schema.json",
        )
    for name in ("invalid-gs1-example", "ExampleLinkset"):
        with pytest.raises(jsonschema_rs.ValidationError):
            _hold(
                json.loads((GS1 / "linkset" / f"{name}.json").read_text(encoding="utf-8")),
                "linkset/gs1-linkset-schema.json",
            )


@pytest.mark.parametrize(
    "query",
    ["17=261231;3103=000189", "utm_source=a%20b&x=%2F+", "x=1&x=2&=&&y", "17=261231&linkType=gs1:pip&Z=%C3%A1"],
)
def test_the_query_goes_along_raw_and_whole(query: str, ask: Ask) -> None:
    location = ask(f"{GTIN}?{query}").location

    assert location == f"https://dalgiardino.com/medicinal-compound/pil.html?{query}"
    assert ask(f"{LOTS}/L?{query}").location == f"https://dalgiardino.com/medicinal-compound/pil.html?lot=L&{query}"


@pytest.mark.parametrize("path", [GTIN, RICE, f"{LOTS}/L1", f"{GTIN}/21/S", "/8004/0950600013430000001"])
def test_every_level_has_exactly_one_default_without_conditions_and_told_once_more_by_its_kind(
    path: str, ask: Ask
) -> None:
    for level in ask(f"{path}?linkType=linkset").json()["linkset"]:
        (default,) = level[VOC + "defaultLink"]
        assert set(default) == {"href", "title"}
        kinds = [name for name in level if name.startswith(VOC) and not name.startswith(VOC + "defaultLink")]
        assert [name for name in kinds if default["href"] in [target["href"] for target in level[name]]]


def test_defaults_in_several_languages_are_told_as_such(ask: Ask) -> None:
    (level,) = ask(f"{RICE}?linkType=linkset").json()["linkset"]

    assert [target["hreflang"] for target in level[VOC + "defaultLinkMulti"]] == [["en"], ["es"], ["ja"], ["vi"]]
    assert "test_lang=vi" in ask(RICE, Accept_Language="vi-VN,vi;q=0.9,en;q=0.5").location
    assert VOC + "defaultLinkMulti" not in ask(f"{GTIN}?linkType=linkset").json()["linkset"][0]


def test_kinds_of_link_are_words_of_the_vocabulary(ask: Ask) -> None:
    known = json.loads((GS1 / "resolver" / "gs1-link-types-1.16.json").read_text(encoding="utf-8"))["linkTypes"]
    words = {VOC + one["linkType"].removeprefix("gs1:") for one in known}

    for path in (GTIN, RICE, f"{LOTS}/L1", "/01/09521234500018/10/MO-001"):
        for level in ask(f"{path}?linkType=linkset").json()["linkset"]:
            assert set(level) - {"anchor", "itemDescription"} <= words


def test_the_default_is_followed_unless_another_is_asked_for(ask: Ask) -> None:
    assert ask(GTIN).location.endswith("/pil.html")
    assert ask(f"{GTIN}?linkType=gs1:defaultLink").location.endswith("/pil.html?linkType=gs1:defaultLink")
    assert "register" in ask(f"{GTIN}?linkType=gs1:registerProduct", Accept_Language="en-GB").location


@pytest.mark.parametrize(
    "kind", ["gs1:pip", "gs1%3Apip", "https://gs1.org/voc/pip", "https%3A%2F%2Fref.gs1.org%2Fvoc%2Fpip"]
)
def test_a_kind_that_is_there_is_followed_however_it_is_written(kind: str, ask: Ask) -> None:
    answer = ask(f"{RICE}?linkType={kind}", Accept_Language="ja")

    assert answer.status == 307
    assert "test_lt=gs1:pip" in answer.location


def test_a_kind_that_is_not_there_is_404(ask: Ask) -> None:
    for kind in ("gs1:menuInfo", "gs1:nothing", "pip", "gs1:PIP"):
        assert ask(f"{GTIN}?linkType={kind}").status == 404, kind


# --- Over the wire and of our own ---------------------------------------------------------------------------------

HONEY = "/01/09521234500018"


def test_a_stem_may_stand_before_the_key_and_the_rightmost_key_wins(ask: Ask) -> None:
    assert ask(f"/some/where{LOTS}/L1").location == ask(f"{LOTS}/L1").location
    assert ask(f"{RICE}{GTIN}").location == ask(GTIN).location
    assert ask("/some/where/01/09506000134377").status == 400


def test_our_own_batch_is_led_to_and_all_its_kinds_are_offered(ask: Ask, shop: LiveShop) -> None:
    page = ask(f"{HONEY}/10/MO-001").location
    assert page.startswith("/lo/ongbv/")
    answer = ask(f"{HONEY}/10/MO-001/21/7?linkType=linkset")
    _hold_linkset(answer.json())
    lot, product = answer.json()["linkset"]

    assert lot["anchor"] == f"{shop.url}{HONEY}/10/MO-001"
    assert {name.removeprefix(VOC) for name in lot} >= {"traceability", "recallStatus", "dpp", "epcis", "defaultLink"}
    assert {name.removeprefix(VOC) for name in product} >= {"pip", "hasRetailers", "defaultLink"}
    passport = ask(f"{HONEY}/10/MO-001?linkType=gs1:dpp").location
    told = ask(passport).json()
    assert told["@id"] == f"{shop.url}{HONEY}/10/MO-001"
    assert told["url"] == shop.url + page


@pytest.mark.parametrize("further", ["", "utm_source=a%20b&x", "17=261231", "perPage=x&EQ_bizStep=no", "lang=en"])
def test_every_kind_of_link_is_followed_to_a_page_whatever_else_was_asked(further: str, ask: Ask) -> None:
    levels = ask(f"{HONEY}/10/MO-001?linkType=linkset").json()["linkset"]
    kinds = {name.removeprefix(VOC) for level in levels for name in level if name.startswith(VOC)}
    assert kinds >= {"traceability", "recallStatus", "dpp", "epcis", "pip", "hasRetailers", "defaultLink"}

    for kind in sorted(kinds):
        led = ask(f"{HONEY}/10/MO-001?linkType=gs1:{kind}" + (f"&{further}" if further else ""))
        assert led.status == 307, kind
        assert further in led.location
        assert ask(led.location.partition("#")[0], "HEAD").status == 200, led.location
        assert ask(led.location.partition("#")[0]).status == 200, led.location


def test_the_events_of_a_batch_are_the_public_ones_of_the_event_query(ask: Ask, shop: LiveShop) -> None:
    answer = ask(ask(f"{HONEY}/10/MO-001?linkType=gs1:epcis").location, Origin="https://a.example")
    name = quote(f"https://id.gs1.org{HONEY}/10/MO-001", safe="")
    asked = ask(f"/epcis/events?MATCH_anyEPCClass={name}&orderBy=eventTime&orderDirection=ASC&perPage=100")
    told = answer.json()

    assert answer.headers.get_content_type() == "application/ld+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert told["type"] == "EPCISDocument"
    assert told["epcisBody"]["eventList"]
    assert told["epcisBody"]["eventList"] == asked.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    schema = json.loads((GS1 / "epcis" / "schema" / "epcis-json-schema-2.0.1.json").read_text(encoding="utf-8"))
    jsonschema_rs.Draft7Validator(schema).validate(told)


def test_pages_of_others_may_read_events(ask: Ask) -> None:
    own = ask(f"{HONEY}/10/MO-001?linkType=gs1:epcis").location.partition("?")[0]

    for path in ("/epcis/events", "/epcis/", "/epcis/events/urn:none", "/epcis/events?nonsense=1", own):
        answer = ask(path, Origin="https://a.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*", path
        assert "Link" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        asked = ask(path.partition("?")[0], "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET")
        assert asked.status == 204, path
        assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "GS1-EPCIS-Version" in ask("/epcis/events").headers["Access-Control-Expose-Headers"]


def test_an_unknown_lot_of_ours_leads_to_the_product_with_a_word_about_it(ask: Ask) -> None:
    answer = ask(f"{HONEY}/10/KHAC%2FA?a=%20")

    assert answer.status == 307
    assert answer.location == ask(HONEY).location + "?a=%20&lo-khong-co=KHAC%2FA"


@pytest.mark.parametrize("tail", ["10/A/17", "10/MO/001", "10/MO-001/21", "10/A/21", "10/A/B/C/17"])
def test_what_lacks_a_value_is_400_on_the_running_server(tail: str, ask: Ask) -> None:
    assert ask(f"{HONEY}/{tail}").status == 400


def _entry(lot: str, page: str) -> dict[str, Any]:
    return {
        "anchor": f"/01/09506000134369/10/{lot}",
        "itemDescription": "A lot with a slash",
        "defaultLinktype": "gs1:pip",
        "links": [{"linktype": "gs1:pip", "href": f"https://example.com/{page}", "title": page}],
    }


def test_known_lots_with_a_slash_are_found_on_the_running_server(ask: Ask, shop: LiveShop, tmp_path: Path) -> None:
    file = tmp_path / "lots.json"
    file.write_text(json.dumps([_entry("L1%2F21%2FS1", "first"), _entry("A%2F17", "second")]), encoding="utf-8")
    shop.flask("resolver", "load", str(file), "--organisation", "htxbt")

    assert ask("/01/09506000134369/10/L1%2F21%2FS1").location == "https://example.com/first"
    assert ask("/01/09506000134369/10/L1%2F21%2FS1/21/7").location == "https://example.com/first"
    assert ask("/01/09506000134369/10/A%2F17").location == "https://example.com/second"
    assert ask("/01/09506000134369/10/A/18").status == 400


def test_loading_again_changes_nothing(ask: Ask, shop: LiveShop) -> None:
    said = shop.flask("resolver", "load", *map(str, sorted(ENTRIES.glob("*.json"))), "--organisation", "htxbt")

    assert "0 link(s) added, 0 changed" in said


#: TLS ends at the proxy; that all addresses are https then is shown in tests/traceability/test_links.py.
HTTPS = "test_behind_tls_every_address_of_ours_is_https"
#: Each statement of GS1's own suite, and what here holds us to it.
CHECKS: dict[str, list[Callable[..., None] | str]] = {
    "isURL": [test_urls_and_links_are_checked_before_anything_else],
    "validDL": [test_urls_and_links_are_checked_before_anything_else],
    "plausibleDL": [test_urls_and_links_are_checked_before_anything_else],
    "isHttps": [HTTPS],
    "tlsOK": [HTTPS],
    "rdFile": [test_gs1_http_case],
    "httpVersion": [test_http_1_1_is_spoken],
    "corsCheck": [test_other_sites_may_ask_by_get_head_and_options],
    "methodsCheck": [test_other_sites_may_ask_by_get_head_and_options],
    "linkOnRedirect": [test_a_redirect_points_to_the_linkset_and_lists_nothing_else],
    "legacyLinkHeaders": [test_a_redirect_points_to_the_linkset_and_lists_nothing_else],
    "reportWith400": [test_urls_and_links_are_checked_before_anything_else],
    "noErrorWith200": [test_what_is_wrong_is_never_answered_with_200],
    "trailingSlash": [test_a_slash_at_the_end_is_overlooked],
    "basicWalkUp": [test_every_qualifier_of_a_key_is_taken_and_leads_up_to_what_is_known],
    "ltLinksetNoRedirect": [test_the_linkset_is_given_by_word_and_not_redirected],
    "ltAllNoRedirect": [test_the_linkset_is_given_by_word_and_not_redirected],
    "ltAcceptHeader": [test_the_linkset_is_given_by_accept_header],
    "validLinkset": [test_the_linkset_is_given_by_accept_header],
    "linksetJsonldCheck": [test_the_linkset_is_given_by_accept_header],
    "declaredContentType": [test_the_linkset_is_given_by_accept_header],
    "hackedLinkset": [test_the_published_examples_are_judged_as_they_should_be],
    "qsPassedOn": [test_the_query_goes_along_raw_and_whole],
    "defaultLinkExists": [test_every_level_has_exactly_one_default_without_conditions_and_told_once_more_by_its_kind],
    "singleDefaulLink": [test_every_level_has_exactly_one_default_without_conditions_and_told_once_more_by_its_kind],
    "singleMultiLink": [test_defaults_in_several_languages_are_told_as_such],
    "linkTypesDefined": [test_kinds_of_link_are_words_of_the_vocabulary],
    "defaultTarget": [test_the_default_is_followed_unless_another_is_asked_for],
    "loFor": [test_a_kind_that_is_there_is_followed_however_it_is_written],
    "specificLinkTypeNotFound": [test_a_kind_that_is_not_there_is_404],
}
REPORTS = {"overallReport", "testResults", "resultsGrid"}  #: rows of its report, not statements


def test_each_statement_of_gs1s_suite_has_a_test(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads((GS1 / "resolver" / "gs1-testsuite-checks.json").read_text(encoding="utf-8"))["checks"]
    with capsys.disabled():
        print(f"\ngs1-testsuite-checks.json: {len(rows)} rows, {len(REPORTS)} of them report rows")  # noqa: T201

    assert {row["id"] for row in rows} == set(CHECKS) | REPORTS
    assert all(CHECKS.values()), "no blank"
    beside = Path(__file__).resolve().parents[1] / "traceability" / "test_links.py"
    assert f"def {HTTPS}(" in beside.read_text(encoding="utf-8")
