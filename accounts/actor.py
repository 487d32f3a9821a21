"""Who is asking, as a plain value; what each role may do, in one table."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from accounts.models import OrganisationKind, Role


class Permission(enum.Enum):
    """Kinds of things one may do. On which rows is another question: ``visible_to(actor)``."""

    USE_BACK_OFFICE = "Sign in to the back office and see its start page."
    MANAGE_OWN_PEOPLE = "Invite, remove and change people of one's own organisation."
    EDIT_PRODUCTS = "Draft products, photos, trade items and prices of one's own organisation, and submit them."
    APPROVE_PRODUCTS = "Approve, return, publish and withdraw products."
    READ_PRODUCTS = "Read products in the back office."
    EDIT_BATCHES = "Record raw lots, batches and events of one's own organisation, and print its codes."
    READ_BATCHES = "Read lots, batches and events in the back office."
    HOLD_BATCHES = "Hold lots, and end that."
    CHECK_BALANCES = "Look at recipes, and clear makings whose yield is out of range."
    RECALL_LOTS = "Recall lots with everything made from them, and rehearse it."
    ANSWER_RECALLS = "Acknowledge a recall and state what became of the goods; an office on others' behalf."
    CLOSE_RECALLS = "Close recalls with their report."
    READ_RECALLS = "Read recalls, or the notices that one's organisation was given."
    MANAGE_CERTIFICATES = "Enter, correct the state of, and revoke certificates."
    READ_CERTIFICATES = "Read certificates in the back office."
    CONSIGN = "Send and take back consigned goods of one's own organisation."
    SELL_ON_CONSIGNMENT = "Receive, sell and give back consigned goods at one's own sales point."
    READ_CONSIGNMENT = "Read notes, sales and goods on hand."
    MANAGE_ORGANISATIONS = "Enter organisations of one's jurisdiction, invite their first people, print reset codes."
    ACT_FOR_PRODUCERS = "Work on behalf of a producer of one's jurisdiction."
    READ_AUDIT = "Read the audit trail."
    EDIT_PUBLIC_TEXTS = "Edit the public legal and information pages."
    EDIT_SEARCH_WORDS = "Say which words mean the same to the shop's search."
    MANAGE_EXPORTS = "Hand records of lots to systems of the state."
    HANDLE_CASES = "Read and answer what buyers report about goods of one's jurisdiction."
    READ_STOCK = "Read goods on hand and their movements."
    READ_REVIEWS = "Read what buyers say of goods."
    MODERATE_REVIEWS = "Decide which reviews of buyers are shown."
    ANSWER_REVIEWS = "Answer reviews in the name of one's own organisation."
    READ_COMPLAINTS = "Read complaints about orders, and see which are late."
    ANSWER_COMPLAINTS = "Answer complaints about orders of one's own organisation."
    READ_BOOKS = "Read who owes whom, down to each entry of the journal."
    SET_COMMISSION = "Set what the shop takes of sales, and prove the books on demand."
    WITHHOLD_TAX = "Say from which day, of whom and why tax is held back from sellers, or no longer."
    DECIDE_COMPLAINTS = "Decide complaints that buyer and producer do not settle."
    READ_ORDERS = "Read orders with who bought, their parcels, and who holds the cash of these."
    HANDLE_ORDERS = "Pack, send, cancel and take back orders of one's own organisation, and count their cash."
    SET_SHIPPING_RATES = "Say what it costs to bring a parcel: of one's own, or of all without rates of their own."
    MANAGE_VOUCHERS = "Make and stop vouchers that one's own organisation bears."
    READ_MONEY = "Read what money came to one's own organisation, and what is to be given back."
    HANDLE_MONEY = "Take bank statements in, say what money was for, and record what was given back."
    MANAGE_BANK_ACCOUNT = "Say which bank account buyers transfer to."
    SWITCH_PAYMENT_METHODS = "Say in which ways buyers can pay."


P = Permission
_PRODUCER_READS = frozenset(
    {
        P.USE_BACK_OFFICE,
        P.READ_PRODUCTS,
        P.READ_BATCHES,
        P.READ_CERTIFICATES,
        P.READ_CONSIGNMENT,
        P.READ_STOCK,
        P.READ_RECALLS,
        P.READ_REVIEWS,
        P.READ_COMPLAINTS,
        P.READ_ORDERS,
        P.READ_MONEY,
        P.READ_BOOKS,
    }
)
_PRODUCER_WORKS = _PRODUCER_READS | {
    P.EDIT_PRODUCTS,
    P.EDIT_BATCHES,
    P.CONSIGN,
    P.RECALL_LOTS,
    P.ANSWER_RECALLS,
    P.ANSWER_REVIEWS,
    P.ANSWER_COMPLAINTS,
    P.HANDLE_ORDERS,
    P.SET_SHIPPING_RATES,
    P.HANDLE_MONEY,
}
_POINT_READS = frozenset({P.USE_BACK_OFFICE, P.READ_CONSIGNMENT, P.READ_STOCK, P.READ_RECALLS})
_POINT_WORKS = _POINT_READS | {P.SELL_ON_CONSIGNMENT, P.ANSWER_RECALLS}
_OFFICE_READS = _PRODUCER_READS | {P.READ_AUDIT}
_OFFICE_WORKS = _OFFICE_READS | {
    P.APPROVE_PRODUCTS,
    P.HOLD_BATCHES,
    P.CHECK_BALANCES,
    P.RECALL_LOTS,
    P.ANSWER_RECALLS,
    P.CLOSE_RECALLS,
    P.MANAGE_CERTIFICATES,
    P.MANAGE_ORGANISATIONS,
    P.ACT_FOR_PRODUCERS,
    P.EDIT_PUBLIC_TEXTS,
    P.EDIT_SEARCH_WORDS,
    P.MANAGE_EXPORTS,
    P.HANDLE_CASES,
    P.MODERATE_REVIEWS,
    P.DECIDE_COMPLAINTS,
    P.SET_SHIPPING_RATES,
    P.MANAGE_VOUCHERS,
    P.HANDLE_MONEY,
    P.SWITCH_PAYMENT_METHODS,
    P.SET_COMMISSION,
    P.WITHHOLD_TAX,
}

#: The one table of grants: (kind of organisation, role) → what it allows.
GRANTS: dict[tuple[OrganisationKind, Role], frozenset[Permission]] = {
    (OrganisationKind.PRODUCER, Role.MANAGER): _PRODUCER_WORKS
    | {P.MANAGE_OWN_PEOPLE, P.MANAGE_BANK_ACCOUNT, P.MANAGE_VOUCHERS, P.READ_AUDIT},
    (OrganisationKind.PRODUCER, Role.STAFF): _PRODUCER_WORKS,
    (OrganisationKind.PRODUCER, Role.VIEWER): _PRODUCER_READS,
    (OrganisationKind.SALES_POINT, Role.MANAGER): _POINT_WORKS | {P.MANAGE_OWN_PEOPLE, P.READ_AUDIT},
    (OrganisationKind.SALES_POINT, Role.STAFF): _POINT_WORKS,
    (OrganisationKind.SALES_POINT, Role.VIEWER): _POINT_READS,
    (OrganisationKind.OFFICE, Role.MANAGER): _OFFICE_WORKS | {P.MANAGE_OWN_PEOPLE, P.MANAGE_BANK_ACCOUNT},
    (OrganisationKind.OFFICE, Role.STAFF): _OFFICE_WORKS,
    (OrganisationKind.OFFICE, Role.VIEWER): _OFFICE_READS,
    (OrganisationKind.COUNCIL, Role.MANAGER): frozenset({P.USE_BACK_OFFICE, P.READ_PRODUCTS, P.MANAGE_OWN_PEOPLE}),
    (OrganisationKind.COUNCIL, Role.STAFF): frozenset({P.USE_BACK_OFFICE, P.READ_PRODUCTS}),
    (OrganisationKind.COUNCIL, Role.VIEWER): frozenset({P.USE_BACK_OFFICE, P.READ_PRODUCTS}),
}


#: What binds the whole programme is a province's matter: the pages of the shop, its shipping rates, vouchers and ways
#: to pay, the account that stands in for producers without one, what the shop takes and holds back, and the register of
#: certificates.
#: Source: QĐ 26/2026/QĐ-TTg, Điều 3 and 7 (the commune checks and proposes, it gives no points and no stars).
OF_A_PROVINCE = frozenset(
    {
        P.EDIT_PUBLIC_TEXTS,
        P.EDIT_SEARCH_WORDS,
        P.MANAGE_CERTIFICATES,
        P.SET_SHIPPING_RATES,
        P.MANAGE_VOUCHERS,
        P.SWITCH_PAYMENT_METHODS,
        P.SET_COMMISSION,
        P.WITHHOLD_TAX,
        P.MANAGE_BANK_ACCOUNT,
    }
)


def granted(kind: OrganisationKind, role: Role, *, is_provincial: bool) -> frozenset[Permission]:
    """Give what a role in an organisation of a kind allows.

    :param is_provincial: whether an office looks after a whole province; nothing to others
    """
    allowed = GRANTS[kind, role]
    return allowed - OF_A_PROVINCE if kind is OrganisationKind.OFFICE and not is_provincial else allowed


@dataclass(frozen=True)
class Actor:
    """Who is asking. Made anew for each request by the guard, for each command by the command line.

    When an officer acts for a producer, ``organisation_*`` are the producer's and ``officer_organisation_id``
    is the office's: both are written into the audit trail.
    """

    user_id: int | None
    user_name: str
    organisation_id: int | None
    organisation_code: str
    organisation_name_vi: str
    kind: OrganisationKind | None
    role: Role | None
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    #: codes of today's provinces and communes an office looks after; empty for others
    jurisdiction: tuple[str, ...] = ()
    officer_organisation_id: int | None = None
    organisation_name_en: str = ""  #: empty where it has none

    def may(self, permission: Permission) -> bool:
        """Tell whether this kind of thing is allowed to the actor."""
        return permission in self.permissions

    @property
    def is_acting(self) -> bool:
        """Tell whether an officer is working for a producer now."""
        return self.officer_organisation_id is not None

    @property
    def is_office(self) -> bool:
        """Tell whether the actor asks as an office or council."""
        return self.kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)


#: Someone who has not signed in: sees what is public.
ANONYMOUS = Actor(
    user_id=None,
    user_name="",
    organisation_id=None,
    organisation_code="",
    organisation_name_vi="",
    kind=None,
    role=None,
)

#: The system itself (command line, jobs, the demo loader): all permissions, and sees everything.
SYSTEM = Actor(
    user_id=None,
    user_name="system",
    organisation_id=None,
    organisation_code="system",
    organisation_name_vi="system",
    kind=None,
    role=Role.MANAGER,
    permissions=frozenset(Permission),
)
