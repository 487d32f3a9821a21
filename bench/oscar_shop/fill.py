"""Make its database and its goods: ``python -m oscar_shop.fill N``."""

import sys

import django
from django.apps import apps
from django.core.management import call_command

_MODELS = (
    "address.Country",
    "catalogue.Category",
    "catalogue.Product",
    "catalogue.ProductClass",
    "partner.Partner",
    "partner.StockRecord",
    "sites.Site",
)


def fill(count: int) -> None:
    """Make the tables and so many products in six categories, each with a price and stock."""
    django.setup()
    call_command("migrate", verbosity=0)
    row = {name: apps.get_model(name) for name in _MODELS}
    row["sites.Site"].objects.get_or_create(id=1, defaults={"domain": "127.0.0.1", "name": "bench"})
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


if __name__ == "__main__":
    fill(int(sys.argv[1]))
