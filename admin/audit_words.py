"""What the acts in the audit trail are called: msgids by action. An act without words here shows its own name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext

from accounts.labels import CHANNELS, KINDS, PURPOSES, ROLES
from admin import complaints, disputes, money, orders, shipping_rates, vouchers
from admin.saying import day, dong, quantity, vat_words
from catalog.models import Unit
from kernel.errors import N_
from storefront import parcel_words

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
WORDS = {
    "accounts.accept": N_("accepted an invitation"),
    "accounts.add_place": N_("entered a place"),
    "accounts.agree": N_("recorded a consent"),
    "accounts.change": N_("changed an organisation"),
    "accounts.change_password": N_("changed their password"),
    "accounts.change_place": N_("changed a place"),
    "accounts.change_role": N_("changed a role"),
    "accounts.change_self": N_("changed their account"),
    "accounts.create_key": N_("made a key"),
    "accounts.deactivate": N_("closed an organisation"),
    "accounts.disagree": N_("took a consent back"),
    "accounts.end_sessions": N_("signed out everywhere"),
    "accounts.invite": N_("invited a person"),
    "accounts.print_code": N_("printed a code for a new password"),
    "accounts.reactivate": N_("opened an organisation again"),
    "accounts.register": N_("entered an organisation"),
    "accounts.remove_member": N_("removed a person"),
    "accounts.reset_password": N_("set a new password"),
    "accounts.revoke_key": N_("revoked a key"),
    "accounts.set_jurisdiction": N_("said what an office looks after"),
    "accounts.start_acting": N_("began to act for a producer"),
    "accounts.stop_acting": N_("stopped acting for a producer"),
    "accounts.withdraw_invitation": N_("withdrew an invitation"),
    "books.pay_tax": N_("wrote down a payment of tax"),
    "books.set_commission": N_("set a commission"),
    "books.turn_withholding": N_("switched on or off that tax is held back"),
    "books.undo_tax_payment": N_("took a payment of tax back"),
    "catalog.add_item": N_("entered a pack size"),
    "catalog.alcohol_licence": N_("recorded an alcohol licence"),
    "catalog.approve": N_("approved a product"),
    "catalog.change_item": N_("changed a pack size"),
    "catalog.create": N_("entered a product"),
    "catalog.edit": N_("changed a product"),
    "catalog.mark_alcohol": N_("marked a product as alcohol"),
    "catalog.publish": N_("published a product"),
    "catalog.restore": N_("put a product back on sale"),
    "catalog.resume_item": N_("offered a pack size again"),
    "catalog.retire_item": N_("stopped offering a pack size"),
    "catalog.return": N_("returned a product for changes"),
    "catalog.set_price": N_("set a price"),
    "catalog.submit": N_("submitted a product"),
    "catalog.withdraw": N_("withdrew a product"),
    "consignment.cancel": N_("cancelled a consignment note"),
    "consignment.cancel_sale": N_("cancelled a sale"),
    "consignment.change_point": N_("changed a sales point"),
    "consignment.draft": N_("drew up a consignment note"),
    "consignment.open_point": N_("opened a sales point"),
    "consignment.receive": N_("received the goods of a note"),
    "consignment.sell": N_("sold at the counter"),
    "consignment.send": N_("sent the goods of a note"),
    "consignment.take_back": N_("sent unsold goods back"),
    "catalog.state_vat": N_("stated the VAT of goods"),
    "ocop.issue": N_("issued a certificate"),
    "ocop.revoke": N_("revoked a certificate"),
    "storefront.assign_credit": N_("said what money was for"),
    "storefront.called_buyer": N_("called the buyer of an order"),
    "storefront.cancel": N_("cancelled an order"),
    "storefront.change": N_("changed an order to fewer goods"),
    "storefront.propose_change": N_("proposed fewer goods for an order"),
    "storefront.refuse_change": N_("left an order as it was"),
    "storefront.withdraw_change": N_("took the proposal of fewer goods back"),
    "storefront.readdress": N_("changed where an order goes"),
    "storefront.confirm": N_("confirmed an order"),
    "storefront.credit": N_("wrote down money that came"),
    "storefront.invoice_number": N_("recorded the number of an invoice"),
    "storefront.send_despite_dispute": N_("lets an order be sent in spite of a card dispute"),
    "storefront.pack": N_("packed an order"),
    "storefront.parcel": N_("said where a parcel is"),
    "storefront.parcel_cash": N_("said where the cash of a parcel is"),
    "storefront.parcel_code": N_("recorded a carrier's code"),
    "storefront.parcel_note": N_("noted something about a parcel"),
    "storefront.place": N_("placed a purchase"),
    "storefront.dispute": N_("heard of a dispute of a card"),
    "storefront.decide_dispute": N_("decided about a dispute of a card"),
    "storefront.refund": N_("claimed money back for a buyer"),
    "storefront.refund_done": N_("gave money back to a buyer"),
    "storefront.refund_failed": N_("saw money come back that was given back to a buyer"),
    "storefront.refund_refused": N_("took a refund back"),
    "storefront.remove_synonyms": N_("took words of the search away"),
    "storefront.save_synonyms": N_("set words of the search"),
    "storefront.save_text": N_("changed a public text"),
    "storefront.set_shipping_rate": N_("set a shipping rate"),
    "storefront.make_voucher": N_("made a voucher"),
    "storefront.stop_voucher": N_("stopped a voucher"),
    "storefront.settle_credit": N_("decided about money that came"),
    "storefront.send_credit_back": N_("sent money back that was for nothing"),
    "storefront.set_account": N_("entered a bank account"),
    "storefront.stop_account": N_("stopped using a bank account"),
    "storefront.switch_method": N_("switched a way to pay on or off"),
    "storefront.open_account": N_("opened an account"),
    "storefront.claim_orders": N_("put orders into an account"),
    "storefront.withdraw_consent": N_("took a consent back"),
    "storefront.take_data": N_("took the data of an account along"),
    "storefront.delete_account": N_("deleted an account"),
    "storefront.ask_erasure": N_("asked for who bought to be erased"),
    "storefront.erase_contact": N_("erased who bought"),
    "storefront.complain": N_("complained about an order"),
    "storefront.write_to_complaint": N_("wrote more to a complaint"),
    "storefront.answer_complaint": N_("answered a complaint"),
    "storefront.dispute_complaint": N_("brought a complaint before the office"),
    "storefront.end_complaint": N_("ended a complaint"),
    "storefront.refund_complaint": N_("claimed money back for a complaint"),
    "storefront.decide_complaint": N_("decided a complaint"),
    "storefront.write_review": N_("wrote a review"),
    "storefront.withdraw_review": N_("took a review back"),
    "storefront.show_review": N_("put a review on show"),
    "storefront.refuse_review": N_("did not show a review"),
    "storefront.answer_review": N_("answered a review"),
    "storefront.drop_answer": N_("took the answer to a review away"),
    "storefront.ask_return": N_("asked to send goods back"),
    "storefront.withdraw_return": N_("keeps goods after all"),
    "storefront.accept_return": N_("accepted a return"),
    "storefront.refuse_return": N_("refused a return"),
    "storefront.take_return_in": N_("took returned goods in"),
    "storefront.exchange": N_("sends the same goods anew"),
    "storefront.money_instead": N_("gives money instead of goods"),
    "storefront.name_account": N_("said where the money of a return should go"),
    "storefront.repick": N_("took another batch for an order"),
    "storefront.take_parcel_back": N_("took the goods of a parcel back"),
    "oversight.acknowledge": N_("confirmed having read a recall"),
    "oversight.called_buyer": N_("called a buyer about a recall"),
    "oversight.close_recall": N_("closed a recall"),
    "oversight.count": N_("counted recalled goods"),
    "oversight.enter": N_("stated what became of recalled goods"),
    "oversight.ask_lot_file": N_("asked for everything about a lot"),
    "oversight.change_destination": N_("changed a destination"),
    "oversight.download": N_("fetched a file about a lot"),
    "oversight.enter_destination": N_("entered a destination"),
    "oversight.export": N_("sent the record of a lot"),
    "oversight.export_again": N_("sent the record of a lot again"),
    "oversight.export_sent": N_("handed the record of a lot over"),
    "oversight.join_recall": N_("took into a recall what was told later"),
    "oversight.hand_in": N_("marked a record as handed in"),
    "oversight.recall": N_("started a recall or a drill"),
    "traceability.clear_flag": N_("cleared a yield out of range"),
    "traceability.see_recipe": N_("looked at a recipe"),
    "traceability.set_recipe": N_("set a recipe"),
    "traceability.add_document": N_("laid a paper to a lot"),
    "traceability.add_step": N_("wrote a step down"),
    "traceability.add_link": N_("registered a link of a key"),
    "traceability.change_link": N_("changed a link of a key"),
    "traceability.confirm": N_("confirmed a batch"),
    "traceability.correct_event": N_("put a step right"),
    "traceability.end_hold": N_("ended the hold of a lot"),
    "traceability.hold": N_("held a lot"),
    "traceability.make_intermediate": N_("made a lot of others"),
    "traceability.open_batch": N_("wrote a batch down"),
    "traceability.item_codes_on": N_("switched codes of packs on"),
    "traceability.item_codes_off": N_("switched codes of packs off"),
    "traceability.print_ahead": N_("printed stickers ahead"),
    "traceability.item_codes": N_("made codes for packs"),
    "traceability.bind_codes": N_("bound stickers to a batch"),
    "traceability.void_codes": N_("voided stickers"),
    "traceability.answer_case": N_("answered a report"),
    "traceability.close_case": N_("closed a report"),
    "traceability.print_labels": N_("printed labels"),
    "traceability.recall": N_("recalled a lot"),
    "traceability.receive_raw_lot": N_("received raw material"),
    "traceability.release": N_("put a batch on sale"),
    "traceability.take_link_away": N_("took a link of a key away"),
}


def said(action: str) -> str:
    """Say an action in the language of the request."""
    words = WORDS.get(action)
    return gettext(words) if words else action


FACTS = {
    "after": N_("after"),
    "amount_vnd": N_("amount"),
    "change": N_("change no."),
    "less_vnd": N_("less by"),
    "before": N_("before"),
    "cause": N_("cause"),
    "by": N_("put right by event no."),
    "channel": N_("how"),
    "count": N_("how many"),
    "digest": N_("file"),
    "fields": N_("what"),
    "is_on": N_("switched on"),
    "is_public": N_("in public"),
    "item": N_("pack size no."),
    "key": N_("key"),
    "kind": N_("kind"),
    "licence": N_("licence"),
    "answered": N_("answered"),
    "hearts": N_("hearts"),
    "drill": N_("drill"),
    "least": N_("at least"),
    "lines": N_("lines"),
    "lot": N_("lot no."),
    "lots": N_("lots"),
    "most": N_("at most"),
    "notice": N_("notice no."),
    "of": N_("out of"),
    "told": N_("told"),
    "on_record": N_("on record"),
    "open": N_("open"),
    "order": N_("order"),
    "organisation": N_("organisation"),
    "outcome": N_("outcome"),
    "decision": N_("decision"),
    "vat_bp": N_("VAT"),
    "state": N_("state"),
    "parcel": N_("parcel"),
    "payment": N_("payment no."),
    "rate_bp": N_("rate"),
    "point": N_("sales point no."),
    "producer": N_("producer"),
    "product": N_("product no."),
    "purpose": N_("what for"),
    "quantity": N_("quantity"),
    "reason": N_("reason"),
    "revoked_on": N_("revoked on"),
    "role": N_("role"),
    "scope": N_("scope"),
    "stars": N_("stars"),
    "text": N_("text of the code"),
    "text_version": N_("version of the text"),
    "to": N_("to"),
    "total_vnd": N_("total"),
    "type": N_("type"),
    "valid_from": N_("from"),
    "version": N_("version no."),
    "way": N_("how"),
    "is_alcohol": N_("alcohol"),
    "destination": N_("destination no."),
    "event": N_("event no."),
    "export": N_("record no."),
    "file": N_("request no."),
    "first": N_("first sticker"),
    "last": N_("last sticker"),
    "new_address": N_("another address"),
    "new_token": N_("another key"),
    "reprint": N_("earlier printings"),
    "roll": N_("roll no."),
    "what": N_("what"),
    "words": N_("words"),
    "zone": N_("zone"),
    "gtin": "GTIN",
}


#: Fields of an organisation → what its form calls them.
FIELDS = {
    "legal_form": N_("legal form"),
    "name_vi": N_("name"),
    "name_en": N_("name in English"),
    "commune_code": N_("commune"),
    "story_vi": N_("story"),
    "story_en": N_("story in English"),
    "address": N_("address"),
    "phone": N_("telephone"),
    "email": N_("e-mail"),
    "tax_code": N_("tax code"),
    "gs1_prefix": N_("GS1 prefix"),
    "wants_checkpoints": N_("daily signed sheet"),
}
#: Fields of a product → what its forms call them.
PRODUCT_FIELDS = {
    "name_vi": N_("name"),
    "name_en": N_("name in English"),
    "summary_vi": N_("one sentence"),
    "summary_en": N_("one sentence in English"),
    "story_vi": N_("story"),
    "story_en": N_("story in English"),
    "brand": N_("brand"),
    "standards": N_("standards"),
    "village": N_("village"),
    "commune_code": N_("commune"),
    "label_kind": N_("kind of goods"),
    "label": N_("label"),
    "photos": N_("photos"),
}
WAYS = {"email": N_("by e-mail"), "printed": N_("by a printed code"), "command line": N_("on the command line")}
_WORDS_OF_VALUES: dict[str, Mapping[Any, str]] = {
    "role": ROLES,
    "kind": {**KINDS, **complaints.KINDS, **vouchers.KINDS},
    "way": WAYS,
    "channel": CHANNELS,
    "purpose": PURPOSES,
    "cause": orders.CAUSES,
    "outcome": {**complaints.OUTCOMES, **{outcome: words for outcome, (words, *_) in money.OUTCOMES.items()}},
    "decision": disputes.DECISIONS,
    "state": {state: words for state, (words, _) in disputes.STATES.items()},
    "to": {**parcel_words.STATES, **parcel_words.CASH},
    "zone": shipping_rates.ZONES,
}


def told(facts: Mapping[str, Any], unit: Unit | None) -> list[tuple[str, str]]:
    """Pair the facts of a line with what they are called; what says nothing is left out.

    :param unit: of the lot that the line is about
    """
    return [
        (gettext(FACTS[name]) if name in FACTS else name, _value(name, value, unit))
        for name, value in facts.items()
        if value not in (None, "", [])
    ]


def _value(name: str, value: Any, unit: Unit | None) -> str:
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if name.endswith("_vnd") and isinstance(value, int):
        return dong(value)
    if name == "vat_bp":
        return vat_words(value)
    if name.endswith("_bp") and isinstance(value, int):
        return f"{value / 100:g} %"
    if name == "quantity" and unit is not None and isinstance(value, int):
        return quantity(value, unit)
    if isinstance(value, list):
        words = FIELDS | PRODUCT_FIELDS
        return ", ".join(gettext(words[one]) if one in words else str(one) for one in value)
    if isinstance(value, str) and value in _WORDS_OF_VALUES.get(name, {}):
        return str(gettext(_WORDS_OF_VALUES[name][value]))
    if isinstance(value, str) and _DAY.fullmatch(value):
        return day(date.fromisoformat(value))
    return str(value)
