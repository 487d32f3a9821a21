"""The language of a request, the catalogues, and how đồng, dates and quantities are written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, format_date, get_babel, get_translations, gettext, ngettext, refresh

from kernel import administrative_units, clock
from kernel.amounts import Apart
from stock.ledger import COUNTED_UP_TO

LANGUAGES = ("vi", "en")
COOKIE = "lang"


def choose_language(query: str, cookie: str, accept: str) -> str:
    """Choose by ``?lang=``, then the cookie, then ``Accept-Language``; Vietnamese when none says.

    :param query: the raw query string; :param cookie: the raw Cookie header; :param accept: the raw header
    """
    if "lang=" in query:
        for name, value in parse_qsl(query):
            if name == "lang" and value in LANGUAGES:
                return value
    if COOKIE + "=" in cookie:
        try:
            morsel = SimpleCookie(cookie).get(COOKIE)
        except CookieError:
            morsel = None
        if morsel is not None and morsel.value in LANGUAGES:
            return morsel.value
    return _accepted(accept) or "vi"


_RANGE = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([0-9.]+))?\s*")


def _accepted(header: str) -> str | None:
    best, language = 0.0, None
    for part in header.split(",") if header else ():
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        try:
            weight = float(match[2] or 1)
        except ValueError:
            continue
        name = match[1].lower()
        if name in LANGUAGES and weight > best:
            best, language = weight, name
    return language


@contextmanager
def reader(language: str, base_url: str) -> Iterator[None]:
    """Give templates and sentences a request of a reader's own: language, addresses and the shop's name.

    A worker does all its jobs in one application context, which keeps the language of the first: it is forgotten.
    """
    with current_app.test_request_context(f"/?lang={language}", base_url=base_url):
        refresh()
        try:
            yield
        finally:
            refresh()


def current_language() -> str:
    """Give the language of the request being answered: "vi" or "en"."""
    if not has_request_context():
        return "vi"
    environ = request.environ
    language: str | None = environ.get("language")
    if language is None:
        language = environ["language"] = choose_language(
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_COOKIE", ""),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        )
    return language


def catalogues(root: Path) -> Iterator[tuple[Path, Catalog]]:
    """Read the Vietnamese catalogue of each part (``translations/vi/<part>.po``)."""
    for path in sorted((root / "vi").glob("*.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale="vi")


def compile_catalogues(root: Path) -> None:
    """Put the parts' catalogues together as the one that Flask-Babel reads, when one of them is newer."""
    target = root / "vi" / "LC_MESSAGES" / "messages.mo"
    sources = list((root / "vi").glob("*.po"))
    if target.exists() and all(path.stat().st_mtime <= target.stat().st_mtime for path in sources):
        return
    whole = Catalog(locale="vi", domain="messages", fuzzy=False)
    for _, catalogue in catalogues(root):
        for message in catalogue:
            if message.id and message.string and "fuzzy" not in message.flags:
                whole.add(message.id, message.string, context=message.context)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        write_mo(file, whole)
    draft.replace(target)


def dong(amount: int) -> str:
    """Write an amount as people here do: 120.000 ₫ in Vietnamese, 120,000 ₫ in English."""
    text = f"{amount:,}"
    return (text.replace(",", ".") if current_language() == "vi" else text) + "\N{NO-BREAK SPACE}₫"


def number(value: int) -> str:
    """Write a whole number with the language's separators."""
    text = f"{value:,}"
    return text.replace(",", ".") if current_language() == "vi" else text


def day(value: date | datetime | None) -> str:
    """Write a day (an instant: its Viet Nam day) as 24/11/2026 in Vietnamese, 24 Nov 2026 in English."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.business_date(value)
    if current_language() == "vi":
        return f"{value:%d/%m/%Y}"
    return str(format_date(value, "d MMM yyyy"))


def moment(value: datetime | None) -> str:
    """Write an instant in Viet Nam time: 14:05, 24/11/2026."""
    if value is None:
        return ""
    return f"{value.astimezone(clock.VIETNAM):%H:%M}, {day(value)}"


def decimal(value: int, thousandth: int) -> str:
    """Write ``value`` units of one ``thousandth``-th: decimal(1500, 1000) is 1,5 (vi) or 1.5 (en)."""
    whole, rest = divmod(abs(value), thousandth)
    digits = str(rest).rjust(len(str(thousandth)) - 1, "0").rstrip("0") if rest else ""
    mark = "," if current_language() == "vi" else "."
    return ("-" if value < 0 else "") + number(whole) + (mark + digits if digits else "")


def tenths(value: int) -> str:
    """Write a number of tenths with its one decimal: 43 is 4,3 (vi) or 4.3 (en), 40 is 4,0."""
    mark = "," if current_language() == "vi" else "."
    return f"{value // 10}{mark}{value % 10}"


def quantity(value: int, unit: Any, step_g: int | None = None) -> str:
    """Write a quantity of base units readably: 1500 g is "1,5 kg", 250 ml "250 ml", 40 pieces "40".

    :param step_g: the grams of one, where it is sold by weight
    """
    if step_g:
        return quantity(value * step_g, "g")
    name = getattr(unit, "value", unit)
    if name == "g" and abs(value) >= 1000:
        return decimal(value, 1000) + "\N{NO-BREAK SPACE}kg"
    if name == "ml" and abs(value) >= 1000:
        return decimal(value, 1000) + "\N{NO-BREAK SPACE}l"
    if name in ("g", "ml"):
        return f"{number(value)}\N{NO-BREAK SPACE}{name}"
    return number(value)


def counted(packs: int, step_g: int | None = None) -> str:
    """Write how much is left, as far as public pages count packs or steps: "12", "1,5 kg", "more than 50"."""
    shown = min(packs, COUNTED_UP_TO)
    words = quantity(shown * step_g, "g") if step_g else number(shown)
    return words if packs <= COUNTED_UP_TO else str(gettext("more than %(count)s", count=words))


def held(holder: Any) -> str:
    """Write what a place has of goods in packs, of goods by weight, or of both: "12 + 1,5 kg"."""
    parts = [counted(holder.packs)] if holder.packs else []
    if holder.steps:
        few = holder.steps <= COUNTED_UP_TO
        parts.append(quantity(holder.weight_g, "g") if few else counted(holder.steps, holder.weight_g // holder.steps))
    return " + ".join(parts)


def apart(goods: Apart) -> str:
    """Write what is there in packs and what by weight: "12 packs", "3,5 kg", "12 packs, 3,5 kg"."""
    packs = ngettext("%(num)s pack", "%(num)s packs", goods.packs)
    if not goods.weight_g:
        return str(packs)
    weight = quantity(goods.weight_g, "g")
    return f"{packs}, {weight}" if goods.packs else weight


def figure(goods: Apart) -> str:
    """Write the same in a column of numbers: packs alone are a number."""
    return apart(goods) if goods.weight_g else number(goods.packs)


def much(row: Any, count: int | None = None) -> str:
    """Write how much of a row's goods it is: "3", or "1,5 kg" where they are sold by weight.

    :param row: with ``step_g`` and ``quantity``; :param count: instead of its ``quantity``
    """
    step_g = _fact(row, "step_g")
    many = _fact(row, "quantity") if count is None else count
    return quantity(many * step_g, "g") if step_g else number(many)


def times(row: Any, count: int | None = None) -> str:
    """Write how much of a row's goods it is, before their name or price: "3 ×", or "1,5 kg"."""
    return much(row, count) + ("" if _fact(row, "step_g") else " ×")


def _fact(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def stated(value: int, unit: Any) -> str:
    """Write a quantity readably; 0 stands for one that nobody stated, and is said to be so."""
    return quantity(value, unit) if value else gettext("not stated")


def unit(full_name: str) -> str:
    """Name an administrative unit in the language of the request: "Xã Ba Tơ", "Ba Tơ commune"."""
    if current_language() != "en":
        return full_name
    return administrative_units.in_english(full_name)


def said(row: Any, name: str) -> str:
    """Give a row's text in the language of the request, in Vietnamese where there is no English.

    ``said(product, "name")`` reads ``name_vi`` or ``name_en``; for dicts the keys "vi" and "en".
    """
    if isinstance(row, dict):
        inner = row.get(name)
        found: dict[str, Any] = inner if isinstance(inner, dict) else row
        return str(found.get(current_language()) or found.get("vi") or "")
    english = getattr(row, name + "_en", "") if current_language() == "en" else ""
    return str(english or getattr(row, name + "_vi"))


def paragraphs(text: str) -> list[str]:
    """Split a plain text at its empty lines."""
    return [block.strip() for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if block.strip()]


def with_query(**changes: str | int | None) -> str:
    """Give the present address with some query parameters changed; None takes one away."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    pairs += [(name, str(value)) for name, value in changes.items() if value is not None]
    return request.path + ("?" + urlencode(pairs) if pairs else "")


class _Sentences(Domain):
    """The sentences, whose catalogue is looked for once a request: a page asks for a hundred of them.

    Flask-Babel forgets ``babel_translations`` itself when the language is changed meanwhile.
    """

    def get_translations(self) -> Translations | NullTranslations:
        """Give the catalogue of the language in force."""
        space = g.get("_flask_babel")
        found: Translations | NullTranslations | None = getattr(space, "babel_translations", None)
        if found is None:
            found = super().get_translations()
            if space is not None:
                space.babel_translations = found
        return found


def _let_templates_say(app: Flask) -> None:
    """Give the templates their sentences by the language of the request, without the way through the context."""
    kept: dict[str, Translations | NullTranslations] = {}

    def catalogue() -> Any:
        language = current_language()
        found = kept.get(language)
        if found is None:
            found = kept[language] = get_translations()
        return found

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: catalogue().ugettext(message),
        ngettext=lambda one, many, count: catalogue().ungettext(one, many, count),
        newstyle=True,
    )


def init_i18n(app: Flask, base_url: str) -> None:
    """Teach ``app`` both languages."""
    root = Path(app.root_path) / "translations"
    compile_catalogues(root)
    Babel(
        app,
        default_locale="vi",
        default_timezone="Asia/Ho_Chi_Minh",
        default_translation_directories=str(root),
        locale_selector=current_language,
    )
    get_babel(app).instance.domain_instance = _Sentences(domain="messages")
    _let_templates_say(app)
    app.jinja_env.filters.update(
        dong=dong,
        number=number,
        counted=counted,
        held=held,
        day=day,
        moment=moment,
        quantity=quantity,
        apart=apart,
        figure=figure,
        much=much,
        times=times,
        tenths=tenths,
        said=said,
        stated=stated,
        paragraphs=paragraphs,
        unit=unit,
    )
    app.jinja_env.globals.update(with_query=with_query, said=said)

    @app.context_processor
    def _language() -> dict[str, Any]:
        def address(language: str) -> str:
            pairs = [(n, v) for n, v in request.args.items(multi=True) if n != "lang"]
            return f"{base_url}{request.path}?{urlencode([*pairs, ('lang', language)])}"

        pairs = [(n, v) for n, v in request.args.items(multi=True) if n != "lang"]
        canonical = f"{base_url}{request.path}" + ("?" + urlencode(pairs) if pairs else "")
        return {
            "lang": current_language(),
            "alternates": [(language, address(language)) for language in LANGUAGES],
            "canonical": canonical,
        }

    @app.after_request
    def _remember(response: Response) -> Response:
        asked = request.args.get("lang")
        if asked in LANGUAGES and request.cookies.get(COOKIE) != asked:
            response.set_cookie(COOKIE, asked, max_age=31_536_000, samesite="Lax", secure=request.is_secure, path="/")
        return response


__all__ = [
    "COOKIE",
    "LANGUAGES",
    "catalogues",
    "choose_language",
    "compile_catalogues",
    "current_language",
    "day",
    "decimal",
    "dong",
    "init_i18n",
    "moment",
    "much",
    "number",
    "paragraphs",
    "quantity",
    "said",
    "stated",
    "times",
    "with_query",
]
