"""Industries, groups and sub-groups of the programme, by the decision that set them; and their rows.

A product keeps the scheme it was filed under; a new decision is a new file in ``catalog/data`` with its dates.
Source: QĐ 26/2026/QĐ-TTg (22 May 2026), Phụ lục I.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import select

from catalog import labels
from catalog.models import Industry, ProductGroup, Subgroup
from kernel import pages
from kernel.db import db

DATA = Path(__file__).parent / "data"

#: The scheme under which products are filed today.
SCHEME = "QD26-2026"
_FILES = {SCHEME: "taxonomy_qd26.json"}


@dataclass(frozen=True, slots=True)
class SubgroupFact:
    """A sub-group (phân nhóm): what one set of criteria rates."""

    code: str  #: "I.3.a"; the group's own code where a group has one sub-group only
    criteria_set_no: int  #: 1 … 26
    name_vi: str
    name_en: str
    lead_ministries: tuple[str, ...]

    @property
    def label_kind(self) -> str:
        """Which label such goods carry unless their producer says otherwise, see ``catalog.labels``."""
        return labels.kind_of_criteria_set(self.criteria_set_no)


@dataclass(frozen=True, slots=True)
class GroupFact:
    """A group (nhóm)."""

    code: str  #: "I.3"
    slug: str  #: in addresses, ``?nhom=``; never changed
    name_vi: str
    name_en: str
    subgroups: tuple[SubgroupFact, ...]


@dataclass(frozen=True, slots=True)
class IndustryFact:
    """An industry (ngành)."""

    code: str  #: "I" … "VI"
    slug: str  #: in addresses, ``?nganh=``; never changed
    name_vi: str
    name_en: str
    short_vi: str  #: for buttons and tabs
    short_en: str
    groups: tuple[GroupFact, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All of one scheme, and the days on which it holds."""

    scheme: str
    valid_from: date
    valid_until: date | None  #: exclusive; None: until a new decision
    source: str
    industries: tuple[IndustryFact, ...]


@cache
def read_taxonomy(scheme: str = SCHEME) -> Taxonomy:
    """Give the industries of a scheme with their groups and sub-groups, in the decision's order.

    :raises KeyError: for a scheme that has no file
    """
    facts = json.loads((DATA / _FILES[scheme]).read_text(encoding="utf-8"))
    return Taxonomy(
        scheme=facts["scheme"],
        valid_from=date.fromisoformat(facts["valid_from"]),
        valid_until=date.fromisoformat(facts["valid_until"]) if facts["valid_until"] else None,
        source=facts["source"],
        industries=tuple(
            IndustryFact(
                code=industry["code"],
                slug=industry["slug"],
                name_vi=industry["vi"],
                name_en=industry["en"],
                short_vi=industry["short_vi"],
                short_en=industry["short_en"],
                groups=tuple(
                    GroupFact(
                        code=group["code"],
                        slug=group["slug"],
                        name_vi=group["vi"],
                        name_en=group["en"],
                        subgroups=tuple(
                            SubgroupFact(
                                code=subgroup["code"],
                                criteria_set_no=subgroup["criteria_set_no"],
                                name_vi=subgroup["vi"],
                                name_en=subgroup["en"],
                                lead_ministries=tuple(subgroup["lead_ministries"]),
                            )
                            for subgroup in group["subgroups"]
                        ),
                    )
                    for group in industry["groups"]
                ),
            )
            for industry in facts["industries"]
        ),
    )


def load() -> None:
    """Bring the rows of every scheme up to its file, in the caller's transaction; safe to call again.

    A row that its scheme no longer names stays: products may have been filed under it.
    """
    may_be_shown = db.session.scalar(select(Industry.code).limit(1)) is not None
    for scheme in _FILES:
        taxonomy = read_taxonomy(scheme)
        for industry in taxonomy.industries:
            db.session.merge(
                Industry(
                    scheme=scheme,
                    code=industry.code,
                    slug=industry.slug,
                    name_vi=industry.name_vi,
                    name_en=industry.name_en,
                )
            )
        db.session.flush()  # what refers to an industry comes after it
        for industry in taxonomy.industries:
            for group in industry.groups:
                db.session.merge(
                    ProductGroup(
                        scheme=scheme,
                        code=group.code,
                        industry_code=industry.code,
                        slug=group.slug,
                        name_vi=group.name_vi,
                        name_en=group.name_en,
                    )
                )
        db.session.flush()
        for industry in taxonomy.industries:
            for group in industry.groups:
                for subgroup in group.subgroups:
                    db.session.merge(
                        Subgroup(
                            scheme=scheme,
                            criteria_set_no=subgroup.criteria_set_no,
                            group_code=group.code,
                            code=subgroup.code,
                            name_vi=subgroup.name_vi,
                            name_en=subgroup.name_en,
                            lead_ministry="; ".join(subgroup.lead_ministries),
                            label_kind=subgroup.label_kind,
                        )
                    )
        db.session.flush()
    if may_be_shown:
        pages.bump(pages.SHOP)
