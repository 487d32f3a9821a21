"""A label as a producer's would be: for tests that draw it and for measuring."""

from __future__ import annotations

from datetime import date

from traceability.labels import Label

LABEL = Label(
    url="https://ocop.example/01/09520123456788/10/L261124-01",
    code="7K2QX-M90AD",
    organisation="Hợp tác xã Nông nghiệp Ba Động",
    product="Gạo rẫy Ba Tơ, túi 1 kg",
    lot="L261124-01",
    made_on=date(2026, 11, 3),
    expires_on=date(2027, 11, 3),
    stars=4,
    site="ocop.example/truy-xuat",
)
