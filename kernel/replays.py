"""Forms sent twice: the key a form carries is claimed once; sent again, it gets the first answer.

An edge claims the key first in its transaction and writes the answer last::

    earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
    if earlier is None:
        number = verb(…)
        replays.answer(actor.user_id, form.request_key.data, number)
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from kernel.db import db, on_sqlite
from kernel.models import HandledRequest


def claim(user_id: int | None, key: str, *, now: datetime) -> str | None:
    """Claim a key for the caller's transaction.

    Of two at once the second waits for the first to commit. A transaction rolled back gives its key free.

    :return: None when it is new; the first answer (an address or a number, as text) when it was sent before
    """
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    made = db.session.execute(
        insert(HandledRequest)
        .values(key=_whole(user_id, key), answer="", at=now)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(HandledRequest.key)
    ).one_or_none()
    if made is not None:
        return None
    return db.session.scalar(select(HandledRequest.answer).where(HandledRequest.key == _whole(user_id, key)))


def answer(user_id: int | None, key: str, text: str | int) -> None:
    """Write down what the request that claimed ``key`` was answered with."""
    db.session.execute(
        update(HandledRequest)
        .where(HandledRequest.key == _whole(user_id, key))
        .values(answer=str(text))
        .execution_options(synchronize_session=False)
    )


def _whole(user_id: int | None, key: str) -> str:
    # Beside the person: a key overheard from another gives nothing away.
    return f"{user_id or 0}:{key}"
