"""Organisations, their places and jurisdictions, people, memberships, invitations, reset codes, API keys."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base
from kernel.models import AdministrativeUnit


def values(kind: type[enum.Enum]) -> Enum:
    """Store an enum by its value, as text with a CHECK (the same on both engines)."""
    return Enum(
        kind,
        native_enum=False,
        length=24,
        create_constraint=True,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class OrganisationKind(enum.StrEnum):
    """What an organisation is to the programme."""

    PRODUCER = "producer"
    SALES_POINT = "sales_point"
    OFFICE = "office"
    COUNCIL = "council"


class LegalForm(enum.StrEnum):
    """Which kind of producer it is. Source: QĐ 26/2026/QĐ-TTg, Điều 2.3."""

    ENTERPRISE = "enterprise"  #: doanh nghiệp nhỏ và vừa
    COOPERATIVE = "cooperative"  #: hợp tác xã
    COOPERATIVE_GROUP = "cooperative_group"  #: tổ hợp tác
    HOUSEHOLD = "household"  #: hộ kinh doanh, trang trại, hộ sản xuất có đăng ký kinh doanh
    PUBLIC_BODY = "public_body"  #: offices and councils


class Role(enum.StrEnum):
    """What a person does in an organisation; ``accounts.actor.GRANTS`` says what that allows."""

    MANAGER = "manager"  #: everything of the organisation, its people included
    STAFF = "staff"  #: its daily work
    VIEWER = "viewer"  #: reads only


class PlaceKind(enum.StrEnum):
    """What a place is for the trace."""

    FIELD = "field"
    WORKSHOP = "workshop"
    WAREHOUSE = "warehouse"
    COUNTER = "counter"
    FAIR = "fair"


class Organisation(Base):
    """A producer, a sales point, an office or a council. Its code never changes and is never used again."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("length(code) BETWEEN 4 AND 6 AND code = lower(code)", name="code"),
        ForeignKeyConstraint(
            ["commune_code", "commune_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_organisation_commune",
        ),
        Index("ix_organisation_kind", "kind", "sort_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[OrganisationKind] = mapped_column(values(OrganisationKind))
    legal_form: Mapped[LegalForm] = mapped_column(values(LegalForm))
    name_vi: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    story_vi: Mapped[str] = mapped_column(Text, default="")
    story_en: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(200), default="")  #: house number, street or hamlet (thôn)
    commune_code: Mapped[str] = mapped_column(String(8))
    commune_valid_from: Mapped[date]
    phone: Mapped[str | None] = mapped_column(String(20))  #: E.164; shown in public only if shows_phone
    email: Mapped[str | None] = mapped_column(String(255))
    shows_phone: Mapped[bool] = mapped_column(default=False)  #: its consent, recorded in the audit trail
    wants_checkpoints: Mapped[bool] = mapped_column(default=False)  #: each day's signed log is mailed to ``email``
    tax_code: Mapped[str | None] = mapped_column(String(14))
    gs1_prefix: Mapped[str | None] = mapped_column(String(12))  #: company prefix it holds, e.g. 893…
    alcohol_licence: Mapped[str | None] = mapped_column(String(120))  #: number, date, issuer, as the office entered it
    picture: Mapped[str | None] = mapped_column(ForeignKey("stored_file.digest"))
    picture_alt_vi: Mapped[str] = mapped_column(String(200), default="")
    picture_alt_en: Mapped[str] = mapped_column(String(200), default="")
    woman_led: Mapped[bool | None]
    minority_led: Mapped[bool | None]  #: sensitive: set only where published or consented (Law 91/2025/QH15)
    youth_led: Mapped[bool | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    search: Mapped[str] = mapped_column(Text, default="")
    sort_key: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    commune: Mapped[AdministrativeUnit] = relationship(lazy="joined", innerjoin=True)


class FormerSlug(Base):
    """A slug that was once an address of a page: answered 301 to the one of today."""

    __tablename__ = "former_slug"
    __table_args__ = (CheckConstraint("kind IN ('producer', 'sales_point', 'product')", name="kind"),)

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    target_id: Mapped[int]


class Jurisdiction(Base):
    """A province or commune that an office or council looks after; it sees no more than that."""

    __tablename__ = "jurisdiction"
    __table_args__ = (
        ForeignKeyConstraint(
            ["unit_code", "unit_valid_from"], ["administrative_unit.code", "administrative_unit.valid_from"]
        ),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(8), primary_key=True)
    unit_valid_from: Mapped[date] = mapped_column(primary_key=True)


class Place(Base):
    """A field, workshop, warehouse, counter or fair that events name."""

    __tablename__ = "place"
    __table_args__ = (
        ForeignKeyConstraint(
            ["commune_code", "commune_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_place_commune",
        ),
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="coordinates"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[PlaceKind] = mapped_column(values(PlaceKind))
    name_vi: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    village: Mapped[str] = mapped_column(String(120), default="")
    commune_code: Mapped[str] = mapped_column(String(8))
    commune_valid_from: Mapped[date]
    lat: Mapped[str | None] = mapped_column(String(12))  #: only where its people agreed to be shown
    lon: Mapped[str | None] = mapped_column(String(12))
    gln: Mapped[str | None] = mapped_column(String(13), unique=True)
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    commune: Mapped[AdministrativeUnit] = relationship(lazy="joined", innerjoin=True)


class User(Base):
    """A person who signs in, by telephone number or e-mail."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email IS NOT NULL OR us_phone_number IS NOT NULL", name="identity"),
        CheckConstraint("email IS NULL OR email = lower(email)", name="email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    us_phone_number: Mapped[str | None] = mapped_column(String(20), unique=True)  #: E.164 (for the name see ADR 2)
    password: Mapped[str | None] = mapped_column(String(255))  #: Argon2id; None until the invitation is accepted
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)  #: a new one ends all sessions
    language: Mapped[str] = mapped_column(String(2), default="vi")
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_signed_in_at: Mapped[datetime | None]
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    # What the session's library asks of a person.

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def is_authenticated(self) -> bool:
        return self.active

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        """Name the person in a session: not by their id, so that sessions can be ended."""
        return self.fs_uniquifier


class Membership(Base):
    """A person's role in an organisation."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[Role] = mapped_column(values(Role))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()


class Invitation(Base):
    """A link that makes its holder a member. The token is kept as a SHA-256 digest only."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[Role] = mapped_column(values(Role))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(20))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


class ResetCode(Base):
    """A one-time way to a new password: a link by e-mail, or a code an officer prints. Kept as a digest."""

    __tablename__ = "reset_code"
    __table_args__ = (CheckConstraint("way IN ('email', 'printed')", name="way"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    way: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    failed_tries: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class EmailLink(Base):
    """A one-time link that proves an e-mail address: of a new account, or of one there is. Kept as a digest."""

    __tablename__ = "email_link"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)  #: None: for a new account
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class EmailProof(Base):
    """That a person reads the letters to an address: they followed a link in one."""

    __tablename__ = "email_proof"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    email: Mapped[str] = mapped_column(String(255))
    proved_at: Mapped[datetime]


class ApiKey(Base):
    """A bearer key of an organisation for one scope. Kept as a digest; the key is shown once."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    scope: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))  #: its last letters, to tell keys apart
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


class Consent(Base):
    """What someone agreed to: the text's version, when, how; withdrawn as easily. Law 91/2025/QH15."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))  #: a key of ``accounts.consents.TEXTS``
    text_version: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(20))  #: "screen", "paper", "phone"
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
