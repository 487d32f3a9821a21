"""Questions to the event store that their askers gave a name (EPCIS 2.0 section 12.7)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from kernel.db import db
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from traceability.epcis import namespaces, queries
from traceability.epcis.namespaces import Names
from traceability.models import NamedQuery

MOST_QUERIES = 200


class NoSuchQuery(NotFound):
    message = N_("There is no query of this name.")


class QueryExists(Conflict):
    message = N_("There is a query named “%(name)s” already.")


class BadQueryName(InvalidInput):
    message = N_("The name of a query has 1 to 100 letters, digits, . _ or -.")


class TooManyQueries(Conflict):
    message = N_("Your organisation has %(most)s named queries already. Delete one first.")


_QUERY_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def name_query(
    organisation_id: int, name: Any, query: Any, *, bound: Names = namespaces.STANDARD, now: datetime
) -> NamedQuery:
    """Give a query a name, to be asked again by it.

    :param bound: what prefixes stand for where the query itself does not say so; it keeps what it uses of them

    :raises BadQueryName: :raises BadQuery: :raises QueryExists: :raises TooManyQueries:
    """
    if not isinstance(name, str) or not _QUERY_NAME.fullmatch(name):
        raise BadQueryName()
    queries.read(queries.parameters_of(query), {**bound, **queries.names_of(query)})
    query = _with_prefixes(query, bound)
    own = select(func.count()).select_from(NamedQuery).where(NamedQuery.organisation_id == organisation_id)
    if db.session.scalar(own.where(NamedQuery.name == name)):
        raise QueryExists(name=name)
    if (db.session.scalar(own) or 0) >= MOST_QUERIES:
        raise TooManyQueries(most=MOST_QUERIES)
    row = NamedQuery(organisation_id=organisation_id, name=name, query=query, created_at=now)
    db.session.add(row)
    db.session.flush()
    return row


def _with_prefixes(query: dict[str, Any], bound: Names) -> dict[str, Any]:
    """Write what prefixes stand for into a query that uses them and does not say so itself."""
    own = queries.names_of(query)
    text = json.dumps(query, ensure_ascii=False)
    used = {
        prefix: namespace for prefix, namespace in bound.items()
        if prefix not in own and prefix not in namespaces.STANDARD and f"{prefix}:" in text
    }  # fmt: skip
    if not used:
        return query
    context = query.get("@context")
    parts = context if isinstance(context, list) else [] if context is None else [context]
    return {**query, "@context": [*parts, used]}


def parameters_of(row: NamedQuery, bound: Names) -> tuple[dict[str, list[str]], Names]:
    """Give what a named query asks for, and what prefixes stand for in it.

    :param bound: what prefixes stand for where the query does not say so
    """
    return queries.parameters_of(row.query), {**bound, **queries.names_of(row.query)}


def get_query(organisation_id: int, name: str) -> NamedQuery:
    """Find a named query.

    :raises NoSuchQuery:
    """
    row = db.session.scalar(
        select(NamedQuery).where(NamedQuery.organisation_id == organisation_id, NamedQuery.name == name[:100])
    )
    if row is None:
        raise NoSuchQuery()
    return row


def forget_query(organisation_id: int, name: str) -> None:
    """Forget a named query.

    :raises NoSuchQuery:
    """
    db.session.delete(get_query(organisation_id, name))
    db.session.flush()


def list_queries(organisation_id: int, *, after: str = "", most: int = MOST_QUERIES) -> list[NamedQuery]:
    """List the named queries of an organisation by name, beyond ``after``."""
    return list(
        db.session.scalars(
            select(NamedQuery)
            .where(NamedQuery.organisation_id == organisation_id, NamedQuery.name > after)
            .order_by(NamedQuery.name)
            .limit(most)
        )
    )
