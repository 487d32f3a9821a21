"""The back office: screens only, for all roles; no rules of its own."""

from admin import (
    account,
    acting,
    audit,
    batch_wizard,
    batches,
    certificates,
    consignment,
    dashboard,
    gallery,
    lots,
    organisations,
    people,
    product_approval,
    product_files,
    products,
    sales_points,
    stock,
    texts,
)

#: The screens, in the order of the menu.
SCREENS = [
    dashboard.blueprint,
    products.blueprint,
    product_files.blueprint,
    product_approval.blueprint,
    certificates.blueprint,
    lots.blueprint,
    batches.blueprint,
    batch_wizard.blueprint,
    stock.blueprint,
    consignment.blueprint,
    organisations.blueprint,
    sales_points.blueprint,
    people.blueprint,
    acting.blueprint,
    texts.blueprint,
    audit.blueprint,
    account.blueprint,
    gallery.blueprint,
]
