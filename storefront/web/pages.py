"""The pages that the law asks of an online shop, and what machines read: sitemap and robots."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template
from markupsafe import Markup, escape

from accounts.web.guard import public
from kernel import clock, pages
from storefront import queries
from storefront.texts import ABOUT, NAMES
from storefront.web.words import said

blueprint = Blueprint("pages", __name__)


@blueprint.get("/gioi-thieu")
@public
def about() -> str:
    """Tell what the programme is and who runs the shop."""
    return _text(ABOUT)


@blueprint.get("/chinh-sach/<name>")
@public
def policy(name: str) -> str:
    """Show one of the texts that the law asks for."""
    if name not in NAMES or name == ABOUT:
        raise queries.NoSuchText()
    return _text(name)


def _text(name: str) -> str:
    pages.depends_on(pages.TEXTS)
    found = queries.text_in_force(name)
    return render_template("storefront/pages/text.html", found=found, body=prose(said(found, "body")))


def prose(body: str) -> Markup:
    """Turn the office's plain text into paragraphs, ``## `` heads and ``- `` lists. All else is shown as typed."""
    parts: list[Markup] = []
    for block in body.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        if lines[0].startswith("## "):
            parts.append(Markup("<h2>{}</h2>").format(lines[0][3:]))
            lines = lines[1:]
        items = [line[2:] for line in lines if line.startswith("- ")]
        words = [line for line in lines if not line.startswith("- ")]
        if words:
            parts.append(Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in words)))
        if items:
            entries = Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
            parts.append(Markup('<ul class="diamonds">{}</ul>').format(entries))
    return Markup("\n").join(parts)


@blueprint.get("/sitemap.xml")
@public
def sitemap() -> Response:
    """List every public page in both languages (sitemaps.org, with hreflang alternates)."""
    pages.depends_on(pages.SHOP, pages.TEXTS)
    day = clock.business_date(clock.now())
    base = current_app.config["OCOP"].base_url
    paths = ["/", "/san-pham", "/chu-the", "/diem-ban", "/truy-xuat", "/so-minh-bach/"]
    paths += [f"/{ABOUT}" if text.name == ABOUT else f"/chinh-sach/{text.name}" for text in queries.texts_in_force()]
    paths += [f"/san-pham/{row.slug}" for row in queries.shelf(day).rows]
    paths += sorted({f"/chu-the/{row.producer_slug}" for row in queries.shelf(day).rows})
    paths += [f"/diem-ban/{slug}" for slug in queries.sales_point_slugs()]
    response = make_response(render_template("storefront/pages/sitemap.xml", base=base, paths=paths))
    response.headers["Content-Type"] = "application/xml; charset=utf-8"
    return response


@blueprint.get("/robots.txt")
@public
def robots() -> Response:
    """Tell robots which addresses are not for them."""
    base = current_app.config["OCOP"].base_url
    lines = [
        "User-agent: *",
        "Disallow: /quan-tri",
        "Disallow: /quay",
        "Disallow: /dang-nhap",
        "Disallow: /*?*sap-xep=",
        f"Sitemap: {base}/sitemap.xml",
        "",
    ]
    response = make_response("\n".join(lines))
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
