"""The public texts of the shop: which there are, and saving a new version of one."""

from __future__ import annotations

from datetime import datetime

from accounts.actor import Actor
from kernel import audit, pages
from kernel.db import db
from kernel.errors import N_, InvalidInput
from storefront.models import PublicText

ABOUT = "gioi-thieu"

#: Last part of the address → msgid of its title. NĐ 248/2026/NĐ-CP as reported: owner, terms, privacy, prices,
#: payment, delivery, returns, complaints, display and ranking, all linked from the home page.
NAMES = {
    ABOUT: N_("About the programme"),
    "chu-so-huu": N_("Owner of the shop"),
    "dieu-khoan": N_("Terms of use"),
    "bao-mat": N_("Privacy"),
    "gia": N_("Prices"),
    "thanh-toan": N_("Payment"),
    "giao-hang": N_("Delivery"),
    "doi-tra": N_("Returns and refunds"),
    "khieu-nai": N_("Complaints"),
    "xep-hang": N_("How products are ranked"),
}
MOST_LETTERS = 40_000


class NoSuchText(InvalidInput):
    message = N_("There is no public text of that name.")


class NeedsWords(InvalidInput):
    message = N_("Please write the title and the text in Vietnamese.")
    field = "body_vi"


class TooLong(InvalidInput):
    message = N_("The text is too long: at most %(most)s letters.")
    field = "body_vi"


def save(
    name: str,
    *,
    title_vi: str,
    body_vi: str,
    title_en: str = "",
    body_en: str = "",
    is_sample: bool = False,
    actor: Actor,
    now: datetime,
) -> PublicText:
    """Put a new version of a public text in force; the earlier ones stay on record.

    :param body_vi: paragraphs parted by empty lines; ``## `` begins a head, ``- `` an item of a list
    :raises NoSuchText, NeedsWords, TooLong:
    """
    if name not in NAMES:
        raise NoSuchText()
    if not title_vi.strip() or not body_vi.strip():
        raise NeedsWords()
    if max(len(body_vi), len(body_en)) > MOST_LETTERS:
        raise TooLong(most=MOST_LETTERS)
    version = PublicText(
        name=name,
        title_vi=title_vi.strip(),
        title_en=title_en.strip(),
        body_vi=body_vi.strip(),
        body_en=body_en.strip(),
        is_sample=is_sample,
        saved_by_id=actor.user_id,
        saved_at=now,
    )
    db.session.add(version)
    db.session.flush()
    pages.bump(pages.TEXTS)
    audit.record(actor, "storefront.save_text", f"text:{name}", now=now, version=version.id)
    return version
