"""How the parts are wired together. Nothing imports it but ``wsgi.py`` and the tests."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect, generate_csrf
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from accounts.web.forms import face_of
from app import assets, cli, copies, errors, headers, i18n, mail, parts, scan_jobs, scan_layer, site
from app.config import ROOT, Config
from kernel import clock, media, pages, proof
from kernel.db import db, prepare_engine, retrying, snapshot
from kernel.spool import Spool
from stock import captures
from storefront import gateways, short_messages
from storefront.carriers import booking
from storefront.gateways.stripe_cards import StripeCards
from traceability import addresses
from traceability.epcis import in_stock

MOST_BYTES_OF_A_REQUEST = 64 * 2**20  # several photos of up to 20 MB


class Ocop(Flask):
    """Flask, with requests that write run again as a whole when the database asks for it."""

    def dispatch_request(self) -> Any:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return super().dispatch_request()
        return retrying(super().dispatch_request)()


class RowNumber(IntegerConverter):
    """A number in an address: no larger than the ids of rows are, so that a larger one is not found (404)."""

    def __init__(self, map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = None) -> None:
        """Take ``max`` as of the rule, or the largest id (a signed number of 32 bits)."""
        super().__init__(map, fixed_digits, min, 2**31 - 1 if max is None else max)


def create_app(config: Config) -> Flask:
    """Make the application from its settings."""
    app = Ocop(
        "app",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder=None,
    )
    app.url_map.converters["int"] = RowNumber
    app.config.from_mapping(
        OCOP=config,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(config),
        MAX_CONTENT_LENGTH=MOST_BYTES_OF_A_REQUEST,
        MAX_FORM_MEMORY_SIZE=2 * 2**20,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.base_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=14 * 86_400,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: people fill forms over a day
        COMPRESS_MIMETYPES=["text/html", "text/csv", "application/json", "image/svg+xml"],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_REGISTER=False,  # _keep_copies decides: a copy is compressed when it is kept
        TESTING=config.app_env == "test",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _log_to_stderr(config.log_level)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    CSRFProtect(app)
    with app.app_context():
        prepare_engine(db.engine)
        media.configure(config.media_root)
        proof.configure(config.log_signing_key, config.base_url.split("://", 1)[-1] + "/so-minh-bach")
        addresses.configure(config.base_url)
        in_stock.configure(captures)
        booking.configure(config.carriers)
        i18n.init_i18n(app, config.base_url)
        site.init_site(app, config)
        errors.init_errors(app)
        _keep_copies(app, Compress(app))
        headers.init_headers(app)
        gateways.use_cards(_cards(config))
        short_messages.use(*config.texts)
        parts.register(app, config)
        mail.init_mail(app, config)
        cli.register(app)
        app.jinja_env.globals.update(csrf_token=generate_csrf, face_of=face_of)
        layer = copies.CopyLayer(app.wsgi_app, db.engine)
        spool = Spool(scan_jobs.folder())
    app.extensions["copy_layer"] = layer
    app.extensions["scan_spool"] = spool
    app.wsgi_app = counting = scan_layer.ScanLayer(  # type: ignore[method-assign]
        layer, app, spool, base_url=config.base_url
    )
    if config.base_url.startswith("https://"):
        # Only what stands behind a proxy is reached by https; without one, anybody could write these headers.
        app.wsgi_app = ProxyFix(counting, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    assets.init_assets(app)  # answers first: a file needs no copy
    return app


def _engine_options(config: Config) -> dict[str, Any]:
    if config.database_url.startswith("sqlite"):
        return {"connect_args": {"timeout": 15, "check_same_thread": False}}
    return {"pool_size": 8, "max_overflow": 8, "pool_pre_ping": True, "pool_recycle": 1800}


def _cards(config: Config) -> gateways.Cards | None:
    if config.stripe_secret_key is None:
        return None
    return StripeCards(
        config.stripe_secret_key, notice_secret=config.stripe_webhook_secret, api_base=config.stripe_api_base
    )


def _keep_copies(app: Flask, compress: Compress) -> None:
    """Collect what a public page depends on while it is made, from one snapshot of the data."""

    @app.before_request
    def _begin() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if request.method == "GET" and getattr(view, "access", None) == "public" and request.blueprint != "probes":
            snapshot()
            g.collecting = ExitStack()
            g.page_keys = g.collecting.enter_context(pages.collecting())

    @app.after_request
    def _end(response: Response) -> Response:
        keys = g.pop("page_keys", None)
        if keys and response.status_code == 200:
            ordered = tuple(sorted(keys))
            try:
                revision = pages.revision(ordered)
            except OperationalError:  # the database went away meanwhile: the page is sent, and not kept
                return response
            request.environ["ocop.copy"] = (ordered, revision, clock.next_midnight(clock.now()))
            return response
        compressed: Response = compress.after_request(response)
        return compressed

    @app.teardown_request
    def _close(_error: BaseException | None) -> None:
        collecting = g.pop("collecting", None)
        if collecting is not None:
            collecting.close()


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(message)s")
    for talkative in ("alembic", "fontTools"):  # each step of theirs is no news of ours
        logging.getLogger(talkative).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )


__all__ = ["create_app"]
