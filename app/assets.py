"""Style sheets, scripts, pictures and typefaces: bundled once at start, then kept by the browser for a year.

What stands in `static/` reaches a page in three ways:

- `asset("js/app.js")` answers `/static/js/app.js?v=<hash8>`. The address changes with the content, so whoever has it
  may keep it for ever. Files under `fonts/` and `vendor/` carry their version in the path and get no `?v`.
- The sheets in `BUNDLES` are lists of imports. They are bundled and shortened in memory at start (there is no build
  command to forget), the files they point at get their `?v`, and they are compressed once.
- `inline_css("trace.css")` answers a bundle as a `<style>` element, for the one page whose first screen must not wait
  for a second request. Its digest is in the Content-Security-Policy (`app/headers.py`).

Everything that is a file is served by WhiteNoise, which takes the `.br` or `.gz` beside it where there is one.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

import brotli
import lightningcss
from flask import Flask
from markupsafe import Markup
from werkzeug import Response
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

STATIC = Path(__file__).resolve().parent.parent / "static"

BUNDLES = ("public.css", "office.css", "trace.css", "paper.css")

SPRITE = "vendor/tabler-icons-3.51.0/icons.svg"

# The oldest browsers that are to see the pages as they are meant: what lies in drawers in 2026.
BROWSERS = ["chrome 99", "ios_saf 15.4"]

A_YEAR = 31_536_000
KEEP_FOR_EVER = f"public, max-age={A_YEAR}, immutable"

VERSIONED_BY_PATH = ("fonts/", "vendor/")


class NoSuchAsset(LookupError):
    """A template or a sheet names a file or an icon that does not exist."""


@dataclass(frozen=True)
class Bundle:
    """One style sheet as it goes over the wire."""

    text: str

    @cached_property
    def body(self) -> bytes:
        return self.text.encode()

    @cached_property
    def brotli(self) -> bytes:
        return brotli.compress(self.body, quality=11)  # type: ignore[no-any-return]

    @cached_property
    def gzip(self) -> bytes:
        return gzip.compress(self.body, compresslevel=9, mtime=0)

    @cached_property
    def version(self) -> str:
        return _hash8(self.body)

    @cached_property
    def csp_source(self) -> str:
        """The digest of the text between `<style>` and `</style>`, as a source of the policy."""
        return f"'sha256-{base64.b64encode(hashlib.sha256(self.body).digest()).decode()}'"


#: Drawings of icons that are kept; their labels are words of ours, a few hundred at most.
_MOST_ICONS_KEPT = 1_000


class Assets:
    """The static files of one application, and the addresses they are served at."""

    def __init__(self, root: Path = STATIC) -> None:
        """Read the icons and bundle the style sheets of `root`.

        :raises NoSuchAsset: if a sheet points at a file that is not there
        """
        self.root = root
        self._versions: dict[str, str] = {}
        self._drawn: dict[tuple[str, bool, str, str | None], Markup] = {}
        self.icons = _read_sprite(root / SPRITE)
        self.bundles = {name: Bundle(self._bundle(name)) for name in BUNDLES}

    def url(self, name: str) -> str:
        """Answer the address of a file, as `asset('js/app.js')` does in templates.

        :raises NoSuchAsset: if there is no such file
        """
        if name.startswith(VERSIONED_BY_PATH):
            self._existing(name)
            return f"/static/{name}"
        return f"/static/{name}?v={self._version(name)}"

    def inline_css(self, name: str) -> Markup:
        """Answer a bundle as a `<style>` element."""
        return Markup("<style>{}</style>").format(Markup(self.bundles[name].text))  # noqa: S704 our own sheet

    def icon_url(self, name: str) -> str:
        """Answer where an icon stands in the sprite.

        :raises NoSuchAsset: if the sprite has no such icon
        """
        self.icon_path(name)
        return f"/static/{SPRITE}#{name}"

    def icon_path(self, name: str) -> str:
        """Answer the drawing of an icon, the `d` of its one path, for pages that must not wait for the sprite.

        :raises NoSuchAsset: if the sprite has no such icon
        """
        if name not in self.icons:
            raise NoSuchAsset(f"icon {name!r}: add it to vendor.toml")
        return self.icons[name]

    def icon(self, name: str, inline: bool = False, css: str = "", label: str | None = None) -> Markup:
        """Draw an icon; see ``components/icon.html``.

        :raises NoSuchAsset: if the sprite has no such icon
        """
        key = (name, inline, css, label)
        drawn = self._drawn.get(key)
        if drawn is None:
            names = " ".join(["icon", *([css] if css else []), *(["icon-filled"] if name.endswith("-filled") else [])])
            says = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
            shape = (
                Markup('<path d="{}"/>').format(self.icon_path(name))
                if inline
                else Markup('<use href="{}"/>').format(self.icon_url(name))
            )
            drawn = Markup('<svg class="{}" viewBox="0 0 24 24"{}>{}</svg>').format(names, says, shape)
            if len(self._drawn) < _MOST_ICONS_KEPT:
                self._drawn[key] = drawn
        return drawn

    @cached_property
    def style_sources(self) -> str:
        """The digests of the sheets that stand inside pages, for `style-src`."""
        return self.bundles["trace.css"].csp_source

    def _bundle(self, name: str) -> str:
        text: str = lightningcss.bundle_css(str(self.root / name), minify=True, browsers_list=BROWSERS)
        return re.sub(r'url\("?/static/([^")]+)"?\)', lambda found: f"url({self.url(found[1])})", text)

    def _version(self, name: str) -> str:
        if name not in self._versions:
            is_bundle = name in BUNDLES
            self._versions[name] = (
                self.bundles[name].version if is_bundle else _hash8(self._existing(name).read_bytes())
            )
        return self._versions[name]

    def _existing(self, name: str) -> Path:
        path = self.root / name
        if not path.is_file():
            raise NoSuchAsset(f"static/{name}")
        return path


def init_assets(app: Flask) -> None:
    """Serve `static/` and give the templates `asset`, `inline_css`, `icon_url` and `icon_path`.

    The last to wrap `app.wsgi_app` answers first: call it after the layer of rendered copies, which has no use for
    files. The application must be made with `static_folder=None`: one way to a file is enough.
    """
    assets = Assets()
    app.extensions["assets"] = assets
    app.jinja_env.globals.update(
        asset=assets.url,
        inline_css=assets.inline_css,
        icon_url=assets.icon_url,
        icon_path=assets.icon_path,
        icon=assets.icon,
    )
    app.wsgi_app = StyleSheets(_file_server(app.wsgi_app, assets.root), assets.bundles)  # type: ignore[method-assign]


def assets_of(app: Flask) -> Assets:
    """Answer the assets of an application that went through `init_assets`."""
    assets: Assets = app.extensions["assets"]
    return assets


class StyleSheets:
    """WSGI: the bundles, from memory, in the shortest form that the browser reads."""

    def __init__(self, application: WSGIApplication, bundles: dict[str, Bundle]) -> None:
        self._application = application
        self._bundles = {f"/static/{name}": bundle for name, bundle in bundles.items()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        bundle = self._bundles.get(environ.get("PATH_INFO", ""))
        if bundle is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        return self._answer(bundle, environ.get("HTTP_ACCEPT_ENCODING", ""))(environ, start_response)

    def _answer(self, bundle: Bundle, accepted: str) -> Response:
        encoding = parse_accept_header(accepted, Accept).best_match(["br", "gzip"])
        body = {"br": bundle.brotli, "gzip": bundle.gzip}.get(encoding or "", bundle.body)
        response = Response(body, mimetype="text/css")
        if encoding:
            response.headers["Content-Encoding"] = encoding
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = KEEP_FOR_EVER
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _file_server(application: WSGIApplication, root: Path) -> WhiteNoise:
    server = WhiteNoise(
        application,
        root=str(root),
        prefix="static/",
        max_age=A_YEAR,
        allow_all_origins=False,
        # Every address a page uses carries a version: `?v=` or in the path.
        immutable_file_test=lambda path, url: True,
        add_headers_function=_add_headers,
        mimetypes={".woff2": "font/woff2"},
    )
    # Imports as they are written are of no use to a browser: the bundle of the same name is served from memory.
    for name in [url for url in server.files if url.endswith(".css")]:
        del server.files[name]
    return server


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def _read_sprite(path: Path) -> dict[str, str]:
    symbol = re.compile(r'<symbol id="([^"]+)"[^>]*><path d="([^"]+)"/></symbol>')
    return dict(symbol.findall(path.read_text(encoding="utf-8")))


def _hash8(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]
