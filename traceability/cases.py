"""Reports: somebody who holds a pack says that something is wrong, and the office looks into it and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from accounts.actor import Actor
from kernel import audit
from kernel.db import db, lock, on_sqlite
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import nfc, one_line
from traceability.item_models import Case, CaseKind, CaseState
from traceability.models import Lot, LotKind

LONGEST_TEXT, LONGEST_CONTACT = 2_000, 120
#: What a person may choose.
REPORTED = (CaseKind.MISMATCH, CaseKind.OPENED, CaseKind.QUALITY, CaseKind.OTHER)


class NoSuchCase(NotFound):
    message = N_("There is no such report.")


class NoText(InvalidInput):
    message = N_("Please write what you saw.")
    field = "text"


class TextTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "text"


class ContactTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "contact"


class NotAgreed(InvalidInput):
    message = N_("Please agree that the office keeps this to answer you, or leave the field empty.")
    field = "agrees"


class NoAnswer(InvalidInput):
    message = N_("Please write what was found.")
    field = "answer"


class AlreadyClosed(Conflict):
    message = N_("This report is closed.")


class NotAnswered(Conflict):
    message = N_("Answer the report before you close it.")


def report(
    kind: CaseKind,
    text: str,
    *,
    contact: str = "",
    agrees: bool = False,
    code_id: int | None = None,
    lot_id: int | None = None,
    organisation_id: int | None = None,
    about: tuple[str, str] | None = None,
    now: datetime,
) -> Case:
    """Open a case for the office that looks after the producer.

    :param about: what it is about, where that is no code and no batch on record: in words, and where it was looked up
    :param contact: telephone number or e-mail of who reports, kept only if they agree
    :raises NoText: :raises TextTooLong: :raises ContactTooLong: :raises NotAgreed:
    """
    text, contact = nfc(text).strip(), one_line(contact)
    if not text:
        raise NoText()
    if len(text) > LONGEST_TEXT:
        raise TextTooLong(most=LONGEST_TEXT)
    if len(contact) > LONGEST_CONTACT:
        raise ContactTooLong(most=LONGEST_CONTACT)
    if contact and not agrees:
        raise NotAgreed()
    case = Case(
        kind=kind,
        state=CaseState.OPEN,
        opened_at=now,
        code_id=code_id,
        lot_id=lot_id,
        organisation_id=organisation_id,
        facts={"about": about[0], "path": about[1]} if about is not None else None,
        text=text,
        contact=contact,
        contact_consent_at=now if contact else None,
    )
    db.session.add(case)
    db.session.flush()
    return case


def note_enumeration(source: str, *, now: datetime) -> None:
    """Tell the offices, once a day and source, that somebody tries codes out."""
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    db.session.execute(
        insert(Case)
        .values(
            kind=CaseKind.ENUMERATION,
            state=CaseState.OPEN,
            opened_at=now,
            text="",
            contact="",
            answer="",
            once=f"enumeration:{source}",
        )
        .on_conflict_do_nothing(index_elements=["once"])
    )


#: What an owner's program reported of a lot, by whether it set or unset the recall.
_REPORTED = {
    True: N_(
        "Batch %(lot)s: the program of its owner reports by an EPCIS event that this batch, or one that it was made "
        "of, is recalled."
    ),
    False: N_(
        "Batch %(lot)s: the program of its owner reports by an EPCIS event that this batch, or one that it was made "
        "of, is no longer recalled."
    ),
}
_DONE = {True: N_("The batch was put on hold."), False: N_("The state of the batch is unchanged.")}
_PLEASE = N_("Please look into it and decide.")


def note_recall(lot: Lot, *, is_set: bool, is_held: bool, now: datetime) -> None:
    """Tell the office that an owner's program says that goods of our stock are recalled, or no longer are.

    :param is_held: the lot was put on hold because of it
    """
    case = Case(
        kind=CaseKind.QUALITY,
        state=CaseState.OPEN,
        opened_at=now,
        lot_id=lot.id if lot.kind is LotKind.FINISHED else None,
        organisation_id=lot.owner_id,
        text="",
        facts={"lot": lot.number, "is_set": is_set, "is_held": is_held},
    )
    db.session.add(case)
    db.session.flush()


def told(case: Case) -> list[tuple[str, dict[str, Any]]]:
    """Give what the system itself reports, as sentences to be translated with what goes into them."""
    if not case.facts or "lot" not in case.facts:
        return []
    lot = {"lot": case.facts["lot"]}
    return [(_REPORTED[case.facts["is_set"]], lot), (_DONE[case.facts["is_held"]], {}), (_PLEASE, {})]


def answer(case: Case, text: str, *, actor: Actor, now: datetime) -> None:
    """Write down what was found and done. It can be written anew until the case is closed.

    :raises NoAnswer: :raises TextTooLong: :raises AlreadyClosed:
    """
    text = nfc(text).strip()
    if not text:
        raise NoAnswer()
    if len(text) > LONGEST_TEXT:
        problem = TextTooLong(most=LONGEST_TEXT)
        problem.field = "answer"
        raise problem
    lock(case)
    if case.state is CaseState.CLOSED:
        raise AlreadyClosed()
    case.state, case.answer, case.answered_at, case.handled_by_id = CaseState.ANSWERED, text, now, actor.user_id
    audit.record(actor, "traceability.answer_case", f"case:{case.id}", now=now)


def close(case: Case, *, actor: Actor, now: datetime) -> None:
    """Close a case that was answered; how to reach who reported it is forgotten.

    :raises NotAnswered: :raises AlreadyClosed:
    """
    lock(case)
    if case.state is CaseState.CLOSED:
        raise AlreadyClosed()
    if case.state is not CaseState.ANSWERED:
        raise NotAnswered()
    db.session.execute(
        update(Case)
        .where(Case.id == case.id)
        .values(state=CaseState.CLOSED, closed_at=now, contact="", contact_consent_at=None)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(case)
    audit.record(actor, "traceability.close_case", f"case:{case.id}", now=now)
