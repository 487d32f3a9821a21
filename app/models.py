"""All tables of the application, for those who need them at once: migrations and the tests of the schema."""

import accounts.models
import books.models
import catalog.models
import consignment.models
import kernel.log_models
import kernel.models
import ocop.models
import oversight.export_models
import oversight.models
import stock.models
import storefront.after_models
import storefront.dispute_models
import storefront.models
import storefront.order_models
import storefront.return_models
import storefront.voucher_models
import traceability.declaration_models
import traceability.item_models
import traceability.models
import traceability.scan_models

MODELS = [
    kernel.models,
    kernel.log_models,
    accounts.models,
    catalog.models,
    ocop.models,
    traceability.models,
    traceability.scan_models,
    traceability.item_models,
    traceability.declaration_models,
    stock.models,
    books.models,
    consignment.models,
    storefront.models,
    storefront.order_models,
    storefront.voucher_models,
    storefront.dispute_models,
    storefront.after_models,
    storefront.return_models,
    oversight.models,
    oversight.export_models,
]
