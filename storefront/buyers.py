"""Accounts of buyers: opened by a link in a letter, their orders, addresses, wishes, consents, and their end.

An e-mail address is proved before anything of it is shown: whoever reads the letters to it also got the link of each
order. What an order needs to be carried out stays until then; all else goes at once (``erase``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, exists, func, or_, select, update

from accounts import email_links, membership, passwords, resetting, signing_in
from accounts.models import EmailLink, EmailProof, Membership, User
from catalog.models import Product
from kernel import audit, jobs, pages
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import one_line
from storefront import disputes, returns
from storefront.after_models import (
    AccountConsent,
    Complaint,
    ComplaintState,
    ContactErasure,
    Review,
    SavedAddress,
    StockNotice,
    Wish,
)
from storefront.dispute_models import CardDispute
from storefront.order_models import (
    Cart,
    Contact,
    Credit,
    InvoiceWish,
    Order,
    OrderStep,
    Parcel,
    ParcelState,
    ParcelStep,
    Payment,
    Placement,
    Purchase,
    Refund,
    RefundState,
)
from storefront.return_models import GoodsReturn
from storefront.voucher_models import VoucherBuyer

MOST_ADDRESSES, MOST_WISHES = 10, 200
_ASKED_AGAIN = timedelta(minutes=10)
_KEEPING = json.loads((Path(__file__).parent / "data" / "keeping.json").read_text(encoding="utf-8"))
CONTACT_KEPT = timedelta(days=_KEEPING["contact_days_after_delivery"])
CONTACT_AT_MOST = timedelta(days=_KEEPING["contact_days_at_most"])


class NeedsTerms(InvalidInput):
    message = N_("Please say that you have read the terms and how your data are used.")
    field = "agrees"


class AnotherAccount(Conflict):
    message = N_("This link was written for another account. Sign in with that one first.")


class NoEmail(Conflict):
    message = N_("Your account has no e-mail address, so no letter can prove it.")


class TooManyAddresses(Conflict):
    message = N_("At most %(most)s addresses are kept. Take one away first.")


class NoSuchAddress(NotFound):
    message = N_("There is no such address in your account.")


class TooManyWishes(Conflict):
    message = N_("Your list holds at most %(most)s products. Take one off first.")


class WorksHere(Conflict):
    message = N_(
        "You also work in an organisation here, and its papers name you. Ask its manager to take you out first; then"
        " this account can be deleted."
    )


# --- Opening ----------------------------------------------------------------------------------------


def ask_for_account(email: str, *, language: str, now: datetime) -> None:
    """Ask for a letter with the link that opens an account. Answers everybody alike, whoever has one already."""
    window = int(now.timestamp()) // int(_ASKED_AGAIN.total_seconds())
    name = hashlib.sha256(email.lower().encode()).hexdigest()[:32]
    jobs.enqueue(
        "storefront.sign_up", now=now, dedupe=f"sign-up:{name}:{window}", email=email.lower(), language=language
    )


def send_sign_up(email: str, *, language: str, now: datetime) -> None:
    """Write the letter that :func:`ask_for_account` asked for; one who has an account is told so instead."""
    user = signing_in.find_by_identity(email)
    if user is not None:
        template, path = "account_exists", "/dang-nhap?next=/tai-khoan"
    else:
        template, path = "sign_up", f"/dang-ky/{email_links.make(email, now=now)}"
    jobs.enqueue("mail.send", now=now, template=template, to=email, language=language, facts={"path": path})


def open_account(
    token: str, *, name: str, password_hash: str, texts: Mapping[str, int], language: str, now: datetime
) -> User:
    """Open an account by the link of a letter, and put the orders of its address into it.

    :param texts: purpose ("terms", "privacy") → id of the version agreed to
    :raises NeedsTerms: :raises accounts.resetting.LinkOver: :raises accounts.membership.EmailTaken:
    """
    if not {"terms", "privacy"} <= texts.keys():
        raise NeedsTerms()
    link = email_links.use(token, now=now)
    if link.user_id is not None:
        raise resetting.LinkOver()
    user = membership.enrol(name=name, email=link.email, password_hash=password_hash, language=language, now=now)
    email_links.prove(user, link.email, now=now)
    for purpose in ("terms", "privacy"):
        db.session.add(AccountConsent(user_id=user.id, purpose=purpose, text_id=texts[purpose], given_at=now))
    audit.record(None, "storefront.open_account", f"user:{user.id}", now=now)
    claim(user, now=now)
    return user


def ask_for_proof(user: User, *, now: datetime) -> None:
    """Ask for a letter with the link that proves the address of an account.

    :raises NoEmail:
    """
    if user.email is None:
        raise NoEmail()
    window = int(now.timestamp()) // int(_ASKED_AGAIN.total_seconds())
    token = email_links.make(user.email, user_id=user.id, now=now)
    jobs.enqueue(
        "mail.send",
        now=now,
        dedupe=f"prove:{user.id}:{hashlib.sha256(user.email.lower().encode()).hexdigest()[:32]}:{window}",
        template="prove_email",
        to=user.email,
        language=user.language,
        facts={"name": user.name, "path": f"/tai-khoan/thu/{token}"},
    )


def prove(user: User, token: str, *, now: datetime) -> int:
    """Prove the address of an account by the link of a letter; gives how many orders of it were found.

    :raises AnotherAccount: :raises accounts.resetting.LinkOver:
    """
    if email_links.find(token, now=now).user_id != user.id:
        raise AnotherAccount()
    email_links.prove(user, email_links.use(token, now=now).email, now=now)
    return claim(user, now=now)


def claim(user: User, *, now: datetime) -> int:
    """Put the purchases made without signing in, with the proved address of an account, into it; give how many."""
    if user.email is None or not email_links.is_proved(user):
        return 0
    theirs = select(Contact.purchase_id).where(func.lower(Contact.email) == user.email)
    taken = db.session.execute(
        update(Purchase)
        .where(Purchase.user_id.is_(None), Purchase.id.in_(theirs))
        .values(user_id=user.id)
        .returning(Purchase.id)
        .execution_options(synchronize_session=False)
    ).all()
    if taken:
        audit.record(None, "storefront.claim_orders", f"user:{user.id}", now=now, count=len(taken))
    return len(taken)


# --- What an account keeps --------------------------------------------------------------------------


def keep_address(
    user_id: int,
    *,
    name: str,
    phone: str,
    line: str,
    commune_code: str,
    commune_valid_from: date,
    privacy_text_id: int,
    now: datetime,
) -> SavedAddress:
    """Keep an address for next time: asking for that is the consent to it. The same address again is kept once.

    :raises TooManyAddresses:
    """
    db.session.get_one(User, user_id, with_for_update=True)
    kept = addresses_of(user_id)
    line = one_line(line)
    for row in kept:
        if (row.phone, row.line.casefold(), row.commune_code) == (phone, line.casefold(), commune_code):
            row.name, row.used_at = name, now
            return row
    if len(kept) >= MOST_ADDRESSES:
        raise TooManyAddresses(most=MOST_ADDRESSES)
    row = SavedAddress(
        user_id=user_id,
        name=name,
        phone=phone,
        line=line,
        commune_code=commune_code,
        commune_valid_from=commune_valid_from,
        used_at=now,
    )
    db.session.add(row)
    if _standing(user_id, "addresses") is None:
        db.session.add(AccountConsent(user_id=user_id, purpose="addresses", text_id=privacy_text_id, given_at=now))
    db.session.flush()
    return row


def addresses_of(user_id: int) -> list[SavedAddress]:
    """List the addresses kept for a buyer, the latest used first."""
    return list(
        db.session.scalars(
            select(SavedAddress)
            .where(SavedAddress.user_id == user_id)
            .order_by(SavedAddress.used_at.desc(), SavedAddress.id.desc())
        )
    )


def drop_address(user_id: int, address_id: int) -> None:
    """Forget an address.

    :raises NoSuchAddress: if the account keeps none of this id
    """
    gone = db.session.execute(
        delete(SavedAddress)
        .where(SavedAddress.user_id == user_id, SavedAddress.id == address_id)
        .returning(SavedAddress.id)
    ).one_or_none()
    if gone is None:
        raise NoSuchAddress()


def withdraw_addresses(user_id: int, *, now: datetime) -> None:
    """Take back the consent to keep addresses: all of them are forgotten at once."""
    db.session.execute(delete(SavedAddress).where(SavedAddress.user_id == user_id))
    db.session.execute(
        update(AccountConsent)
        .where(
            AccountConsent.user_id == user_id,
            AccountConsent.purpose == "addresses",
            AccountConsent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.record(None, "storefront.withdraw_consent", f"user:{user_id}", now=now, purpose="addresses")


def _standing(user_id: int, purpose: str) -> int | None:
    return db.session.scalar(
        select(AccountConsent.id).where(
            AccountConsent.user_id == user_id, AccountConsent.purpose == purpose, AccountConsent.withdrawn_at.is_(None)
        )
    )


def wish(user_id: int, product: Product, *, now: datetime) -> None:
    """Put a product on the list of wishes; there already, it stays.

    :raises TooManyWishes:
    """
    db.session.get_one(User, user_id, with_for_update=True)
    if db.session.get(Wish, (user_id, product.id)) is not None:
        return
    if (db.session.scalar(select(func.count()).select_from(Wish).where(Wish.user_id == user_id)) or 0) >= MOST_WISHES:
        raise TooManyWishes(most=MOST_WISHES)
    db.session.add(Wish(user_id=user_id, product_id=product.id, added_at=now))
    db.session.flush()


def unwish(user_id: int, product_id: int) -> None:
    """Take a product off the list; not there, nothing is to be done."""
    db.session.execute(delete(Wish).where(Wish.user_id == user_id, Wish.product_id == product_id))


# --- Its end ----------------------------------------------------------------------------------------


def delete_account(user: User, *, now: datetime) -> int:
    """Delete an account: who it was is erased, now or as soon as an order no longer needs it.

    :return: how many purchases keep their contact for now
    :raises WorksHere:
    """
    lock(user)
    if db.session.scalar(select(exists().where(Membership.user_id == user.id))):
        raise WorksHere()
    if user.email is not None and email_links.is_proved(user):
        db.session.execute(delete(StockNotice).where(StockNotice.email == user.email))
    for model in (SavedAddress, Wish, EmailProof, EmailLink):
        db.session.execute(delete(model).where(model.user_id == user.id))
    db.session.execute(
        update(AccountConsent)
        .where(AccountConsent.user_id == user.id, AccountConsent.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(update(Cart).where(Cart.user_id == user.id).values(user_id=None))
    bought = list(db.session.scalars(select(Purchase.id).where(Purchase.user_id == user.id).order_by(Purchase.id)))
    for purchase_id in bought:
        db.session.merge(ContactErasure(purchase_id=purchase_id, asked_at=now))
    _forget_authors(bought)
    user.name, user.email, user.us_phone_number = "–", f"{user.id}@deleted.invalid", None
    user.password, user.active = None, False
    passwords.end_sessions(user)
    resetting.end_codes(user.id, now=now)
    audit.record(None, "storefront.delete_account", f"user:{user.id}", now=now)
    db.session.flush()
    return len(bought) - erase_due(now)


def ask_erasure(purchase: Purchase, *, now: datetime) -> bool:
    """Ask that who bought is erased: now, or as soon as an order no longer needs it. Asked before, it stays asked.

    Source: Law 91/2025/QH15 and NĐ 356/2025/NĐ-CP (erased within 20 days; what the law orders kept stays without
    the person). Second-hand: confirm before launch.

    :return: whether it is erased already
    """
    db.session.scalars(select(Purchase.id).where(Purchase.id == purchase.id).with_for_update()).one()
    if db.session.get(ContactErasure, purchase.id) is None:
        db.session.add(ContactErasure(purchase_id=purchase.id, asked_at=now))
        _forget_authors([purchase.id])
        audit.record(None, "storefront.ask_erasure", f"purchase:{purchase.id}", now=now)
        db.session.flush()
        erase_due(now)
    return db.session.get(Contact, purchase.id, populate_existing=True) is None


def erase_old(now: datetime) -> int:
    """Have erased who bought so long ago that no claim from it can be brought any more; give how many were asked."""
    old = db.session.scalars(
        select(Purchase.id)
        .join(Contact, Contact.purchase_id == Purchase.id)
        .where(
            Purchase.placed_at < now - CONTACT_AT_MOST,
            ~exists().where(ContactErasure.purchase_id == Purchase.id),
        )
        .order_by(Purchase.id)
    ).all()
    for purchase_id in old:
        db.session.add(ContactErasure(purchase_id=purchase_id, asked_at=now))
    db.session.flush()
    return len(old)


def erase_due(now: datetime) -> int:
    """Erase the contacts that were asked to be and that no order needs any more; give how many."""
    waiting = db.session.scalars(
        select(ContactErasure)
        .where(ContactErasure.done_at.is_(None))
        .order_by(ContactErasure.purchase_id)
        .with_for_update()
    ).all()
    done = 0
    for row in waiting:
        if is_needed(row.purchase_id, now):
            continue
        for model in (Contact, InvoiceWish, VoucherBuyer):
            db.session.execute(delete(model).where(model.purchase_id == row.purchase_id))
        db.session.execute(
            update(Order)
            .where(Order.purchase_id == row.purchase_id)
            .values(note="")
            .execution_options(synchronize_session=False)
        )
        db.session.execute(
            update(Purchase)
            .where(Purchase.id == row.purchase_id)
            .values(user_id=None)
            .execution_options(synchronize_session=False)
        )
        # What a bank wrote down of a transfer names who sent it.
        db.session.execute(
            update(Credit)
            .where(Credit.payment_id.in_(select(Payment.id).where(Payment.purchase_id == row.purchase_id)))
            .values(memo="")
            .execution_options(synchronize_session=False)
        )
        returns.erase(row.purchase_id, now=now)
        disputes.erase(row.purchase_id)
        row.done_at = now
        audit.record(None, "storefront.erase_contact", f"purchase:{row.purchase_id}", now=now)
        done += 1
    db.session.flush()
    return done


def is_needed(purchase_id: int, now: datetime) -> bool:
    """Tell whether the contact of a purchase is still needed: to bring it, take it back, settle it, or pay back."""
    orders = select(Order.id).where(Order.purchase_id == purchase_id, Order.placement != Placement.CANCELLED)
    before = now - CONTACT_KEPT
    came = or_(
        exists().where(
            Parcel.order_id == Order.id, Parcel.state == ParcelState.DELIVERED, Parcel.delivered_at < before
        ),
        exists().where(OrderStep.order_id == Order.id, OrderStep.what == "delivered", OrderStep.at < before),
        exists().where(
            Parcel.order_id == Order.id,
            Parcel.state == ParcelState.RETURNED,
            ParcelStep.parcel_id == Parcel.id,
            ParcelStep.what == ParcelState.RETURNED.value,
            ParcelStep.at < before,
        ),
    )
    under_way = orders.where(~came)
    of_it = select(Order.id).where(Order.purchase_id == purchase_id)
    disputed = select(Complaint.id).where(Complaint.order_id.in_(of_it), Complaint.state != ComplaintState.CLOSED)
    payments = select(Payment.id).where(Payment.purchase_id == purchase_id)
    owed = select(Refund.id).where(Refund.payment_id.in_(payments), Refund.state == RefundState.ASKED)
    goes_back = select(GoodsReturn.id).where(GoodsReturn.order_id.in_(of_it), GoodsReturn.closed_at.is_(None))
    asked_back = select(CardDispute.id).where(CardDispute.payment_id.in_(payments), CardDispute.closed_at.is_(None))
    open_ = (under_way, disputed, owed, goes_back, asked_back)
    return any(db.session.scalar(select(query.exists())) for query in open_)


def _forget_authors(purchase_ids: list[int]) -> None:
    theirs = select(Order.id).where(Order.purchase_id.in_(purchase_ids))
    shown = set(db.session.scalars(select(Review.product_id).where(Review.order_id.in_(theirs), Review.author != "")))
    db.session.execute(
        update(Review).where(Review.order_id.in_(theirs)).values(author="").execution_options(synchronize_session=False)
    )
    pages.bump(*(pages.product(product_id) for product_id in shown))
