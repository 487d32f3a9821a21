"""A django-oscar shop for comparison, in an environment of its own: settings, addresses, goods.

Run by that environment's Python, never by ours: ``python oscar_site.py fill N`` makes the database and N products;
``oscar_site:application`` is the WSGI application. It is oscar as its documentation sets it up, with templates cached
and DEBUG off, on SQLite.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(os.environ["OSCAR_FOLDER"])

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from oscar import defaults  # noqa: E402

_SETTINGS = dict(
    **{name: getattr(defaults, name) for name in dir(defaults) if name.startswith("OSCAR_")}
    | {
        "OSCAR_ALLOW_ANON_CHECKOUT": True,
        "OSCAR_DEFAULT_CURRENCY": "VND",
        "OSCAR_PRODUCTS_PER_PAGE": 24,
        "OSCAR_REQUIRED_ADDRESS_FIELDS": ("first_name", "last_name", "line1", "line4", "country"),
    },
    DEBUG=False,
    SECRET_KEY="a key of the bench",  # noqa: S106 (a shop that lives for a minute)
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="oscar_site",
    SITE_ID=1,
    USE_TZ=True,
    STATIC_URL="/static/",
    MEDIA_URL="/media/",
    MEDIA_ROOT=str(FOLDER / "media"),
    LOGGING_CONFIG=None,
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(FOLDER / "oscar.sqlite3"),
            "ATOMIC_REQUESTS": True,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 15,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "django.contrib.sites",
        "django.contrib.flatpages",
        "oscar.config.Shop",
        "oscar.apps.analytics.apps.AnalyticsConfig",
        "oscar.apps.checkout.apps.CheckoutConfig",
        "oscar.apps.address.apps.AddressConfig",
        "oscar.apps.shipping.apps.ShippingConfig",
        "oscar.apps.catalogue.apps.CatalogueConfig",
        "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
        "oscar.apps.communication.apps.CommunicationConfig",
        "oscar.apps.partner.apps.PartnerConfig",
        "oscar.apps.basket.apps.BasketConfig",
        "oscar.apps.payment.apps.PaymentConfig",
        "oscar.apps.offer.apps.OfferConfig",
        "oscar.apps.order.apps.OrderConfig",
        "oscar.apps.customer.apps.CustomerConfig",
        "oscar.apps.search.apps.SearchConfig",
        "oscar.apps.voucher.apps.VoucherConfig",
        "oscar.apps.wishlists.apps.WishlistsConfig",
        "oscar.apps.dashboard.apps.DashboardConfig",
        "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
        "oscar.apps.dashboard.users.apps.UsersDashboardConfig",
        "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
        "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
        "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
        "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
        "oscar.apps.dashboard.pages.apps.PagesDashboardConfig",
        "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
        "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
        "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
        "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
        "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
        "widget_tweaks",
        "haystack",
        "treebeard",
        "sorl.thumbnail",
        "django_tables2",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "oscar.apps.basket.middleware.BasketMiddleware",
        "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.debug",
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                    "oscar.apps.search.context_processors.search_form",
                    "oscar.apps.checkout.context_processors.checkout",
                    "oscar.apps.communication.notifications.context_processors.notifications",
                    "oscar.core.context_processors.metadata",
                ]
            },
        }
    ],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
    HAYSTACK_CONNECTIONS={
        "default": {"ENGINE": "haystack.backends.whoosh_backend.WhooshEngine", "PATH": str(FOLDER / "index")}
    },
)
if not settings.configured:  # the server knows this module by another name than Django does
    settings.configure(**_SETTINGS)
django.setup()

from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
application = get_wsgi_application()


_MODELS = (
    "address.Country",
    "catalogue.Category",
    "catalogue.Product",
    "catalogue.ProductClass",
    "partner.Partner",
    "partner.StockRecord",
)


def fill(count: int) -> None:
    """Make the tables and so many products in six categories, each with a price and stock."""
    from django.contrib.sites.models import Site
    from oscar.core.loading import get_model

    call_command("migrate", verbosity=0)
    Site.objects.get_or_create(id=1, defaults={"domain": "127.0.0.1", "name": "bench"})
    row = {name: get_model(*name.split(".")) for name in _MODELS}
    row["address.Country"].objects.create(
        iso_3166_1_a2="VN",
        iso_3166_1_a3="VNM",
        iso_3166_1_numeric="704",
        printable_name="Viet Nam",
        name="Viet Nam",
        is_shipping_country=True,
    )
    kind = row["catalogue.ProductClass"].objects.create(name="Food", requires_shipping=True, track_stock=True)
    partner = row["partner.Partner"].objects.create(name="Producer")
    categories = [row["catalogue.Category"].add_root(name=f"Category {number}") for number in range(6)]
    for number in range(count):
        product = row["catalogue.Product"].objects.create(
            structure="standalone",
            product_class=kind,
            upc=f"{number:012d}",
            title=f"Product {number} of honey, rice and tea",
            description="<p>"
            + "Made in the hills by a household that tells where its raw material comes from. " * 6
            + "</p>",
        )
        product.categories.add(categories[number % 6])
        row["partner.StockRecord"].objects.create(
            product=product, partner=partner, partner_sku=str(number), price_currency="VND", price=50_000 + number,
            num_in_stock=1_000_000,
        )  # fmt: skip
    call_command("rebuild_index", interactive=False, verbosity=0)


if __name__ == "__main__" and sys.argv[1:2] == ["fill"]:
    fill(int(sys.argv[2]))
