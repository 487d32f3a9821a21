"""Words that mean the same to who searches the shop: the office's sets of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from accounts.actor import Actor
from kernel import audit, pages, text
from kernel.db import db, for_update, on_sqlite
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from storefront.models import SynonymPhrase, SynonymSet
from storefront.searching import terms_of

MOST_PHRASES = 12
MOST_WORDS = 4
MOST_LETTERS = 60
MOST_SETS = 500
_LONGEST_KEY = 80


class NoSuchSet(NotFound):
    message = N_("There is no such set of words.")


class TooFewPhrases(InvalidInput):
    message = N_("Write at least two words or phrases that mean the same, each on a line of its own.")
    field = "phrases"


class TooManyPhrases(InvalidInput):
    message = N_("At most %(most)s words or phrases can stand in one set.")
    field = "phrases"


class TooManySets(Conflict):
    message = N_("There are %(most)s sets already. Take one away first.")


class NoPhrase(InvalidInput):
    message = N_("“%(phrase)s” cannot be searched for: write one to %(words)s words, at most %(letters)s letters.")
    field = "phrases"


class InAnotherSet(InvalidInput):
    message = N_("“%(phrase)s” stands in another set already: %(others)s.")
    field = "phrases"


def key(phrase: str) -> str:
    """Write a phrase so that it is the same however it is set: case, signs, where the tone stands."""
    words = (text.spelling(phrase[begin:end]) for begin, end in text.words_with_places(phrase))
    return " ".join(letters + tone for letters, tone in words)


def save(set_id: int | None, typed: str, *, actor: Actor, now: datetime) -> SynonymSet:
    """Put a set of words in force: a new one, or another list for one that is there.

    :param typed: a word or phrase on each line, or behind a comma
    :raises TooFewPhrases, TooManyPhrases, TooManySets, NoPhrase, InAnotherSet, NoSuchSet:
    """
    phrases = _phrases(typed)
    if set_id is None:
        if len(list(db.session.scalars(select(SynonymSet.id)))) >= MOST_SETS:
            raise TooManySets(most=MOST_SETS)
        row = SynonymSet(changed_by_id=actor.user_id, changed_at=now)
        db.session.add(row)
        db.session.flush()
    else:
        row = _locked(set_id)
        row.changed_by_id, row.changed_at = actor.user_id, now
        db.session.execute(delete(SynonymPhrase).where(SynonymPhrase.set_id == row.id))
    _write(row, phrases)
    db.session.expire(row, ["phrases"])
    pages.bump(pages.SHOP)
    audit.record(actor, "storefront.save_synonyms", f"synonyms:{row.id}", now=now, words=list(phrases.values()))
    return row


def remove(set_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a set of words away.

    :raises NoSuchSet:
    """
    row = _locked(set_id)
    words = [phrase.phrase for phrase in row.phrases]
    db.session.execute(delete(SynonymPhrase).where(SynonymPhrase.set_id == row.id))
    db.session.execute(delete(SynonymSet).where(SynonymSet.id == row.id))
    pages.bump(pages.SHOP)
    audit.record(actor, "storefront.remove_synonyms", f"synonyms:{row.id}", now=now, words=words)


def get_set(set_id: int) -> SynonymSet:
    """Find a set of words.

    :raises NoSuchSet:
    """
    row = db.session.get(SynonymSet, set_id)
    if row is None:
        raise NoSuchSet()
    return row


def _locked(set_id: int) -> SynonymSet:
    found = for_update(select(SynonymSet).where(SynonymSet.id == set_id))
    row: SynonymSet | None = db.session.scalars(found).one_or_none()
    if row is None:
        raise NoSuchSet()
    return row


def _phrases(typed: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.nfc(typed).split("\n"):
        for phrase in (part.strip() for part in line.replace(";", ",").split(",")):
            if not phrase:
                continue
            is_short = len(phrase) <= MOST_LETTERS and len(key(phrase)) <= _LONGEST_KEY
            if not is_short or not 1 <= len(terms_of(phrase)) <= MOST_WORDS:
                raise NoPhrase(phrase=phrase[:MOST_LETTERS], words=MOST_WORDS, letters=MOST_LETTERS)
            found.setdefault(key(phrase), phrase)
    if len(found) < 2:
        raise TooFewPhrases()
    if len(found) > MOST_PHRASES:
        raise TooManyPhrases(most=MOST_PHRASES)
    return found


def _write(row: SynonymSet, phrases: dict[str, str]) -> None:
    """Write the phrases in the order of their keys, so that two officers who name the same never wait crosswise."""
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    position = {one: place for place, one in enumerate(phrases, 1)}
    for one, phrase in sorted(phrases.items()):
        statement = insert(SynonymPhrase).values(key=one, set_id=row.id, position=position[one], phrase=phrase)
        written = db.session.execute(statement.on_conflict_do_nothing().returning(SynonymPhrase.key)).first()
        if written is None:
            raise InAnotherSet(phrase=phrase, others=", ".join(_set_of(one)))


def _set_of(one: str) -> Sequence[str]:
    of = select(SynonymPhrase.set_id).where(SynonymPhrase.key == one).scalar_subquery()
    return db.session.scalars(
        select(SynonymPhrase.phrase).where(SynonymPhrase.set_id == of).order_by(SynonymPhrase.position)
    ).all()
